"""The model's size in metres, from mats, boards or a known length; z up, floor at 0."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from stitchsketch_kernel.domain.progress import Wait, part
from stitchsketch_kernel.pipeline.weights import GLASS_S, MATS_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from stitchsketch_kernel.domain.board import KnownLength, TagSighting
    from stitchsketch_kernel.domain.model import Mirror, Scale, Similarity, SparseModel
    from stitchsketch_kernel.domain.photo import Photo
    from stitchsketch_kernel.domain.progress import Progress
    from stitchsketch_kernel.imaging.boards import BoardFile
    from stitchsketch_kernel.pipeline.context import StageContext
    from stitchsketch_kernel.reconstruction.surroundings.turned import Features

NAME, NUMBER, VERSION = "scale", 3, 4
INPUTS = ("ingest", "align")
SETTINGS = {
    "scale": "stitchsketch_kernel.reconstruction.scale:ScaleSettings",
    "room": "stitchsketch_kernel.reconstruction.surroundings.room:RoomSettings",
}
FILES = {
    "boards": "stitchsketch_kernel.imaging.boards:read_board_file",
    "lengths": "stitchsketch_kernel.pipeline.lengths:read_lengths",
}
PUBLISHES = {
    "sparse": "model/sparse",
    "sparse_turned": "model/sparse_turned",
    "sparse_unscaled": "model/sparse_unscaled",
}
WEIGHT = 10
AROUND = (0.15, 0.1)

#: Where nothing tells the size, the cameras are put this far from what they look at, so that the
#: later stages' resolution suits. It is no measure of anything.
_LOOKING_DISTANCE = 2.0


def compute(context: StageContext) -> dict[str, Any]:
    """Keeps ``model``, ``scale``, ``similarity``, ``residuals_mm``, ``mirrors``, ``sparse/``.

    Of two sessions ``model`` and ``scale`` are those of both, in the first one's world; each one's
    own model is kept in ``own`` and ``turned/own``, how the piece was moved in ``motion``.
    """
    from stitchsketch_kernel.pipeline.two_sessions import PREFIXES, said_of, session_photos

    found = []
    sessions = session_photos(context)
    for number, (photos, prefix) in enumerate(zip(sessions, PREFIXES, strict=False)):
        told = part(context.progress, number / len(sessions), (number + 1) / len(sessions))
        with said_of(prefix):
            found.append(_scaled(context, photos, prefix, told))
    scale, model, doubts = found[0]
    figures: dict[str, Any] = {}
    if len(found) > 1:
        scale, model, figures = _joined(context, [one[:2] for one in found])
        doubts = [said for one in found for said in one[2]]
    context.keep("model", model)
    context.keep("scale", scale)
    sightings = [
        seen
        for _, prefix in zip(found, PREFIXES, strict=False)
        for seen in context.read("align", f"{prefix}sightings", tuple)
    ]
    return {
        "method": scale.method,
        "metres_per_unit": scale.metres_per_unit,
        "residual_mm": scale.residual_mm,
        "uncertainty_percent": scale.uncertainty_percent,
        "references": scale.references,
        "tags": len({(seen.dictionary, seen.tag_id) for seen in sightings}),
        "sightings": len(sightings),
        "notes": list(scale.notes),
        "doubts": doubts,
        **figures,
    }


def _scaled(
    context: StageContext, photos: tuple[Photo, ...], prefix: str, progress: Progress
) -> tuple[Scale, SparseModel, list[str]]:
    """One session's scale and metric model, and what is doubtful; keeps what is its alone."""
    from stitchsketch_kernel.domain.model import SparseModel
    from stitchsketch_kernel.pipeline.mats import known_boards
    from stitchsketch_kernel.reconstruction.colmap_io import transform_sparse
    from stitchsketch_kernel.reconstruction.scale import apply_scale, find_scale
    from stitchsketch_kernel.reconstruction.surroundings.mirrors import say_mirror

    progress(0.0, Wait("measuring the mats", 0.5, MATS_S * len(photos)))
    aligned = context.read("align", f"{prefix}model", SparseModel)
    known = known_boards(context)
    sightings = context.read("align", f"{prefix}sightings", tuple)
    lengths = _lengths(context, prefix)
    scale, similarity = find_scale(
        aligned, sightings, known.boards, known.distances, lengths, context.settings("scale")
    )
    progress(0.5, "laying the cameras over the floor")
    if not scale.is_metric:
        similarity = _for_looking(aligned, similarity)
    model = apply_scale(aligned, similarity)
    (context.folder / prefix).mkdir(exist_ok=True)

    def features() -> Features:
        progress(0.55, Wait("looking for mirrors", 1.0, GLASS_S * len(photos)))
        return _features(photos, similarity, context, prefix)

    mirror = _mirror(context, model, sightings, prefix, features)
    context.keep(f"{prefix}mirrors", () if mirror is None else (mirror,))
    context.keep(f"{prefix}similarity", similarity)
    context.keep(f"{prefix}residuals_mm", _residuals(aligned, sightings, known, context))
    folder = "sparse" if scale.is_metric else "sparse_unscaled"
    transform_sparse(
        context.earlier("align") / prefix / "sparse", similarity, context.folder / prefix / folder
    )
    return scale, model, [] if mirror is None else [say_mirror(mirror)]


def _mirror(
    context: StageContext,
    model: SparseModel,
    sightings: tuple[TagSighting, ...],
    prefix: str,
    features: Callable[[], Features],
) -> Mirror | None:
    """The mirror in the room, by its tags or else by features; None where none is looked for."""
    from stitchsketch_kernel.reconstruction.surroundings.glass import find_glass
    from stitchsketch_kernel.reconstruction.surroundings.mirrors import find_mirror

    if not context.settings("room").mirrors:
        return None
    mirrored = context.read("align", f"{prefix}mirrored", tuple)
    return find_mirror(model, sightings, mirrored) or find_glass(model, features())


def _features(
    photos: tuple[Photo, ...], similarity: Similarity, context: StageContext, prefix: str
) -> Features:
    """What aligning found in the photos, in the scaled world."""
    from stitchsketch_kernel.reconstruction.align import file_names
    from stitchsketch_kernel.reconstruction.surroundings.turned import read_features

    folder = context.earlier("align") / prefix
    return read_features(folder / "sparse", folder / "features.db", file_names(photos), similarity)


def _joined(
    context: StageContext, found: list[tuple[Scale, SparseModel]]
) -> tuple[Scale, SparseModel, dict[str, Any]]:
    """Both sessions in the first one's world; keeps the motion and each one's own model."""
    from stitchsketch_kernel.domain.model import Similarity
    from stitchsketch_kernel.pipeline.two_sessions import PREFIXES, TURNED
    from stitchsketch_kernel.reconstruction.colmap_io import transform_sparse
    from stitchsketch_kernel.reconstruction.mats import triangulate_tags
    from stitchsketch_kernel.reconstruction.region import find_region
    from stitchsketch_kernel.reconstruction.sessions.joined import (
        joint_model,
        joint_scale,
        require_sizes,
    )
    from stitchsketch_kernel.reconstruction.sessions.motion import Session, find_motion
    from stitchsketch_kernel.reconstruction.sessions.points import of_piece, piece_points

    require_sizes(*(scale for scale, _ in found))
    sessions, regions = [], [find_region(model) for _, model in found]
    least_views = context.settings("scale").least_views
    for prefix, (scale, model), region in zip(PREFIXES, found, regions, strict=True):
        context.keep(f"{prefix}own", model)
        folder = context.earlier("align") / prefix
        piece = piece_points(
            folder / "sparse",
            folder / "features.db",
            context.read("scale", f"{prefix}similarity", Similarity),
            region,
        )
        sightings = context.read("align", f"{prefix}sightings", tuple)
        sessions.append(
            Session(model, scale, piece, triangulate_tags(model, sightings, least_views))
        )
    motion = find_motion(sessions[0], sessions[1])
    context.keep("motion", motion)
    moved = context.folder / f"sparse_{TURNED}"
    transform_sparse(context.folder / TURNED / "sparse", motion.similarity, moved)
    (first, own), (second, turned) = found
    figures = {
        "motion": {
            "spots": len(motion.first_m),
            "residual_mm": motion.residual_mm,
            "sure_mm": 1.96 * motion.sigma_mm,
        }
    }
    model = joint_model(own, turned, motion, of_piece(turned.points, regions[1]))
    return joint_scale(first, second), model, figures


def _residuals(
    model: SparseModel,
    sightings: tuple[TagSighting, ...],
    known: BoardFile,
    context: StageContext,
) -> dict[str, float]:
    """How far each tag lies from where its mat says, for the picture."""
    from stitchsketch_kernel.reconstruction.mats import fit_board, triangulate_tags

    tags = triangulate_tags(model, sightings, context.settings("scale").least_views)
    fits = [fit for board in known.boards if (fit := fit_board(board, tags)) is not None]
    return {
        f"{fit.board.name}, tag {tag}": float(off)
        for fit in fits
        for tag, off in zip(fit.tag_ids, fit.residuals_mm, strict=True)
    }


def _lengths(context: StageContext, prefix: str) -> tuple[KnownLength, ...]:
    """The lengths that are marked in a session's photos."""
    from stitchsketch_kernel.pipeline.lengths import in_copies, read_lengths
    from stitchsketch_kernel.pipeline.two_sessions import session_photos

    path = context.file("lengths")
    if path is None:
        return ()
    sessions = session_photos(context)
    photos = [photo for session in sessions for photo in session]
    found = in_copies(read_lengths(path), photos, context.read("ingest", "taken_px", dict))
    if len(sessions) == 1:
        return found
    mine = {photo.name for photo in sessions[1 if prefix else 0]}
    return tuple(one for one in found if {*one.a.pixels, *one.b.pixels} <= mine)


def _for_looking(model: SparseModel, similarity: Similarity) -> Similarity:
    """An upright model of a handy size."""
    centres = similarity.apply(np.array([view.centre for view in model.views]))
    distance = float(np.median(np.linalg.norm(centres, axis=1)))
    factor = _LOOKING_DISTANCE / max(distance, 1e-9)
    return replace(
        similarity, scale=similarity.scale * factor, translation=similarity.translation * factor
    )
