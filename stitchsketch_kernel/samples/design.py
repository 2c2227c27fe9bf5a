"""A piece of furniture as drawn: surfaces, the curves where they meet, and what stands below."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.panel import EdgeKind
from stitchsketch_kernel.samples.profile import Line, Profile
from stitchsketch_kernel.samples.surfaces import MIRROR, Extrusion, Surface


@dataclass(frozen=True)
class Curve:
    """A curve in space: `at` maps t (n,) from 0 to 1 to points (n, 3), metres."""

    at: Callable[[FloatArray], FloatArray]
    straight: bool = False

    @classmethod
    def line(cls, start: tuple[float, ...], end: tuple[float, ...]) -> Curve:
        """The straight curve between two points."""
        a, b = np.asarray(start, dtype=float), np.asarray(end, dtype=float)
        return cls(lambda t: (1 - t)[:, None] * a + t[:, None] * b, straight=True)

    @classmethod
    def rib(
        cls, surface: Extrusion, c: float, start: float = 0.0, end: float | None = None
    ) -> Curve:
        """The surface's profile at extrusion `c`, from profile length `start` to `end`."""
        stop = surface.profile.length if end is None else end
        return cls(
            lambda t: surface.point(start + t * (stop - start), np.full(len(t), c)),
            straight=surface.profile.straight,
        )

    def length_m(self) -> float:
        """Length, metres; chords of two samplings, extrapolated (exact to about 1e-10)."""
        if self.straight:
            return float(np.linalg.norm(np.diff(self.at(np.array([0.0, 1.0])), axis=0)))
        coarse, fine = (_chords(self.at(np.linspace(0, 1, n + 1))) for n in (2000, 4000))
        return float(fine + (fine - coarse) / 3)

    def mirrored(self) -> Curve:
        """Its mirror image in the plane x = 0, run backwards: left stays left seen from outside."""
        return Curve(lambda t: self.at(1 - t) @ MIRROR, self.straight)


def _chords(points: FloatArray) -> float:
    return float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())


@dataclass(frozen=True)
class SeamDesign:
    """A seam as drawn. `panels` are the one or two that it joins."""

    curve: Curve
    panels: tuple[str, ...]
    edge_kind: EdgeKind

    def mirrored(self) -> SeamDesign:
        """The seam on the other side of the plane x = 0, with -R turned to -L."""
        names = tuple(other_side(name) for name in self.panels)
        return SeamDesign(self.curve.mirrored(), names, self.edge_kind)


@dataclass(frozen=True)
class Solid:
    """A box that is no cloth: a leg, a block, the dust cover below. Corners in metres."""

    low_m: tuple[float, float, float]
    high_m: tuple[float, float, float]
    material: str


@dataclass(frozen=True)
class Design:
    """What a piece of furniture is made of, in its own coordinates (front +y, up +z)."""

    name: str
    surfaces: dict[str, Surface]
    seams: tuple[SeamDesign, ...]
    solids: tuple[Solid, ...]
    spacing_m: float


def other_side(name: str) -> str:
    """``"IA-R"`` for ``"IA-L"`` and the other way round; other names stay."""
    swap = {"-R": "-L", "-L": "-R"}
    return name[:-2] + swap.get(name[-2:], name[-2:])


def upright(axis: str, position: float, low: float, high: float, outward: int) -> Extrusion:
    """An upright plane ``x = position`` or ``y = position`` from height `low` up.

    `high` may be exceeded by what lies on the plane. ``outward`` is +1 or -1 along the axis.
    """
    across = np.eye(3)[0 if axis == "x" else 1]
    along = np.eye(3)[1 if axis == "x" else 0]
    frame = np.stack([across, np.eye(3)[2], along])
    profile = Profile((Line((position, low), (position, high)),))
    facing = outward * across
    return Extrusion.facing(profile, frame, (facing[0], facing[1], facing[2]))
