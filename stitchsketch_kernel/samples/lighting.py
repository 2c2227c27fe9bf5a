"""Light at every vertex, once for all pictures: a lamp, a window, and what the room sends back."""

from __future__ import annotations

from typing import Any

import numpy as np

from stitchsketch_kernel.domain.arrays import AnyArray, FloatArray
from stitchsketch_kernel.samples.rays import occluded

#: Lift of a ray's start off its surface: clears the surface's own facets.
LIFT_M = 0.0012
LAMP_COLOUR = np.array([1.02, 0.90, 0.72])
WINDOW_COLOUR = np.array([0.72, 0.84, 1.0])
AMBIENT_COLOUR = np.array([0.50, 0.50, 0.51])
#: What is this near shades the ambient light.
AMBIENT_REACH_M = 1.2
LAMP, WINDOW = 7.0, 6.0
LAMP_AT_M, LAMP_RADIUS_M = np.array([1.5, 1.7, 2.45]), 0.28
#: What glossy things mirror: where it is (metres), how wide (half, metres), what it sends.
LAMPS = (
    (LAMP_AT_M, LAMP_RADIUS_M, LAMP * LAMP_COLOUR),
    (np.array([-2.9, -0.1, 1.6]), 0.75, WINDOW * WINDOW_COLOUR),
)


def lit(scene: Any, vertices: FloatArray, normals: FloatArray) -> AnyArray:
    """Irradiance (n, 3) at vertices with the given outward normals.

    Area lights are sampled at fixed points, the surroundings in fixed directions: the light is
    the same every time and changes smoothly from vertex to vertex.
    """
    start = vertices + LIFT_M * normals
    down, inwards = np.array([0.0, 0.0, -1.0]), np.array([1.0, 0.0, 0.0])
    lamp, window = _lamp_points(), _window_points()
    light = _from_points(scene, start, normals, lamp, down, LAMP)[:, None] * LAMP_COLOUR
    light += _from_points(scene, start, normals, window, inwards, WINDOW)[:, None] * WINDOW_COLOUR
    light += _open_share(scene, start, normals)[:, None] * AMBIENT_COLOUR
    return np.asarray(light, dtype=np.float32)


def seen_from(scene: Any, vertices: FloatArray, normals: FloatArray) -> AnyArray:
    """Share of each of `LAMPS` that vertices see, shape (n, lamps), float32."""
    start = vertices + LIFT_M * normals
    seen = np.empty((len(vertices), len(LAMPS)), dtype=np.float32)
    for index, points in enumerate((_lamp_points(), _window_points())):
        hidden = [occluded(scene, start, point - start, 0.999) for point in points]
        seen[:, index] = 1 - np.mean(hidden, axis=0)
    return seen


def _lamp_points() -> FloatArray:
    return _disc_points(LAMP_AT_M, LAMP_RADIUS_M, 14)


def _disc_points(centre: FloatArray, radius: float, count: int) -> FloatArray:
    turn = np.arange(count) * np.pi * (3 - np.sqrt(5))
    away = radius * np.sqrt((np.arange(count) + 0.5) / count)
    return np.asarray(
        centre + np.column_stack([away * np.cos(turn), away * np.sin(turn), np.zeros(count)])
    )


def _window_points() -> FloatArray:
    y, z = np.meshgrid(np.linspace(-1.0, 0.8, 4), np.linspace(1.0, 2.2, 4))
    return np.column_stack([np.full(y.size, -2.9), y.ravel(), z.ravel()])


def _from_points(
    scene: Any,
    start: FloatArray,
    normals: FloatArray,
    points: FloatArray,
    facing: FloatArray,
    power: float,
) -> FloatArray:
    # a flat light that faces `facing`: both cosines over the square of the distance
    total = np.zeros(len(start))
    for point in points:
        to_light = point - start
        square = (to_light**2).sum(axis=1)
        received = np.maximum((to_light * normals).sum(axis=1), 0.0)
        sent = np.maximum(-(to_light @ facing), 0.0)
        lit_ones = np.flatnonzero(received * sent > 0)
        hidden = occluded(scene, start[lit_ones], to_light[lit_ones], 0.999)
        share = (received * sent / square**2)[lit_ones]
        total[lit_ones] += np.where(hidden, 0.0, share)
    return total * power / len(points)


def _open_share(scene: Any, start: FloatArray, normals: FloatArray, count: int = 40) -> FloatArray:
    # cosine-weighted directions about each normal (Malley); the share that leaves freely
    disc = _disc_points(np.zeros(3), 1.0, count)
    up = np.sqrt(np.maximum(0.0, 1 - (disc**2).sum(axis=1)))
    helper = np.where(np.abs(normals[:, 2:]) < 0.9, [[0.0, 0.0, 1.0]], [[1.0, 0.0, 0.0]])
    side = np.cross(helper, normals)
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    other = np.cross(normals, side)
    free = np.zeros(len(start))
    for (a, b, _), c in zip(disc, up, strict=True):
        hidden = occluded(scene, start, a * side + b * other + c * normals, AMBIENT_REACH_M)
        free += np.where(hidden, 0.0, 1.0)
    return free / count
