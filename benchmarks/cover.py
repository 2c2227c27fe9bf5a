"""The cover before it is cut: how true the cloth lies on the mesh, and how fast pictures are made.

    python benchmarks/cover.py demo            # a finished run (make demo)
    python benchmarks/cover.py JOB --seconds 20 --frames 40

Texture truth: squares of 50 mm that are printed on the cloth, measured over the mesh, panel by
panel. Seams: how far a check's pattern jumps on the mesh where the marker calls it matched.
Pictures: a turn of 1280x960 from about 200,000 triangles.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import numpy as np

from stitchsketch_kernel.domain.marker import Fabric
from stitchsketch_kernel.pipeline.cover_run import CoveredRun
from stitchsketch_kernel.upholstery.marker.links import MATCHED_MM
from stitchsketch_kernel.upholstery.marker.nest import NestSettings, nest
from stitchsketch_kernel.upholstery.prototype.carry import thinned
from stitchsketch_kernel.upholstery.prototype.dress import dress
from stitchsketch_kernel.upholstery.prototype.truth import seam_jumps, square_sides_mm
from stitchsketch_kernel.visualization.cover.cloths import ClothDesign, built_in
from stitchsketch_kernel.visualization.cover.scene import covered
from stitchsketch_kernel.visualization.cover.studio import Dress, still
from stitchsketch_kernel.visualization.cover.turntable import turntable, write_film, write_gif

CHECK = Fabric("Check", 1400.0, 1370.0, repeat_vertical_mm=100.0, repeat_horizontal_mm=100.0)
#: Panels of the samples that don't lie flat by themselves.
ROUND = {"SEAT"}
FACES = 200_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--seconds", type=int, default=20, help="of nesting")
    parser.add_argument("--frames", type=int, default=40)
    parser.add_argument("--out", type=Path, help="where the film and some stills go")
    given = parser.parse_args()
    run = CoveredRun(given.run)
    squares(run)
    prototype = seams(run, given.seconds)
    pictures(prototype, given.frames, given.out)


def squares(run: CoveredRun) -> None:
    print("Squares of 50 mm, measured on the mesh (mm)")
    print(f"{'panel':8} {'sides':>6} {'mean':>7} {'95 % within':>12} {'worst':>7}")
    worst = 0.0
    for panel in dress(run.flats, run.pattern, run.marker).panels:
        off = square_sides_mm(panel) - 50
        if not len(off):
            continue
        if panel.panel not in ROUND:
            worst = max(worst, float(np.abs(off).max()))
        print(
            f"{panel.panel:8} {len(off):6d} {50 + off.mean():7.3f} "
            f"{np.percentile(np.abs(off), 95):12.3f} {np.abs(off).max():7.3f}"
        )
    print(f"Worst of the developable panels: {worst:.3f} mm, {2 * worst:.2f} % of 50 mm")


def seams(run: CoveredRun, seconds: int):
    settings = NestSettings(seconds=seconds, match="visible_seams")
    marker = nest(run.pattern, CHECK, settings)
    prototype = dress(run.flats, run.pattern, marker)
    jumps = seam_jumps(prototype, run.pattern, marker)
    good = [one for one in jumps if one.matched]
    rest = [one.at_mm for one in jumps if not one.matched]
    print(f"\nSeams of a 100 mm check, {marker.used_length_mm / 1000:.2f} m")
    print(
        f"{len(good)} of {len(jumps)} matched: at their middles up to "
        f"{max(one.at_mm for one in good):.3f} mm on the mesh; both sides' points up to "
        f"{max(one.apart_mm for one in good):.6f} mm apart"
    )
    along = [one for one in good if one.along_mm <= MATCHED_MM]
    able = [one for one in good if one.allowed_mm <= MATCHED_MM]
    print(
        f"{len(along)} of them within {MATCHED_MM:g} mm all along; {len(able)} could be by their "
        "flat pieces"
    )
    off = max(one.off_piece_mm for one in jumps)
    print(f"the cloth under the mesh's seams is up to {off:.2f} mm from the pieces' own lines")
    print("seam      panels         middle   along  allowed (mm)")
    for one in sorted(good, key=lambda jump: jump.allowed_mm):
        names = f"{one.a}/{one.b}"
        print(f"{one.seam:9} {names:14} {one.at_mm:6.2f} {one.along_mm:7.2f} {one.allowed_mm:8.2f}")
    if rest:
        print(f"not matched: {np.median(rest):.1f} mm in the middle of them")
    return prototype


def pictures(prototype, frames: int, out: Path | None) -> None:
    area = sum(
        0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=1).sum()
        for panel in prototype.panels
        for a, b, c in [(panel.points_m[panel.faces[:, i]] for i in range(3))]
    )
    step = 1000 * float(np.sqrt(area / FACES / 0.433))
    some = thinned(prototype, step)
    begin = time.perf_counter(), time.process_time()
    shown = covered(some)
    told("made ready (light from all round)", begin)
    tile = built_in(ClothDesign("check"), CHECK)
    dressed = Dress.of(shown, tile, CHECK)
    still(shown, dressed)  # compiles
    begin = time.perf_counter(), time.process_time()
    made = turntable(shown, dressed, frames)
    told(f"{frames} frames of 1280x960 from {len(shown.faces):,} triangles", begin)
    print(f"(load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores)")
    if out is None:
        return
    out.mkdir(parents=True, exist_ok=True)
    for write, name in (
        (write_film, "turn.webm"),
        (write_film, "turn.mp4"),
        (write_gif, "turn.gif"),
    ):
        begin = time.perf_counter(), time.process_time()
        write(out / name, made)
        told(f"{name}, {(out / name).stat().st_size / 1e6:.1f} MB", begin)


def told(what: str, begin: tuple[float, float]) -> None:
    wall, cpu = time.perf_counter() - begin[0], time.process_time() - begin[1]
    print(f"{what}: {wall:.1f} s, {cpu:.1f} CPU-s")


if __name__ == "__main__":
    main()
