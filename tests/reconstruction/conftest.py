"""A ball on a floor, both of speckled cloth: seen exactly, from anywhere, without any file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from stitchsketch_kernel.domain.model import Depth, SparseModel
from stitchsketch_kernel.domain.photo import Camera, Photo, View

CAMERA = Camera(640, 480, 560.0, 560.0, 322.5, 238.0, -0.06, 0.015)


@dataclass(frozen=True)
class Ball:
    """The world: floor at 0, a ball that stands on it without touching the box's sides."""

    centre: tuple[float, float, float] = (0.0, 0.0, 0.3)
    radius: float = 0.25
    camera: Camera = CAMERA

    def look(self, name: str, turn_deg: float, height: float = 0.9, away: float = 1.3) -> View:
        """A view of the ball from `turn_deg` round it."""
        turn = np.deg2rad(turn_deg)
        eye = np.array([away * np.sin(turn), -away * np.cos(turn), height])
        forward = np.array(self.centre) - [0, 0, 0.1] - eye
        forward /= np.linalg.norm(forward)
        right = np.cross(forward, [0, 0, 1.0])
        right /= np.linalg.norm(right)
        rotation = np.array([right, np.cross(forward, right), forward])
        return View(name, self.camera, rotation, -rotation @ eye)

    def ring(self, count: int, step_deg: float) -> tuple[View, ...]:
        """Views step by step round the ball, every other one from higher up."""
        return tuple(
            self.look(f"{i:02d}.png", i * step_deg, 0.75 + 0.3 * (i % 2)) for i in range(count)
        )

    def seen(self, view: View) -> tuple[np.ndarray, np.ndarray]:
        """World points (h, w, 3) behind each pixel, and their depth along z (h, w)."""
        h, w = view.camera.height_px, view.camera.width_px
        u, v = np.meshgrid(np.arange(w) + 0.5, np.arange(h) + 0.5)
        rays = view.camera.rays_from_pixels(np.column_stack([u.ravel(), v.ravel()]))
        world = rays @ view.rotation
        with np.errstate(divide="ignore"):
            floor = np.where(world[:, 2] < 0, -view.centre[2] / world[:, 2], np.inf)
        to_eye = view.centre - np.array(self.centre)
        a, b = (world**2).sum(axis=1), world @ to_eye
        root = b**2 - a * (to_eye @ to_eye - self.radius**2)
        ball = np.where(root > 0, (-b - np.sqrt(np.maximum(root, 0))) / a, np.inf)
        depth = np.minimum(floor, np.where(ball > 0, ball, np.inf))
        depth = np.where(depth < 20, depth, 20.0)
        return (view.centre + world * depth[:, None]).reshape(h, w, 3), depth.reshape(h, w)

    def picture(self, view: View) -> np.ndarray:
        """The photo (h, w, 3), RGB; the ball is redder than the floor."""
        points, _ = self.seen(view)
        speckle = sum(
            share * _noise(points.reshape(-1, 3) * scale)
            for share, scale in ((0.35, 35.0), (0.4, 90.0), (0.25, 220.0))
        ).reshape(points.shape[:2])
        on_ball = np.linalg.norm(points - self.centre, axis=-1) < self.radius + 1e-6
        tint = np.where(on_ball[..., None], [1.0, 0.75, 0.5], [0.6, 0.8, 0.9])
        return np.clip(20 + 215 * speckle[..., None] * tint, 0, 255).astype(np.uint8)

    def depth(self, view: View) -> Depth:
        """The exact depth map of the view, its lens without distortion."""
        plain = replace(view, camera=replace(view.camera, k1=0.0, k2=0.0))
        depth = self.seen(plain)[1].astype(np.float32)
        depth[depth >= 20] = 0
        return Depth(plain, depth, (depth > 0).astype(np.float32))

    def model(self, views: tuple[View, ...], count: int = 4000) -> SparseModel:
        """A sparse model with points on ball and floor, each seen by all views."""
        rng = np.random.default_rng(3)
        ball = rng.standard_normal((count // 2, 3))
        ball = self.centre + self.radius * ball / np.linalg.norm(ball, axis=1, keepdims=True)
        floor = rng.uniform(-1.5, 1.5, (count // 2, 3)) * [1, 1, 0]
        points = np.concatenate([ball, floor])
        seen = np.arange(len(views), dtype=np.int32)
        return SparseModel(views, points, np.zeros((len(points), 3), np.uint8), (seen,) * count)


_GRAIN = np.random.default_rng(7).random((32, 32, 32)).astype(np.float32)


def _noise(points: np.ndarray) -> np.ndarray:
    """Smooth noise 0 to 1 at points (n, 3), one grain a unit."""
    return map_coordinates(_GRAIN, points.T % 32, order=1, mode="grid-wrap")


def write_picture(path: Path, picture: np.ndarray) -> Path:
    cv2.imwrite(str(path), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    return path


@pytest.fixture(scope="session")
def ball() -> Ball:
    return Ball()


@pytest.fixture(scope="session")
def ball_views(ball) -> tuple[View, ...]:
    """Ten neighbouring views, 12 degrees apart."""
    return ball.ring(10, 12.0)


@pytest.fixture(scope="session")
def ball_images(ball, ball_views, tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("ball")
    return {v.name: write_picture(folder / v.name, ball.picture(v)) for v in ball_views}


@pytest.fixture(scope="session")
def ball_photos(ball_views, ball_images) -> tuple[Photo, ...]:
    return tuple(
        Photo(v.name, ball_images[v.name], 640, 480, 540.0, v.name, "one lens") for v in ball_views
    )
