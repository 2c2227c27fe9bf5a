"""Depth maps to the mesh of the furniture: metres, z up, floor at 0."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stitchsketch_kernel.domain.progress import part

if TYPE_CHECKING:
    from stitchsketch_kernel.pipeline.context import StageContext

NAME, NUMBER, VERSION = "mesh", 5, 8
INPUTS = ("ingest", "scale", "densify")
SETTINGS = {"mesh": "stitchsketch_kernel.reconstruction.surface:SurfaceSettings"}
#: The mesh as a small picture, for the list of projects.
THUMBNAIL = "thumbnail.jpg"
PUBLISHES = {
    "mesh.ply": "model/mesh.ply",
    "mesh_unscaled.ply": "model/mesh_unscaled.ply",
    THUMBNAIL: f"model/{THUMBNAIL}",
}
WEIGHT = 75
AROUND = (0.04, 0.06)
#: The mesh is made at this share of the time; then photos are asked who stands before it.
_MADE = 0.93


def compute(context: StageContext) -> dict[str, Any]:
    """Keeps ``mesh.ply``, or ``mesh_unscaled.ply`` when its size isn't known, and a thumbnail."""
    from stitchsketch_kernel.domain.model import Region, SparseModel
    from stitchsketch_kernel.imaging.photos import PhotoSet
    from stitchsketch_kernel.pipeline.stages.reading import depths_of, mesh_name
    from stitchsketch_kernel.reconstruction.mesh_io import write_mesh
    from stitchsketch_kernel.reconstruction.strangers import find_hidden, recolored, say_hidden
    from stitchsketch_kernel.reconstruction.surface import make_mesh
    from stitchsketch_kernel.visualization.thumbnail import thumbnail

    photos = context.read("ingest", "photos", PhotoSet).photos
    model = context.read("scale", "model", SparseModel)
    images = {photo.name: photo.path for photo in photos}
    mesh, doubts = make_mesh(
        depths_of(context.earlier("densify")),
        images,
        model.views,
        context.read("densify", "region", Region),
        context.settings("mesh"),
        part(context.progress, 0, _MADE),
        context.free_bytes,
    )
    context.progress(_MADE, "looking for what hides the piece")
    hidden = find_hidden(mesh, depths_of(context.earlier("densify")), images, model.views)
    mesh = recolored(mesh, images, model.views, hidden)
    write_mesh(context.folder / mesh_name(context), mesh)
    (context.folder / THUMBNAIL).write_bytes(thumbnail(mesh))
    size = np.ptp(mesh.vertices, axis=0)
    return {
        "vertices": len(mesh.vertices),
        "faces": len(mesh.faces),
        "area_m2": float(mesh.face_areas().sum()),
        "size_m": size,
        "doubts": [said for said in (*doubts, say_hidden(hidden)) if said],
        "confidence": None if mesh.confidence is None else float(mesh.confidence.mean()),
    }
