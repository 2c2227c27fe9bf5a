"""The search in torch, on the processor: the compiled one's depths, and what it does when short."""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest

from stitchsketch_kernel.domain import cuda as domain_cuda
from stitchsketch_kernel.domain.errors import MeshError, SettingsError
from stitchsketch_kernel.domain.model import Region
from stitchsketch_kernel.domain.progress import silent
from stitchsketch_kernel.reconstruction.dense import (
    DenseSettings,
    cuda,
    depth_maps,
    engine_used,
    on_torch,
    patchmatch,
)
from stitchsketch_kernel.reconstruction.dense.cuda import WhileItWorks
from stitchsketch_kernel.reconstruction.dense.interface import Asked
from stitchsketch_kernel.reconstruction.dense.on_torch import LEAST_PIXELS, TorchSearch
from stitchsketch_kernel.reconstruction.dense.pictures import pinhole
from stitchsketch_kernel.reconstruction.dense.planes import Planes, compared
from stitchsketch_kernel.reconstruction.dense.slanted import FAST_SIZES, coarse_to_fine

REGION = Region(np.array([-0.4, -0.4, -0.02]), np.array([0.4, 0.4, 0.65]))
needs_torch = pytest.mark.skipif(
    find_spec("torch") is None and not os.environ.get("CI"), reason="torch is not installed"
)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Beside other tests torch's threads only wait for each other."""
    if find_spec("torch") is None:
        yield
        return
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def small(ball):
    """A ball in 192 x 144 pixels seen from three sides: pictures, depth, where it is and faces."""
    tiny = replace(ball, camera=ball.camera.scaled(0.3))
    views = [replace(view, camera=pinhole(view.camera)) for view in tiny.ring(3, 12.0)]
    pictures = [tiny.picture(view).mean(axis=-1).astype(np.float32) for view in views]
    points, exact = tiny.seen(views[1])
    normal = (points - tiny.centre) / tiny.radius
    on_ball = np.linalg.norm(normal, axis=-1) < 1 + 1e-5
    gaze = points - views[1].centre
    facing = on_ball & (-(normal * gaze).sum(axis=-1) > 0.6 * np.linalg.norm(gaze, axis=-1))
    together = compared(views[1], pictures[1], views[::2], pictures[::2])
    return together, exact, on_ball, facing


def one_percent_off(exact) -> Planes:
    """Planes that face the camera, and the round behind the ball left out."""
    inverse = (1 / (1.01 * exact)).astype(np.float32)
    return Planes(inverse, np.zeros((*exact.shape, 2), np.float32), np.ones_like(inverse))


def searched(small, search, rounds=3):
    together, exact, on_ball, _ = small
    planes = one_percent_off(exact)
    planes.inverse[~on_ball] = 0
    search(planes, together, 2, rounds)
    return planes


def off_mm(small, planes):
    """Of what faces the camera; at the rim the smallest pictures tell little."""
    _, exact, _, facing = small
    return 1000 * np.abs(1 / planes.inverse[facing] - exact[facing])


@needs_torch
def test_it_finds_what_the_compiled_search_finds(small):
    compiled = off_mm(small, searched(small, patchmatch.search, 5))
    in_torch = off_mm(small, searched(small, TorchSearch("cpu"), 5))
    before = off_mm(small, one_percent_off(small[1]))
    for share in (50, 80):
        own, theirs = np.percentile(in_torch, share), np.percentile(compiled, share)
        assert own < 1.15 * theirs
        assert own < 0.6 * np.percentile(before, share)


@needs_torch
def test_a_planes_cost_is_the_compiled_ones(small):
    """Before anything is drawn at random both say the same of the same planes."""
    ours, theirs = (searched(small, s, 0) for s in (TorchSearch("cpu"), patchmatch.search))
    assert np.array_equal(ours.inverse, theirs.inverse)
    known = small[2] & (theirs.cost < 1)
    assert known.sum() > 500
    assert np.abs(ours.cost - theirs.cost)[small[2]].max() < 1e-3


@needs_torch
def test_depths_are_the_same_each_time_whatever_the_tile(small):
    whole, again = (searched(small, TorchSearch("cpu"), 1) for _ in range(2))
    room = LEAST_PIXELS * on_torch._BYTES_A_PIXEL / on_torch._SHARE
    short = TorchSearch("cpu", free_bytes=lambda: int(1.1 * room))
    tiled = searched(small, short, 1)
    assert LEAST_PIXELS <= short.pixels < 1200
    for name in ("inverse", "slope", "cost"):
        assert np.array_equal(getattr(whole, name), getattr(again, name))
        assert np.allclose(getattr(whole, name), getattr(tiled, name), rtol=1e-4, atol=1e-5)


class Short(TorchSearch):
    """A device that has no room for more than some pixels at a time, whatever it says is free."""

    room = 1500

    def _in_tiles(self, at, work):
        import torch

        def within(tile):
            if len(tile) > self.room:
                raise torch.OutOfMemoryError("CUDA out of memory.")
            work(tile)

        super()._in_tiles(at, within)


@needs_torch
def test_short_of_memory_tiles_become_smaller_and_it_is_told(small, caplog):
    short = Short("cpu")
    with caplog.at_level(logging.WARNING):
        planes = searched(small, short, 1)
    assert LEAST_PIXELS <= short.pixels <= Short.room
    assert "memory is short" in caplog.text
    whole = searched(small, TorchSearch("cpu"), 1)
    assert np.allclose(planes.inverse, whole.inverse, rtol=1e-4)


@needs_torch
def test_with_no_room_for_the_smallest_tile_planes_stay_and_a_sentence_says_why(small, monkeypatch):
    none = TorchSearch("cpu", free_bytes=lambda: 1000)
    monkeypatch.setattr(Short, "room", LEAST_PIXELS // 2)
    for search in (none, Short("cpu")):
        planes = one_percent_off(small[1])
        before = planes.inverse.copy()
        with pytest.raises(MeshError, match=r"too little free memory.*engine=high"):
            search(planes, small[0], 2, 1)
        assert np.array_equal(planes.inverse, before)


@needs_torch
def test_the_whole_engine_gives_depth_of_the_ball(ball, ball_views, ball_images):
    views = ball_views[:3]
    images = {view.name: ball_images[view.name] for view in views}
    settings = DenseSettings(max_side_px=320)
    asked = Asked(ball.model(views), images, REGION, settings)
    found = list(coarse_to_fine(asked, silent, sizes=FAST_SIZES, search=TorchSearch("cpu")))
    fast = depth_maps(replace(asked, settings=replace(settings, engine="fast")))
    assert {depth.view.name for depth in found} == set(images)
    of_fast = {depth.view.name: depth for depth in fast}
    for depth in found:
        known = (depth.depth_m > 0) & (of_fast[depth.view.name].depth_m > 0)
        assert known.sum() > 0.9 * (of_fast[depth.view.name].depth_m > 0).sum()
        exact = ball.seen(depth.view)[1]
        ours, theirs = (
            np.median(np.abs(one.depth_m - exact)[known])
            for one in (depth, of_fast[depth.view.name])
        )
        assert ours < 1.15 * theirs


def test_cuda_by_name_without_cuda_is_a_sentence(ball, ball_images, monkeypatch):
    views = ball.ring(3, 12.0)
    asked = Asked(ball.model(views), ball_images, REGION, DenseSettings(engine="cuda"))
    with pytest.raises(SettingsError, match=r"torch .* Leave densify.engine at auto"):
        depth_maps(asked)
    monkeypatch.setattr(domain_cuda, "find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r"pip install 'stitchsketch\[cuda\]'"):
        depth_maps(asked)


def test_auto_is_cuda_where_there_is_one_and_high_elsewhere(monkeypatch):
    monkeypatch.setattr(cuda, "no_cuda", lambda: "torch finds no CUDA device.")
    assert [engine_used(name) for name in ("auto", "patches", "fast")] == ["high", "high", "fast"]
    monkeypatch.setattr(cuda, "no_cuda", lambda: "")
    assert engine_used("auto") == "cuda"


def test_where_cuda_fails_the_processor_goes_on(small, caplog):
    tries = []

    def fails(*args):
        tries.append(1)
        raise RuntimeError("CUDA error: unspecified launch failure")

    search = WhileItWorks(fails)
    with caplog.at_level(logging.WARNING):
        ours, _ = searched(small, search, 1), searched(small, search, 0)
    assert np.array_equal(ours.inverse, searched(small, patchmatch.search, 1).inverse)
    assert len(tries) == 1, "it isn't tried again"
    assert "unspecified launch failure" in caplog.text


@needs_torch
def test_a_device_that_counts_right_is_believed(small, caplog):
    with caplog.at_level(logging.WARNING):
        ours = searched(small, WhileItWorks(TorchSearch("cpu")), 3)
    assert not caplog.text
    theirs = searched(small, TorchSearch("cpu"), 3)
    assert np.array_equal(ours.inverse, theirs.inverse)


def _flatters(planes, *args):
    """Says of its planes that they look more alike than they do."""
    patchmatch.search(planes, *args)
    planes.cost[:] *= 0.8


def _forgets(planes, *args):
    """Planes 3 % further away, and what these cost."""
    planes.inverse[:] /= np.float32(1.03)
    patchmatch.search(planes, *args[:2], 0)


def _fails_to_count(planes, *args):
    planes.inverse[:] = np.nan
    planes.cost[:] = np.nan


@pytest.mark.parametrize("search", [_flatters, _forgets, _fails_to_count])
def test_a_device_that_counts_wrong_is_found_out_and_the_processor_goes_on(small, search, caplog):
    with caplog.at_level(logging.WARNING):
        ours = searched(small, WhileItWorks(search), 2)
    assert "its planes" in caplog.text
    assert np.array_equal(ours.inverse, searched(small, patchmatch.search, 2).inverse)


def test_each_size_of_picture_is_looked_at_once(small, monkeypatch):
    looked = []
    monkeypatch.setattr(cuda, "_require_true", lambda found, *_: looked.append(found.cost.shape))
    search = WhileItWorks(patchmatch.search)
    for _ in range(3):
        searched(small, search, 1)
    assert looked == [small[0].own.shape]
