"""Density of markers beside the best ever found: ``python benchmarks/nesting.py``.

Strip packing instances in jagua-rs's JSON (github.com/JeroenGar/sparrow): the search alone,
outlines as they are, at the turns they allow; all seven garments, 60 s, two workers unless told
else. With ``--shop`` each is cloth of 1.4 m with grain, so pieces lie at 0 or 180 degrees and clear
of each other by nothing: what `nest` gives a shop, its own clearances and check included. Best
densities are those of the instances' own turns: mao and marques allow quarter turns, which grain
does not.

``--clock processor`` counts the seconds as processor time of this process and those it started,
each worker's share, so that figures from a machine with other work compare. spyrrow, which begins,
counts its own tenth by the wall even then.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import shapely

from stitchsketch_kernel.domain.marker import Fabric, Placement
from stitchsketch_kernel.domain.piece import Pattern, Piece
from stitchsketch_kernel.domain.progress import silent
from stitchsketch_kernel.upholstery.marker.improve import make_ready
from stitchsketch_kernel.upholstery.marker.nest import NestSettings, nest
from stitchsketch_kernel.upholstery.marker.solver import solve
from stitchsketch_kernel.upholstery.marker.turned import Cut

#: Garments, the nearest to upholstery; best density ever found, percent.
BEST_PERCENT = {
    "swim": 79.83, "shirts": 90.92, "trousers": 92.61, "albano": 89.82, "marques": 92.01,
    "dagli": 90.17, "mao": 86.87,
}  # fmt: skip
#: Means of 20 minutes (Gardeyn and Wauters 2025), percent.
MEAN_PERCENT = {
    "swim": 78.3, "shirts": 89.7, "trousers": 91.8, "albano": 89.5, "marques": 90.9,
    "dagli": 89.2, "mao": 86.1,
}  # fmt: skip
#: Aimed at: no more points under the mean than this.
AIM_POINTS = 2.0
#: Area that two pieces may share by rounding, of the strip's width squared.
SHARED = 1e-12
WIDTH_MM = 1400.0
#: Looked for beside the repository and above it.
USUAL_FOLDER = Path("shared", "data", "nesting", "instances")


class Found(NamedTuple):
    """Pieces laid, density, and the greatest area that two share (of the width squared)."""

    pieces: int
    density: float
    shared: float


def main() -> None:
    given = arguments()
    clock = time.monotonic if given.clock == "wall" else processor_clock(given.workers)
    begun = time.monotonic()
    make_ready()
    print(f"made ready (compiled, once on a machine) in {time.monotonic() - begun:.1f} s")
    print(
        f"{given.seconds} s asked for by the {given.clock} clock, {given.workers} workers on "
        f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} at the start"
    )
    print(
        f"{'instance':10}{'pieces':>7}{'seed':>5}{'asked s':>9}{'wall s':>8}{'cpu s':>7}"
        f"{'density %':>11}{'mean %':>8}{'best %':>8}{'to mean':>9}  within {AIM_POINTS:g}  shared"
    )
    missed = []
    for name in given.names:
        for seed in given.seeds:
            missed += row(given, name, seed, clock)
    count = len(given.names) * len(given.seeds)
    print(f"{count - len(missed)} of {count} within {AIM_POINTS:g} points; not: {missed or 'none'}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", default=list(MEAN_PERCENT), help="instances")
    parser.add_argument("--folder", type=Path, help="where NAME.json lie")
    parser.add_argument("--seconds", type=int, default=60, help="search time of each")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--clock", choices=("wall", "processor"), default="wall")
    parser.add_argument("--shop", action="store_true", help="with clearances and grain")
    given = parser.parse_args()
    given.folder = given.folder or usual_folder()
    if given.folder is None or not given.folder.is_dir():
        parser.error(f"No instances at {given.folder or USUAL_FOLDER}: name their --folder.")
    if given.shop and given.clock == "processor":
        parser.error("A shop's marker is timed by the wall clock.")
    return given


def usual_folder() -> Path | None:
    above = Path(__file__).resolve().parents[1:]
    return next((one / USUAL_FOLDER for one in above if (one / USUAL_FOLDER).is_dir()), None)


def processor_clock(workers: int) -> Callable[[], float]:
    """Processor seconds of this process and of those it started and ended, a worker's share."""
    return lambda: sum(os.times()[:4]) / workers


def row(given: argparse.Namespace, name: str, seed: int, clock: Callable[[], float]) -> list[str]:
    """Search once and print what was found; the names that missed the aim."""
    path = given.folder / f"{name}.json"
    wall, used = time.monotonic(), sum(os.times()[:4])
    if given.shop:
        settings = NestSettings(0.0, given.seconds, seed, given.workers)
        found = nested(path, settings)
    else:
        found = searched(path, given.seconds, seed, given.workers, clock)
    wall, used = time.monotonic() - wall, sum(os.times()[:4]) - used
    if not found.shared <= SHARED:
        raise SystemExit(f"{name}: two pieces share {found.shared:g} of the width squared.")
    percent = 100 * found.density
    mean, best = MEAN_PERCENT.get(name, float("nan")), BEST_PERCENT.get(name, float("nan"))
    within = percent >= mean - AIM_POINTS
    print(
        f"{name:10}{found.pieces:7d}{seed:5d}{given.seconds:9d}{wall:8.1f}{used:7.0f}"
        f"{percent:11.2f}{mean:8.1f}{best:8.2f}{percent - mean:+9.2f}"
        f"  {'yes' if within else 'NO':8}  {found.shared:.0e}",
        flush=True,
    )
    return [] if within else [f"{name} ({seed})"]


def nested(path: Path, settings: NestSettings) -> Found:
    """A shop's marker."""
    pattern = read_instance(path)
    marker = nest(pattern, Fabric(path.stem, WIDTH_MM, WIDTH_MM), settings)
    placed = [one.apply(pattern.piece(one.piece).cut_line_mm) for one in marker.placements]
    return Found(len(placed), marker.density, most_shared(placed) / WIDTH_MM**2)


def searched(
    path: Path, seconds: int, seed: int, workers: int, clock: Callable[[], float]
) -> Found:
    """The bare search; all is told from the placements and the outlines as published."""
    data = json.loads(path.read_text(encoding="utf-8"))
    cuts = [
        Cut(np.array(item["shape"]["data"], dtype=float), tuple(item["allowed_orientations"]))
        for item in data["items"]
        for _ in range(item["demand"])
    ]
    width = data["strip_height"]
    laid = solve(cuts, width, seconds, seed, workers, silent, clock)
    if any(one.rotation_deg not in cut.turns_deg for cut, one in zip(cuts, laid, strict=True)):
        raise SystemExit(f"{path.stem}: a piece lies at a turn that it may not.")
    placed = [
        Placement("", 0, one.x_mm, one.y_mm, one.rotation_deg, False).apply(cut.outline_mm)
        for cut, one in zip(cuts, laid, strict=True)
    ]
    reach = np.ptp(np.concatenate(placed), axis=0)
    if reach[1] > width * (1 + 1e-9):
        raise SystemExit(f"{path.stem}: pieces take {reach[1]:.9g} of {width:g} across.")
    area = sum(shapely.Polygon(ring).area for ring in placed)
    return Found(len(cuts), float(area / (reach[0] * width)), most_shared(placed) / width**2)


def most_shared(placed: list[np.ndarray]) -> float:
    """The greatest area that two outlines have in common."""
    outlines = [shapely.Polygon(ring) for ring in placed]
    return max(
        (a.intersection(b).area for k, a in enumerate(outlines) for b in outlines[:k]), default=0.0
    )


def read_instance(path: Path) -> Pattern:
    """An instance as a pattern: strip and pieces scaled to the cloth's width, grain up (+y)."""
    data = json.loads(path.read_text(encoding="utf-8"))
    scale = WIDTH_MM / data["strip_height"]
    pieces = []
    for item in data["items"]:
        ring = np.array(item["shape"]["data"], dtype=float)
        ring = ring[:-1] if np.array_equal(ring[0], ring[-1]) else ring
        # the strip's length is x, which is where grain lies
        outline = scale * np.column_stack([-ring[:, 1], ring[:, 0]])
        grain = outline.mean(axis=0) + np.array([[0.0, 0.0], [0.0, 1.0]])
        quantity = int(item["demand"])
        pieces.append(Piece(f"P{item['id']}", outline, outline, (), (), grain, quantity))
    return Pattern(data["name"], tuple(pieces), (), "two_points", 0.0)


if __name__ == "__main__":
    main()
