"""Photos to cameras and a sparse cloud, in units that nobody knows yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stitchsketch_kernel.pipeline.context import StageContext

NAME, NUMBER, VERSION = "align", 2, 1
INPUTS = ("ingest",)
SETTINGS = {"align": "stitchsketch_kernel.reconstruction.align:AlignSettings"}
WEIGHT = 280


def compute(context: StageContext) -> dict[str, Any]:
    """Keeps ``model`` (`SparseModel`), ``sparse/`` (COLMAP) and ``features.db``."""
    from stitchsketch_kernel.imaging.photos import PhotoSet
    from stitchsketch_kernel.reconstruction.align import align

    photos = context.read("ingest", "photos", PhotoSet).photos
    model = align(photos, context.folder, context.settings("align"), context.progress)
    context.keep("model", model)
    tracks = [len(seen) for seen in model.point_views]
    return {
        "photos": len(photos),
        "placed": len(model.views),
        "left_out": list(model.left_out),
        "points": len(model.points),
        "views_a_point": sum(tracks) / max(1, len(tracks)),
        "reprojection_px": model.reprojection_px,
    }
