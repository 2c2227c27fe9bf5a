"""A finished run of one folded panel, as its stages leave it, made without photos."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from stitchsketch_kernel.domain.marker import Fabric, Placement
from stitchsketch_kernel.domain.model import Mesh, Scale
from stitchsketch_kernel.pipeline.artefacts import write_value
from stitchsketch_kernel.pipeline.files import write_json
from stitchsketch_kernel.pipeline.record import new_record
from stitchsketch_kernel.pipeline.stage import standard_stages
from stitchsketch_kernel.reconstruction.mesh_io import write_mesh
from stitchsketch_kernel.samples.rolled_panels import gable, rough
from stitchsketch_kernel.upholstery.flat.flatten import FlattenSettings, flatten_panel
from stitchsketch_kernel.upholstery.marker.nest import make_marker
from stitchsketch_kernel.upholstery.pieces.make import make_pattern

CLOTH = Fabric("Own cloth", 1400.0, 1370.0, price_per_metre=20.0)


def finished_run(folder: Path, name: str = "saddle") -> Path:
    panels = rough(gable(1500), 0.0, 0.0, 0.0, seed=1)
    flat = flatten_panel(panels, panels.panels[0], FlattenSettings())
    pattern = make_pattern(name, panels, (flat,), scale=Scale("mat", 1.0, 0.2, 0.1, 8))
    bare = Placement("P", 0, 0.0, 0.0, -90.0, False)
    low = bare.apply(pattern.pieces[0].cut_line_mm).min(axis=0)
    marker = make_marker(pattern, CLOTH, [replace(bare, x_mm=-low[0], y_mm=-low[1])], 5.0)
    mesh, nest, flatten = (
        folder / "stages" / one for one in ("05_mesh", "08_nest", "07_flatten")
    )  # fmt: skip
    for place in (mesh, nest, flatten):
        place.mkdir(parents=True)
    colors = np.tile(np.array([[60, 110, 120]], np.uint8), (len(panels.mesh.vertices), 1))
    write_mesh(mesh / "mesh.ply", Mesh(panels.mesh.vertices, panels.mesh.faces, colors))
    write_value(flatten / "flats.npz", (flat,))
    write_value(nest / "pattern.npz", pattern)
    write_value(nest / "marker.npz", marker)
    write_json(nest / "figures.json", {})
    stages = standard_stages()
    keys = {stage.name: "" for stage in stages}
    record = new_record(folder, name, folder / "photos", stages, keys)
    record.stage("nest").settings = {"nest": {"separation_mm": 8.0}}
    record.save()
    return folder
