"""The model: cameras, points, scale, and the metric mesh (metres, z up, floor at 0)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray, ImageArray, IntArray
from stitchsketch_kernel.domain.photo import View

ScaleMethod = Literal["mat", "board", "two_points", "none"]


@dataclass(frozen=True)
class SparseModel:
    """What structure from motion gives.

    Attributes
    ----------
    views : tuple of View
    points : ndarray, shape (n, 3)
        Triangulated points, in the model's units.
    colors : ndarray of uint8, shape (n, 3)
    point_views : tuple of ndarray of int32
        For each point the indices into `views` that see it.
    left_out : tuple of str
        Names of photos that could not be placed.
    reprojection_px : float
        Mean reprojection error.
    """

    views: tuple[View, ...]
    points: FloatArray
    colors: ImageArray
    point_views: tuple[IntArray, ...]
    left_out: tuple[str, ...] = ()
    reprojection_px: float = float("nan")


@dataclass(frozen=True)
class Similarity:
    """``x_metric = scale * rotation @ x + translation``."""

    scale: float
    rotation: FloatArray
    translation: FloatArray

    def apply(self, points: FloatArray) -> FloatArray:
        """Transform points, shape (n, 3)."""
        return np.asarray(self.scale * points @ self.rotation.T + self.translation)

    def apply_view(self, view: View) -> View:
        """The same view in the transformed world."""
        rotation = view.rotation @ self.rotation.T
        translation = self.scale * view.translation - rotation @ self.translation
        return View(view.name, view.camera, rotation, translation)


@dataclass(frozen=True)
class Motion:
    """How a piece was moved between two sessions: from the second one's world to the first one's.

    Attributes
    ----------
    similarity : Similarity
        Of scale 1: both worlds are metric.
    first_m, second_m : ndarray, shape (n, 3)
        Spots of the piece that it was taken from, each in its session's own world.
    residual_mm : float
        RMS of how far they lie apart once moved.
    sigma_mm : float
        Standard deviation, in each direction, of where it puts the piece (RMS over its points).
    photos : tuple of str
        Of the second session.
    """

    similarity: Similarity
    first_m: FloatArray = field(repr=False)
    second_m: FloatArray = field(repr=False)
    residual_mm: float
    sigma_mm: float
    photos: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Scale:
    """How long a unit of the model is, how that is known, and how surely.

    Attributes
    ----------
    method : {"mat", "board", "two_points", "none"}
        ``none``: the model is unscaled and no cut file may be written.
    metres_per_unit : float
    residual_mm : float
        RMS of the known points' distances to where the fit puts them.
    uncertainty_percent : float
        Half-width of the 95 % interval of `metres_per_unit`.
    references : int
        How many known distances or mat tags were used.
    notes : tuple of str
        Sentences for the report.
    """

    method: ScaleMethod
    metres_per_unit: float
    residual_mm: float
    uncertainty_percent: float
    references: int
    notes: tuple[str, ...] = ()

    @property
    def is_metric(self) -> bool:
        """Whether lengths may be believed at all."""
        return self.method != "none"


@dataclass(frozen=True)
class Mesh:
    """A triangle mesh.

    Attributes
    ----------
    vertices : ndarray, shape (n, 3)
        Metres (z up, floor at 0) once scaled.
    faces : ndarray of int32, shape (m, 3)
        Counter-clockwise seen from outside.
    colors : ndarray of uint8, shape (n, 3), or None
    confidence : ndarray, shape (n,), or None
        0 (nothing seen here: a guess) to 1 (seen well by many views).
    """

    vertices: FloatArray
    faces: IntArray
    colors: ImageArray | None = None
    confidence: FloatArray | None = None

    def __post_init__(self) -> None:
        if self.vertices.ndim != 2 or self.vertices.shape[1] != 3:
            raise ValueError(f"vertices must be (n, 3), not {self.vertices.shape}")
        if self.faces.ndim != 2 or self.faces.shape[1] != 3:
            raise ValueError(f"faces must be (m, 3), not {self.faces.shape}")
        for name in ("colors", "confidence"):
            extra = getattr(self, name)
            if extra is not None and len(extra) != len(self.vertices):
                raise ValueError(f"{name} has {len(extra)} rows, vertices {len(self.vertices)}")

    def face_normals(self) -> FloatArray:
        """Unit normals (m, 3); zero for degenerate faces."""
        a, b, c = (self.vertices[self.faces[:, i]] for i in range(3))
        normals = np.cross(b - a, c - a)
        lengths = np.linalg.norm(normals, axis=1, keepdims=True)
        return normals / np.where(lengths > 0, lengths, 1.0)

    def face_areas(self) -> FloatArray:
        """Areas (m,), square metres once scaled."""
        a, b, c = (self.vertices[self.faces[:, i]] for i in range(3))
        return np.asarray(0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=1))


@dataclass(frozen=True)
class Depth:
    """A depth map of one undistorted view, and how far each pixel is to be believed.

    Attributes
    ----------
    view : View
        Its camera has no distortion and the size of the map.
    depth_m : ndarray of float32, shape (h, w)
        Along the camera's z; 0 where nothing is known.
    confidence : ndarray of float32, shape (h, w)
        0 to 1.
    """

    view: View
    depth_m: np.ndarray = field(repr=False)
    confidence: np.ndarray = field(repr=False)


@dataclass(frozen=True)
class Region:
    """The upright box around the furniture, metres in the model's world (z up, floor at 0)."""

    low_m: FloatArray
    high_m: FloatArray

    def contains(self, points_m: FloatArray) -> np.ndarray:
        """Which of the points (n, 3) lie inside, shape (n,)."""
        return np.asarray(((points_m >= self.low_m) & (points_m <= self.high_m)).all(axis=1))


@dataclass(frozen=True)
class Mirror:
    """A mirror in the room: behind it the photos show once more what stands before it.

    Attributes
    ----------
    point_m : ndarray, shape (3,)
        On the glass, in the model's world.
    normal : ndarray, shape (3,)
        Of unit length, into the room.
    photos : tuple of str
        Those that show the piece or its mats in it, sorted.
    """

    point_m: FloatArray
    normal: FloatArray
    photos: tuple[str, ...]

    def beyond(self, points_m: FloatArray) -> np.ndarray:
        """How far points (..., 3) lie behind the glass, metres; below 0 before it."""
        return np.asarray((self.point_m - points_m) @ self.normal)
