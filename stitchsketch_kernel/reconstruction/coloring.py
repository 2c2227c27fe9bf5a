"""Colours of the mesh from the photos that see each vertex best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import open3d as o3d

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.errors import PhotoError
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.domain.photo import View
from stitchsketch_kernel.domain.progress import Progress, silent

#: The colour of what no photo sees.
UNSEEN_GREY = 128


def color_vertices(
    mesh: Mesh, images: Mapping[str, Path], views: Sequence[View], progress: Progress = silent
) -> Mesh:
    """Colour each vertex by the photos that face it, those that face it most counting most.

    Visibility is asked of the mesh itself (a ray to the camera that meets nothing else); vertices
    that no photo sees stay mid-grey.
    """
    normals = vertex_normals(mesh)
    scene = o3d.t.geometry.RaycastingScene()
    scene.add_triangles(
        o3d.core.Tensor.from_numpy(mesh.vertices.astype(np.float32)),
        o3d.core.Tensor.from_numpy(mesh.faces.astype(np.uint32)),
    )
    total = np.zeros((len(mesh.vertices), 3))
    weight = np.zeros(len(mesh.vertices))
    for i, view in enumerate(views):
        progress(i / len(views), f"colours of photo {i + 1} of {len(views)}")
        image = _read(images[view.name])
        _add_view(mesh.vertices, normals, view, image, scene, total, weight)
    seen = weight > 0
    colors = np.full((len(mesh.vertices), 3), UNSEEN_GREY, dtype=np.uint8)
    colors[seen] = np.clip(np.rint(total[seen] / weight[seen, None]), 0, 255)
    return replace(mesh, colors=colors)


def vertex_normals(mesh: Mesh) -> FloatArray:
    """Unit normals (n, 3), faces counted by their area."""
    a, b, c = (mesh.vertices[mesh.faces[:, i]] for i in range(3))
    doubled = np.cross(b - a, c - a)
    normals = np.zeros_like(mesh.vertices)
    for i in range(3):
        np.add.at(normals, mesh.faces[:, i], doubled)
    return np.asarray(normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-15))


def _read(path: Path) -> np.ndarray:
    image = cv2.imread(str(path), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    if image is None:
        raise PhotoError(f"The photo {path.name} can't be read any more.", "Copy it again.")
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))


def _add_view(
    vertices: FloatArray,
    normals: FloatArray,
    view: View,
    image: np.ndarray,
    scene: o3d.t.geometry.RaycastingScene,
    total: FloatArray,
    weight: FloatArray,
) -> None:
    to_camera = view.centre - vertices
    distance = np.linalg.norm(to_camera, axis=1)
    to_camera = to_camera / distance[:, None]
    facing = (normals * to_camera).sum(axis=1)
    pixels = np.nan_to_num(view.pixels_from_world(vertices), nan=-1.0)
    height, width = image.shape[:2]
    inside = (pixels > 1).all(axis=1) & (pixels[:, 0] < width - 1) & (pixels[:, 1] < height - 1)
    rows = np.flatnonzero(inside & (facing > 0.25))
    if not len(rows):
        return
    start = vertices[rows] + 0.004 * normals[rows]
    rays = np.concatenate([start, to_camera[rows]], axis=1).astype(np.float32)
    hidden = scene.test_occlusions(
        o3d.core.Tensor.from_numpy(rays), tfar=float(distance.max())
    ).numpy()
    rows = rows[~hidden]
    maps = (pixels[rows] - 0.5).astype(np.float32)
    color = np.empty((len(rows), 3))
    # remap takes pictures of fewer than 32,767 rows: lay the points out in blocks
    for begin in range(0, len(rows), 30_000):
        block = maps[begin : begin + 30_000, None]
        color[begin : begin + 30_000] = cv2.remap(
            image, block[..., 0], block[..., 1], cv2.INTER_LINEAR
        )[:, 0]
    share = facing[rows] ** 4 / distance[rows] ** 2
    total[rows] += share[:, None] * color
    weight[rows] += share
