"""Which way is up, and where the floor is."""

from __future__ import annotations

import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.model import Similarity, SparseModel


def umeyama(source: FloatArray, target: FloatArray) -> Similarity:
    """The similarity that takes `source` (n, 3) to `target` (n, 3) with least squares.

    S. Umeyama, Least-squares estimation of transformation parameters between two point patterns,
    PAMI 13 (1991), eqs. 38 to 42. `ValueError` for fewer than three points or points on a line.
    """
    mean_s, mean_t = source.mean(axis=0), target.mean(axis=0)
    s, t = source - mean_s, target - mean_t
    variance = float((s**2).sum()) / len(source)
    U, D, Vt = np.linalg.svd(t.T @ s / len(source))
    if len(source) < 3 or D[1] < 1e-12 * max(D[0], 1e-300):
        raise ValueError("three points that don't lie on one line are needed")
    S = np.diag([1.0, 1.0, float(np.sign(np.linalg.det(U) * np.linalg.det(Vt))) or 1.0])
    rotation = U @ S @ Vt
    scale = float(np.trace(np.diag(D) @ S)) / variance
    return Similarity(scale, rotation, mean_t - scale * rotation @ mean_s)


def plane_through(points: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Unit normal and centre of the plane through points (n, 3), least squares."""
    centre = points.mean(axis=0)
    return np.asarray(np.linalg.svd(points - centre, full_matrices=False)[2][2]), centre


def camera_up(model: SparseModel) -> FloatArray:
    """Mean direction that the photos show as up: people hold phones upright, more or less."""
    ups = np.array([-view.rotation[1] for view in model.views])
    up = ups.mean(axis=0)
    return np.asarray(up / max(float(np.linalg.norm(up)), 1e-12))


def looked_at(model: SparseModel) -> FloatArray:
    """The point nearest to all optical axes: what the photographer walked round."""
    A, b = np.zeros((3, 3)), np.zeros(3)
    for view in model.views:
        axis = view.rotation[2]
        across = np.eye(3) - np.outer(axis, axis)
        A += across
        b += across @ view.centre
    return np.asarray(np.linalg.lstsq(A, b, rcond=None)[0])


def floor_plane(model: SparseModel, seed: int = 1) -> tuple[FloatArray, FloatArray]:
    """Normal (towards the cameras) and a point of the floor, from the sparse points.

    The plane with most points among those that lie below all cameras and across the mean up of the
    photos within 35 degrees (RANSAC, 2000 triples, then least squares).
    """
    up, points = camera_up(model), model.points
    centres = np.array([view.centre for view in model.views])
    middle = looked_at(model)
    size = float(np.median(np.linalg.norm(centres - middle, axis=1)))
    near = points[np.linalg.norm(points - middle, axis=1) < 3 * size]
    points = near if len(near) >= 50 else points
    normals, origins = _candidates(points, up, np.random.default_rng(seed))
    tolerance = 0.006 * size
    best, count = None, -1
    for normal, origin in zip(normals, origins, strict=True):
        if ((centres - origin) @ normal).min() <= 0:
            continue
        inside = np.abs((points - origin) @ normal) < tolerance
        if int(inside.sum()) > count:
            best, count = inside, int(inside.sum())
    if best is None or count < 3:
        lowest = middle - up * size
        return up, lowest
    normal, origin = plane_through(points[best])
    return (normal if normal @ up > 0 else -normal), origin


def _candidates(
    points: FloatArray, up: FloatArray, rng: np.random.Generator, tries: int = 2000
) -> tuple[FloatArray, FloatArray]:
    if len(points) < 3:
        return up[None], np.zeros((1, 3))
    a, b, c = (points[rng.integers(len(points), size=tries)] for _ in range(3))
    normals = np.cross(b - a, c - a)
    lengths = np.linalg.norm(normals, axis=1)
    keep = lengths > 1e-12
    normals = normals[keep] / lengths[keep, None]
    normals *= np.sign(normals @ up)[:, None]
    steep = normals @ up > np.cos(np.deg2rad(35))
    return normals[steep], a[keep][steep]


def upright(model: SparseModel, scale: float, normal: FloatArray, floor: FloatArray) -> Similarity:
    """Scale, turn z up, put the floor at 0 and what was looked at above the origin.

    The first view looks along +y, so that the same photos always give the same frame.
    """
    forward = model.views[0].rotation[2] if model.views else np.array([0.0, 1.0, 0.0])
    y = forward - normal * (forward @ normal)
    if np.linalg.norm(y) < 1e-6:
        y = np.cross(normal, [1.0, 0.0, 0.0])
    y = y / np.linalg.norm(y)
    rotation = np.array([np.cross(y, normal), y, normal])
    middle = looked_at(model)
    on_floor = middle - normal * ((middle - floor) @ normal)
    return Similarity(scale, rotation, -scale * rotation @ on_floor)
