"""How far the scale of a scan is off, and whether its stated ± says so, on many rendered captures.

    python benchmarks/scale.py --captures 100 --out FOLDER

Each capture is another: 8 to 24 photos all round the cushion or from one side, of another size and
lens, softer or noisier, with EXIF that tells the focal length or is a little off, under rich or
plain cloth, two to four mats lying somewhere else. Photos go the real way: ingest, tags, cameras,
scale. What is off is told twice: by the size of the piece with the floor round it (each
found point's true place is where the true camera sees it), and by the ring of cameras. One row of
``FOLDER/scale.csv`` a capture; those that are there are not made again. ``--again`` finds the scale
of the kept models anew, without photos.
"""

from __future__ import annotations

import argparse
import csv
import math
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from stitchsketch_kernel.domain.board import TagSighting
from stitchsketch_kernel.domain.errors import StitchSketchError
from stitchsketch_kernel.domain.model import SparseModel
from stitchsketch_kernel.imaging.boards import MOST_MATS, standard_mats
from stitchsketch_kernel.imaging.photos import load_image, read_photos
from stitchsketch_kernel.imaging.tags import find_tags
from stitchsketch_kernel.pipeline.artefacts import read_value, write_value
from stitchsketch_kernel.reconstruction.align import align
from stitchsketch_kernel.reconstruction.scale import apply_scale, find_scale
from stitchsketch_kernel.samples import render
from stitchsketch_kernel.samples.captures import Capture, capture, photograph, points_scale
from stitchsketch_kernel.samples.truth import camera_errors

FIELDS = (
    "capture", "photos", "placed", "width_px", "focal", "arc_deg", "mats", "look", "blur_px",
    "noise", "exif_off_percent", "points_off_percent", "cameras_off_percent", "said_percent",
    "seconds", "note",
)  # fmt: skip


def reconstruct(one: Capture, folder: Path) -> None:
    """Photos to cameras, the real way; ``model.npz`` and ``sightings.npz`` stay."""
    scratch = folder / "scratch"
    shutil.rmtree(folder, ignore_errors=True)
    photograph(one, scratch / "photos")
    photos = read_photos(scratch / "photos", scratch).photos
    sightings: list[TagSighting] = []
    for photo in photos:
        sightings += find_tags(photo.name, load_image(photo.path))
    boards = standard_mats(MOST_MATS)
    model = align(photos, scratch / "align", sightings=sightings, boards=boards)
    write_value(folder / "sightings.npz", tuple(sightings))
    write_value(folder / "model.npz", model)
    shutil.rmtree(scratch)


def row(one: Capture, folder: Path, seconds: float) -> dict[str, object]:
    """What the capture's scale is off by, and what was said of it."""
    model = read_value(folder / "model.npz", SparseModel)
    sightings = read_value(folder / "sightings.npz", tuple)
    scale, similarity = find_scale(model, sightings, standard_mats(MOST_MATS))
    if not scale.is_metric:
        return told(one, placed=len(model.views), note=scale.notes[0])
    metric = apply_scale(model, similarity)
    ring = camera_errors(metric.views, one.sample).similarity.scale
    return told(
        one,
        placed=len(model.views),
        points_off_percent=round(100 * (1 / points_scale(metric, one.sample) - 1), 4),
        cameras_off_percent=round(100 * (1 / ring - 1), 4),
        said_percent=round(scale.uncertainty_percent, 4),
        seconds=round(seconds, 1),
    )


def told(one: Capture, **found: object) -> dict[str, object]:
    """A row of the table."""
    camera = one.sample.views[0].camera
    return dict.fromkeys(FIELDS, "") | {
        "capture": one.number,
        "photos": len(one.sample.views),
        "width_px": camera.width_px,
        "focal": round(camera.fx / camera.width_px, 3),
        "arc_deg": round(one.arc_deg),
        "mats": len(one.sample.mats),
        "look": one.sample.look,
        "blur_px": one.blur_px,
        "noise": one.noise,
        "exif_off_percent": round(100 * one.exif_off, 2),
        **found,
    }


def summary(rows: list[dict[str, str]]) -> Iterator[str]:
    """Shares held, by the number of photos and all together."""
    good = [row for row in rows if row["said_percent"]]
    yield f"{len(rows)} captures, {len(good)} with a scale"
    groups = [("all", good)]
    for low, high in ((8, 8), (9, 10), (12, 12), (16, 40)):
        some = [row for row in good if low <= int(row["photos"]) <= high]
        groups.append((f"{low} to {high} photos", some))
    for name, some in groups:
        if not some:
            continue
        said = np.array([float(row["said_percent"]) for row in some])
        parts = [f"{name:15} {len(some):3}"]
        for what in ("points", "cameras"):
            off = np.abs([float(row[f"{what}_off_percent"]) for row in some])
            held = 100 * (off <= said).mean()
            close = 100 * (off <= 0.1).mean()
            parts.append(
                f"{what}: median {np.median(off):.3f} worst {off.max():.3f} %, held {held:.0f} %, "
                f"within 0.1 % {close:.0f} %, 95 % of |off|/± {np.percentile(off / said, 95):.2f}"
            )
        parts.append(f"± median {np.median(said):.3f}, {said.min():.3f} to {said.max():.3f} %")
        yield " | ".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--captures", type=int, default=100)
    parser.add_argument("--begin", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=math.inf, help="stop after so many")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--again", action="store_true", help="the scale of kept models anew")
    given = parser.parse_args()
    render.SUPERSAMPLE = 1  # a quarter of the time; textures are filtered all the same
    given.out.mkdir(parents=True, exist_ok=True)
    table = given.out / ("scale-again.csv" if given.again else "scale.csv")
    if given.again:
        table.unlink(missing_ok=True)
    done = read_table(table)
    end = time.monotonic() + 60 * given.minutes
    for number in range(given.begin, given.begin + given.captures):
        kept = given.out / f"{number:03d}"
        if str(number) in done or (given.again and not (kept / "model.npz").exists()):
            continue
        if time.monotonic() > end:
            break
        one, begun = capture(number), time.process_time()
        try:
            if not (kept / "model.npz").exists():
                reconstruct(one, kept)
            made = row(one, kept, time.process_time() - begun)
        except StitchSketchError as error:
            made = told(one, note=str(error).splitlines()[0][:120])
        with table.open("a", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, FIELDS)
            if not file.tell():
                writer.writeheader()
            writer.writerow(made)
    for line in summary(list(read_table(table).values())):
        print(line)


def read_table(path: Path) -> dict[str, dict[str, str]]:
    if not path.exists():
        return {}
    with path.open(newline="", encoding="utf-8") as file:
        return {row["capture"]: row for row in csv.DictReader(file)}


if __name__ == "__main__":
    main()
