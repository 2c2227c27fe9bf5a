"""Surfaces that cloth lies on: profiles drawn out along a line (exactly developable), and a crown.

Each surface maps its flat (millimetres, the cloth's face up, warp along +v) to the world (metres)
and back. For an `Extrusion` the map keeps all lengths: its flat is the exact pattern piece.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, Protocol

import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.model import Similarity
from stitchsketch_kernel.domain.units import MM_PER_M
from stitchsketch_kernel.samples.profile import Line, Profile

MIRROR = np.diag([-1.0, 1.0, 1.0])


class Surface(Protocol):
    """A piece of surface with flat coordinates."""

    @property
    def developable(self) -> bool:
        """Whether the flat keeps all lengths."""

    def world(self, flat_mm: FloatArray) -> FloatArray:
        """Points (n, 3) in metres of flat points (n, 2) in millimetres."""

    def flat(self, world_m: FloatArray) -> FloatArray:
        """Flat points (n, 2) in millimetres of points (n, 3) on the surface, metres."""

    def normals(self, flat_mm: FloatArray) -> FloatArray:
        """Unit normals (n, 3), outwards, at flat points (n, 2)."""

    def placed(self, pose: Similarity) -> Surface:
        """The same surface moved by a rigid `pose`."""


@dataclass(frozen=True)
class Extrusion:
    """A profile drawn out along a straight line.

    Attributes
    ----------
    profile : Profile
        In the plane of the frame's first two directions.
    origin : ndarray, shape (3,)
    frame : ndarray, shape (3, 3)
        Rows: the directions of the profile's a and b, and of the extrusion; orthonormal.
    along : {"u", "v"}
        The flat axis that runs along the extrusion; the other is the profile's length.
    sign : int
        +1 or -1: turns u so that the flat is seen as the cloth's face is seen.
    """

    profile: Profile
    origin: FloatArray
    frame: FloatArray
    along: Literal["u", "v"]
    sign: int

    @classmethod
    def facing(
        cls,
        profile: Profile,
        frame: FloatArray,
        outward: tuple[float, float, float],
        along: Literal["u", "v"] = "u",
    ) -> Extrusion:
        """The extrusion whose normal at the profile's start points to the side of `outward`."""
        surface = cls(profile, np.zeros(3), np.asarray(frame, dtype=float), along, 1)
        right = float(surface.normals(np.zeros((1, 2)))[0] @ np.asarray(outward)) > 0
        return surface if right else replace(surface, sign=-1)

    @property
    def developable(self) -> bool:
        """Always: profile length and extrusion are orthogonal straight coordinates."""
        return True

    def _split(self, flat_mm: FloatArray) -> tuple[FloatArray, FloatArray]:
        u, v = self.sign * flat_mm[:, 0] / MM_PER_M, flat_mm[:, 1] / MM_PER_M
        return (v, u) if self.along == "u" else (u, v)

    def point(self, s: FloatArray, c: FloatArray) -> FloatArray:
        """Points (n, 3) at profile length `s` and extrusion `c`, metres."""
        ab = self.profile.at(s)
        return np.asarray(np.column_stack([ab, c]) @ self.frame + self.origin)

    def world(self, flat_mm: FloatArray) -> FloatArray:
        """Points (n, 3) in metres of flat points (n, 2) in millimetres."""
        return self.point(*self._split(flat_mm))

    def flat(self, world_m: FloatArray) -> FloatArray:
        """Flat points (n, 2) in millimetres of points (n, 3) on the surface, metres."""
        abc = (world_m - self.origin) @ self.frame.T
        s, c = self.profile.nearest(abc[:, :2]), abc[:, 2]
        u, v = (c, s) if self.along == "u" else (s, c)
        return np.column_stack([self.sign * u, v]) * MM_PER_M

    def normals(self, flat_mm: FloatArray) -> FloatArray:
        """Unit normals (n, 3), outwards, at flat points (n, 2)."""
        s, _ = self._split(flat_mm)
        across = self.profile.tangent(s) @ self.frame[:2]
        drawn = np.broadcast_to(self.frame[2], across.shape)
        u, v = (drawn, across) if self.along == "u" else (across, drawn)
        return np.asarray(self.sign * np.cross(u, v))

    def mirrored(self) -> Extrusion:
        """Its mirror image in the plane x = 0; the flat is mirrored too."""
        return replace(
            self, origin=self.origin @ MIRROR, frame=self.frame @ MIRROR, sign=-self.sign
        )

    def placed(self, pose: Similarity) -> Extrusion:
        """The same surface moved by a rigid `pose`."""
        return replace(
            self,
            origin=pose.apply(self.origin[None])[0],
            frame=self.frame @ pose.rotation.T,
        )


@dataclass(frozen=True)
class Crown:
    """A seat crowned both ways over a plan with straight sides and back and a bowed front.

    Not developable: its "flat" is the plan, good for cloth coordinates and nothing else. The
    crown is ``rise * (1 - (x / half)^2) * (1 - t^2)``, t from -1 at the back to 1 at the front:
    it is zero all along the outline, so the seams round it are plane curves.
    """

    half_width: float
    back: float
    front: Profile
    level: float
    rise: float
    pose: Similarity

    @property
    def developable(self) -> bool:
        """Never: it is curved both ways."""
        return False

    def _front(self, x: FloatArray) -> FloatArray:
        # the bow is one arc, symmetric in x
        arc = self.front.parts[0]
        if isinstance(arc, Line):
            return np.full_like(x, arc.start[1])
        return np.asarray(arc.centre[1] + np.sqrt(arc.radius**2 - (x - arc.centre[0]) ** 2))

    def _height(self, x: FloatArray, y: FloatArray) -> FloatArray:
        t = (2 * y - self._front(x) - self.back) / (self._front(x) - self.back)
        return np.asarray(self.level + self.rise * (1 - (x / self.half_width) ** 2) * (1 - t * t))

    def world(self, flat_mm: FloatArray) -> FloatArray:
        """Points (n, 3) in metres of plan points (n, 2) in millimetres (u = -x, v = -y)."""
        x, y = -flat_mm[:, 0] / MM_PER_M, -flat_mm[:, 1] / MM_PER_M
        return self.pose.apply(np.column_stack([x, y, self._height(x, y)]))

    def flat(self, world_m: FloatArray) -> FloatArray:
        """Plan points (n, 2) in millimetres of points (n, 3)."""
        local = (world_m - self.pose.translation) @ self.pose.rotation
        return np.asarray(-local[:, :2] * MM_PER_M)

    def normals(self, flat_mm: FloatArray) -> FloatArray:
        """Unit normals (n, 3), upwards, by central differences of 0.1 mm."""
        du, dv = np.array([0.1, 0.0]), np.array([0.0, 0.1])
        u = self.world(flat_mm + du) - self.world(flat_mm - du)
        v = self.world(flat_mm + dv) - self.world(flat_mm - dv)
        normal = np.cross(u, v)
        return np.asarray(normal / np.linalg.norm(normal, axis=1, keepdims=True))

    def placed(self, pose: Similarity) -> Crown:
        """The same surface moved by a rigid `pose`."""
        rotation = pose.rotation @ self.pose.rotation
        moved = pose.rotation @ self.pose.translation + pose.translation
        return replace(self, pose=Similarity(1.0, rotation, moved))
