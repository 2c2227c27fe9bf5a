"""What matching a pattern costs on a wing chair: ``python benchmarks/repeats.py``.

For each repeat (along the roll, as wide across) and each match level: the length found, what it
is more than plain, how many of the asked seams match and the worst of those, and what the trade's
percentage table would have added. ``--clock processor`` counts seconds as processor time of this
process and those it started and ended, a worker's share, so that others on the machine cost nothing
(spyrrow's begin is by the wall even then).
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import shapely

from stitchsketch_kernel.domain.marker import Fabric, MatchLevel
from stitchsketch_kernel.domain.panel import EdgeKind
from stitchsketch_kernel.domain.piece import Pattern, Piece, PieceEdge, SeamPair
from stitchsketch_kernel.upholstery.marker.links import MATCHED_MM
from stitchsketch_kernel.upholstery.marker.nest import NestSettings, nest
from stitchsketch_kernel.upholstery.marker.repeats import table_percent

ALLOWANCE_MM = 12.7
#: Corners, counter-clockwise, and the seam of each side (None: it ends on the frame).
SHAPES: dict[str, tuple[list[tuple[float, float]], list[str | None]]] = {
    "IB": ([(0, 0), (540, 0), (550, 200), (580, 760), (-40, 760), (-10, 200)],
           [None, "S02R", "S01R", "S03", "S01", "S02"]),
    "IW-L": ([(0, 0), (240, 0), (270, 560), (20, 600)], ["S04", "S01", "S05", "S06"]),
    "IA-L": ([(0, 0), (600, 0), (600, 200), (560, 420), (0, 400)],
             [None, "S02", "S04", "S07", "S08"]),
    "AF-L": ([(0, 0), (110, 0), (110, 400), (0, 400)], [None, "S08", None, "S09"]),
    "OA-L": ([(0, 0), (650, 0), (650, 300), (0, 300)], [None, "S10", "S07", "S09"]),
    "OW-L": ([(0, 0), (250, 0), (240, 600), (0, 600)], [None, "S11", "S05", "S06"]),
    "OB": ([(0, 0), (620, 0), (620, 300), (660, 900), (-40, 900), (0, 300)],
           [None, "S10", "S11", "S03", "S11R", "S10R"]),
    "CUSH": ([(0, 0), (540, 0), (550, 560), (-10, 560)], ["S12", "S13R", "S14", "S13"]),
    "CUSH-B": ([(0, 0), (540, 0), (550, 560), (-10, 560)], ["S15", "S16R", "S17", "S16"]),
    "BOX": ([(0, 0), (540, 0), (540, 120), (0, 120)], ["S15", "S18R", "S12", "S18"]),
    "BOX-L": ([(0, 0), (560, 0), (560, 120), (0, 120)], ["S16", "S18", "S13", "S19"]),
    "ZIP": ([(0, 0), (560, 0), (560, 70), (0, 70)], ["S17", None, "S14", None]),
    "DK": ([(0, 0), (560, 0), (560, 500), (0, 500)], ["S20", None, None, None]),
    "FB": ([(0, 0), (620, 0), (620, 260), (0, 260)], [None, None, "S20", None]),
}  # fmt: skip
#: Cut twice, the right one face down; seams that end in R are the right side's.
MIRRORED = ("IW-L", "IA-L", "AF-L", "OA-L", "OW-L", "BOX-L")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=float, nargs="*", default=[171, 343, 457, 686])
    parser.add_argument("--seconds", type=int, default=20, help="search time of each level")
    parser.add_argument("--half-drop", action="store_true")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--clock", choices=("wall", "processor"), default="wall")
    given = parser.parse_args()
    clock = time.monotonic if given.clock == "wall" else processor_clock(given.workers)
    pattern = wing_chair()
    settings = NestSettings(seconds=given.seconds, workers=given.workers, seed=given.seed)
    plain = nest(pattern, Fabric("plain", 1400, 1370, nap=True), settings, clock=clock)
    print(f"{len(plain.placements)} pieces, plain {plain.used_length_mm:.0f} mm")
    print("repeat mm  level           length mm  extra %  matched  all along   worst mm  table %")
    for repeat in given.repeats:
        fabric = Fabric("cloth", 1400, 1370, True, repeat_vertical_mm=repeat,
                        repeat_horizontal_mm=repeat, half_drop=given.half_drop)  # fmt: skip
        for level in list(MatchLevel)[1:]:
            marker = nest(pattern, fabric, replace(settings, match=level.value), clock=clock)
            good = [one for one in marker.matches if one.matched]
            along = sum(one.along_mm <= MATCHED_MM for one in good)
            worst = max((one.mismatch_mm for one in good), default=float("nan"))
            extra = 100 * (marker.used_length_mm / plain.used_length_mm - 1)
            print(
                f"{repeat:9.0f}  {level:15} {marker.used_length_mm:9.0f} {extra:8.1f}"
                f"  {len(good):3} of {len(marker.matches):3} {along:8} {worst:10.4f}"
                f" {table_percent(fabric):8.0f}",
                flush=True,
            )


def processor_clock(workers: int) -> Callable[[], float]:
    """Processor seconds of this process and of those it started and ended, a worker's share."""
    return lambda: sum(os.times()[:4]) / workers


def wing_chair() -> Pattern:
    """14 templates, 21 cut pieces, with every seam between them."""
    pieces = {name: _piece(name, *SHAPES[name]) for name in SHAPES}
    sides: dict[str, list[tuple[str, float]]] = {}
    for piece in pieces.values():
        for edge in piece.edges:
            sides.setdefault(edge.seam, []).append((piece.name, edge.length_mm))
    pairs = []
    for seam, both in sides.items():
        if len(both) == 2:
            pairs.append(_pair(seam, *both))
            if all(name in MIRRORED for name, _ in both):
                right = [(name.replace("-L", "-R"), length) for name, length in both]
                pairs.append(_pair(f"{seam}R", *right))
        elif seam.endswith("R"):
            other = next(one for one in sides[seam[:-1]] if one[0] in MIRRORED)
            pairs.append(_pair(seam, both[0], (other[0].replace("-L", "-R"), other[1])))
    return Pattern("wing chair", tuple(pieces.values()), tuple(pairs), "mat", 0.05)


def _pair(seam: str, a: tuple[str, float], b: tuple[str, float]) -> SeamPair:
    return SeamPair(seam, EdgeKind.SEWN, a[0], b[0], a[1], b[1])


def _piece(name: str, corners: list[tuple[float, float]], seams: list[str | None]) -> Piece:
    ring = np.array(corners, dtype=float)
    cut = shapely.Polygon(ring).buffer(ALLOWANCE_MM, join_style="mitre").exterior.coords
    order = list(SHAPES)
    edges = []
    for i, seam in enumerate(seams):
        line = np.array([ring[i], ring[(i + 1) % len(ring)]])
        partner = [n for n in order if n != name and seam in SHAPES[n][1]]
        forward = not partner or order.index(name) < order.index(partner[0])
        kind = EdgeKind.STAPLE if seam is None else EdgeKind.SEWN
        edges.append(PieceEdge(seam or f"{name}{i}", kind, line, forward, ALLOWANCE_MM))
    grain = ring.mean(axis=0) + np.array([[0.0, 0.0], [0.0, 50.0]])
    mirrored = name in MIRRORED
    quantity = 2 if mirrored or name == "ZIP" else 1
    cut_line = np.array(shapely.orient_polygons(shapely.Polygon(cut)).exterior.coords)[:-1]
    return Piece(name, ring, cut_line, tuple(edges), (), grain, quantity, mirrored)


if __name__ == "__main__":
    main()
