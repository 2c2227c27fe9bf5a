"""What cloth costs where it is pressed, face by face, with its slopes: compiled loops.

For each face ``J`` maps the surface's own plane to the flat, where +x is the weft and +y the warp.
The threads' lengths on the furniture are the columns of its inverse: the weft is stretched by
``|J_y| / det J``, the warp by ``|J_x| / det J``, and they meet at a right angle turned by
``asin(-J_x . J_y / (|J_x| |J_y|))`` (``J_x``, ``J_y`` the rows), which is what
``C = (J J^T)^-1`` tells in the grain's axes.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from stitchsketch_kernel.domain.arrays import FloatArray, IntArray

#: No face is pressed to less than this share of its area on the way.
LEAST_AREA = 0.2


@njit(cache=True, nogil=True)
def measured(flat: FloatArray, faces: IntArray, slopes: FloatArray) -> FloatArray:
    """Each face's stretch of weft and warp, sine of shear, and share of area: (m, 4)."""
    out = np.empty((len(faces), 4))
    for f in range(len(faces)):
        x0 = x1 = y0 = y1 = 0.0
        for j in range(3):
            u, v = flat[faces[f, j], 0], flat[faces[f, j], 1]
            x0 += slopes[f, 0, j] * u
            x1 += slopes[f, 1, j] * u
            y0 += slopes[f, 0, j] * v
            y1 += slopes[f, 1, j] * v
        det = x0 * y1 - x1 * y0
        nx, ny = np.sqrt(x0 * x0 + x1 * x1), np.sqrt(y0 * y0 + y1 * y1)
        out[f, 0] = ny / det - 1
        out[f, 1] = nx / det - 1
        out[f, 2] = -(x0 * y0 + x1 * y1) / (nx * ny)
        out[f, 3] = det
    return out


@njit(cache=True, nogil=True)
def _dear(value: float, much: float, power: float) -> tuple[float, float, float]:
    """``v^2 (1 + v^2 / much^2)^((power - 2) / 2)``, and half of its first and second slope."""
    k = 0.5 * (power - 2)
    s = (value / much) ** 2
    if k == 0.0:
        return value * value, value, 1.0
    base = (1 + s) ** (k - 2)
    linear = 1 + (k + 1) * s
    cost = value * value * base * (1 + s) ** 2
    slope = value * base * (1 + s) * linear
    bend = base * ((1 + s) * linear + 2 * s * ((k - 1) * linear + (1 + s) * (k + 1)))
    return cost, slope, bend


@njit(cache=True, nogil=True)
def cost(
    threads: FloatArray, area: FloatArray, much: FloatArray, weight: FloatArray, power: float
) -> float:
    """Of all faces together; infinite where one is pressed to nothing."""
    total = 0.0
    for f in range(len(threads)):
        if not threads[f, 3] > LEAST_AREA:
            return np.inf
        for q in range(3):
            total += area[f] * weight[q] * _dear(threads[f, q], much[q], power)[0]
    return total


@njit(cache=True, nogil=True)
def slopes_of_cost(
    flat: FloatArray,
    faces: IntArray,
    slopes: FloatArray,
    area: FloatArray,
    much: FloatArray,
    weight: FloatArray,
    power: float,
) -> tuple[FloatArray, FloatArray]:
    """Half of the cost's slopes by the six coordinates of each face's corners (x, then y).

    Returns
    -------
    first : ndarray, shape (m, 6)
    second : ndarray, shape (m, 6, 6)
        Gauss's part, which has no negative direction.
    """
    m = len(faces)
    first, second = np.zeros((m, 6)), np.zeros((m, 6, 6))
    x, y = np.empty(2), np.empty(2)
    row = np.empty((3, 6))
    for f in range(m):
        for i in range(2):
            x[i] = y[i] = 0.0
            for j in range(3):
                x[i] += slopes[f, i, j] * flat[faces[f, j], 0]
                y[i] += slopes[f, i, j] * flat[faces[f, j], 1]
        det = x[0] * y[1] - x[1] * y[0]
        nx, ny = np.sqrt(x[0] ** 2 + x[1] ** 2), np.sqrt(y[0] ** 2 + y[1] ** 2)
        shear = -(x[0] * y[0] + x[1] * y[1]) / (nx * ny)
        value = (ny / det - 1, nx / det - 1, shear)
        det_x, det_y = (y[1], -y[0]), (-x[1], x[0])
        row[:] = 0.0
        for i in range(2):
            to_x = (
                -ny / det**2 * det_x[i],
                x[i] / (nx * det) - nx / det**2 * det_x[i],
                -y[i] / (nx * ny) - shear / nx**2 * x[i],
            )
            to_y = (
                y[i] / (ny * det) - ny / det**2 * det_y[i],
                -nx / det**2 * det_y[i],
                -x[i] / (nx * ny) - shear / ny**2 * y[i],
            )
            for q in range(3):
                for j in range(3):
                    row[q, j] += to_x[q] * slopes[f, i, j]
                    row[q, j + 3] += to_y[q] * slopes[f, i, j]
        for q in range(3):
            _, slope, bend = _dear(value[q], much[q], power)
            slope, bend = slope * area[f] * weight[q], bend * area[f] * weight[q]
            for a in range(6):
                first[f, a] += slope * row[q, a]
                for b in range(6):
                    second[f, a, b] += bend * row[q, a] * row[q, b]
    return first, second
