"""The mesh to panels and seams: proposed, or as a person's file of edits wants them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stitchsketch_kernel.pipeline.context import StageContext

NAME, NUMBER, VERSION = "panels", 6, 8
INPUTS = ("ingest", "align", "scale", "mesh")
SETTINGS = {
    "panels": "stitchsketch_kernel.upholstery.seams.propose:PanelSettings",
    "seams": "stitchsketch_kernel.domain.tape:TapeSettings",
}
FILES = {"edits": "stitchsketch_kernel.upholstery.seams.edits:read_edits"}
PUBLISHES = {"panels.txt": "model/panels.txt"}
WEIGHT = 35


def compute(context: StageContext) -> dict[str, Any]:
    """Keeps ``panels``, ``tape`` (`TapeFound`), ``panels.txt``: a person's edits begin there."""
    from stitchsketch_kernel.domain.progress import part
    from stitchsketch_kernel.pipeline.stages.reading import mesh_of
    from stitchsketch_kernel.pipeline.tape import find_tape_lines, with_told
    from stitchsketch_kernel.upholstery.seams.edits import read_edits, write_edits
    from stitchsketch_kernel.upholstery.seams.propose import panels_from_edits, propose_panels

    mesh, settings, path = mesh_of(context), context.settings("panels"), context.file("edits")
    seams = context.settings("seams")
    begun = 0.3 if seams.tape_colour else 0.0
    tape = find_tape_lines(context, mesh, seams, part(context.progress, 0.0, begun))
    progress = part(context.progress, begun, 1.0)
    if path is None:
        panels = propose_panels(mesh, settings, progress, tape.lines)
    else:
        panels = panels_from_edits(mesh, read_edits(path), settings, progress, tape.lines)
    panels = with_told(panels, tape, seams)
    context.keep("panels", panels)
    context.keep("tape", tape)
    write_edits(panels, context.folder / "panels.txt")
    return {
        "panels": len(panels.panels),
        "names": [panel.name for panel in panels.panels],
        "seams": len(panels.seams),
        "edited": path is not None,
        "taped_lines": len(tape.lines),
        "notes": list(panels.notes),
    }
