"""Plane curves of lines and arcs, measured by their own length: what the panels are drawn from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray


@dataclass(frozen=True)
class Line:
    """A straight part from `start` to `end`, each (a, b) in metres."""

    start: tuple[float, float]
    end: tuple[float, float]

    @property
    def length(self) -> float:
        """Metres."""
        return float(np.hypot(self.end[0] - self.start[0], self.end[1] - self.start[1]))

    def at(self, s: FloatArray) -> FloatArray:
        """Points (n, 2) at lengths `s` (n,) from the start."""
        return np.asarray(np.asarray(self.start) + s[:, None] * self.tangent(s))

    def tangent(self, s: FloatArray) -> FloatArray:
        """Unit directions (n, 2)."""
        direction = (np.asarray(self.end) - np.asarray(self.start)) / self.length
        return np.broadcast_to(direction, (len(s), 2))

    def nearest(self, points: FloatArray) -> FloatArray:
        """Lengths (n,) of the feet of `points` (n, 2), kept within the part."""
        s = (points - np.asarray(self.start)) @ self.tangent(np.zeros(1))[0]
        return np.asarray(np.clip(s, 0.0, self.length))


@dataclass(frozen=True)
class Arc:
    """Part of a circle; a positive `sweep` (radians) turns counter-clockwise."""

    centre: tuple[float, float]
    radius: float
    begin: float
    sweep: float

    @classmethod
    def bulging(cls, start: tuple[float, float], end: tuple[float, float], sag: float) -> Arc:
        """The arc from `start` to `end` that rises `sag` metres to the right of its chord."""
        a, b = np.asarray(start), np.asarray(end)
        half = float(np.linalg.norm(b - a)) / 2
        along = (b - a) / (2 * half)
        right = np.array([along[1], -along[0]])
        radius = (half * half + sag * sag) / (2 * sag)
        centre = (a + b) / 2 + right * (sag - radius)
        first = a - centre
        sweep = 2 * np.arctan2(half, radius - sag)
        return cls(
            (float(centre[0]), float(centre[1])),
            float(radius),
            float(np.arctan2(first[1], first[0])),
            float(sweep),
        )

    @property
    def length(self) -> float:
        """Metres."""
        return self.radius * abs(self.sweep)

    def _angle(self, s: FloatArray) -> FloatArray:
        return np.asarray(self.begin + np.sign(self.sweep) * s / self.radius)

    def at(self, s: FloatArray) -> FloatArray:
        """Points (n, 2) at lengths `s` (n,) from the start."""
        angle = self._angle(s)
        return np.asarray(self.centre) + self.radius * np.column_stack(
            [np.cos(angle), np.sin(angle)]
        )

    def tangent(self, s: FloatArray) -> FloatArray:
        """Unit directions (n, 2)."""
        angle = self._angle(s)
        return np.asarray(np.sign(self.sweep) * np.column_stack([-np.sin(angle), np.cos(angle)]))

    def nearest(self, points: FloatArray) -> FloatArray:
        """Lengths (n,) of the feet of `points` (n, 2), kept within the part."""
        offset = points - np.asarray(self.centre)
        turned = np.sign(self.sweep) * (np.arctan2(offset[:, 1], offset[:, 0]) - self.begin)
        middle = abs(self.sweep) / 2
        turned = middle + (turned - middle + np.pi) % (2 * np.pi) - np.pi
        return np.asarray(np.clip(turned, 0.0, abs(self.sweep)) * self.radius)


@dataclass(frozen=True)
class Profile:
    """Lines and arcs one after the other."""

    parts: tuple[Line | Arc, ...]

    @cached_property
    def starts(self) -> FloatArray:
        """Length at which each part begins, and the whole length last."""
        return np.concatenate([[0.0], np.cumsum([part.length for part in self.parts])])

    @property
    def length(self) -> float:
        """Metres."""
        return float(self.starts[-1])

    @property
    def straight(self) -> bool:
        """Whether it is one line."""
        return len(self.parts) == 1 and isinstance(self.parts[0], Line)

    def at(self, s: FloatArray) -> FloatArray:
        """Points (n, 2) at lengths `s` (n,) from the start."""
        return self._by_part(s, "at")

    def tangent(self, s: FloatArray) -> FloatArray:
        """Unit directions (n, 2)."""
        return self._by_part(s, "tangent")

    def _by_part(self, s: FloatArray, what: str) -> FloatArray:
        part_of = np.clip(np.searchsorted(self.starts, s, side="right") - 1, 0, len(self.parts) - 1)
        out = np.empty((len(s), 2))
        for index, part in enumerate(self.parts):
            mine = part_of == index
            out[mine] = getattr(part, what)(s[mine] - self.starts[index])
        return out

    def nearest(self, points: FloatArray) -> FloatArray:
        """Lengths (n,) from the start of the feet of `points` (n, 2)."""
        feet = [part.nearest(points) for part in self.parts]
        away = [
            np.linalg.norm(part.at(s) - points, axis=1)
            for part, s in zip(self.parts, feet, strict=True)
        ]
        best = np.argmin(away, axis=0)
        whole = np.stack(feet) + self.starts[:-1, None]
        return np.asarray(whole[best, np.arange(len(points))])
