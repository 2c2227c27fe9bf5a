"""Density of markers beside the best ever found: ``python benchmarks/nesting.py INSTANCES``.

The folder holds strip packing instances in jagua-rs's JSON (github.com/JeroenGar/sparrow). Each is
taken as cloth of 1.4 m with grain, so pieces lie at 0 or 180 degrees and clear of each other by
nothing: what `nest` gives a shop, its own clearances and check included. Best densities are those
of the instances' own turns: mao and marques allow quarter turns, which grain does not. With
``--own-turns`` the search alone is measured: outlines as they are, at the turns they allow.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import shapely

from stitchsketch_kernel.domain.marker import Fabric, Placement
from stitchsketch_kernel.domain.piece import Pattern, Piece
from stitchsketch_kernel.domain.progress import silent
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
WIDTH_MM = 1400.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where NAME.json lie")
    parser.add_argument("names", nargs="*", default=["swim", "albano"])
    parser.add_argument("--seconds", type=int, default=10, help="search time of each")
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--own-turns", action="store_true", help="no clearances, no grain")
    given = parser.parse_args()
    settings = NestSettings(separation_mm=0.0, seconds=given.seconds, workers=given.workers)
    print(f"{'instance':10}{'pieces':>8}{'seconds':>9}{'density %':>11}{'mean %':>8}{'best %':>8}")
    for name in given.names:
        path = given.folder / f"{name}.json"
        start = time.monotonic()
        count, density = searched(path, settings) if given.own_turns else nested(path, settings)
        spent = time.monotonic() - start
        mean, best = MEAN_PERCENT.get(name, float("nan")), BEST_PERCENT.get(name, float("nan"))
        print(
            f"{name:10}{count:8d}{spent:9.1f}{100 * density:11.2f}{mean:8.1f}{best:8.2f}",
            flush=True,
        )


def nested(path: Path, settings: NestSettings) -> tuple[int, float]:
    """Pieces and density of a shop's marker."""
    marker = nest(read_instance(path), Fabric(path.stem, WIDTH_MM, WIDTH_MM), settings)
    return len(marker.placements), marker.density


def searched(path: Path, settings: NestSettings) -> tuple[int, float]:
    """Pieces and density of the bare search, from the placements."""
    data = json.loads(path.read_text(encoding="utf-8"))
    cuts = [
        Cut(np.array(item["shape"]["data"], dtype=float), tuple(item["allowed_orientations"]))
        for item in data["items"]
        for _ in range(item["demand"])
    ]
    laid = solve(
        cuts, data["strip_height"], settings.seconds, settings.seed, settings.workers, silent
    )
    placed = [
        Placement("", 0, one.x_mm, one.y_mm, one.rotation_deg, False).apply(cut.outline_mm)
        for cut, one in zip(cuts, laid, strict=True)
    ]
    outlines = [shapely.Polygon(ring) for ring in placed]
    shared = max(
        (a.intersection(b).area for k, a in enumerate(outlines) for b in outlines[:k]), default=0.0
    )
    if shared > 1e-12 * data["strip_height"] ** 2:
        raise SystemExit(f"{path.stem}: two pieces share {shared:g} of area.")
    area = sum(outline.area for outline in outlines)
    length = np.ptp(np.concatenate(placed)[:, 0])
    return len(cuts), float(area / (length * data["strip_height"]))


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
