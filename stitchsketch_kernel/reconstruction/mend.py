"""Photos that were placed wrongly, or not at all, placed by the mats that they show.

Cloth that repeats can shift a photo by a repeat, or put it on another side, with a small
reprojection error. A mat can't be in two places: what most photos say of its tags decides.
"""

from __future__ import annotations

import logging
import shutil
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pycolmap

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.board import TagSighting
from stitchsketch_kernel.domain.photo import Camera
from stitchsketch_kernel.reconstruction.bundle import adjust, mapping_options
from stitchsketch_kernel.reconstruction.colmap_io import camera_from_colmap, sparse_from_colmap
from stitchsketch_kernel.reconstruction.mats import TagPoints, misplaced_views, triangulate_tags

log = logging.getLogger(__name__)

#: Tags that must be seen for a pose, and how well they must fit it.
_LEAST_TAGS, _FIT_PX = 6, 2.5


def mend(
    model: Any,
    names: dict[str, str],
    sightings: Sequence[TagSighting],
    database: Path,
    images: Path,
    seed: int = 1,
) -> Any:
    """Place by their tags the photos that contradict the mats and those that were left out.

    Parameters
    ----------
    model : pycolmap.Reconstruction
    names : dict of str to str
        The photo's name for each of COLMAP's image names.
    sightings : sequence of TagSighting
    database, images : Path
        Of COLMAP.
    seed : int, optional
        Of the random choices.

    Returns
    -------
    pycolmap.Reconstruction
        The same, if nothing was to mend; else all points triangulated anew from the mended poses.
        A misplaced photo that shows too few tags, or is drawn away again by what it matched, is
        left out.
    """
    if not sightings:
        return model
    sparse = sparse_from_colmap(model, names)
    tags = triangulate_tags(sparse, sightings, least_views=3)
    wrong = set(misplaced_views(sparse, sightings, tags))
    if wrong:
        log.warning("placed anew by their mats: %s", ", ".join(sorted(wrong)))
    seen: dict[str, list[TagSighting]] = defaultdict(list)
    for sighting in sightings:
        if (sighting.dictionary, sighting.tag_id) in tags:
            seen[sighting.photo].append(sighting)
    changed = False
    for image in list(model.images.values()):
        name = names[image.name]
        if image.has_pose and name not in wrong:
            continue
        pose = _pose(seen[name], tags, camera_from_colmap(model.cameras[image.camera_id]))
        changed |= _place(model, image, pose)
    if not changed:
        return model
    mended = _triangulated(model, database, images, seed)
    sparse = sparse_from_colmap(mended, names)
    tags = triangulate_tags(sparse, sightings, least_views=3)
    for name in misplaced_views(sparse, sightings, tags):
        log.warning("left out, it contradicts its mats: %s", name)
        image = next(image for image in mended.images.values() if names[image.name] == name)
        mended.deregister_frame(image.frame_id)
    return mended


def _pose(
    sightings: Sequence[TagSighting], tags: TagPoints, camera: Camera
) -> tuple[FloatArray, FloatArray] | None:
    """Rotation and translation (world to camera) from tags whose places are known."""
    if len(sightings) < _LEAST_TAGS:
        return None
    points = np.array([tags[s.dictionary, s.tag_id].point for s in sightings])
    pixels = np.array([s.centre_px for s in sightings])
    size = float(np.abs(points - points.mean(axis=0)).max())
    done, turn, place, inliers = cv2.solvePnPRansac(
        points / size, pixels - 0.5, camera.matrix_opencv, camera.distortion,
        iterationsCount=300, reprojectionError=_FIT_PX, flags=cv2.SOLVEPNP_SQPNP,
    )  # fmt: skip
    if not done or inliers is None or len(inliers) < max(_LEAST_TAGS, len(sightings) / 2):
        return None
    kept = inliers.ravel()
    turn, place = cv2.solvePnPRefineLM(
        points[kept] / size,
        pixels[kept] - 0.5,
        camera.matrix_opencv,
        camera.distortion,
        turn,
        place,
    )
    rotation = np.asarray(cv2.Rodrigues(turn)[0], dtype=float)
    return rotation, np.asarray(place, dtype=float).ravel() * size


def _place(model: Any, image: Any, pose: tuple[FloatArray, FloatArray] | None) -> bool:
    """Give an image its pose, or take it out of the model; whether anything changed."""
    had = bool(image.has_pose)
    if had:
        model.deregister_frame(image.frame_id)
    if pose is None:
        return had
    rigid = pycolmap.Rigid3d(pycolmap.Rotation3d(pose[0]), pose[1])
    frame = model.frame(image.frame_id)
    frame.set_cam_from_world(image.camera_id, rigid)
    model.register_frame(image.frame_id)
    return True


def _triangulated(model: Any, database: Path, images: Path, seed: int) -> Any:
    """All points anew from the poses: matches that they contradict find no place."""
    scratch = database.with_name("mended")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()

    def again(of: Any) -> Any:
        return pycolmap.triangulate_points(
            of, database, images, scratch, clear_points=True, options=mapping_options(seed)
        )

    try:
        mended = again(model)
        adjust(mended)
        return again(mended)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
