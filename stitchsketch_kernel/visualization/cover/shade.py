"""What each pixel sees: cloth under studio lights. Compiled loops; see `studio` for the scene.

Lambert's diffuse light with a wrap for fibres that stand up, GGX highlights (Walter and others
2007) with Schlick's Fresnel, a sheen at grazing light after Charlie (Estevez and Kulla 2017) in a
cheap form, soft shadow of the key light from a map, and baked light from all round.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from stitchsketch_kernel.domain.arrays import AnyArray, IntArray
from stitchsketch_kernel.visualization.cover.light import (
    answers,
    bent,
    coded,
    floor_light,
    lit,
    look_into,
    on_map,
)


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
                        dim = floor_light(ray, eye, floor, floor_box, shadow, to_shadow, turn)
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
                    look_into(tile, levels, texels, tu, tv, one, two)
                    cr, cg, cb = (one[0] / 255) ** 2, (one[1] / 255) ** 2, (one[2] / 255) ** 2
                    for k in range(3):
                        side[k] = u * tangents[a, k] + v * tangents[b, k] + w * tangents[c, k]
                    tone = 1 - 0.22 * look[2] * bent(n, side, ray, length, one)
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
                    sx, sy, sz = on_map(to_shadow, wx, wy, wz)
                    through = lit(shadow, sx, sy, sz, 7.0, turn)
                direct, shine, fuzz = answers(
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
            out[row, column, 0] = np.uint8(coded(red / many) + 0.5)
            out[row, column, 1] = np.uint8(coded(green / many) + 0.5)
            out[row, column, 2] = np.uint8(coded(blue / many) + 0.5)
    return out
