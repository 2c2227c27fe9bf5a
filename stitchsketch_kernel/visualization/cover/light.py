"""Tiles, shadows and what cloth gives back of light: compiled loops for `shade`."""

from __future__ import annotations

import numpy as np
from numba import njit

from stitchsketch_kernel.domain.arrays import AnyArray, IntArray

#: A diagonal of taps for soft shadows, in texels of the shadow map.
_TAPS = np.array(
    [[-0.94, -0.40], [0.95, -0.77], [-0.09, -0.93], [0.34, 0.29], [-0.91, 0.46], [-0.81, -0.88],
     [-0.38, 0.28], [0.97, 0.76], [0.44, -0.98], [0.53, -0.48], [-0.26, -0.42], [0.79, 0.19],
     [-0.24, 0.99], [-0.82, 0.92], [0.20, 0.79], [0.14, -0.14]],
    dtype=np.float32,
)  # fmt: skip


@njit(cache=True, nogil=True)
def texel(
    tile: AnyArray, first: int, wide: int, tall: int, u: float, v: float, out: AnyArray
) -> None:
    """Bilinear look into one level of a tile that repeats; adds nothing, writes `out` (5,)."""
    x, y = u * wide - 0.5, (1.0 - v) * tall - 0.5
    x0, y0 = int(np.floor(x)), int(np.floor(y))
    fx, fy = x - x0, y - y0
    x1, y1 = (x0 + 1) % wide, (y0 + 1) % tall
    x0, y0 = x0 % wide, y0 % tall
    a, b = first + y0 * wide, first + y1 * wide
    for k in range(5):
        top = tile[a + x0, k] * (1 - fx) + tile[a + x1, k] * fx
        low = tile[b + x0, k] * (1 - fx) + tile[b + x1, k] * fx
        out[k] = top * (1 - fy) + low * fy


@njit(cache=True, nogil=True)
def lit(shadow: AnyArray, x: float, y: float, near: float, reach: float, turn: float) -> float:
    """Share of the key light that comes through, softly."""
    size = shadow.shape[0]
    cosine, sine = np.cos(turn), np.sin(turn)
    through = 0.0
    for k in range(len(_TAPS)):
        dx, dy = _TAPS[k, 0] * reach, _TAPS[k, 1] * reach
        i = int(x + cosine * dx - sine * dy)
        j = int(y + sine * dx + cosine * dy)
        if i < 0 or j < 0 or i >= size or j >= size or shadow[j, i] <= near:
            through += 1.0
    return through / len(_TAPS)


@njit(cache=True, nogil=True)
def on_map(to_shadow: AnyArray, x: float, y: float, z: float) -> tuple[float, float, float]:
    """Where a point lies on the shadow map, and how near to the light."""
    return (
        to_shadow[0, 0] * x + to_shadow[0, 1] * y + to_shadow[0, 2] * z + to_shadow[0, 3],
        to_shadow[1, 0] * x + to_shadow[1, 1] * y + to_shadow[1, 2] * z + to_shadow[1, 3],
        to_shadow[2, 0] * x + to_shadow[2, 1] * y + to_shadow[2, 2] * z + to_shadow[2, 3],
    )


@njit(cache=True, nogil=True)
def floor_light(
    ray: AnyArray, eye: AnyArray, floor: AnyArray, box: AnyArray, shadow: AnyArray,
    to_shadow: AnyArray, turn: float,
) -> float:  # fmt: skip
    """How bright the floor is where a ray meets it, with soft shadows; it goes over into a wall."""
    if ray[2] > -1e-6:
        return 1.0
    far = (box[3] - eye[2]) / ray[2]
    x, y = eye[0] + far * ray[0], eye[1] + far * ray[1]
    size = floor.shape[0]
    gx, gy = (x - box[0]) / box[2] * size - 0.5, (y - box[1]) / box[2] * size - 0.5
    i, j = int(np.floor(gx)), int(np.floor(gy))
    if not (0 <= i < size - 1 and 0 <= j < size - 1):
        return 1.0
    fx, fy = gx - i, gy - j
    low = floor[j, i] * (1 - fx) + floor[j, i + 1] * fx
    high = floor[j + 1, i] * (1 - fx) + floor[j + 1, i + 1] * fx
    around = low * (1 - fy) + high * fy
    sx, sy, sz = on_map(to_shadow, x, y, box[3])
    through = lit(shadow, sx, sy, sz, 14.0, turn)
    return float(0.55 * around + 0.45 * (0.35 + 0.65 * through) * (0.5 + 0.5 * around))


@njit(cache=True, nogil=True)
def coded(light: float) -> float:
    """Light as a screen wants it, 0 to 255; what is brighter than paper rolls off softly."""
    if light > 0.8:
        light = 0.8 + 0.2 * (1 - np.exp(-(light - 0.8) / 0.2))
    if light <= 0.0031308:
        return float(255 * 12.92 * max(light, 0.0))
    return float(255 * (1.055 * light ** (1 / 2.4) - 0.055))


@njit(cache=True, nogil=True)
def look_into(
    tile: AnyArray, levels: IntArray, texels: float, u: float, v: float, one: AnyArray,
    two: AnyArray,
) -> None:  # fmt: skip
    """The tile where so many of its texels fall on a sample: between its two nearest levels."""
    last = len(levels) - 1
    level = min(max(0.5 * np.log2(max(texels, 1e-9)), 0.0), float(last))
    at = int(level)
    texel(tile, levels[at, 0], levels[at, 1], levels[at, 2], u, v, one)
    if at < last and level > at:
        at += 1
        texel(tile, levels[at, 0], levels[at, 1], levels[at, 2], u, v, two)
        for k in range(5):
            one[k] += (two[k] - one[k]) * (level - at + 1)


@njit(cache=True, nogil=True)
def bent(n: AnyArray, side: AnyArray, ray: AnyArray, length: float, texel: AnyArray) -> float:
    """Bend a normal as the weave does; how far the cloth's up leans towards the eye."""
    dx, dy = texel[3] / 127.5 - 1, texel[4] / 127.5 - 1
    along = side[0] * n[0] + side[1] * n[1] + side[2] * n[2]
    wide = 0.0
    for k in range(3):
        side[k] -= along * n[k]
        wide += side[k] * side[k]
    wide = np.sqrt(wide) + 1e-12
    for k in range(3):
        side[k] /= wide
    bx = n[1] * side[2] - n[2] * side[1]
    by = n[2] * side[0] - n[0] * side[2]
    bz = n[0] * side[1] - n[1] * side[0]
    up = np.sqrt(max(0.0, 1 - dx * dx - dy * dy))
    n[0] = up * n[0] + dx * side[0] + dy * bx
    n[1] = up * n[1] + dx * side[1] + dy * by
    n[2] = up * n[2] + dx * side[2] + dy * bz
    return float(-(bx * ray[0] + by * ray[1] + bz * ray[2]) / length)


@njit(cache=True, nogil=True)
def answers(
    n: AnyArray, key: AnyArray, ray: AnyArray, length: float, nl: float, through: float,
    around: float, rough: float, sheen: float,
) -> tuple[float, float, float]:  # fmt: skip
    """What cloth gives back of the key light diffusely, as a highlight, and off its fibres."""
    nv = hh = mirror = 0.0
    for k in range(3):
        nv -= n[k] * ray[k] / length
        hh += (key[k] - ray[k] / length) ** 2
    nv, hh = max(nv, 0.02), np.sqrt(hh) + 1e-12
    nh = lh = 0.0
    for k in range(3):
        half = (key[k] - ray[k] / length) / hh
        nh += n[k] * half
        lh += key[k] * half
    wrap = 0.12 + 0.15 * sheen
    direct = through * max(0.0, (nl + wrap) / (1 + wrap))
    shine = 0.0
    if rough < 0.85:
        alpha = rough * rough
        if nl > 0:
            d = nh * nh * (alpha * alpha - 1) + 1
            fresnel = 0.04 + 0.96 * (1 - lh) ** 5
            shine = through * nl * alpha * alpha / (d * d) * fresnel
            shine *= 0.25 / max(lh * lh * (rough + 0.5), 0.05)
        # the room, as smooth things show it: lighter above
        mirror = ray[2] / length + 2 * nv * n[2]
        room = (1 - rough) * (0.05 + 0.95 * (1 - nv) ** 5)
        shine += room * around * max(0.15, 0.55 + 0.75 * mirror)
    fuzz = sheen * (1 - nv) ** 3 * (0.35 * around + 0.65 * max(0.0, nl) * through)
    return direct, shine, fuzz
