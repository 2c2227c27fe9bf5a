"""Stills of the furniture in a studio: one camera, a key light, light from all round, a floor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stitchsketch_kernel.domain.arrays import AnyArray, FloatArray, ImageArray
from stitchsketch_kernel.domain.marker import Fabric
from stitchsketch_kernel.domain.prototype import ClothTile
from stitchsketch_kernel.visualization.cover.raster import nearest_faces
from stitchsketch_kernel.visualization.cover.scene import Covered, Levels, levels_of
from stitchsketch_kernel.visualization.cover.shade import shaded

SIZE_PX = (1280, 960)
#: Samples a pixel, along each side.
_OVER = 2
_SHADOW_PX = 1024
#: Of all points, so many are asked whether the picture holds them; and what is left round them.
_FITTED, _MARGIN = 4000, 1.1
_VIEW_DEG, _LIFT_DEG = 30.0, 17.0
#: Towards the key light, as the camera sees it: from the left, from above, from behind the camera.
_KEY = np.array([-0.55, 0.85, 0.75])
_KEY_COLOR, _SKY, _GROUND = (0.62, 0.60, 0.57), (0.50, 0.52, 0.55), (0.26, 0.24, 0.22)
_PAPER = (0.80, 0.79, 0.77)


@dataclass(frozen=True)
class Dress:
    """What a cloth is to the camera: its tile in levels, its texture coordinates on the mesh."""

    levels: Levels
    uv: AnyArray
    look: AnyArray

    @classmethod
    def of(cls, covered: Covered, tile: ClothTile, fabric: Fabric) -> Dress:
        """The cloth of a fabric on a covered mesh."""
        look = np.array([tile.roughness, tile.sheen, float(tile.nap)])
        uv = tile.uv(covered.roll_mm, fabric).astype(np.float32)
        return cls(levels_of(tile), uv, look)

    @classmethod
    def none(cls, covered: Covered) -> Dress:
        """For a mesh that has its own colours alone."""
        gray = np.full((1, 5), 128, dtype=np.uint8)
        uv = np.zeros((len(covered.points_m), 2), dtype=np.float32)
        return cls(Levels(gray, np.array([[0, 1, 1]], np.int32)), uv, np.array([0.9, 0.0, 0.0]))


def still(
    covered: Covered,
    dress: Dress,
    azimuth_deg: float = 25.0,
    size_px: tuple[int, int] = SIZE_PX,
    lift_deg: float = _LIFT_DEG,
) -> ImageArray:
    """A picture, (h, w, 3).

    Parameters
    ----------
    covered : Covered
    dress : Dress
        Its cloth.
    azimuth_deg : float
        How far round the camera stands: 0 looks along +y onto the front, 90 onto the side at +x.
        The lamps go with it, as if the furniture turned.
    size_px : (int, int)
        Width and height.
    lift_deg : float
        How far above the horizon it stands.
    """
    eye, axes, lens = _camera(covered.points_m, azimuth_deg, lift_deg, size_px)
    offset = covered.points_m - eye
    seen = offset @ axes.T
    near = np.where(seen[:, 2] > 1e-3, 1 / np.maximum(seen[:, 2], 1e-3), np.nan)
    at_px = seen[:, :2] * near[:, None] * lens[0] + lens[1:]
    at_px, near = at_px.astype(np.float32), near.astype(np.float32)
    width, height = size_px[0] * _OVER, size_px[1] * _OVER
    face, _ = nearest_faces(at_px, near, covered.faces, width, height)
    key = _KEY[0] * axes[0] - _KEY[1] * axes[1] - _KEY[2] * axes[2]
    key = key / np.linalg.norm(key)
    shadow, to_shadow = _shadow(covered, key)
    return np.asarray(
        shaded(
            face, at_px, near, covered.faces, covered.points_m, covered.normals,
            covered.tangents, dress.uv, covered.open_to, covered.own, covered.cloth,
            dress.levels.tile, dress.levels.levels, dress.look, eye, axes, lens,
            np.array([key, _KEY_COLOR, _SKY, _GROUND]), shadow, to_shadow, covered.floor,
            covered.floor_box, np.array(_PAPER), _OVER,
        )
    )  # fmt: skip


def _camera(
    points: FloatArray, azimuth_deg: float, lift_deg: float, size_px: tuple[int, int]
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Eye, axes (right, down, ahead) and lens; far enough to see all of it from every side."""
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    half = np.tan(np.deg2rad(_VIEW_DEG) / 2)
    away = _far_enough(points - middle, lift_deg, half, half * size_px[0] / size_px[1])
    axes = _axes(azimuth_deg, lift_deg)
    focal = size_px[1] * _OVER / 2 / half
    lens = np.array([focal, size_px[0] * _OVER / 2, size_px[1] * _OVER / 2])
    return middle - away * axes[2], axes, lens


def _axes(azimuth_deg: float, lift_deg: float) -> FloatArray:
    """The camera's right, down and ahead."""
    around, lift = np.deg2rad([azimuth_deg, lift_deg])
    ahead = np.array([-np.sin(around) * np.cos(lift), np.cos(around) * np.cos(lift), -np.sin(lift)])
    right = np.array([np.cos(around), np.sin(around), 0.0])
    return np.stack([right, np.cross(ahead, right), ahead])


def _far_enough(points: FloatArray, lift_deg: float, tall: float, wide: float) -> float:
    """From how far all points are seen, whichever way round the camera stands."""
    some = points[:: max(1, len(points) // _FITTED)]
    need = 0.0
    for azimuth in range(0, 360, 15):
        x, y, z = (some @ _axes(azimuth, lift_deg).T).T
        need = max(need, float((np.maximum(np.abs(x) / wide, np.abs(y) / tall) - z).max()))
    return _MARGIN * need


def _shadow(covered: Covered, key: FloatArray) -> tuple[AnyArray, AnyArray]:
    """How near to the key light each first surface is, and the way from points to that map."""
    right = np.cross(key, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    axes = np.stack([right, np.cross(key, right), key])
    seen = covered.points_m @ axes.T
    low, high = seen.min(axis=0), seen.max(axis=0)
    scale = (_SHADOW_PX - 4) / float(max(high[:2] - low[:2]))
    shift = _SHADOW_PX / 2 - scale * (low + high)[:2] / 2
    at_px = (seen[:, :2] * scale + shift).astype(np.float32)
    _, near = nearest_faces(
        at_px, seen[:, 2].astype(np.float32), covered.faces, _SHADOW_PX, _SHADOW_PX
    )
    to_shadow = np.zeros((3, 4))
    to_shadow[:2, :3] = scale * axes[:2]
    to_shadow[:2, 3] = shift
    to_shadow[2, :3] = key
    return near, to_shadow
