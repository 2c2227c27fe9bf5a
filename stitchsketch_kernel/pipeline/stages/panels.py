"""The mesh to panels and seams: proposed, or as a person's file of edits wants them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stitchsketch_kernel.pipeline.context import StageContext

NAME, NUMBER, VERSION = "panels", 6, 6
INPUTS = ("scale", "mesh")
SETTINGS = {"panels": "stitchsketch_kernel.upholstery.seams.propose:PanelSettings"}
FILES = {"edits": "stitchsketch_kernel.upholstery.seams.edits:read_edits"}
PUBLISHES = {"panels.txt": "model/panels.txt"}
WEIGHT = 30


def compute(context: StageContext) -> dict[str, Any]:
    """Keeps ``panels`` (`PanelMap`), and ``panels.txt``: a person's edits begin with that."""
    from stitchsketch_kernel.pipeline.stages.reading import mesh_of
    from stitchsketch_kernel.upholstery.seams.edits import read_edits, write_edits
    from stitchsketch_kernel.upholstery.seams.propose import panels_from_edits, propose_panels

    mesh, settings, path = mesh_of(context), context.settings("panels"), context.file("edits")
    if path is None:
        panels = propose_panels(mesh, settings, context.progress)
    else:
        panels = panels_from_edits(mesh, read_edits(path), settings, context.progress)
    context.keep("panels", panels)
    write_edits(panels, context.folder / "panels.txt")
    return {
        "panels": len(panels.panels),
        "names": [panel.name for panel in panels.panels],
        "seams": len(panels.seams),
        "edited": path is not None,
        "notes": list(panels.notes),
    }
