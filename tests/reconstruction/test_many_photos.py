"""Many photos take no more memory at a time than those that belong together."""

from __future__ import annotations

import threading
import weakref
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pycolmap
import pytest

from stitchsketch_kernel.domain.model import Depth, Region
from stitchsketch_kernel.imaging.photos import PixelsWhenAsked
from stitchsketch_kernel.reconstruction import fusion
from stitchsketch_kernel.reconstruction.bundle import mapping_options
from stitchsketch_kernel.reconstruction.dense.held import Held, in_turn
from stitchsketch_kernel.reconstruction.dense.interface import DenseSettings
from stitchsketch_kernel.reconstruction.dense.pairs import choose_pairs, swept
from stitchsketch_kernel.reconstruction.fusion import fuse
from stitchsketch_kernel.reconstruction.neighbours import likely_pairs
from stitchsketch_kernel.reconstruction.votes import MOST_WITNESSES, DepthStack, witnesses

REGION = Region(np.array([-0.4, -0.4, -0.02]), np.array([0.4, 0.4, 0.65]))


def test_what_was_used_for_the_last_time_is_let_go():
    made = []
    held = Held(lambda name: made.append(name) or name.upper(), {"a": 2, "b": 1})
    assert [held.take("a"), held.take("a"), held.take("b")] == ["A", "A", "B"]
    held.let_go(("a", "b"))
    assert len(held) == 1
    held.let_go(("a",))
    assert len(held) == 0
    assert made == ["a", "b"], "each was made once"


def test_two_threads_make_a_picture_once():
    slow, made = threading.Event(), []
    held = Held(lambda name: (slow.wait(5), made.append(name)), {"a": 2})
    threads = [threading.Thread(target=held.take, args=("a",)) for _ in range(2)]
    for thread in threads:
        thread.start()
    slow.set()
    for thread in threads:
        thread.join()
    assert made == ["a"]


def test_jobs_come_in_their_order_and_few_are_done_ahead():
    begun = []

    def job(i):
        begun.append(i)
        return i

    results = in_turn(((lambda i=i: job(i)) for i in range(50)), 2)
    assert next(results) == 0
    assert len(begun) <= 6
    assert list(results) == list(range(1, 50))


def test_who_stops_listening_drops_what_has_not_begun():
    begun = []
    results = in_turn(((lambda i=i: begun.append(i)) for i in range(50)), 2)
    next(results)
    results.close()
    assert len(begun) <= 6


def test_a_jobs_error_is_the_callers():
    with pytest.raises(ZeroDivisionError):
        list(in_turn([lambda: 1 / 0], 2))


def test_neighbours_are_worked_on_soon_after_each_other(ball):
    """Of 72 views round the piece no more than a third is needed at any time."""
    views = ball.ring(72, 5.0)
    model = ball.model(views, 200)
    pairs = choose_pairs(model, REGION, DenseSettings())
    turn = {i: at for at, i in enumerate(swept(model, REGION))}
    spans = [sorted((turn[i], turn[j])) for i, j in pairs]
    held = [sum(begin <= at <= end for begin, end in _spans_of(spans)) for at in range(72)]
    assert max(held) < 72 / 3


def _spans_of(pairs):
    """From when until when each view is needed."""
    ends = {}
    for i, j in pairs:
        for one in (i, j):
            begin, end = ends.get(one, (i, j))
            ends[one] = (min(begin, i), max(end, j))
    return list(ends.values())


class Counted(Sequence[Depth]):
    """Depth maps that are made when they are asked for, and counted."""

    def __init__(self, ball, views):
        self.ball, self.views, self.asked = ball, views, Counter()
        self.given, self.held = [], 0

    def __len__(self):
        return len(self.views)

    def __getitem__(self, i):
        if i >= len(self):
            raise IndexError
        self.asked[i] += 1
        self.held = max(self.held, sum(one() is not None for one in self.given))
        depth = self.ball.depth(self.views[i])
        self.given.append(weakref.ref(depth))
        return depth


def test_depth_maps_are_read_twice_and_never_held(ball, ball_views):
    depths = Counted(ball, ball_views[:6])
    lazily = fuse(depths, REGION, 0.004, 0.004, 2)
    assert set(depths.asked.values()) == {2}
    assert depths.held < max(2, fusion.THREADS)
    at_once = fuse([ball.depth(view) for view in ball_views[:6]], REGION, 0.004, 0.004, 2)
    assert np.array_equal(lazily.points, at_once.points)


def test_points_summed_up_in_parts_are_the_same_cloud(ball, ball_views, monkeypatch):
    depths = [ball.depth(view) for view in ball_views[:5]]
    whole = fuse(depths, REGION, 0.004, 0.004, 2)
    monkeypatch.setattr(fusion, "_AT_ONCE", 10_000)
    parts = fuse(depths, REGION, 0.004, 0.004, 2)
    assert len(whole.points) == len(parts.points) > 10_000
    for name in ("points", "normals", "weights"):
        assert np.allclose(getattr(whole, name), getattr(parts, name), atol=1e-9)


def test_of_many_maps_a_fixed_number_is_asked_most_of_them_near(ball):
    views = ball.ring(90, 4.0)
    small = [Depth(v, np.zeros((2, 2), np.float32), np.zeros((2, 2), np.float32)) for v in views]
    asked = witnesses(DepthStack.of(small), 45)
    assert len(asked) == MOST_WITNESSES == len(set(asked))
    assert 45 not in asked
    apart = np.abs(asked - 45)
    assert (apart <= 20).sum() > MOST_WITNESSES / 2
    assert (apart > 30).sum() >= 5, "some look from the other side"


def test_of_few_maps_all_others_are_asked(ball):
    views = ball.ring(10, 12.0)
    small = [Depth(v, np.zeros((2, 2), np.float32), np.zeros((2, 2), np.float32)) for v in views]
    assert witnesses(DepthStack.of(small), 3).tolist() == [0, 1, 2, 4, 5, 6, 7, 8, 9]


def test_photos_for_a_sheet_of_pictures_are_read_one_by_one(ball_photos):
    pixels = PixelsWhenAsked(ball_photos)
    assert list(pixels) == [photo.name for photo in ball_photos]
    assert pixels["03.png"].shape == (480, 640, 3)
    assert pixels["03.png"] is not pixels["03.png"], "none is held"
    assert pixels.get("elsewhere.png") is None


def test_a_photo_is_compared_with_a_fixed_number_of_others(ball):
    """Twice the photos are twice the pairs, not four times; the next ones are always among them."""
    counts = []
    for step in (2, 1):
        views = ball.ring(360, 1.0)[::step]
        names = [f"{i}" for i in range(len(views))]
        rotations = {name: view.rotation for name, view in zip(names, views, strict=True)}
        pairs = likely_pairs(names, rotations)
        assert all((names[i], names[i + 2]) in pairs for i in range(len(names) - 2))
        counts.append(len(pairs))
    assert counts[1] < 2.5 * counts[0]
    assert counts[0] < 180 * 20 * 0.7


def test_of_few_photos_all_with_alike_gazes_are_compared(ball):
    views = {f"{i}": ball.look(f"{i}", 10.0 * i).rotation for i in range(6)}
    assert len(likely_pairs(list(views), views)) == 15
    assert len(likely_pairs([*views, "no mat"], views)) == 21


def test_few_photos_are_adjusted_as_often_as_ever_and_many_less_often():
    few, many = mapping_options(1, 60), mapping_options(1, 61)
    usual = pycolmap.IncrementalPipelineOptions()
    assert few.ba_global_frames_ratio == usual.ba_global_frames_ratio
    assert few.ba_global_points_ratio == usual.ba_global_points_ratio
    assert many.ba_global_frames_ratio == many.ba_global_points_ratio == 1.3
