"""Depth maps to the mesh of the furniture: metres, z up, floor at 0."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stitchsketch_kernel.domain.progress import part

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stitchsketch_kernel.domain.model import Depth, Motion, SparseModel
    from stitchsketch_kernel.domain.progress import Progress
    from stitchsketch_kernel.pipeline.context import StageContext

NAME, NUMBER, VERSION = "mesh", 5, 9
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


#: Where surfaces don't say how the two sessions lie on each other.
_NONE_SHARED = (
    "The two sessions' photos show no side of the piece in common that has a surface: how they lie "
    "on each other was told by single spots alone. Look at the mesh before you cut."
)


def compute(context: StageContext) -> dict[str, Any]:
    """Keeps ``mesh.ply``, or ``mesh_unscaled.ply`` when its size isn't known, and a thumbnail."""
    from stitchsketch_kernel.domain.model import Region, SparseModel
    from stitchsketch_kernel.imaging.photos import PhotoSet
    from stitchsketch_kernel.pipeline.stages.reading import depths_of, mesh_name
    from stitchsketch_kernel.pipeline.two_sessions import motion_of
    from stitchsketch_kernel.reconstruction.mesh_io import write_mesh
    from stitchsketch_kernel.reconstruction.surface import make_mesh
    from stitchsketch_kernel.reconstruction.surroundings.strangers import (
        find_hidden,
        recolored,
        say_hidden,
    )
    from stitchsketch_kernel.visualization.thumbnail import thumbnail

    photos = context.read("ingest", "photos", PhotoSet).photos
    model = context.read("scale", "model", SparseModel)
    images = {photo.name: photo.path for photo in photos}
    depths: Sequence[Depth] = depths_of(context.earlier("densify"))
    motion, begin = motion_of(context), 0.0
    figures: dict[str, Any] = {}
    unsaid = ""
    if motion is not None:
        begin = 0.3
        depths, model, figures = _laid(context, model, motion, part(context.progress, 0, begin))
        unsaid = "" if figures["laid"]["patches"] else _NONE_SHARED
    mesh, doubts = make_mesh(
        depths,
        images,
        model.views,
        context.read("densify", "region", Region),
        context.settings("mesh"),
        part(context.progress, begin, _MADE),
        context.free_bytes,
        1 if motion is None else 2,
    )
    context.progress(_MADE, "looking for what hides the piece")
    hidden = find_hidden(mesh, depths, images, model.views)
    mesh = recolored(mesh, images, model.views, hidden)
    write_mesh(context.folder / mesh_name(context), mesh)
    (context.folder / THUMBNAIL).write_bytes(thumbnail(mesh))
    size = np.ptp(mesh.vertices, axis=0)
    return {
        "vertices": len(mesh.vertices),
        "faces": len(mesh.faces),
        "area_m2": float(mesh.face_areas().sum()),
        "size_m": size,
        "doubts": [said for said in (*doubts, say_hidden(hidden), unsaid) if said],
        "confidence": None if mesh.confidence is None else float(mesh.confidence.mean()),
        **figures,
    }


def _laid(
    context: StageContext, model: SparseModel, motion: Motion, progress: Progress
) -> tuple[Sequence[Depth], SparseModel, dict[str, Any]]:
    """The depth maps of two sessions without their floors, and the model, in the first one's world.

    The motion is corrected by the surfaces that both show.
    """
    from stitchsketch_kernel.domain.model import Region
    from stitchsketch_kernel.pipeline.stages.reading import KeptDepths, depths_of
    from stitchsketch_kernel.reconstruction.fusion import fuse
    from stitchsketch_kernel.reconstruction.sessions.surfaces import (
        SessionDepths,
        corrected,
        lay,
        of_sessions,
    )
    from stitchsketch_kernel.reconstruction.surface_room import enough_for

    settings, mm = context.settings("mesh"), 0.001
    paths = depths_of(context.earlier("densify")).paths
    first = len(model.views) - len(motion.photos)
    own = [KeptDepths([path for path in paths if (int(path.stem) >= first) is turned])
           for turned in (False, True)]  # fmt: skip
    regions = context.read("densify", "regions", tuple)
    clouds = []
    for number, (depths, region) in enumerate(zip(own, regions, strict=True)):
        assert isinstance(region, Region)
        with enough_for(depths):
            clouds.append(
                fuse(
                    SessionDepths(depths, region, settings.floor_mm * mm),
                    region,
                    settings.voxel_mm * mm,
                    settings.agree_mm * mm,
                    settings.least_views_of(len(depths)),
                    part(progress, number / 2, (number + 1) / 2),
                )
            )
    laid = lay(clouds[0], clouds[1], motion)
    context.keep("motion", laid.motion)
    moves = (None, laid.motion.similarity)
    parts = [
        SessionDepths(depths, region, settings.floor_mm * mm, move)
        for depths, region, move in zip(own, regions, moves, strict=True)
    ]
    told = {"sessions_apart_mm": laid.apart_mm, "patches": laid.patches, "moved_mm": laid.moved_mm}
    return of_sessions(parts), corrected(model, laid, motion), {"laid": told}
