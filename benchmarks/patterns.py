"""Panels laid flat, a row a case: ``python benchmarks/patterns.py [FACES]``.

Developable ones, as a run lays them, with a scan's noise and bumps: how far the outline is from its
truth. Round ones as cloth: warp and weft (95 % and most), shear, the border's length in the flat
beside its true one, darts found without help, faces turned over, overlaps, seconds.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray, IntArray
from stitchsketch_kernel.domain.cloth import Cloth
from stitchsketch_kernel.domain.progress import silent
from stitchsketch_kernel.samples.rolled_panels import (
    Developable,
    coned,
    gable,
    outline_off_mm,
    rolled,
    rough,
)
from stitchsketch_kernel.samples.round_panels import dome, saddle
from stitchsketch_kernel.upholstery.flat.darted import settled
from stitchsketch_kernel.upholstery.flat.darts import propose_darts
from stitchsketch_kernel.upholstery.flat.flatten import FlattenSettings, flatten_panel
from stitchsketch_kernel.upholstery.flat.reference import Reference
from stitchsketch_kernel.upholstery.geometry.border import border_loop
from stitchsketch_kernel.upholstery.geometry.unroll import unroll

#: What the benchmark asks for: harder than most shops would.
ASKED = Cloth("asked for", 0.6, 1.5, 6.0, 0.03)
UP = np.array([0.0, 1.0, 0.0])


def row(name: str, surface: FloatArray, faces: IntArray) -> str:
    started = time.perf_counter()
    border = border_loop(faces)
    assert border is not None
    panel = Reference(
        unroll(surface, faces, 60), surface, faces, border, np.zeros(0, dtype=np.int32), UP
    )
    trial = propose_darts(panel, ASKED, 6, silent)
    proposed = time.perf_counter() - started
    lies = None if trial is None else settled(panel, ASKED, trial)
    if lies is None:
        return f"| {name} | none found |"
    laid, trial = lies
    fit = laid.threads.fit()
    have, want = laid.lengths
    return (
        f"| {name} | {len(faces)} | {len(trial.darts)} | {fit.strain_percent:.2f} | "
        f"{fit.most_percent:.2f} | {fit.shear_deg:.1f} | "
        f"{abs(have.sum() - want.sum()):.2f} of {want.sum():.0f} | {laid.flipped} | "
        f"{'yes' if laid.overlaps else 'no'} | {proposed:.0f} | "
        f"{time.perf_counter() - started - proposed:.1f} |"
    )


def developables(faces: int) -> None:
    print("| panel | faces | scan | outline 95 %, mm | most, mm | s isotropic |")
    print("| --- " * 6 + "|")
    developable("to compile", rolled(2000), "", 0.0, 0.0, 0.0)
    for name, make in (("rolled", rolled), ("cone", coned), ("gable", gable)):
        for count, scan, noise, bumps, jitter in (
            (faces, "clean", 0.0, 0.0, 0.0),
            (10 * faces, "noise 0.5 mm", 0.5, 0.0, 0.0),
            (faces, "bumps 1 mm, border 0.5 mm", 0.0, 1.0, 0.5),
        ):
            print(developable(name, make(count), scan, noise, bumps, jitter), flush=True)


def developable(
    name: str, exact: Developable, scan: str, noise_mm: float, bumps_mm: float, jitter_mm: float
) -> str:
    panel_map = rough(exact, noise_mm, bumps_mm, jitter_mm, seed=0)
    started = time.process_time()
    flat = flatten_panel(panel_map, panel_map.panels[0], FlattenSettings())
    seconds = time.process_time() - started
    off = outline_off_mm(exact, flat)
    return (
        f"| {name} | {len(exact.faces)} | {scan} | {np.percentile(off, 95):.3f} | "
        f"{off.max():.3f} | {seconds:.1f} |"
    )


def main() -> None:
    faces = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    developables(faces)
    print()
    print("| case | faces | darts | strain 95 % | most % | shear | border off, mm | "
          "flipped | overlaps | s to propose | s to lay |")  # fmt: skip
    print("| --- " * 11 + "|")
    print(row("saddle, 0.05", *saddle(0.05, faces)), flush=True)
    print(row("saddle, 0.10", *saddle(0.10, faces)), flush=True)
    print(row("saddle, 0.25", *saddle(0.25, faces)), flush=True)
    print(row("dome, 60 degrees", *dome(60, faces)), flush=True)
    print(row("dome, 120 degrees", *dome(120, faces)), flush=True)


if __name__ == "__main__":
    main()
