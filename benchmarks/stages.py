"""Seconds and peak memory of each stage on a sample: ``python benchmarks/stages.py [SAMPLE]``.

The sample's photos are rendered once into a folder that is kept; every stage is computed anew.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from stitchsketch_kernel.domain.errors import StitchSketchError
from stitchsketch_kernel.pipeline import RunSettings, run
from stitchsketch_kernel.pipeline.record import RunRecord, read_record
from stitchsketch_kernel.pipeline.settings import parse_assignment
from stitchsketch_kernel.samples import SAMPLE_NAMES, build_sample, render_photos


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sample", nargs="?", default="cushion", choices=SAMPLE_NAMES)
    parser.add_argument("--photos", type=Path, help="photos that were taken or rendered before")
    parser.add_argument("--set", dest="assignments", action="append", default=[])
    given = parser.parse_args()
    photos = given.photos or rendered(given.sample)
    request = RunSettings(values=dict(map(parse_assignment, given.assignments)), track=False)
    with tempfile.TemporaryDirectory(prefix="stitchsketch-benchmark-") as folder:
        out = Path(folder) / "run"
        try:
            run(photos, out, request)
        except StitchSketchError as error:
            print(f"The run ended early: {error}")
        record = read_record(out)
    if record is not None:
        show(record)


def rendered(sample: str) -> Path:
    folder = Path(tempfile.gettempdir()) / "stitchsketch-samples" / sample / "photos"
    render_photos(build_sample(sample), folder)
    return folder


def show(record: RunRecord) -> None:
    """The table; `compute` leaves out the kernel's start and the pictures."""
    print(f"{'stage':10}{'seconds':>10}{'compute':>10}{'peak MB':>10}")
    for stage in record.stages:
        computed, peak = stage.figures.get("compute_s", 0.0), stage.figures.get("peak_memory_mb", 0)
        print(f"{stage.name:10}{stage.seconds:10.1f}{computed:10.1f}{peak:10d}")
    print(f"{'all':10}{sum(stage.seconds for stage in record.stages):10.1f}")


if __name__ == "__main__":
    main()
