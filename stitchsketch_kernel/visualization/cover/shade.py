"""What each pixel sees: cloth under studio lights. Compiled loops; see `studio` for the scene.

Lambert's diffuse light with a wrap for fibres that stand up, GGX highlights (Walter and others
2007) with Schlick's Fresnel, a sheen at grazing light after Charlie (Estevez and Kulla 2017) in a
cheap form, soft shadow of the key light from a map, and baked light from all round.
"""

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
def _texel(
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
def _lit(shadow: AnyArray, x: float, y: float, near: float, reach: float, turn: float) -> float:
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
def _on_map(to_shadow: AnyArray, x: float, y: float, z: float) -> tuple[float, float, float]:
    """Where a point lies on the shadow map, and how near to the light."""
    return (
        to_shadow[0, 0] * x + to_shadow[0, 1] * y + to_shadow[0, 2] * z + to_shadow[0, 3],
        to_shadow[1, 0] * x + to_shadow[1, 1] * y + to_shadow[1, 2] * z + to_shadow[1, 3],
        to_shadow[2, 0] * x + to_shadow[2, 1] * y + to_shadow[2, 2] * z + to_shadow[2, 3],
    )


@njit(cache=True, nogil=True)
def _floor(
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
    sx, sy, sz = _on_map(to_shadow, x, y, box[3])
    through = _lit(shadow, sx, sy, sz, 14.0, turn)
    return float(0.55 * around + 0.45 * (0.35 + 0.65 * through) * (0.5 + 0.5 * around))


@njit(cache=True, nogil=True)
def _coded(light: float) -> float:
    """Light as a screen wants it, 0 to 255; what is brighter than paper rolls off softly."""
    if light > 0.8:
        light = 0.8 + 0.2 * (1 - np.exp(-(light - 0.8) / 0.2))
    if light <= 0.0031308:
        return float(255 * 12.92 * max(light, 0.0))
    return float(255 * (1.055 * light ** (1 / 2.4) - 0.055))


@njit(cache=True, nogil=True)
def _tile_at(
    tile: AnyArray, levels: IntArray, texels: float, u: float, v: float, one: AnyArray,
    two: AnyArray,
) -> None:  # fmt: skip
    """The tile where so many of its texels fall on a sample: between its two nearest levels."""
    last = len(levels) - 1
    level = min(max(0.5 * np.log2(max(texels, 1e-9)), 0.0), float(last))
    at = int(level)
    _texel(tile, levels[at, 0], levels[at, 1], levels[at, 2], u, v, one)
    if at < last and level > at:
        at += 1
        _texel(tile, levels[at, 0], levels[at, 1], levels[at, 2], u, v, two)
        for k in range(5):
            one[k] += (two[k] - one[k]) * (level - at + 1)


@njit(cache=True, nogil=True)
def _bent(n: AnyArray, side: AnyArray, ray: AnyArray, length: float, texel: AnyArray) -> float:
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
def _answers(
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


@njit(cache=True, nogil=True)
def shaded(  # noqa: PLR0912, PLR0915 - one loop over all samples
    face: IntArray,
    at_px: AnyArray,
    near: AnyArray,
    faces: IntArray,
    points: AnyArray,
    normals: AnyArray,
    tangents: AnyArray,
    uv: AnyArray,
    open_to: AnyArray,
    own: AnyArray,
    cloth: AnyArray,
    tile: AnyArray,
    levels: IntArray,
    look: AnyArray,
    eye: AnyArray,
    axes: AnyArray,
    lens: AnyArray,
    lights: AnyArray,
    shadow: AnyArray,
    to_shadow: AnyArray,
    floor: AnyArray,
    floor_box: AnyArray,
    paper: AnyArray,
    over: int,
) -> AnyArray:
    """The picture, (h, w, 3) of uint8, from the faces seen at `over` times as many pixels.

    Parameters
    ----------
    face : (h * over, w * over)
        As `raster.nearest_faces` found them.
    at_px, near, faces
        As they were given to it.
    points, normals, tangents : (n, 3)
        Metres; unit normals, and unit directions of the cloth's right.
    uv : (n, 2)
    open_to : (n,)
        Share of the light from all round that comes to a vertex.
    own : (n, 3)
        Linear colours of what is no cloth.
    cloth : (m,) of bool
        Which faces are.
    tile : (k, 5) of uint8
        All levels of the cloth's tile: the square root of linear colour, then normal x and y.
    levels : (l, 3)
        First row, width and height of each level.
    look : (3,)
        Roughness, sheen, nap.
    eye : (3,)
    axes : (3, 3)
        Right, down, ahead.
    lens : (3,)
        Focal length, middle x and y, pixels of the large picture.
    lights : (4, 3)
        Direction to the key light; its, the sky's and the ground's colour.
    shadow : (s, s)
        How near to the key light the first surface is.
    to_shadow : (3, 4)
        From points to its x, y, and nearness.
    floor : (g, g)
        Share of the light from all round that comes to the floor.
    floor_box : (4,)
        Its lowest x and y, its width, and the floor's height.
    paper : (3,)
        Linear colour of floor and background.
    """
    height, width = face.shape[0] // over, face.shape[1] // over
    out = np.empty((height, width, 3), dtype=np.uint8)
    one, two = np.empty(5, np.float32), np.empty(5, np.float32)
    key, key_color, sky, ground = lights[0], lights[1], lights[2], lights[3]
    ray, n, side = np.empty(3), np.empty(3), np.empty(3)
    for row in range(height):
        for column in range(width):
            red = green = blue = 0.0
            dim = -1.0
            for sub in range(over * over):
                y, x = row * over + sub // over, column * over + sub % over
                turn = 6.2832 * ((x * 0.7548 + y * 0.5698) % 1.0)
                px, py = x + 0.5, y + 0.5
                length = 0.0
                for k in range(3):
                    ray[k] = (
                        axes[0, k] * (px - lens[1]) / lens[0]
                        + axes[1, k] * (py - lens[2]) / lens[0]
                        + axes[2, k]
                    )
                    length += ray[k] * ray[k]
                length = np.sqrt(length)
                f = face[y, x]
                if f < 0:
                    if dim < 0:
                        dim = _floor(ray, eye, floor, floor_box, shadow, to_shadow, turn)
                    red += paper[0] * dim
                    green += paper[1] * dim
                    blue += paper[2] * dim
                    continue
                a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
                area = (at_px[b, 0] - at_px[a, 0]) * (at_px[c, 1] - at_px[a, 1]) - (
                    at_px[b, 1] - at_px[a, 1]
                ) * (at_px[c, 0] - at_px[a, 0])
                u = (
                    (at_px[b, 0] - px) * (at_px[c, 1] - py)
                    - (at_px[b, 1] - py) * (at_px[c, 0] - px)
                ) / area
                v = (
                    (at_px[c, 0] - px) * (at_px[a, 1] - py)
                    - (at_px[c, 1] - py) * (at_px[a, 0] - px)
                ) / area
                w = 1 - u - v
                # back to shares on the triangle itself
                u, v, w = u * near[a], v * near[b], w * near[c]
                total = u + v + w
                u, v, w = u / total, v / total, w / total
                facing, size = 0.0, 0.0
                for k in range(3):
                    n[k] = u * normals[a, k] + v * normals[b, k] + w * normals[c, k]
                    size += n[k] * n[k]
                size = np.sqrt(size) + 1e-12
                for k in range(3):
                    n[k] /= size
                    facing -= n[k] * ray[k] / length
                away = -1.0 if facing < 0 else 1.0
                if cloth[f]:
                    tu = u * uv[a, 0] + v * uv[b, 0] + w * uv[c, 0]
                    tv = u * uv[a, 1] + v * uv[b, 1] + w * uv[c, 1]
                    spread = abs(
                        (uv[b, 0] - uv[a, 0]) * (uv[c, 1] - uv[a, 1])
                        - (uv[b, 1] - uv[a, 1]) * (uv[c, 0] - uv[a, 0])
                    )
                    texels = spread * levels[0, 1] * levels[0, 2] / max(abs(area), 1e-9)
                    _tile_at(tile, levels, texels, tu, tv, one, two)
                    cr, cg, cb = (one[0] / 255) ** 2, (one[1] / 255) ** 2, (one[2] / 255) ** 2
                    for k in range(3):
                        side[k] = u * tangents[a, k] + v * tangents[b, k] + w * tangents[c, k]
                    tone = 1 - 0.22 * look[2] * _bent(n, side, ray, length, one)
                    cr, cg, cb = cr * tone, cg * tone, cb * tone
                    rough, sheen = look[0], look[1]
                else:
                    cr = u * own[a, 0] + v * own[b, 0] + w * own[c, 0]
                    cg = u * own[a, 1] + v * own[b, 1] + w * own[c, 1]
                    cb = u * own[a, 2] + v * own[b, 2] + w * own[c, 2]
                    rough, sheen = 0.9, 0.0
                nl = 0.0
                for k in range(3):
                    n[k] *= away
                    nl += n[k] * key[k]
                around = u * open_to[a] + v * open_to[b] + w * open_to[c]
                through = 0.0
                if nl > -0.2:
                    wx = u * points[a, 0] + v * points[b, 0] + w * points[c, 0]
                    wy = u * points[a, 1] + v * points[b, 1] + w * points[c, 1]
                    wz = u * points[a, 2] + v * points[b, 2] + w * points[c, 2]
                    # a little off the surface, so that it does not shade itself
                    wx, wy, wz = wx + 0.006 * n[0], wy + 0.006 * n[1], wz + 0.006 * n[2]
                    sx, sy, sz = _on_map(to_shadow, wx, wy, wz)
                    through = _lit(shadow, sx, sy, sz, 7.0, turn)
                direct, shine, fuzz = _answers(
                    n, key, ray, length, nl, through, around, rough, sheen
                )
                top = 0.5 + 0.5 * n[2]
                # light that cloth beside gives back lets dark corners keep their colour
                red += cr * (
                    direct * key_color[0] + around * (sky[0] * top + ground[0] * (1 - top))
                )
                green += cg * (
                    direct * key_color[1] + around * (sky[1] * top + ground[1] * (1 - top))
                )
                blue += cb * (
                    direct * key_color[2] + around * (sky[2] * top + ground[2] * (1 - top))
                )
                red += shine * key_color[0] + fuzz * (0.25 + 0.75 * cr)
                green += shine * key_color[1] + fuzz * (0.25 + 0.75 * cg)
                blue += shine * key_color[2] + fuzz * (0.25 + 0.75 * cb)
            many = over * over
            out[row, column, 0] = np.uint8(_coded(red / many) + 0.5)
            out[row, column, 1] = np.uint8(_coded(green / many) + 0.5)
            out[row, column, 2] = np.uint8(_coded(blue / many) + 0.5)
    return out
