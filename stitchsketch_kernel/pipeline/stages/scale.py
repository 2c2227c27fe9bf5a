"""The model's size in metres, from mats, boards or a known length; z up, floor at 0."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from stitchsketch_kernel.domain.board import KnownLength, TagSighting
    from stitchsketch_kernel.domain.model import Similarity, SparseModel
    from stitchsketch_kernel.domain.photo import Photo
    from stitchsketch_kernel.imaging.boards import BoardFile
    from stitchsketch_kernel.pipeline.context import StageContext
    from stitchsketch_kernel.reconstruction.turned import Features

NAME, NUMBER, VERSION = "scale", 3, 4
INPUTS = ("ingest", "align")
SETTINGS = {"scale": "stitchsketch_kernel.reconstruction.scale:ScaleSettings"}
FILES = {
    "boards": "stitchsketch_kernel.imaging.boards:read_board_file",
    "lengths": "stitchsketch_kernel.pipeline.lengths:read_lengths",
}
PUBLISHES = {"sparse": "model/sparse", "sparse_unscaled": "model/sparse_unscaled"}
WEIGHT = 10
AROUND = (0.3, 0.25)

#: Where nothing tells the size, the cameras are put this far from what they look at, so that the
#: later stages' resolution suits. It is no measure of anything.
_LOOKING_DISTANCE = 2.0


def compute(context: StageContext) -> dict[str, Any]:
    """Keeps ``model``, ``scale``, ``similarity``, ``residuals_mm``, ``mirrors``, ``sparse/``."""
    from stitchsketch_kernel.domain.model import SparseModel
    from stitchsketch_kernel.imaging.photos import PhotoSet
    from stitchsketch_kernel.pipeline.mats import known_boards
    from stitchsketch_kernel.reconstruction.colmap_io import transform_sparse
    from stitchsketch_kernel.reconstruction.glass import find_glass
    from stitchsketch_kernel.reconstruction.mirrors import find_mirror, say_mirror
    from stitchsketch_kernel.reconstruction.scale import apply_scale, find_scale

    context.progress(0.1, "measuring the mats")
    photos = context.read("ingest", "photos", PhotoSet).photos
    aligned = context.read("align", "model", SparseModel)
    known = known_boards(context)
    sightings = context.read("align", "sightings", tuple)
    lengths = _lengths(photos, context)
    scale, similarity = find_scale(
        aligned, sightings, known.boards, known.distances, lengths, context.settings("scale")
    )
    context.progress(0.3, "laying the cameras over the floor")
    if not scale.is_metric:
        similarity = _for_looking(aligned, similarity)
    model = apply_scale(aligned, similarity)
    context.keep("model", model)
    mirror = find_mirror(model, sightings, context.read("align", "mirrored", tuple))
    context.progress(0.4, "looking for mirrors")
    mirror = mirror or find_glass(model, _features(photos, similarity, context))
    context.keep("mirrors", () if mirror is None else (mirror,))
    context.keep("scale", scale)
    context.keep("similarity", similarity)
    context.keep("residuals_mm", _residuals(aligned, sightings, known, context))
    folder = "sparse" if scale.is_metric else "sparse_unscaled"
    transform_sparse(context.earlier("align") / "sparse", similarity, context.folder / folder)
    return {
        "method": scale.method,
        "metres_per_unit": scale.metres_per_unit,
        "residual_mm": scale.residual_mm,
        "uncertainty_percent": scale.uncertainty_percent,
        "references": scale.references,
        "tags": len({(seen.dictionary, seen.tag_id) for seen in sightings}),
        "sightings": len(sightings),
        "notes": list(scale.notes),
        "doubts": [] if mirror is None else [say_mirror(mirror)],
    }


def _features(photos: tuple[Photo, ...], similarity: Similarity, context: StageContext) -> Features:
    """What aligning found in the photos, in the scaled world."""
    from stitchsketch_kernel.reconstruction.align import file_names
    from stitchsketch_kernel.reconstruction.turned import read_features

    folder = context.earlier("align")
    return read_features(folder / "sparse", folder / "features.db", file_names(photos), similarity)


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


def _lengths(photos: tuple[Photo, ...], context: StageContext) -> tuple[KnownLength, ...]:
    from stitchsketch_kernel.pipeline.lengths import in_copies, read_lengths

    path = context.file("lengths")
    if path is None:
        return ()
    return in_copies(read_lengths(path), photos, context.read("ingest", "taken_px", dict))


def _for_looking(model: SparseModel, similarity: Similarity) -> Similarity:
    """An upright model of a handy size."""
    centres = similarity.apply(np.array([view.centre for view in model.views]))
    distance = float(np.median(np.linalg.norm(centres, axis=1)))
    factor = _LOOKING_DISTANCE / max(distance, 1e-9)
    return replace(
        similarity, scale=similarity.scale * factor, translation=similarity.translation * factor
    )
