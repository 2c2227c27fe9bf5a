"""Between COLMAP's objects and ours, and quiet calls into its C++."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pycolmap

from stitchsketch_kernel.disk.aside import folder_written_aside
from stitchsketch_kernel.domain.arrays import FloatArray, IntArray
from stitchsketch_kernel.domain.model import Similarity, SparseModel
from stitchsketch_kernel.domain.photo import Camera, View

#: How COLMAP's log tells its progress: ``[photo/photos]`` or ``[block/blocks, block/blocks]``.
_STEP = re.compile(rb"\[(\d+)/(\d+)(?:, (\d+)/(\d+))?\]")

#: COLMAP's order of parameters for the camera models that we use.
_PARAMETERS: dict[str, tuple[str, ...]] = {
    "SIMPLE_PINHOLE": ("f", "cx", "cy"),
    "PINHOLE": ("fx", "fy", "cx", "cy"),
    "SIMPLE_RADIAL": ("f", "cx", "cy", "k1"),
    "RADIAL": ("f", "cx", "cy", "k1", "k2"),
    "OPENCV": ("fx", "fy", "cx", "cy", "k1", "k2", "p1", "p2"),
}


def camera_from_colmap(camera: Any) -> Camera:
    """Our camera for COLMAP's; `ValueError` for a lens model that we don't use."""
    model = camera.model.name
    if model not in _PARAMETERS:
        raise ValueError(f"COLMAP's camera model {model} is not known here")
    values = dict(zip(_PARAMETERS[model], camera.params, strict=True))
    if "f" in values:
        values["fx"] = values["fy"] = values.pop("f")
    return Camera(camera.width, camera.height, **{k: float(v) for k, v in values.items()})


def sparse_from_colmap(
    reconstruction: Any, names: dict[str, str], left_out: tuple[str, ...] = ()
) -> SparseModel:
    """Our sparse model for COLMAP's.

    Parameters
    ----------
    reconstruction : pycolmap.Reconstruction
    names : dict of str to str
        The photo's name for each of COLMAP's image names.
    left_out : tuple of str
        Photos that are not in it.
    """
    images = sorted(
        (image for image in reconstruction.images.values() if image.has_pose),
        key=lambda image: names[image.name],
    )
    index = {image.image_id: i for i, image in enumerate(images)}
    views = tuple(_view(reconstruction, image, names[image.name]) for image in images)
    points, colors, seen = [], [], []
    for point in reconstruction.points3D.values():
        points.append(point.xyz)
        colors.append(point.color)
        ids = {index[e.image_id] for e in point.track.elements if e.image_id in index}
        seen.append(np.array(sorted(ids), dtype=np.int32))
    return SparseModel(
        views,
        np.array(points, dtype=float).reshape(-1, 3),
        np.array(colors, dtype=np.uint8).reshape(-1, 3),
        tuple(seen),
        left_out,
        float(reconstruction.compute_mean_reprojection_error()),
    )


def _view(reconstruction: Any, image: Any, name: str) -> View:
    pose = image.cam_from_world()
    camera = camera_from_colmap(reconstruction.cameras[image.camera_id])
    return View(name, camera, pose.rotation.matrix(), np.asarray(pose.translation, dtype=float))


def transform_sparse(source: Path, similarity: Similarity, target: Path) -> None:
    """Write the COLMAP model of folder `source`, transformed, as folder `target`.

    Written aside and renamed; an older `target` is replaced.
    """
    reconstruction = pycolmap.Reconstruction(source)
    reconstruction.transform(
        pycolmap.Sim3d(
            similarity.scale, pycolmap.Rotation3d(similarity.rotation), similarity.translation
        )
    )
    with folder_written_aside(target) as aside:
        reconstruction.write(aside)


@contextmanager
def quiet(log: Path) -> Iterator[None]:
    """Send what C++ writes to standard error into `log` (its own settings can't silence it)."""
    saved = os.dup(2)
    with log.open("ab") as file:
        os.dup2(file.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(saved, 2)
            os.close(saved)


def cancellable(
    work: Callable[[Any], object],
    log: Path,
    report: Callable[[float], None],
    every_s: float = 0.5,
) -> object:
    """Run ``work(token)`` in a thread, `report` the share done from this one.

    An exception of `report` (a person cancelled) stops the work by its token and is raised here;
    one of the work is raised here as well.
    """
    token = pycolmap.CancellationToken()
    start = log.stat().st_size if log.exists() else 0
    outcome: list[object] = []
    failure: list[BaseException] = []

    def call() -> None:
        try:
            outcome.append(work(token))
        except BaseException as error:
            failure.append(error)

    thread = threading.Thread(target=call, name="colmap", daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            thread.join(every_s)
            report(logged_share(log, start))
    except BaseException:
        token.cancel()
        thread.join()
        raise
    if failure:
        raise failure[0]
    return outcome[0]


def logged_share(log: Path, start: int) -> float:
    """Share of the work done, by what COLMAP wrote to `log` after byte `start`.

    Asking its database instead would be simpler and is deadly: Python's SQLite and COLMAP's, both
    in one process, drop each other's file locks (seen as a SIGBUS in the middle of extraction).
    """
    with log.open("rb") as file:
        file.seek(start)
        steps = _STEP.findall(file.read())
    if not steps:
        return 0.0
    row, rows, column, columns = (int(number or 1) for number in steps[-1])
    return (row - 1 + column / columns) / rows


def match_counts(database: Path, names: dict[str, str]) -> tuple[list[str], IntArray]:
    """Verified matches between each two photos.

    Returns
    -------
    names : list of str
    counts : ndarray of int32, shape (n, n)
    """
    with pycolmap.Database.open(database) as db:
        images = sorted(db.read_all_images(), key=lambda image: names[image.name])
        row = {image.image_id: i for i, image in enumerate(images)}
        counts = np.zeros((len(images), len(images)), dtype=np.int32)
        for a in images:
            for b in images:
                if a.image_id < b.image_id and db.exists_two_view_geometry(a.image_id, b.image_id):
                    geometry = db.read_two_view_geometry(a.image_id, b.image_id)
                    i, j = row[a.image_id], row[b.image_id]
                    counts[i, j] = counts[j, i] = len(geometry.inlier_matches)
    return [names[image.name] for image in images], counts


def pair_matches(
    database: Path, names: dict[str, str], photo_a: str, photo_b: str
) -> tuple[FloatArray, FloatArray]:
    """Pixels (k, 2) of the verified matches of two photos."""
    with pycolmap.Database.open(database) as db:
        ids = {names[image.name]: image.image_id for image in db.read_all_images()}
        a, b = ids[photo_a], ids[photo_b]
        if not db.exists_two_view_geometry(a, b):
            return np.zeros((0, 2)), np.zeros((0, 2))
        matches = np.asarray(db.read_two_view_geometry(a, b).inlier_matches)
        keys_a, keys_b = db.read_keypoints(a), db.read_keypoints(b)
    return (
        np.asarray(keys_a[matches[:, 0], :2], dtype=float),
        np.asarray(keys_b[matches[:, 1], :2], dtype=float),
    )
