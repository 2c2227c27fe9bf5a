"""A run's folder as it is once its pieces are flat and nested: a crowned cushion without photos."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

from stitchsketch_kernel.domain.marker import Fabric, Marker
from stitchsketch_kernel.domain.model import Scale
from stitchsketch_kernel.domain.piece import FlatPanel, Pattern
from stitchsketch_kernel.pipeline.artefacts import write_value
from stitchsketch_kernel.pipeline.files import write_json
from stitchsketch_kernel.pipeline.record import new_record
from stitchsketch_kernel.pipeline.stage import standard_stages
from stitchsketch_kernel.reconstruction.mesh_io import write_mesh
from stitchsketch_kernel.samples.crowned import crowned_cushion
from stitchsketch_kernel.upholstery.flat.flatten import flatten_panels
from stitchsketch_kernel.upholstery.marker.check import make_marker
from stitchsketch_kernel.upholstery.marker.copies import copies_of
from stitchsketch_kernel.upholstery.pieces.make import make_pattern
from stitchsketch_kernel.upholstery.seams.propose import propose_panels

SCALE = Scale("mat", 1.0, 0.2, 0.1, 8)
TWILL = Fabric("Twill", 1500.0, 1470.0, price_per_metre=20.0)
GAP_MM = 30.0
#: What the run was asked for.
SETTINGS = {
    "fabric.name": "Twill", "fabric.width_mm": 1500, "fabric.price_per_metre": 20,
    "nest.seconds": 1, "nest.workers": 1, "densify.pixels": 7,
}  # fmt: skip


@cache
def cushion_mesh():
    """Its scan, with triangles so large that nothing takes long."""
    return crowned_cushion(0.006).mesh


@cache
def flat_cushion() -> tuple[tuple[FlatPanel, ...], Pattern]:
    """Its panels laid flat, and its pattern."""
    panels = propose_panels(cushion_mesh())
    flats = flatten_panels(panels)
    pattern = make_pattern("cushion", panels, flats, scale=SCALE)
    # a real scan's come from its cameras
    sure = {"uncertainty_mm": 1.4, "size_uncertainty_mm": (1.1, 1.8)}
    return flats, replace(pattern, pieces=tuple(replace(one, **sure) for one in pattern.pieces))


def in_a_row(pattern: Pattern, fabric: Fabric) -> Marker:
    """A marker that no search has made: one piece after the other along the roll."""
    placed, x = [], 0.0
    for copy in copies_of(pattern):
        outline = copy.piece.cut_line_mm
        low, high = outline.min(axis=0), outline.max(axis=0)
        placed.append(copy.placed(x - float(low[1]), float(high[0]), -90.0))
        x += float(high[1] - low[1]) + GAP_MM
    return make_marker(pattern, fabric, placed, 5.0)


def laid_run(folder: Path, *, nested: bool = True) -> Path:
    """Write it; returns the folder."""
    flats, pattern = flat_cushion()
    stages = {one.name: one for one in standard_stages()}

    def place(name: str, figures: dict | None = None) -> Path:
        stage = stages[name]
        at = folder / "stages" / stage.folder_name
        at.mkdir(parents=True)
        earlier = {one: stages[one].folder_name for one in stage.inputs}
        job = {"stage": name, "module": stage.module, "earlier": earlier, "groups": {}}
        write_json(at / "job.json", {**job, "settings": {}, "files": {"rules": None}})
        if figures is not None:
            write_json(at / "figures.json", figures)
        return at

    write_value(place("scale") / "scale.npz", SCALE)
    write_mesh(place("mesh") / "mesh.ply", cushion_mesh())
    flatten = place("flatten", {})
    write_value(flatten / "flats.npz", flats)
    write_value(flatten / "pattern.npz", pattern)
    if nested:
        marker = in_a_row(pattern, TWILL)
        write_value(place("nest", {"placed": 1}) / "marker.npz", marker)
    record = new_record(folder, "cushion", folder, list(stages.values()), dict.fromkeys(stages, ""))
    record.settings = dict(SETTINGS)
    record.save()
    return folder


def unsewable(pattern: Pattern) -> Pattern:
    """The pattern with one seam whose sides are not as long as each other."""
    at = next(k for k, one in enumerate(pattern.seams) if one.piece_b is not None)
    seam = pattern.seams[at]
    piece = pattern.piece(seam.piece_a)
    edges = tuple(
        replace(one, line_mm=one.line_mm * 1.05) if one.seam == seam.seam else one
        for one in piece.edges
    )
    pieces = tuple(
        replace(one, edges=edges) if one.name == piece.name else one for one in pattern.pieces
    )
    return replace(pattern, pieces=pieces)
