"""Photos to cameras and a sparse cloud, in units that nobody knows yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stitchsketch_kernel.domain.model import SparseModel
    from stitchsketch_kernel.domain.photo import Photo
    from stitchsketch_kernel.domain.progress import Progress
    from stitchsketch_kernel.pipeline.context import StageContext

NAME, NUMBER, VERSION = "align", 2, 6
INPUTS = ("ingest",)
SETTINGS = {"align": "stitchsketch_kernel.reconstruction.align:AlignSettings"}
FILES = {"boards": "stitchsketch_kernel.imaging.boards:read_board_file"}
WEIGHT = 130


def compute(context: StageContext) -> dict[str, Any]:
    """Keeps ``model``, ``sightings`` and ``mirrored`` (tags), ``sparse/`` and ``features.db``.

    Of two sessions, which are aligned apart, the second one's lie in ``turned/``.
    """
    from stitchsketch_kernel.domain.progress import part
    from stitchsketch_kernel.pipeline.two_sessions import PREFIXES, said_of, session_photos

    sessions = session_photos(context)
    models, doubts, done = [], [], 0
    count = sum(map(len, sessions))
    for photos, prefix in zip(sessions, PREFIXES, strict=False):
        told = part(context.progress, done / count, (done + len(photos)) / count)
        with said_of(prefix):
            model, said = _aligned(context, photos, prefix, told)
        models.append(model)
        doubts += [said] if said else []
        done += len(photos)
    tracks = [len(seen) for model in models for seen in model.point_views]
    placed = [len(model.views) for model in models]
    errors = [model.reprojection_px for model in models]
    return {
        "photos": count,
        "placed": sum(placed),
        "left_out": [name for model in models for name in model.left_out],
        "points": sum(len(model.points) for model in models),
        "views_a_point": sum(tracks) / max(1, len(tracks)),
        "reprojection_px": errors[0] if len(errors) == 1 else max(errors),
        "doubts": doubts,
    }


def _aligned(
    context: StageContext, photos: tuple[Photo, ...], prefix: str, progress: Progress
) -> tuple[SparseModel, str]:
    """The model of one session's photos, and what is to be said of the memory."""
    from stitchsketch_kernel.domain.progress import part
    from stitchsketch_kernel.pipeline.mats import find_all_mirrored, find_all_tags, known_boards
    from stitchsketch_kernel.reconstruction.align import align
    from stitchsketch_kernel.reconstruction.align_costs import likely_costs
    from stitchsketch_kernel.reconstruction.feature_room import feature_room

    folder = context.folder / prefix
    folder.mkdir(exist_ok=True)
    known = known_boards(context)
    settings = context.settings("align")
    costs = likely_costs(photos, settings)
    tags, mirrors = costs.tags / costs.all, (costs.tags + costs.mirrors) / costs.all
    sightings = find_all_tags(photos, known, part(progress, 0.0, tags))
    told = part(progress, tags, mirrors)
    context.keep(f"{prefix}mirrored", find_all_mirrored(photos, sightings, known, told))
    room = feature_room(photos, settings, context.free_bytes)
    model = align(
        photos,
        folder,
        room.settings,
        part(progress, mirrors, 1.0),
        sightings,
        known.boards,
        room.threads,
    )
    context.keep(f"{prefix}model", model)
    context.keep(f"{prefix}sightings", sightings)
    return model, room.say()
