"""Seams from few clicks on a crowned cushion: millimetres from the true seam, seconds an edit.

    python benchmarks/clicks.py [--cell-mm 2.6]

The top is domed, the scan rounds its seam by 8 mm and is 0.5 mm rough. The truth is where dome and
band, both continued through the fillet, meet; the scan itself runs some 3 mm inside of that, so a
line as drawn is measured to the middle of the fillet. Clicks are 2 mm off (standard deviation of
each coordinate), as a hand's are.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from stitchsketch_kernel.domain.errors import PanelError
from stitchsketch_kernel.samples.crowned import (
    BAND_M,
    CROWN_M,
    HALF_M,
    LIFT_M,
    CrownedCushion,
    crowned_cushion,
)
from stitchsketch_kernel.upholstery.seams.edits import PanelEdits
from stitchsketch_kernel.upholstery.seams.prepare import PanelSettings
from stitchsketch_kernel.upholstery.seams.session import EditSession

CLICK_M, FILLET_M = 0.002, 0.008
RIM, MIDDLE = LIFT_M + BAND_M, LIFT_M + BAND_M / 2
PLACES = {
    "TOP": (0, 0, RIM + CROWN_M),
    "FRONT": (0, -HALF_M[1], MIDDLE),
    "BACK": (0, HALF_M[1], MIDDLE),
    "LOW": (0, 0, LIFT_M),
    "RIGHT": (HALF_M[0], 0, MIDDLE),
    "LEFT": (-HALF_M[0], 0, MIDDLE),
}


class Clock:
    """Seconds of each kind of edit."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = {}

    def __call__(self, kind: str, edit: Callable[..., Any], *values: Any) -> Any:
        begun = time.perf_counter()
        result = edit(*values)
        self.seconds.setdefault(kind, []).append(time.perf_counter() - begun)
        return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cell-mm", type=float, default=2.6)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    clock = Clock()
    print(f"{'clicks':34}{'mean mm':>9}{'95 % mm':>9}{'worst mm':>9}")
    for k in range(given.rounds):
        cushion = crowned_cushion(given.cell_mm * 0.001, FILLET_M, seed=k)
        rng = np.random.default_rng(100 + k)
        begun = clock("begin, from a proposal", EditSession, cushion.mesh)
        bare = clock("begin, seeds alone", EditSession, cushion.mesh, None, PanelEdits())
        one = EditSession(cushion.mesh, PanelSettings(crease_deg=100))
        four_seeds(bare, cushion, rng, clock)
        six_points(one, cushion, rng, clock)
        all_kinds(begun, rng, clock)
    print(f"{len(begun.mesh.faces)} faces")
    print(f"{'seconds':34}{'median':>9}{'most':>9}{'times':>9}")
    for kind, seconds in clock.seconds.items():
        print(f"{kind:34}{np.median(seconds):9.2f}{max(seconds):9.2f}{len(seconds):9d}")


def four_seeds(session: EditSession, cushion: CrownedCushion, rng, clock: Clock) -> None:
    """One seed a panel, no proposal: the whole mesh is solved at each."""
    for name in ("TOP", "FRONT", "BACK", "LOW"):
        clock("seed, on the whole mesh", session.add_seed, name, clicked(PLACES[name], rng))
    found = clock("panel map", session.panel_map)
    for k in range(12):
        at = (0.2 * np.cos(k), 0.18 * np.sin(k), RIM + 0.015)
        clock("the same, 5th to 16th panel", session.add_seed, f"X{k}", clicked(at, rng))
    tell("4 seeds, top seam", points_of(found, "TOP"), cushion.top_seam_m)
    tell("4 seeds, bottom seam", points_of(found, "LOW"), cushion.bottom_seam_m)


def six_points(session: EditSession, cushion: CrownedCushion, rng, clock: Clock) -> None:
    """A proposal that saw no seam: one panel; six clicks draw its top seam."""
    ring = np.array([clicked(at, rng) for at in cushion.top_seam_m[90::300]])
    ring = np.vstack([ring, ring[:1]])
    line = clock("seam of 6 points, closed", session.add_seam_points, ring)
    tell("6 points, as drawn", line, cushion.top_fold_m)
    for name in ("TOP", "FRONT", "BACK", "LOW"):
        clock("seed, beside a drawn seam", session.add_seed, name, clicked(PLACES[name], rng))
    try:
        found = session.panel_map()
    except PanelError as error:
        print(f"6 points, as placed: {error.what}")
    else:
        tell("6 points, as placed", points_of(found, "TOP"), cushion.top_seam_m)


def all_kinds(session: EditSession, rng, clock: Clock) -> None:
    """Every kind of edit, one after another, on the proposal (top and band)."""
    for x in (-0.05, 0.08):
        across = [clicked((x, y, RIM), rng) for y in (-HALF_M[1], HALF_M[1])]
        clock("preview of a seam", session.preview_seam, across)
        clock("seam of 2 points, previewed", session.add_seam_points, across)
    for x in (-HALF_M[0], HALF_M[0]):
        up = [clicked((x, 0, z), rng) for z in (LIFT_M, RIM)]
        clock("seam of 2 points", session.add_seam_points, up)
    for name in ("RIGHT", "FRONT", "LEFT", "BACK", "TOP"):
        clock("seed, in a proposed panel", session.add_seed, name, clicked(PLACES[name], rng))
    clock("place to ignore", session.add_ignored, clicked((0.2, 0, RIM + 0.01), rng))
    clock("undo", session.undo)


def clicked(place, rng) -> np.ndarray:
    return np.asarray(place, dtype=float) + rng.normal(0, CLICK_M, 3)


def points_of(panels, name: str) -> np.ndarray:
    own = [seam for seam in panels.seams if name in (seam.left, seam.right)]
    assert all(seam.right for seam in own), "the truth is of seams between two panels"
    return np.concatenate([seam.points_m for seam in own])


def tell(what: str, points, truth) -> None:
    off = 1000 * cKDTree(truth).query(points)[0]
    print(f"{what:34}{off.mean():9.2f}{np.percentile(off, 95):9.2f}{off.max():9.2f}")


if __name__ == "__main__":
    main()
