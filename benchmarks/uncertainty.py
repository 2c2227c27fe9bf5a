"""Whether the stated ± of seams and pieces hold the truth, on repeated scans of exact shapes.

    python benchmarks/uncertainty.py                        # the shapes and seeds to report
    python benchmarks/uncertainty.py --calibrate            # those that the constants come from
    python benchmarks/uncertainty.py --run demo --sample demo    # a finished run of a sample

A scan is the shape's exact triangles with the errors of real ones (`samples.scanned`). Of each
group: how many truths lie within their ±, the mean ±, and the stated over the actual: the factor by
which all ± of the group could shrink (or must grow, below 1) to hold 95 % of the truths.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import numpy as np
from scipy.spatial import cKDTree

from stitchsketch_kernel.domain.errors import StitchSketchError
from stitchsketch_kernel.domain.model import Scale, Similarity, SparseModel
from stitchsketch_kernel.domain.panel import PanelMap
from stitchsketch_kernel.domain.sureness import ScanErrors, Sureness
from stitchsketch_kernel.pipeline.artefacts import read_value
from stitchsketch_kernel.reconstruction.bend import bend_mm, skin_mm
from stitchsketch_kernel.samples import SAMPLE_NAMES, build_sample
from stitchsketch_kernel.samples.armchair import armchair
from stitchsketch_kernel.samples.cushion import box_cushion
from stitchsketch_kernel.samples.furniture import Furniture, TruthPanel, TruthSeam, assemble
from stitchsketch_kernel.samples.gable import gabled_box
from stitchsketch_kernel.samples.outlines import dense_line, laid_on_mm, outline_distance_mm
from stitchsketch_kernel.samples.scanned import ScanFaults, scanned
from stitchsketch_kernel.samples.seam_pairs import paired_seams
from stitchsketch_kernel.samples.truth import camera_errors, match_panels
from stitchsketch_kernel.upholstery.flat.flatten import FlattenSettings, flatten_panel
from stitchsketch_kernel.upholstery.seams.correct import Ground
from stitchsketch_kernel.upholstery.seams.edits import PanelEdits
from stitchsketch_kernel.upholstery.seams.features import find_features
from stitchsketch_kernel.upholstery.seams.prepare import Prepared
from stitchsketch_kernel.upholstery.seams.propose import panels_of
from stitchsketch_kernel.upholstery.sure.measure import how_sure

#: Shape: how it is built, and how many scans of it at each level of noise.
SHAPES: dict[str, tuple[Callable[[], Furniture], int]] = {
    "cushion": (lambda: still(box_cushion(0.006)), 6),
    "gable 50": (lambda: still(gabled_box(50.0, 0.006)), 6),
    "gable 80": (lambda: still(gabled_box(80.0, 0.006)), 6),
    "armchair": (lambda: still(armchair(0.006)), 1),
}
#: What the constants of `upholstery.sure` come from: one shape, its own seeds.
CALIBRATION = ("cushion",)
NOISES_MM = (0.2, 0.5, 1.0)

Rows = dict[str, list[tuple[float, float]]]


def still(design) -> Furniture:
    return assemble(design, Similarity(1.0, np.eye(3), np.zeros(3)))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--calibrate", action="store_true")
    parser.add_argument("--scans", type=int, help="of each shape and level of noise")
    parser.add_argument("--shapes", nargs="*", choices=list(SHAPES))
    parser.add_argument("--run", type=Path)
    parser.add_argument("--sample", choices=SAMPLE_NAMES, default="demo")
    arguments = parser.parse_args()
    print(f"{'':24}{'':14}{'truths':>7}{'held %':>8}{'mean ±':>8}{'stated / actual':>17}")
    if arguments.run:
        tell(str(arguments.sample), of_run(arguments.run, arguments.sample))
        return
    chosen = arguments.shapes or (CALIBRATION if arguments.calibrate else SHAPES)
    first, total = (0 if arguments.calibrate else 1000), defaultdict(list)
    for shape in chosen:
        build, usual = SHAPES[shape]
        furniture = build()
        for noise_mm in NOISES_MM:
            group, start = defaultdict(list), perf_counter()
            for seed in range(first, first + (arguments.scans or usual)):
                gather(group, of_scan(furniture, ScanFaults(noise_mm=noise_mm), seed))
            seconds = perf_counter() - start
            tell(f"{shape}, {noise_mm} mm ({seconds:.0f} s)", group)
            gather(total, group)
    tell("all", total)


def of_scan(furniture: Furniture, faults: ScanFaults, seed: int) -> Rows:
    """One scan's errors beside their ±."""
    scan = scanned(furniture, faults, seed)
    ground = Ground(scan.mesh, find_features(scan.mesh), scan.label, scan.names)
    panels = panels_of(Prepared(ground, ()), PanelEdits())
    flats = laid(panels)
    sure = how_sure(panels, flats, ScanErrors(faults.scale_percent, faults.bend_mm), seed)
    same = {name: name for name in scan.names}
    return compared(panels, flats, sure, same, furniture.seams, furniture.panels, lambda p: p)


def of_run(folder: Path, name: str) -> Rows:
    """A finished run's errors beside their ±."""
    stages, sample = folder / "stages", build_sample(name)
    model = read_value(stages / "03_scale" / "model.npz", SparseModel)
    scale = read_value(stages / "03_scale" / "scale.npz", Scale)
    to_truth = camera_errors(model.views, sample, rigid=True).similarity
    panels = read_value(stages / "06_panels" / "panels.npz", PanelMap)
    flats = laid(panels)
    errors = ScanErrors(scale.uncertainty_percent, bend_mm(model), skin_mm=skin_mm(model))
    sure = how_sure(panels, flats, errors)
    matched = match_panels(panels, sample, to_truth)
    names = {found: match.truth for found, match in matched.items()}
    return compared(panels, flats, sure, names, sample.seams, sample.panels, to_truth.apply)


def laid(panels: PanelMap) -> list:
    flats = []
    for panel in panels.panels:
        try:
            flats.append(flatten_panel(panels, panel, FlattenSettings()))
        except StitchSketchError as error:
            print(error)
    return flats


def compared(
    panels: PanelMap,
    flats: list,
    sure: Sureness,
    names: dict[str, str],
    seams: tuple[TruthSeam, ...],
    true_panels: tuple[TruthPanel, ...],
    to_truth,
) -> Rows:
    """Errors beside their ±: of seams whose panels share no other, and of developable panels."""
    rows: Rows = defaultdict(list)
    for seam, truth in paired_seams(panels.seams, names, seams):
        line = cKDTree(dense_line(truth.points_m, 0.0003, closed=False))
        off = 1000 * np.percentile(line.query(to_truth(seam.points_m))[0], 95)
        told = sure.seams[seam.id]
        kind = "" if seam.right else ", end"
        rows["seam length" + kind].append((seam.length_mm - truth.length_mm, told.length_mm))
        rows["seam place" + kind].append((off, told.place_mm))
    by_name = {panel.name: panel for panel in true_panels}
    for flat in flats:
        truth = by_name.get(names.get(flat.panel, ""))
        if truth is None or not truth.developable:
            continue
        told, ring = sure.pieces[flat.panel], flat.uv_mm[flat.boundary]
        off = np.percentile(outline_distance_mm(ring, truth.outline_mm), 95)
        rows["piece outline"].append((off, told.outline_mm))
        # sizes are told along the piece's own warp: where that runs otherwise than the sample's,
        # the sample's outline is laid on the piece and measured there
        laid_truth = laid_on_mm(truth.outline_mm, ring)
        sizes = np.ptp(ring, axis=0) - np.ptp(laid_truth, axis=0)
        rows["piece size"] += list(zip(sizes, told.size_mm, strict=True))
    return rows


def gather(into: Rows, rows: Rows) -> None:
    for kind, pairs in rows.items():
        into[kind] += pairs


def tell(group: str, rows: Rows) -> None:
    for kind in sorted(rows):
        off, half = np.abs(np.array(rows[kind])).T
        held = 100 * (off <= half).mean()
        ratio = 1 / np.percentile(off / half, 95)
        print(
            f"{group:24}{kind:18}{len(off):5d}{held:8.1f}{half.mean():8.2f}{ratio:12.2f}",
            flush=True,
        )
        group = ""


if __name__ == "__main__":
    main()
