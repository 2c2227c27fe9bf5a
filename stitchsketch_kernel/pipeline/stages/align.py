"""Photos to cameras and a sparse cloud, in units that nobody knows yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stitchsketch_kernel.pipeline.context import StageContext

NAME, NUMBER, VERSION = "align", 2, 6
INPUTS = ("ingest",)
SETTINGS = {"align": "stitchsketch_kernel.reconstruction.align:AlignSettings"}
FILES = {"boards": "stitchsketch_kernel.imaging.boards:read_board_file"}
WEIGHT = 130


def compute(context: StageContext) -> dict[str, Any]:
    """Keeps ``model``, ``sightings`` and ``mirrored`` (tags), ``sparse/`` and ``features.db``."""
    from stitchsketch_kernel.domain.progress import part
    from stitchsketch_kernel.imaging.photos import PhotoSet
    from stitchsketch_kernel.pipeline.mats import find_all_mirrored, find_all_tags, known_boards
    from stitchsketch_kernel.reconstruction.align import align
    from stitchsketch_kernel.reconstruction.align_costs import likely_costs
    from stitchsketch_kernel.reconstruction.feature_room import feature_room

    photos = context.read("ingest", "photos", PhotoSet).photos
    known = known_boards(context)
    settings = context.settings("align")
    costs = likely_costs(photos, settings)
    tags, mirrors = costs.tags / costs.all, (costs.tags + costs.mirrors) / costs.all
    sightings = find_all_tags(photos, known, part(context.progress, 0.0, tags))
    told = part(context.progress, tags, mirrors)
    context.keep("mirrored", find_all_mirrored(photos, sightings, known, told))
    room = feature_room(photos, settings, context.free_bytes)
    model = align(
        photos,
        context.folder,
        room.settings,
        part(context.progress, mirrors, 1.0),
        sightings,
        known.boards,
        room.threads,
    )
    context.keep("model", model)
    context.keep("sightings", sightings)
    tracks = [len(seen) for seen in model.point_views]
    return {
        "photos": len(photos),
        "placed": len(model.views),
        "left_out": list(model.left_out),
        "points": len(model.points),
        "views_a_point": sum(tracks) / max(1, len(tracks)),
        "reprojection_px": model.reprojection_px,
        "doubts": [said] if (said := room.say()) else [],
    }
