"""Splats turned in space, their colours' directions with them."""

from __future__ import annotations

import numpy as np

from stitchsketch_kernel.domain.arrays import AnyArray, FloatArray
from stitchsketch_kernel.visualization.splat.splats import SH_0, SH_1, Splats

#: World with z up to right, up, back (y up), as SPZ and three.js have it.
TO_RUB = np.array([[1.0, 0, 0], [0, 0, 1.0], [0, -1.0, 0]])


def turned(splats: Splats, rotation: FloatArray) -> Splats:
    """All splats after a rotation (3, 3) about the origin."""
    sh = splats.sh.copy()
    for degree in range(1, round(np.sqrt(sh.shape[1]))):
        band = slice(degree**2, (degree + 1) ** 2)
        D = _band(rotation, degree).astype(sh.dtype)
        sh[:, band] = np.einsum("ij,njc->nic", D, sh[:, band])
    return Splats(
        (splats.means_m @ rotation.T).astype(splats.means_m.dtype), splats.log_scales.copy(),
        _times(rotation, splats.quats), splats.opacity_logits.copy(), sh,
    )  # fmt: skip


def harmonics(directions: FloatArray, degree: int) -> FloatArray:
    """The real spherical harmonics up to `degree` (at most 3) of unit directions, (n, k).

    Order and signs of Kerbl et al. (2023).
    """
    x, y, z = directions.T
    rows = [np.full(len(x), SH_0), -SH_1 * y, SH_1 * z, -SH_1 * x]
    if degree > 1:
        a = 1.0925484305920792
        rows += [
            a * x * y, -a * y * z, 0.31539156525252005 * (2 * z * z - x * x - y * y), -a * x * z,
            0.5 * a * (x * x - y * y),
        ]  # fmt: skip
    if degree > 2:
        a, b, c = 0.5900435899266435, 2.890611442640554, 0.4570457994644658
        rows += [
            -a * y * (3 * x * x - y * y), b * x * y * z, -c * y * (4 * z * z - x * x - y * y),
            0.3731763325901154 * z * (2 * z * z - 3 * x * x - 3 * y * y),
            -c * x * (4 * z * z - x * x - y * y), 0.5 * b * z * (x * x - y * y),
            -a * x * (x * x - 3 * y * y),
        ]  # fmt: skip
    return np.stack(rows[: (degree + 1) ** 2], axis=1)


def _band(rotation: FloatArray, degree: int) -> FloatArray:
    """How a band's parts mix when space is turned: what looks from R d as before from d."""
    rng = np.random.default_rng(0)
    d = rng.normal(size=(64, 3))
    d /= np.linalg.norm(d, axis=1, keepdims=True)
    band = slice(degree**2, (degree + 1) ** 2)
    before, after = harmonics(d, degree)[:, band], harmonics(d @ rotation.T, degree)[:, band]
    return np.asarray(np.linalg.lstsq(after, before, rcond=None)[0])


def _times(rotation: FloatArray, quats: AnyArray) -> AnyArray:
    from scipy.spatial.transform import Rotation

    whole = Rotation.from_matrix(rotation) * Rotation.from_quat(quats, scalar_first=True)
    return np.asarray(whole.as_quat(scalar_first=True), dtype=quats.dtype)
