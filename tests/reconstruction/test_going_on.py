"""Depth goes on where its process was killed: what views were done is not computed again."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from waiting import wait_for

from stitchsketch_kernel.domain.model import Depth, Region
from stitchsketch_kernel.imaging.photos import PhotoSet
from stitchsketch_kernel.pipeline.artefacts import read_value, write_value
from stitchsketch_kernel.pipeline.context import JOB, StageContext
from stitchsketch_kernel.pipeline.files import read_json, write_json
from stitchsketch_kernel.pipeline.stages import densify
from stitchsketch_kernel.reconstruction.dense import Asked, DenseSettings, depth_maps, slanted

DENSE = {"engine": "high", "max_side_px": 640, "workers": 1}
COMPUTE = """
    import sys
    from pathlib import Path
    from stitchsketch_kernel.pipeline.context import JOB, StageContext
    from stitchsketch_kernel.pipeline.files import read_json
    from stitchsketch_kernel.pipeline.stages import densify
    folder = Path(sys.argv[1])
    densify.compute(StageContext(folder, read_json(folder / JOB)))
"""


@pytest.fixture
def densifying(ball, ball_views, ball_photos, tmp_path):
    """Makes the folder of a densify stage at work on five photos."""
    stages = tmp_path / "stages"
    for name in ("01_ingest", "03_scale"):
        (stages / name).mkdir(parents=True)
    write_value(stages / "01_ingest" / "photos.npz", PhotoSet(ball_photos[:5], ()))
    write_value(stages / "03_scale" / "model.npz", ball.model(ball_views[:5], 400))
    write_value(stages / "03_scale" / "mirrors.npz", ())
    box = {"box_m": [-0.4, -0.4, -0.02, 0.4, 0.4, 0.65]}
    job = {
        "stage": "densify",
        "groups": dict(densify.SETTINGS),
        "settings": {"densify": DENSE, "region": box, "masks": {}},
        "earlier": {"ingest": "01_ingest", "scale": "03_scale"},
        "files": {"masks": None},
        "begun": ".begun_04_densify.0",
    }

    def begin(number):
        folder = stages / f".04_densify.{number}.partial"
        folder.mkdir()
        write_json(folder / JOB, job)
        return folder

    return begin


def test_a_killed_search_for_depth_goes_on_by_view(
    densifying, ball, ball_views, ball_photos, monkeypatch
):
    first = densifying(1)
    command = [sys.executable, "-c", textwrap.dedent(COMPUTE), str(first)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        begun = first.parent / ".begun_04_densify.0"
        wait_for(lambda: len(list(begun.glob("[0-9]*.npz"))) >= 2, 120)
        process.send_signal(signal.SIGKILL)
    kept = [read_value(path, Depth) for path in begun.glob("[0-9]*.npz")]
    assert 2 <= len(kept) < 5, "it was killed in the middle"

    computed, real = [], slanted._depth

    def counted(*given):
        computed.append(given[1].name)
        return real(*given)

    monkeypatch.setattr(slanted, "_depth", counted)
    folder = densifying(2)
    figures = densify.compute(StageContext(folder, read_json(folder / JOB)))
    assert figures["views"] == 5 and figures["doubts"] == []
    done = {depth.view.name for depth in kept}
    assert sorted([*computed, *done]) == [f"{i:02d}.png" for i in range(5)], "each once"
    # to the bit what a search gives that nobody killed
    images = {photo.name: photo.path for photo in ball_photos}
    box = Region(np.array([-0.4, -0.4, -0.02]), np.array([0.4, 0.4, 0.65]))
    asked = Asked(ball.model(ball_views[:5], 400), images, box, DenseSettings(**DENSE))
    whole = depth_maps(asked)
    for number, depth in enumerate(whole):
        again = read_value(folder / "depths" / f"{number:04d}.npz", Depth)
        assert np.array_equal(again.depth_m, depth.depth_m)
