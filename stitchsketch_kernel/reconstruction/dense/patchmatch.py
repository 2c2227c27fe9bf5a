"""Slanted patches: each pixel's depth and slope so that a small patch looks alike in other views.

Bleyer, Rhemann and Rother, PatchMatch stereo, BMVC 2011, with the parallel spread of Galliani,
Lasinger and Schindler, Massively parallel multiview stereopsis, ICCV 2015. A patch's plane is its
inverse depth and that inverse depth's slope in the picture: over a plane it is linear in the
pixel, so a plane is carried to a neighbouring pixel by one addition, and pixel q lies in another
view at ``A q + b w(q)``, homogeneous. Within a patch that map is taken as affine: on the steepest
plane the patch's corner is 0.1 px off, on usual ones 0.02 px, to both sides alike.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from stitchsketch_kernel.domain.arrays import AnyArray
from stitchsketch_kernel.reconstruction.dense.planes import Compared, Planes

#: A patch reaches this far, every second pixel of it is read.
REACH_PX, STEP_PX = 5, 2
SIDE = 2 * REACH_PX // STEP_PX + 1
#: Weights of a patch's pixels: by their distance, and by how unlike the middle one they are
#: (1 / 2 sigma^2, grey levels).
_NEAR_PX, UNLIKE = 4.0, np.float32(1 / (2 * 18.0**2))
_ALONG = np.arange(-REACH_PX, REACH_PX + 1, STEP_PX)
#: A patch's pixels from its middle, row by row.
_DY, _DX = np.repeat(_ALONG, SIDE), np.tile(_ALONG, SIDE)
NEAR = np.exp(-(_DX**2 + _DY**2) / (2 * _NEAR_PX**2)).astype(np.float32)
_X, _Y = _DX.astype(np.float32), _DY.astype(np.float32)
#: A patch keeps away from the picture's edge by this: its pixels' places are rounded otherwise than
#: its reach (0.002 px in 8,000), and what lies beyond the last row is another's memory.
INSIDE_PX = np.float32(1 / 64)
#: The cost of a patch that can't be compared.
WORST = np.float32(1.0)
#: A plane of a smaller cost is near the surface: the views that it looks alike in see that place.
SURE = np.float32(0.25)
#: The variance (grey levels squared) below which a patch shows nothing at all. A sensor's noise may
#: have more: the other photos tell whether it hides the cloth. At 2.0 half of a dark leather was
#: given up.
NOISE = np.float32(0.5)
#: Steeper than this (tangent of the angle to the line of sight) nothing can be compared.
STEEPEST = 4.0
#: How far depth is changed at random in the first round, as a share; halved each round.
RANDOM = 0.006
#: Planes that differ by less than this share anywhere in a patch are one.
SAME = np.float32(2e-5)
#: The slope alone is changed by so much (tangent of the angle) in every round: a face seen aslant
#: begins with the slope of what lies round it, far from its own.
SLOPE = 1.0
#: Where planes are taken from: the cheapest of each row, which crosses a face in few rounds (Xu and
#: Tao, Multi-scale geometric consistency guided multi-view stereo, CVPR 2019). All of the other
#: colour of a chessboard, so that a half round reads what it does not write.
_BESIDE = np.array([[0, 1], [0, 3], [0, 5], [0, 9], [-2, 3], [2, 3]], dtype=np.int64)
FROM = np.array([-_BESIDE, _BESIDE, -_BESIDE[:, ::-1], _BESIDE[:, ::-1]])
RANDOM_TRIES = 3
#: How the inner loops are compiled: without counting who holds an array, which took half the time
#: (and kept two cores waiting for each other). They make no arrays, then.
_BARE: dict[str, Any] = {"cache": True, "nogil": True, "fastmath": True, "_nrt": False}


def search(
    planes: Planes, pictures: Compared, alike: int, rounds: int, begin: int = 0, seed: int = 0
) -> None:
    """Improve `planes` in place.

    Parameters
    ----------
    planes : Planes
        Where a patch shows nothing, plane and cost stay as they are.
    pictures : Compared
    alike : int
        A patch's cost is the mean over the views that it looks most alike in: this many.
    rounds : int
        Each visits every pixel once, in the two halves of a chessboard.
    begin : int
        The number of the first round: later ones change planes less.
    seed : int
    """
    p = pictures
    variance = own_variance(p.own)
    patch, weight = np.empty((2, SIDE * SIDE), np.float32)
    costs = np.empty(len(p.others), np.float32)
    alike = min(alike, len(p.others))
    # at each pixel the other views, those first that it looks most alike in
    order = np.empty((*p.own.shape, len(p.others)), np.uint8)
    order[:] = np.arange(len(p.others))
    for turn in range(begin - 1, begin + rounds):
        for colour in (0, 1):
            _half_round(
                planes.inverse, planes.slope, planes.cost, p.own, variance,
                p.others.reshape(len(p.others), -1), p.others.shape[2], p.sizes, p.A, p.b, order,
                alike, np.float32(p.focal_px), colour, turn, turn < begin, seed + 2 * turn + colour,
                patch, weight, costs,
            )  # fmt: skip


def own_variance(own: AnyArray) -> AnyArray:
    """Weighted variance of each patch, float32 (h, w); 0 where it leaves the picture."""
    variance = np.zeros(own.shape, np.float32)
    patch, weight = np.empty((2, SIDE * SIDE), np.float32)
    _variances(own, variance, patch, weight)
    return variance


@numba.njit(**_BARE)
def _variances(own, variance, patch, weight):  # type: ignore[no-untyped-def]
    height, width = own.shape
    for y in range(REACH_PX, height - REACH_PX):
        for x in range(REACH_PX, width - REACH_PX):
            _read(own, y, x, patch, weight)
            total = np.float32(0)
            for k in range(SIDE * SIDE):
                total += weight[k] * patch[k] * patch[k]
            variance[y, x] = total


@numba.njit(**_BARE)
def _half_round(  # type: ignore[no-untyped-def]  # noqa: PLR0912  (one loop: calls would cost)
    inverse, slope, cost, own, variance, others, stride, sizes, A, b, order, alike,
    focal_px, colour, turn, only_cost, seed, patch, weight, costs,
):  # fmt: skip
    # one colour of the chessboard; `only_cost`: what the planes are worth as they stand
    np.random.seed(seed)  # noqa: NPY002  (numba's own generator, one a thread)
    height, width = inverse.shape
    fine = 0.5 ** max(turn, 0)
    for y in range(REACH_PX, height - REACH_PX):
        for x in range(REACH_PX + (y + colour + REACH_PX) % 2, width - REACH_PX, 2):
            w, gx, gy = inverse[y, x], slope[y, x, 0], slope[y, x, 1]
            if w <= 0 or variance[y, x] <= NOISE:
                continue
            _read(own, y, x, patch, weight)
            if only_cost:
                cost[y, x] = _cost(
                    patch, weight, variance[y, x], y, x, others, stride, sizes, A, b, w, gx, gy,
                    order[y, x], alike, len(others), costs, WORST,
                )  # fmt: skip
                continue
            c = cost[y, x]
            # near the surface the views that it looks alike in see this place: they are asked alone
            asked = alike if c < SURE else len(others)
            changed = False
            for k in range(4 + RANDOM_TRIES):
                if k < 4:
                    dy, dx = _cheapest(inverse, cost, y, x, k)
                    if dy == 0 and dx == 0:
                        continue
                    v = inverse[y + dy, x + dx]
                    hx, hy = slope[y + dy, x + dx, 0], slope[y + dy, x + dx, 1]
                    v -= hx * np.float32(dx) + hy * np.float32(dy)
                    apart = abs(v - w) + REACH_PX * (abs(hx - gx) + abs(hy - gy))
                    if apart < SAME * w:
                        continue
                else:
                    v, hx, hy = w, gx, gy
                    if k != 5:
                        v *= np.float32(1 + RANDOM * fine * _random())
                    if k != 4:
                        most = (SLOPE if k == 5 else fine) * v / focal_px
                        hx += np.float32(most * _random())
                        hy += np.float32(most * _random())
                if v <= 0 or (hx * hx + hy * hy) * focal_px**2 > (STEEPEST * v) ** 2:
                    continue
                d = _cost(
                    patch, weight, variance[y, x], y, x, others, stride, sizes, A, b, v, hx, hy,
                    order[y, x], alike, asked, costs, c,
                )  # fmt: skip
                if d < c:
                    c, w, gx, gy, changed = d, v, hx, hy, True
            if changed and asked < len(others):
                c = _cost(
                    patch, weight, variance[y, x], y, x, others, stride, sizes, A, b, w, gx, gy,
                    order[y, x], alike, len(others), costs, WORST,
                )  # fmt: skip
            inverse[y, x], slope[y, x, 0], slope[y, x, 1], cost[y, x] = w, gx, gy, c


@numba.njit(**_BARE, forceinline=True)
def _cheapest(inverse, cost, y, x, k):  # type: ignore[no-untyped-def]
    # where the k-th of the planes to try lies; (0, 0): nowhere
    height, width = inverse.shape
    dy, dx, least = 0, 0, np.inf
    for i in range(FROM.shape[1]):
        v, u = y + FROM[k, i, 0], x + FROM[k, i, 1]
        if 0 <= v < height and 0 <= u < width and inverse[v, u] > 0 and cost[v, u] < least:
            dy, dx, least = v - y, u - x, cost[v, u]
    return dy, dx


@numba.njit(**_BARE, forceinline=True)
def _random():  # type: ignore[no-untyped-def]
    # -1 to 1
    return np.random.uniform(-1.0, 1.0)  # noqa: NPY002


@numba.njit(**_BARE, forceinline=True)
def _read(own, y, x, patch, weight):  # type: ignore[no-untyped-def]
    # the patch's pixels less their mean; those near and alike in brightness weigh most, so that
    # what lies behind an edge does not count
    middle = own[y, x]
    total, mean = np.float32(0), np.float32(0)
    for k in range(SIDE * SIDE):
        value = own[y + _DY[k], x + _DX[k]]
        weight[k] = NEAR[k] * np.exp(-((value - middle) ** 2) * UNLIKE)
        patch[k] = value
        total += weight[k]
        mean += weight[k] * value
    mean /= total
    for k in range(SIDE * SIDE):
        weight[k] /= total
        patch[k] -= mean


@numba.njit(**_BARE, forceinline=True)
def _cost(  # type: ignore[no-untyped-def]
    patch, weight, variance, y, x, others, stride, sizes, A, b, w, gx, gy, order, alike, asked,
    costs, least,
):  # fmt: skip
    # mean over the views that look most alike, of the first `asked` in the order; those come first.
    # `least` and more are all the same: where all that are asked count, the one least alike, which
    # is seen first, may be enough
    total = np.float32(0)
    for i in range(asked - 1, -1, -1):
        k = order[i]
        costs[i] = _one_cost(
            patch, weight, variance, np.float32(y), np.float32(x), others[k], np.int32(stride),
            sizes[k, 0], sizes[k, 1], A[k], b[k], w, gx, gy,
        )  # fmt: skip
        total += costs[i]
        if asked == alike and i and total >= alike * least:
            return WORST
    total = np.float32(0)
    for i in range(alike):
        for j in range(i + 1, asked):
            if costs[j] < costs[i]:
                costs[i], costs[j] = costs[j], costs[i]
                order[i], order[j] = order[j], order[i]
        total += costs[i]
    return total / np.float32(alike)


@numba.njit(**_BARE, forceinline=True)
def _one_cost(patch, weight, variance, y, x, other, stride, height, width, A, b, w, gx, gy):  # type: ignore[no-untyped-def]
    # 1 - correlation with what the plane shows of the patch in one other picture
    s = A[2, 0] * x + A[2, 1] * y + A[2, 2] + b[2] * w
    if s <= np.float32(1e-9):
        return WORST
    s = np.float32(1.0) / s
    u = (A[0, 0] * x + A[0, 1] * y + A[0, 2] + b[0] * w) * s
    v = (A[1, 0] * x + A[1, 1] * y + A[1, 2] + b[1] * w) * s
    # how that place moves with a pixel to the right and a pixel down
    sx, sy = A[2, 0] + b[2] * gx, A[2, 1] + b[2] * gy
    ux, uy = (A[0, 0] + b[0] * gx - u * sx) * s, (A[0, 1] + b[0] * gy - u * sy) * s
    vx, vy = (A[1, 0] + b[1] * gx - v * sx) * s, (A[1, 1] + b[1] * gy - v * sy) * s
    wide, high = REACH_PX * (abs(ux) + abs(uy)), REACH_PX * (abs(vx) + abs(vy))
    wide, high = wide + INSIDE_PX, high + INSIDE_PX
    if not (u >= wide and u + wide < width - 1 and v >= high and v + high < height - 1):
        return WORST
    total, square, product = np.float32(0), np.float32(0), np.float32(0)
    row = np.uint32(stride)
    for k in range(SIDE * SIDE):
        pu, pv = u + ux * _X[k] + uy * _Y[k], v + vx * _X[k] + vy * _Y[k]
        iu, iv = np.int32(pu), np.int32(pv)
        fu, fv = pu - np.float32(iu), pv - np.float32(iv)
        at = np.uint32(iv * stride + iu)
        left, right = other[at], other[at + np.uint32(1)]
        low_left, low_right = other[at + row], other[at + row + np.uint32(1)]
        top = left + fu * (right - left)
        value = top + fv * (low_left + fu * (low_right - low_left) - top)
        much = weight[k] * value
        total += much
        square += much * value
        product += much * patch[k]
    theirs = square - total * total
    if theirs < NOISE:
        return WORST
    # below 0 nothing is less alike
    return min(WORST, WORST - product / np.sqrt(theirs * variance))
