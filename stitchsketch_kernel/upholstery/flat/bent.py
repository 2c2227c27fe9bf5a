"""A plane sheet bent without stretch, as a cubic spline: what it costs, in compiled loops.

The sheet is ``X(u, v)``, a spline over a square grid of cells (Bezier's blending of 4 x 4 control
points; de Boor, "A practical guide to splines", 1978). Three things cost: how far points are from
it, along its normal; how far its first slopes are from those of a plane that is only bent, ``X_u .
X_u = X_v . X_v = 1``, ``X_u . X_v = 0``; and how its curvature changes, ``n . X_uuu`` and so on,
which cylinders don't have. Slopes are Gauss and Newton's.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from stitchsketch_kernel.domain.arrays import FloatArray

#: Where no point lies the third slopes themselves cost this share: the sheet goes on as it bends.
_BEYOND = 1e-3
#: Places in a cell that stand for all of it (Gauss).
_GAUSS = (0.5 - 12**-0.5, 0.5 + 12**-0.5)


@njit(cache=True, nogil=True)
def _blend(t: float) -> FloatArray:
    """Cubic blending functions at t of a cell, and their first to third slopes: (4, 4)."""
    s, out = 1 - t, np.empty((4, 4))
    out[0] = s**3 / 6, (3 * t**3 - 6 * t**2 + 4) / 6, (3 * s**3 - 6 * s**2 + 4) / 6, t**3 / 6
    out[1] = -(s**2) / 2, (3 * t**2 - 4 * t) / 2, -(3 * s**2 - 4 * s) / 2, t**2 / 2
    out[2] = s, 3 * t - 2, 3 * s - 2, t
    out[3] = -1.0, 3.0, -3.0, 1.0
    return out


@njit(cache=True, nogil=True)
def _cell(x: float, count: int) -> tuple[int, float]:
    i = min(max(int(np.floor(x)), 0), count - 4)
    return i, x - i


@njit(cache=True, nogil=True)
def sheet_at(control: FloatArray, uv: FloatArray, size: float, low: FloatArray) -> FloatArray:
    """Points of the sheet and its first slopes by u and v, shape (n, 3, 3)."""
    out = np.zeros((len(uv), 3, 3))
    for k in range(len(uv)):
        i, s = _cell((uv[k, 0] - low[0]) / size, control.shape[0])
        j, t = _cell((uv[k, 1] - low[1]) / size, control.shape[1])
        along, across = _blend(s), _blend(t)
        for a in range(4):
            for b in range(4):
                for c in range(3):
                    x = control[i + a, j + b, c]
                    out[k, 0, c] += along[0, a] * across[0, b] * x
                    out[k, 1, c] += along[1, a] * across[0, b] * x / size
                    out[k, 2, c] += along[0, a] * across[1, b] * x / size
    return out


@njit(cache=True, nogil=True)
def feet(
    control: FloatArray,
    uv: FloatArray,
    points: FloatArray,
    size: float,
    low: FloatArray,
    rounds: int,
) -> FloatArray:
    """Where points stand on the sheet, from a guess: Gauss and Newton's steps."""
    out = uv.copy()
    for _ in range(rounds):
        at = sheet_at(control, out, size, low)
        for k in range(len(uv)):
            off = points[k] - at[k, 0]
            uu, uw, ww = (at[k, 1] ** 2).sum(), (at[k, 1] * at[k, 2]).sum(), (at[k, 2] ** 2).sum()
            p, q = (at[k, 1] * off).sum(), (at[k, 2] * off).sum()
            det = uu * ww - uw * uw
            if det > 1e-6:
                out[k, 0] += (ww * p - uw * q) / det
                out[k, 1] += (uu * q - uw * p) / det
    return out


@njit(cache=True, nogil=True)
def _add(row: FloatArray, off: float, weight: float, square: FloatArray, slope: FloatArray) -> None:
    """One squared term of a cell's 48 numbers: its second slopes (below the diagonal) and first."""
    for m in range(48):
        f = weight * row[m]
        slope[m] += f * off
        for k in range(m + 1):
            square[m, k] += f * row[k]


@njit(cache=True, nogil=True)
def _put(
    square: FloatArray,
    slope: FloatArray,
    i: int,
    j: int,
    wide: int,
    banded: FloatArray,
    first: FloatArray,
) -> None:
    place = np.empty(48, np.int64)
    for a in range(4):
        for b in range(4):
            for c in range(3):
                place[(a * 4 + b) * 3 + c] = ((i + a) * wide + j + b) * 3 + c
    for m in range(48):
        first[place[m]] += slope[m]
        for k in range(m + 1):
            banded[place[m] - place[k], place[k]] += square[m, k]


@njit(cache=True, nogil=True)
def slopes_of_points(
    control: FloatArray,
    uv: FloatArray,
    points: FloatArray,
    weights: FloatArray,
    loose: float,
    size: float,
    low: FloatArray,
    banded: FloatArray,
    first: FloatArray,
) -> None:
    """Add what the points' distances cost: along the normal, and `loose` times as much across."""
    at = sheet_at(control, uv, size, low)
    row, square, slope = np.empty(48), np.empty((48, 48)), np.empty(48)
    for k in range(len(uv)):
        i, s = _cell((uv[k, 0] - low[0]) / size, control.shape[0])
        j, t = _cell((uv[k, 1] - low[1]) / size, control.shape[1])
        along, across = _blend(s)[0], _blend(t)[0]
        normal = np.cross(at[k, 1], at[k, 2])
        normal /= np.sqrt((normal**2).sum())
        off = at[k, 0] - points[k]
        square[:], slope[:] = 0.0, 0.0
        for a in range(4):
            for b in range(4):
                m = (a * 4 + b) * 3
                row[m : m + 3] = along[a] * across[b] * normal
        _add(row, (off * normal).sum(), weights[k], square, slope)
        for m in range(16):
            here = loose * weights[k] * along[m // 4] * across[m % 4]
            for c in range(3):
                slope[3 * m + c] += here * off[c]
                for n in range(m + 1):
                    square[3 * m + c, 3 * n + c] += here * along[n // 4] * across[n % 4]
        _put(square, slope, i, j, control.shape[1], banded, first)


@njit(cache=True, nogil=True)
def _beyond(size: float, bend: float) -> FloatArray:
    """What third slopes themselves cost in a cell, by its control points: (16, 16)."""
    out, row = np.zeros((16, 16)), np.empty(16)
    for p in range(4):
        along, across = _blend(_GAUSS[p // 2]), _blend(_GAUSS[p % 2])
        for q in range(4):
            for m in range(16):
                row[m] = along[3 - q, m // 4] * across[q, m % 4] / size**3
            weight = _BEYOND * bend * size * size / 4 * (3.0 if q in (1, 2) else 1.0)
            for m in range(16):
                for n in range(16):
                    out[m, n] += weight * row[m] * row[n]
    return out


@njit(cache=True, nogil=True)
def slopes_of_shape(  # noqa: PLR0912 - compiled loops, one for each index of a sum
    control: FloatArray,
    covered: FloatArray,
    ease: FloatArray,
    strain: float,
    bend: float,
    size: float,
    banded: FloatArray,
    first: FloatArray,
) -> FloatArray:
    """Add what stretch and changes of curvature cost; returns the latter by cell.

    `covered` is 1 for cells with points in them; `ease` is what a change of curvature costs there.
    """
    nu, nv = covered.shape
    energy = np.zeros((nu, nv))
    row, square, slope = np.empty(48), np.empty((48, 48)), np.empty(48)
    third, slant = np.empty((4, 3)), np.empty((2, 3))
    area, beyond = size * size / 4, _beyond(size, bend)
    for i in range(nu):
        for j in range(nv):
            square[:], slope[:] = 0.0, 0.0
            for m in range(48):
                for n in range(m % 3, m + 1, 3):
                    square[m, n] = beyond[m // 3, n // 3]
                for n in range(16):
                    x = control[i + n // 4, j + n % 4, m % 3]
                    slope[m] += beyond[m // 3, n] * x
            for p in range(4):
                along, across = _blend(_GAUSS[p // 2]), _blend(_GAUSS[p % 2])
                third[:], slant[:] = 0.0, 0.0
                for a in range(4):
                    for b in range(4):
                        for c in range(3):
                            x = control[i + a, j + b, c]
                            slant[0, c] += along[1, a] * across[0, b] / size * x
                            slant[1, c] += along[0, a] * across[1, b] / size * x
                            for q in range(4):
                                third[q, c] += along[3 - q, a] * across[q, b] / size**3 * x
                normal = np.cross(slant[0], slant[1])
                normal /= max(np.sqrt((normal**2).sum()), 1e-9)
                for q in range(4):
                    weight = bend * area * (3.0 if q in (1, 2) else 1.0)
                    for a in range(4):
                        for b in range(4):
                            f = along[3 - q, a] * across[q, b] / size**3
                            row[(a * 4 + b) * 3 : (a * 4 + b) * 3 + 3] = f * normal
                    change = (third[q] * normal).sum()
                    energy[i, j] += weight * change**2 / (bend * size * size)
                    if covered[i, j] > 0:
                        _add(row, change, weight * ease[i, j], square, slope)
                if covered[i, j] > 0:
                    for q in range(3):
                        one, two = slant[q // 2], slant[(q + 1) // 2]
                        off = ((one * two).sum() - (0.0 if q == 1 else 1.0)) / 2
                        for a in range(4):
                            for b in range(4):
                                fu = along[1, a] * across[0, b] / size
                                fv = along[0, a] * across[1, b] / size
                                f1, f2 = (fu, fu) if q == 0 else ((fu, fv) if q == 1 else (fv, fv))
                                m = (a * 4 + b) * 3
                                row[m : m + 3] = (f1 * two + f2 * one) / 2
                        _add(row, off, strain * area * (2.0 if q == 1 else 1.0), square, slope)
            _put(square, slope, i, j, control.shape[1], banded, first)
    return energy
