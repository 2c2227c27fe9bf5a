"""Splats are drawn as the sum that they stand for, and every gradient is the true one."""

from __future__ import annotations

import importlib.util
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from stitchsketch_kernel.domain.photo import Camera, View
from stitchsketch_kernel.visualization.splat.loss import loss
from stitchsketch_kernel.visualization.splat.render import drawn, gradients
from stitchsketch_kernel.visualization.splat.splats import SH_0, SH_1, Splats

_SPEC = importlib.util.spec_from_file_location(
    "splat_scenes", Path(__file__).with_name("conftest.py")
)
scenes = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(scenes)

VIEW = View(
    "a", Camera(40, 34, 45.0, 47.0, 19.0, 18.0),
    Rotation.from_euler("xyz", [0.3, 0.2, 0.1]).as_matrix(), np.array([0.05, -0.02, 1.3]),
)  # fmt: skip
GAIN, PAPER = np.array([1.1, 0.9, 1.0]), np.array([0.2, 0.5, 0.7])


def told(splats: Splats, photo: np.ndarray):
    made = drawn(splats, VIEW)
    value, of_image = loss(made.image * GAIN + made.clear[..., None] * PAPER, photo)
    return made, value, of_image


@pytest.mark.parametrize("name", [field.name for field in fields(Splats)])
def test_every_gradient_is_that_of_small_steps(name):
    splats = scenes.some_splats()
    photo = np.random.default_rng(2).uniform(0, 1, (34, 40, 3))
    made, _, of_image = told(splats, photo)
    found, _ = gradients(splats, VIEW, made, of_image * GAIN, of_image @ PAPER)
    values, step = getattr(splats, name), 1e-6
    true = np.zeros_like(values)
    for at in np.ndindex(values.shape):
        kept = values[at]
        values[at] = kept + step
        more = told(splats, photo)[1]
        values[at] = kept - step
        less = told(splats, photo)[1]
        values[at] = kept
        true[at] = (more - less) / (2 * step)
    assert np.abs(true).max() > 1e-4
    assert np.abs(getattr(found, name) - true).max() < 1e-8


def test_pixels_are_the_blend_that_the_formula_says():
    """Slowly and by matrices, pixel by pixel: the same picture."""
    splats = scenes.some_splats(12, seed=5)
    made = drawn(splats, VIEW)
    in_camera = splats.means_m @ VIEW.rotation.T + VIEW.translation
    lens = VIEW.camera
    y, x = np.mgrid[0:34, 0:40] + 0.5
    image, clear = np.zeros((34, 40, 3)), np.ones((34, 40))
    for i in np.argsort(in_camera[:, 2]):
        px, py, pz = in_camera[i]
        turn = Rotation.from_quat(splats.quats[i], scalar_first=True).as_matrix()
        axes = turn * np.exp(splats.log_scales[i])
        J = np.array([[lens.fx / pz, 0, -lens.fx * px / pz**2],
                      [0, lens.fy / pz, -lens.fy * py / pz**2]]) @ VIEW.rotation  # fmt: skip
        K = np.linalg.inv(J @ axes @ axes.T @ J.T + 0.3 * np.eye(2))
        d = np.stack([x - lens.fx * px / pz - lens.cx, y - lens.fy * py / pz - lens.cy], -1)
        alpha = np.exp(-0.5 * np.einsum("hwi,ij,hwj->hw", d, K, d)) / (
            1 + np.exp(-splats.opacity_logits[i])
        )
        alpha = np.where(alpha < 1 / 255, 0, np.minimum(alpha, 0.995))
        way = splats.means_m[i] - VIEW.centre
        way /= np.linalg.norm(way)
        sh = splats.sh[i]
        color = 0.5 + SH_0 * sh[0] + SH_1 * (-way[1] * sh[1] + way[2] * sh[2] - way[0] * sh[3])
        image += (clear * alpha)[..., None] * np.maximum(color, 0)
        clear *= 1 - alpha
    assert clear.min() < 0.2
    assert np.abs(made.image - image).max() < 2e-3  # light below a thousandth isn't followed
    assert np.abs(made.clear - clear).max() < 1e-3
