"""Tape in a run's photos: found in each, brought together on the mesh, told about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from stitchsketch_kernel.domain.model import Mesh
    from stitchsketch_kernel.domain.panel import PanelMap
    from stitchsketch_kernel.domain.progress import Progress
    from stitchsketch_kernel.domain.tape import TapeFound, TapeSettings
    from stitchsketch_kernel.pipeline.context import StageContext

#: Gaps longer than so many widths are told: where tapes cross, none of them is seen clearly.
_TOLD_GAP = 2.5


def find_tape_lines(
    context: StageContext, mesh: Mesh, settings: TapeSettings, progress: Progress
) -> TapeFound:
    """The lines of tape on the mesh; none where no colour is declared or the size isn't known."""
    from stitchsketch_kernel.domain.model import SparseModel
    from stitchsketch_kernel.domain.tape import TapeFound, tape_rgb
    from stitchsketch_kernel.imaging.photos import PhotoSet, load_image
    from stitchsketch_kernel.imaging.tape import find_tape, paper_white
    from stitchsketch_kernel.pipeline.stages.reading import scale_of
    from stitchsketch_kernel.reconstruction.taped import on_mesh, widest_px
    from stitchsketch_kernel.upholstery.seams.tape_lines import tape_lines

    if not settings.tape_colour:
        return TapeFound(())
    if not scale_of(context).is_metric:
        return TapeFound(
            (), ("Tape was not looked for: without a scale its width can't be checked. Lay mats.",)
        )
    views = {view.name: view for view in context.read("scale", "model", SparseModel).views}
    photos = context.read("ingest", "photos", PhotoSet).photos
    tags = context.read("align", "sightings", tuple)
    widest = widest_px(mesh, list(views.values()), settings.tape_width_mm)
    found = []
    for done, photo in enumerate(photos):
        progress(done / len(photos), f"tape in {photo.name}")
        if photo.name in views:
            image = load_image(photo.path)
            white = paper_white(image, [tag for tag in tags if tag.photo == photo.name])
            rgb = tape_rgb(settings.tape_colour)
            found.append(find_tape(photo.name, image, rgb, widest, white))
    sightings = on_mesh(mesh, list(views.values()), found, settings.tape_width_mm)
    return tape_lines(sightings, settings)


def with_told(panels: PanelMap, found: TapeFound, settings: TapeSettings) -> PanelMap:
    """The panels with what there is to say of tape; what could not be trusted is a doubt."""
    from dataclasses import replace

    told = [*found.notes]
    for line in found.lines:
        if line.closed_mm > _TOLD_GAP * settings.tape_width_mm:
            x, y, z = line.points_m.mean(axis=0)
            told.append(
                f"A gap of {line.closed_mm:.0f} mm in the tape near x {x:.2f}, y {y:.2f}, height "
                f"{z:.2f} m was closed: look whether the seam runs on there."
            )
    notes = list(told)
    if found.lines:
        steps = [np.linalg.norm(np.diff(line.points_m, axis=0), axis=1) for line in found.lines]
        metres = sum(float(one.sum()) for one in steps)
        within = [line.within_mm for line in found.lines]
        notes.insert(
            0,
            f"{metres:.2f} m of {settings.tape_colour} tape was found in {len(within)} lines, "
            f"± {min(within):.1f} to {max(within):.1f} mm; seams along it stay where it is.",
        )
    return replace(panels, notes=(*notes, *panels.notes), doubts=(*told, *panels.doubts))
