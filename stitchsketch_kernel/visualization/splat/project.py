"""Gaussians in space to ellipses in a picture, and the way back for gradients.

Formulas: Zwicker et al., *EWA splatting* (2002); Kerbl et al., *3D Gaussian splatting* (2023).
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from stitchsketch_kernel.domain.arrays import AnyArray
from stitchsketch_kernel.visualization.splat.splats import SH_0, SH_1

#: Nearer than this to the camera nothing is drawn, metres.
NEAR_M = 0.05
#: Added to an ellipse's variance, square pixels: what is smaller than a pixel still meets one.
BLUR_PX2 = 0.3
#: Fainter than this a splat leaves no trace in 8 bits.
FAINTEST = 1 / 255
#: Middles further out than this share of the picture's half width are not drawn.
_WIDE = 1.6


@njit(cache=True, nogil=True, inline="always")
def _axes(q0: float, q1: float, q2: float, q3: float, turn: AnyArray) -> float:
    """The rotation of a quaternion into `turn` (3, 3); the quaternion's length."""
    n = math.sqrt(q0 * q0 + q1 * q1 + q2 * q2 + q3 * q3)
    w, x, y, z = q0 / n, q1 / n, q2 / n, q3 / n
    turn[0, 0] = 1 - 2 * (y * y + z * z)
    turn[0, 1] = 2 * (x * y - w * z)
    turn[0, 2] = 2 * (x * z + w * y)
    turn[1, 0] = 2 * (x * y + w * z)
    turn[1, 1] = 1 - 2 * (x * x + z * z)
    turn[1, 2] = 2 * (y * z - w * x)
    turn[2, 0] = 2 * (x * z - w * y)
    turn[2, 1] = 2 * (y * z + w * x)
    turn[2, 2] = 1 - 2 * (x * x + y * y)
    return n


@njit(cache=True, nogil=True)
def project(
    means: AnyArray,
    log_scales: AnyArray,
    quats: AnyArray,
    logits: AnyArray,
    sh: AnyArray,
    R: AnyArray,
    t: AnyArray,
    lens: AnyArray,
    width: int,
    height: int,
    shapes: AnyArray,
    reach: AnyArray,
    begin: int,
    end: int,
) -> None:
    """Fill rows `begin` to `end` of `shapes` (n, 10) and `reach` (n, 2) for a view.

    Parameters
    ----------
    R, t : ndarray of float64
        World to camera.
    lens : ndarray of float64, shape (6,)
        fx, fy, cx, cy, what is added to an ellipse's variance (`BLUR_PX2`), and how wide the pixel
        is that this was learnt for, metres: where a pixel shows less, more is added.
    shapes : ndarray, shape (n, 10)
        u, v, the ellipse's inverse covariance as ``-A/2, -B, -C/2`` (what the exponent takes),
        opacity, red, green, blue, depth.
    reach : ndarray, shape (n, 2)
        Half width and half height in pixels of where it shows; 0 where it is not seen.
    """  # fmt: skip
    fx, fy, cx, cy = lens[0], lens[1], lens[2], lens[3]
    eye = -(R.T @ t)
    for i in range(begin, end):
        reach[i, 0] = 0
        reach[i, 1] = 0
        m0, m1, m2 = means[i, 0], means[i, 1], means[i, 2]
        x = R[0, 0] * m0 + R[0, 1] * m1 + R[0, 2] * m2 + t[0]
        y = R[1, 0] * m0 + R[1, 1] * m1 + R[1, 2] * m2 + t[1]
        z = R[2, 0] * m0 + R[2, 1] * m1 + R[2, 2] * m2 + t[2]
        if z < NEAR_M:
            continue
        u, v = fx * x / z + cx, fy * y / z + cy
        if abs(u - 0.5 * width) > _WIDE * width or abs(v - 0.5 * height) > _WIDE * height:
            continue
        turn = np.empty((3, 3))
        _axes(quats[i, 0], quats[i, 1], quats[i, 2], quats[i, 3], turn)
        jx, jy = fx / z, fy / z
        kx, ky = -fx * x / (z * z), -fy * y / (z * z)
        grown = max(1.0, jx * lens[5])
        a, b, c = lens[4] * grown * grown, 0.0, lens[4] * grown * grown
        for j in range(3):
            s = math.exp(log_scales[i, j])
            # the axis in the camera, then in the picture
            ax = s * (R[0, 0] * turn[0, j] + R[0, 1] * turn[1, j] + R[0, 2] * turn[2, j])
            ay = s * (R[1, 0] * turn[0, j] + R[1, 1] * turn[1, j] + R[1, 2] * turn[2, j])
            az = s * (R[2, 0] * turn[0, j] + R[2, 1] * turn[1, j] + R[2, 2] * turn[2, j])
            px, py = jx * ax + kx * az, jy * ay + ky * az
            a += px * px
            b += px * py
            c += py * py
        det = a * c - b * b
        opacity = 1 / (1 + math.exp(-logits[i]))
        if opacity <= FAINTEST or det <= 0:
            continue
        q = 2 * math.log(opacity / FAINTEST)
        half_w, half_h = math.sqrt(q * a), math.sqrt(q * c)
        if u + half_w < 0 or u - half_w > width or v + half_h < 0 or v - half_h > height:
            continue
        reach[i, 0] = half_w
        reach[i, 1] = half_h
        shapes[i, 0], shapes[i, 1] = u, v
        shapes[i, 2], shapes[i, 3], shapes[i, 4] = -0.5 * c / det, b / det, -0.5 * a / det
        shapes[i, 5] = opacity
        shapes[i, 9] = z
        d0, d1, d2 = m0 - eye[0], m1 - eye[1], m2 - eye[2]
        n = math.sqrt(d0 * d0 + d1 * d1 + d2 * d2)
        d0, d1, d2 = d0 / n, d1 / n, d2 / n
        for k in range(3):
            value = 0.5 + SH_0 * sh[i, 0, k]
            if sh.shape[1] > 1:
                value += SH_1 * (-d1 * sh[i, 1, k] + d2 * sh[i, 2, k] - d0 * sh[i, 3, k])
            shapes[i, 6 + k] = max(value, 0.0)


@njit(cache=True, nogil=True)
def project_back(
    means: AnyArray,
    log_scales: AnyArray,
    quats: AnyArray,
    sh: AnyArray,
    R: AnyArray,
    t: AnyArray,
    lens: AnyArray,
    shapes: AnyArray,
    seen: AnyArray,
    of_shapes: AnyArray,
    of_means: AnyArray,
    of_scales: AnyArray,
    of_quats: AnyArray,
    of_logits: AnyArray,
    of_sh: AnyArray,
    begin: int,
    end: int,
) -> None:
    """Gradients of what was projected, from those of the ellipses, rows `begin` to `end`.

    Parameters
    ----------
    seen : ndarray of bool, shape (n,)
        Others' gradients are left as they are.
    of_shapes : ndarray, shape (n, 9)
        With respect to ``u, v, A, B, C`` (the inverse covariance itself), opacity and colour.
    of_means, of_scales, of_quats, of_logits, of_sh : ndarray
        Filled for those seen.
    """  # fmt: skip
    fx, fy = lens[0], lens[1]
    eye = -(R.T @ t)
    for i in range(begin, end):
        if not seen[i]:
            continue
        m0, m1, m2 = means[i, 0], means[i, 1], means[i, 2]
        x = R[0, 0] * m0 + R[0, 1] * m1 + R[0, 2] * m2 + t[0]
        y = R[1, 0] * m0 + R[1, 1] * m1 + R[1, 2] * m2 + t[1]
        z = R[2, 0] * m0 + R[2, 1] * m1 + R[2, 2] * m2 + t[2]
        # the covariance's gradient: -K G K, K the inverse covariance
        A, B, C = -2 * shapes[i, 2], -shapes[i, 3], -2 * shapes[i, 4]
        gA, gB, gC = of_shapes[i, 2], 0.5 * of_shapes[i, 3], of_shapes[i, 4]
        p, q, r, s = A * gA + B * gB, A * gB + B * gC, B * gA + C * gB, B * gB + C * gC
        ga, gb, gc = -(p * A + q * B), -(p * B + q * C), -(r * B + s * C)
        turn, of_turn = np.empty((3, 3)), np.empty((3, 3))
        n = _axes(quats[i, 0], quats[i, 1], quats[i, 2], quats[i, 3], turn)
        jx, jy = fx / z, fy / z
        kx, ky = -fx * x / (z * z), -fy * y / (z * z)
        of_jx, of_jy, of_kx, of_ky = 0.0, 0.0, 0.0, 0.0
        for j in range(3):
            size = math.exp(log_scales[i, j])
            ax = size * (R[0, 0] * turn[0, j] + R[0, 1] * turn[1, j] + R[0, 2] * turn[2, j])
            ay = size * (R[1, 0] * turn[0, j] + R[1, 1] * turn[1, j] + R[1, 2] * turn[2, j])
            az = size * (R[2, 0] * turn[0, j] + R[2, 1] * turn[1, j] + R[2, 2] * turn[2, j])
            px, py = jx * ax + kx * az, jy * ay + ky * az
            gx, gy = 2 * (ga * px + gb * py), 2 * (gb * px + gc * py)
            of_jx += gx * ax
            of_kx += gx * az
            of_jy += gy * ay
            of_ky += gy * az
            cx, cy, cz = gx * jx, gy * jy, gx * kx + gy * ky
            of_size = 0.0
            for k in range(3):
                of_turn[k, j] = size * (R[0, k] * cx + R[1, k] * cy + R[2, k] * cz)
                of_size += of_turn[k, j] * turn[k, j]
            of_scales[i, j] = of_size
        gu, gv = of_shapes[i, 0], of_shapes[i, 1]
        z2 = z * z
        px = gu * jx - of_kx * fx / z2
        py = gv * jy - of_ky * fy / z2
        pz = (
            gu * kx + gv * ky - (of_jx * fx + of_jy * fy) / z2
            - 2 * (of_kx * kx + of_ky * ky) / z
        )  # fmt: skip
        for k in range(3):
            of_means[i, k] = R[0, k] * px + R[1, k] * py + R[2, k] * pz
        opacity = shapes[i, 5]
        of_logits[i] = of_shapes[i, 5] * opacity * (1 - opacity)
        _turn_back(i, quats, n, of_turn, of_quats)
        _color_back(i, m0 - eye[0], m1 - eye[1], m2 - eye[2], sh, shapes, of_shapes, of_sh,
                    of_means)  # fmt: skip


@njit(cache=True, nogil=True, inline="always")
def _turn_back(i: int, quats: AnyArray, n: float, g: AnyArray, of_quats: AnyArray) -> None:
    w, x, y, z = quats[i, 0] / n, quats[i, 1] / n, quats[i, 2] / n, quats[i, 3] / n
    gw = 2 * (x * (g[2, 1] - g[1, 2]) + y * (g[0, 2] - g[2, 0]) + z * (g[1, 0] - g[0, 1]))
    gx = 2 * (
        y * (g[0, 1] + g[1, 0]) + z * (g[0, 2] + g[2, 0]) + w * (g[2, 1] - g[1, 2])
        - 2 * x * (g[1, 1] + g[2, 2])
    )  # fmt: skip
    gy = 2 * (
        x * (g[0, 1] + g[1, 0]) + z * (g[1, 2] + g[2, 1]) + w * (g[0, 2] - g[2, 0])
        - 2 * y * (g[0, 0] + g[2, 2])
    )  # fmt: skip
    gz = 2 * (
        x * (g[0, 2] + g[2, 0]) + y * (g[1, 2] + g[2, 1]) + w * (g[1, 0] - g[0, 1])
        - 2 * z * (g[0, 0] + g[1, 1])
    )  # fmt: skip
    along = gw * w + gx * x + gy * y + gz * z
    of_quats[i, 0] = (gw - along * w) / n
    of_quats[i, 1] = (gx - along * x) / n
    of_quats[i, 2] = (gy - along * y) / n
    of_quats[i, 3] = (gz - along * z) / n


@njit(cache=True, nogil=True, inline="always")
def _color_back(
    i: int, d0: float, d1: float, d2: float, sh: AnyArray, shapes: AnyArray,
    of_shapes: AnyArray, of_sh: AnyArray, of_means: AnyArray,
) -> None:  # fmt: skip
    n = math.sqrt(d0 * d0 + d1 * d1 + d2 * d2)
    d0, d1, d2 = d0 / n, d1 / n, d2 / n
    g0, g1, g2 = 0.0, 0.0, 0.0
    for k in range(3):
        g = of_shapes[i, 6 + k] if shapes[i, 6 + k] > 0 else 0.0
        of_sh[i, 0, k] = SH_0 * g
        if sh.shape[1] > 1:
            of_sh[i, 1, k] = -SH_1 * d1 * g
            of_sh[i, 2, k] = SH_1 * d2 * g
            of_sh[i, 3, k] = -SH_1 * d0 * g
            g0 -= SH_1 * g * sh[i, 3, k]
            g1 -= SH_1 * g * sh[i, 1, k]
            g2 += SH_1 * g * sh[i, 2, k]
    along = g0 * d0 + g1 * d1 + g2 * d2
    of_means[i, 0] += (g0 - along * d0) / n
    of_means[i, 1] += (g1 - along * d1) / n
    of_means[i, 2] += (g2 - along * d2) / n
