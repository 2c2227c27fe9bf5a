"""Errors of a finished run of a sample against the sample's exact truth.

    python benchmarks/accuracy.py demo --sample demo

The run's folder may be one that stopped after panels: what is there is measured.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from stitchsketch_kernel.domain.errors import FlattenError
from stitchsketch_kernel.domain.model import Scale, SparseModel
from stitchsketch_kernel.domain.panel import PanelMap
from stitchsketch_kernel.pipeline.artefacts import read_value
from stitchsketch_kernel.reconstruction.mesh_io import read_mesh
from stitchsketch_kernel.samples import SAMPLE_NAMES, Sample, build_sample
from stitchsketch_kernel.samples.truth import (
    camera_errors,
    match_panels,
    outline_distance_mm,
    surface_distance_mm,
)
from stitchsketch_kernel.upholstery.flat.flatten import FlattenSettings, flatten_panel


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--sample", choices=SAMPLE_NAMES, default="demo")
    arguments = parser.parse_args()
    stages, sample = arguments.run / "stages", build_sample(arguments.sample)
    model = read_value(stages / "03_scale" / "model.npz", SparseModel)
    scale = read_value(stages / "03_scale" / "scale.npz", Scale)
    errors = camera_errors(model.views, sample)
    print(f"cameras: {len(errors.names)} of {len(sample.views)}, worst", end=" ")
    print(f"{errors.centre_mm.max():.2f} mm, {errors.angle_deg.max():.3f} degrees")
    off = 100 * (1 / errors.similarity.scale - 1)
    print(f"scale: {off:+.3f} % off, said to be within {scale.uncertainty_percent:.3f} %")
    to_truth = camera_errors(model.views, sample, rigid=True).similarity
    mesh = read_mesh(stages / "05_mesh" / "mesh.ply")
    upper = to_truth.apply(mesh.vertices[mesh.vertices[:, 2] > 0.06])
    distance = surface_distance_mm(upper, sample)
    print(
        f"surface: mean {distance.mean():.2f}, median {np.median(distance):.2f}, "
        f"95 % {np.percentile(distance, 95):.2f} mm; {len(mesh.faces)} faces"
    )
    measure_panels(read_value(stages / "06_panels" / "panels.npz", PanelMap), sample, to_truth)


def measure_panels(panels: PanelMap, sample: Sample, to_truth) -> None:
    for note in panels.notes:
        print("note:", note)
    matched, flats = match_panels(panels, sample, to_truth), {}
    print("panel    is       developable  outline 95 % mm")
    for panel in panels.panels:
        truth = sample.panel(matched[panel.name].truth) if panel.name in matched else None
        try:
            flat = flats[panel.name] = flatten_panel(panels, panel, FlattenSettings())
        except FlattenError as error:
            print(f"{panel.name:8} {truth.name if truth else '-':8} {error}")
            continue
        if truth is not None:
            outline = flat.uv_mm[flat.boundary]
            off = np.percentile(outline_distance_mm(outline, truth.outline_mm), 95)
            print(f"{panel.name:8} {truth.name:8} {truth.developable!s:12} {off:.2f}")
    missing = {panel.name for panel in sample.panels} - {one.truth for one in matched.values()}
    print("not found:", ", ".join(sorted(missing)) or "none")
    pairs = [
        (seam.id, *(flats[side].seam_length_mm(seam.id) for side in (seam.left, seam.right)))
        for seam in panels.seams
        if seam.right is not None and {seam.left, seam.right} <= flats.keys()
    ]
    off = [seam for seam, a, b in pairs if abs(a - b) >= max(1.0, 0.002 * a)]
    print(f"seam pairs over 1 mm or 0.2 %: {len(off)} of {len(pairs)} {off}")


if __name__ == "__main__":
    main()
