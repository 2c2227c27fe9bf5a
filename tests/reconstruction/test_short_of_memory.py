"""Where memory is short, depth is found by fewer at a time, then smaller, and that is said."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import cv2
import numpy as np
import pytest

from stitchsketch_kernel.domain.errors import ShortOfMemoryError
from stitchsketch_kernel.domain.model import Region
from stitchsketch_kernel.reconstruction.dense import Asked, DenseSettings, each_depth
from stitchsketch_kernel.reconstruction.dense.sparing import plan

REGION = Region(np.array([-0.4, -0.4, -0.02]), np.array([0.4, 0.4, 0.65]))
ASKED = DenseSettings(engine="fast", max_side_px=640, workers=3)
GIB = 2**30


@pytest.fixture
def three(ball, ball_views, ball_images):
    """Three neighbouring views: model, pictures."""
    views = ball_views[:3]
    return ball.model(views), {view.name: ball_images[view.name] for view in views}


def test_with_room_all_is_as_asked(ball_views):
    fit = plan(ASKED, ball_views, lambda: 8 * GIB)
    assert fit.settings == ASKED
    assert fit.say() == ""


def test_with_less_room_fewer_work_at_a_time_then_photos_are_smaller(ball_views):
    alone = plan(ASKED, ball_views, lambda: 8 * GIB)
    sizes = [
        (fit.settings.workers, fit.settings.max_side_px, fit.need_bytes(fit.settings) / 0.8)
        for share in np.linspace(1.0, 0.3, 60)
        if (fit := _or_none(ball_views, share * alone.need_bytes(ASKED) / 0.8))
    ]
    assert sizes == sorted(sizes, reverse=True)
    assert {workers for workers, side, _ in sizes if side == 640} == {1, 2, 3}
    assert {workers for workers, side, _ in sizes if side < 640} == {1}
    assert min(side for _, side, _ in sizes) < 500


def _or_none(views, free):
    try:
        fit = plan(ASKED, views, lambda: int(free))
    except ShortOfMemoryError:
        return None
    assert fit.need_bytes(fit.settings) <= 0.8 * free
    return fit


def test_where_the_least_does_not_fit_it_is_said_how_much_it_takes(ball_views):
    with pytest.raises(ShortOfMemoryError, match=r"takes 0\.\d GiB .* and 0\.1 GiB can be had"):
        plan(ASKED, ball_views, lambda: GIB // 10)


def test_after_a_kill_for_memory_one_view_is_done_at_a_time(ball_views):
    assert plan(ASKED, ball_views, lambda: 8 * GIB, sparing=True).settings.workers == 1


class Ends:
    """Memory that ends at the given calls of OpenCV's or NumPy's."""

    def __init__(self, monkeypatch, times, kind):
        from stitchsketch_kernel.reconstruction.dense import slanted

        self.left, self.kind, real = times, kind, slanted._depth

        def depth(*given):
            if self.left and given[1].name == "01.png":
                self.left -= 1
                raise self.error()
            return real(*given)

        monkeypatch.setattr(slanted, "_depth", depth)

    def error(self):
        if self.kind == "numpy":
            return np._core._exceptions._ArrayMemoryError((9, 9), np.dtype(float))
        try:
            cv2.resize(np.zeros((2, 2), np.uint8), (2**30, 2**17))
        except cv2.error as error:
            return error
        raise AssertionError("there was room for 2 ** 47 bytes")


@pytest.mark.parametrize("kind", ["numpy", "opencv"])
def test_memory_that_ends_in_the_middle_costs_no_view(three, monkeypatch, kind):
    model, images = three
    whole = {one.view.name: one.depth_m for one in each_depth(Asked(model, images, REGION, ASKED))}
    Ends(monkeypatch, 2, kind)
    fit = plan(ASKED, model.views, lambda: 8 * GIB)
    names = []
    for one in each_depth(Asked(model, images, REGION), fit=fit):
        names.append(one.view.name)
        assert np.array_equal(one.depth_m, whole[one.view.name])
    assert sorted(names) == ["00.png", "01.png", "02.png"], "each once"
    assert fit.settings.workers == 1
    assert fit.say() == ""


def test_what_came_out_smaller_is_said(three, monkeypatch):
    model, images = three
    Ends(monkeypatch, 3, "numpy")
    fit = plan(ASKED, model.views, lambda: 8 * GIB)
    sides = {
        one.view.name: max(one.depth_m.shape)
        for one in each_depth(Asked(model, images, REGION), fit=fit)
    }
    assert sides["01.png"] == 224
    assert "Memory was short: the depth of" in fit.say() and "01.png" in fit.say()
    assert "224 pixels" in fit.say()


#: Depth of three views under a limit of the process, for real.
UNDER_A_LIMIT = """
    import resource, sys
    import numpy as np
    sys.path.insert(0, {here!r})
    from conftest import Ball
    from pathlib import Path
    from stitchsketch_kernel.domain.errors import StitchSketchError
    from stitchsketch_kernel.domain.model import Region
    from stitchsketch_kernel.reconstruction.dense import Asked, DenseSettings, each_depth
    from stitchsketch_kernel.reconstruction.dense.sparing import plan
    ball = Ball()
    views = ball.ring(10, 12.0)[:3]
    model = ball.model(views, 200)
    held = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (held + {mib} * 2**20,) * 2)
    region = Region(np.array([-0.4, -0.4, -0.02]), np.array([0.4, 0.4, 0.65]))
    try:
        fit = plan(DenseSettings(engine="fast", max_side_px=640, workers=3), views)
        images = {{view.name: Path({images!r}) / view.name for view in views}}
        done = list(each_depth(Asked(model, images, region), fit=fit))
        print(len(done), fit.settings.workers, max(done[0].depth_m.shape), fit.say())
    except StitchSketchError as error:
        print(type(error).__name__, error)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits of the address space")
@pytest.mark.parametrize(
    ("mib", "said"),
    [
        (450, "3 1 320"),
        (395, "3 1 224 Memory was short: the depth of 00.png, 01.png, 02.png was found at 224"),
        (200, "ShortOfMemoryError Depth of one photo after the other takes"),
    ],
)
def test_under_a_real_limit_it_takes_less_or_says_so(ball_images, mib, said):
    images = str(next(iter(ball_images.values())).parent)
    code = UNDER_A_LIMIT.format(here=str(Path(__file__).parent), mib=mib, images=images)
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith(said), done.stderr
