"""Panels laid flat, a row a case: ``python benchmarks/patterns.py [FACES]``.

Developable ones, as a run lays them, with a scan's noise and bumps: how far the outline is from its
truth. Round ones as cloth: warp and weft (95 % and most), shear, the border's length in the flat
beside its true one, darts found without help, faces turned over, overlaps, seconds. And what a run
makes of panels too round for one piece of cloth (`lay_panels`): seams put across, warps turned. All
seconds are of processor time.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import shapely

from stitchsketch_kernel.domain.arrays import FloatArray, IntArray
from stitchsketch_kernel.domain.cloth import Cloth
from stitchsketch_kernel.domain.model import Mesh, Scale
from stitchsketch_kernel.domain.panel import EdgeKind, Panel, PanelMap, Seam
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
from stitchsketch_kernel.upholstery.flat.lay import lay_panels
from stitchsketch_kernel.upholstery.flat.reference import Reference
from stitchsketch_kernel.upholstery.geometry.border import border_loop
from stitchsketch_kernel.upholstery.geometry.unroll import signed_areas, unroll
from stitchsketch_kernel.upholstery.pieces.gate import check_sewing
from stitchsketch_kernel.upholstery.pieces.make import make_pattern

#: What the benchmark asks for: harder than most shops would.
ASKED = Cloth("asked for", 0.6, 1.5, 6.0, 0.03)
UP = np.array([0.0, 1.0, 0.0])
SURE = Scale("mat", 1.0, 0.2, 0.1, 8)


def row(name: str, surface: FloatArray, faces: IntArray) -> str:
    started = time.process_time()
    border = border_loop(faces)
    assert border is not None
    panel = Reference(
        unroll(surface, faces, 60), surface, faces, border, np.zeros(0, dtype=np.int32), UP
    )
    trial = propose_darts(panel, ASKED, 6, silent)
    proposed = time.process_time() - started
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
        f"{time.process_time() - started - proposed:.1f} |"
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


def lone(surface_mm: FloatArray, faces: IntArray) -> PanelMap:
    """A panel by itself, its border two sewn seams."""
    rim, points = border_loop(faces), surface_mm / 1000
    assert rim is not None
    half = len(rim) // 2
    lines = (rim[: half + 1], np.append(rim[half:], rim[0]).astype(np.int32))
    seams = tuple(
        Seam(f"S0{at + 1}", points[line], "SEAT", None, EdgeKind.SEWN, line, 0.5)
        for at, line in enumerate(lines)
    )
    panel = Panel("SEAT", np.arange(len(faces), dtype=np.int32), UP)
    return PanelMap(Mesh(points, faces), (panel,), seams)


def whole(name: str, surface: FloatArray, faces: IntArray, cloth: str) -> str:
    """What a run makes of a panel: pieces, and the worst of them."""
    panel_map = lone(surface, faces)
    started = time.process_time()
    cover = lay_panels(panel_map, FlattenSettings(smooth_mm=0, cloth=cloth))
    seconds = time.process_time() - started
    pattern = make_pattern(name, cover.panel_map, cover.flats, scale=SURE, cloth=cover.cloth)
    fits = [flat.fit for flat in cover.flats if flat.fit is not None]
    darts = sum(pair.piece_a == pair.piece_b for pair in pattern.seams)
    flipped = sum(int((signed_areas(f.uv_mm, f.faces) <= 0).sum()) for f in cover.flats)
    overlaps = any(not shapely.Polygon(f.uv_mm[f.boundary]).is_valid for f in cover.flats)
    off = max(abs(check.ease_mm) for check in check_sewing(pattern).seams)
    turned = any(abs(panel.grain_m @ UP) < 0.8 for panel in cover.panel_map.panels)
    return (
        f"| {name} | {cloth} | {len(pattern.pieces)} | {darts} | {'yes' if turned else 'no'} | "
        f"{max(fit.strain_percent for fit in fits):.2f} | "
        f"{max(fit.most_percent for fit in fits):.2f} | {max(fit.shear_deg for fit in fits):.1f} | "
        f"{off:.2f} | {flipped} | {'yes' if overlaps else 'no'} | {seconds:.1f} |"
    )


def rounds(faces: int) -> None:
    print("| panel | cloth | pieces | darts | warp turned | strain 95 % | most % | shear | "
          "seam off, mm | flipped | overlaps | s |")  # fmt: skip
    print("| --- " * 12 + "|")
    for name, surface, triangles, cloth in (
        ("saddle, 0.10", *saddle(0.10, faces), "woven"),
        ("saddle, 0.25", *saddle(0.25, faces), "woven"),
        ("saddle, 0.25", *saddle(0.25, faces), "stretch"),
        ("dome, 180 degrees", *dome(180, faces), "woven"),
    ):
        print(whole(name, surface, triangles, cloth), flush=True)


def isotropic(faces: int) -> None:
    for name, surface, triangles in (
        ("saddle, 0.10", *saddle(0.10, faces)),
        ("dome, 60 degrees", *dome(60, faces)),
    ):
        panel_map = lone(surface, triangles)
        started = time.process_time()
        flatten_panel(panel_map, panel_map.panels[0], FlattenSettings())
        seconds = time.process_time() - started
        print(f"| {name} | {len(triangles)} | clean | round | | {seconds:.2f} |", flush=True)


def main() -> None:
    faces = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    developables(faces)
    isotropic(faces)
    print()
    rounds(faces)
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
