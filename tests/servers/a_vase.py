"""Splats in the shape of a vase, as a browser's tests show them."""

from __future__ import annotations

import numpy as np

from stitchsketch_kernel.visualization.splat.splats import Splats


def vase(count=6000) -> Splats:
    """Discs on an upright shape, red on one side, striped in height, brighter seen from above."""
    rng = np.random.default_rng(8)
    around, up = rng.uniform(0, 2 * np.pi, count), rng.uniform(0, 0.8, count)
    wide = 0.2 + 0.08 * np.sin(9 * up)
    means = np.column_stack([wide * np.cos(around), wide * np.sin(around), up])
    sh = np.zeros((count, 4, 3))
    sh[:, 0, 0] = np.where(means[:, 0] > 0, 1.2, -0.8)
    sh[:, 0, 1] = 0.8 * np.sin(30 * up)
    sh[:, 2] = -0.3
    scales = np.log(np.tile([0.012, 0.012, 0.002], (count, 1)))
    half = around / 2
    upright = np.sqrt(0.5)  # z turned to x, and then round
    quats = upright * np.column_stack([np.cos(half), -np.sin(half), np.cos(half), np.sin(half)])
    return Splats(means, scales, quats, np.full(count, 2.0), sh).as_type(np.float32)
