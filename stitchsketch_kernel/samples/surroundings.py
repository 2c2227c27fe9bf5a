"""What a real room has besides the furniture: people who walk through, a mirror, a window."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.samples.meshing import Patch, grid_patch, tube_patch

#: How thick a pane is with its back, and how fine its triangles are.
_THICK_M, _STEP_M = 0.02, 0.1
#: A person 1.75 m tall who faces +x: material, radius and the line that it is laid round, metres.
_BODY: tuple[tuple[str, float, tuple[tuple[float, float, float], ...]], ...] = (
    ("trousers", 0.075, ((0.05, 0.11, 0.08), (0.0, 0.11, 0.86))),
    ("trousers", 0.075, ((-0.12, -0.11, 0.08), (0.0, -0.11, 0.86))),
    ("shirt", 0.155, ((0.0, 0.0, 0.98), (0.0, 0.0, 1.30))),
    ("shirt", 0.055, ((0.0, 0.21, 1.38), (0.04, 0.25, 1.12), (0.16, 0.24, 0.92))),
    ("shirt", 0.055, ((0.0, -0.21, 1.38), (-0.04, -0.25, 1.12), (0.0, -0.26, 0.88))),
    ("skin", 0.105, ((0.01, 0.0, 1.58), (0.01, 0.0, 1.64))),
)


@dataclass(frozen=True)
class Passer:
    """A person who stands there while one photo is taken."""

    view: str
    at_m: tuple[float, float]
    yaw_deg: float = 0.0

    def patches(self) -> list[Patch]:
        """Clothes and skin."""
        turn, place = _turn(self.yaw_deg), np.array([*self.at_m, 0.0])
        limbs = []
        for material, radius, corners in _BODY:
            line = _stepped(np.asarray(corners)) @ turn.T + place
            limbs.append(tube_patch(line, radius, material, 24))
        return limbs


@dataclass(frozen=True)
class Pane:
    """An upright rectangle of glass: the middle of its lower edge, and where it faces.

    Attributes
    ----------
    at_m : tuple of float
        x, y and height above the floor.
    yaw_deg : float
        Its front faces this way, from +x towards +y.
    width_m, height_m : float
    """

    at_m: tuple[float, float, float]
    yaw_deg: float
    width_m: float
    height_m: float

    def patches(self, material: str) -> list[Patch]:
        """The front of that material, and a wooden back."""
        turn, up = _turn(self.yaw_deg), np.array([0.0, 0.0, 1.0])
        out, along = turn[:, 0], turn[:, 1]
        corner = np.asarray(self.at_m) - self.width_m / 2 * along
        wide, high = _stops(self.width_m), _stops(self.height_m)
        behind = corner - _THICK_M * out
        return [
            grid_patch(corner, along, up, material, (wide, high)),
            grid_patch(behind, up, along, "wood", (high, wide)),
        ]


@dataclass(frozen=True)
class Surroundings:
    """What else is in the room; nothing, unless said."""

    passers: tuple[Passer, ...] = ()
    mirrors: tuple[Pane, ...] = ()
    windows: tuple[Pane, ...] = ()

    def seen_in(self, view: str) -> Surroundings:
        """What is there while that photo is taken."""
        return replace(self, passers=tuple(one for one in self.passers if one.view == view))

    def patches(self) -> list[Patch]:
        """All of it as triangles."""
        return [
            *(patch for one in self.passers for patch in one.patches()),
            *(patch for pane in self.mirrors for patch in pane.patches("mirror")),
            *(patch for pane in self.windows for patch in pane.patches("window")),
        ]


#: A room with the furniture and its mats alone.
NOTHING_ELSE = Surroundings()


def _stepped(line: FloatArray) -> FloatArray:
    """The line with a corner every few centimetres, for the light at each."""
    parts = [
        a + np.linspace(0, 1, max(2, int(np.linalg.norm(b - a) / 0.04)), endpoint=False)[:, None]
        * (b - a)
        for a, b in pairwise(line)
    ]  # fmt: skip
    return np.vstack([*parts, line[-1:]])


def _stops(length: float) -> FloatArray:
    return np.linspace(0, length, int(np.ceil(length / _STEP_M)) + 1)


def _turn(yaw_deg: float) -> FloatArray:
    c, s = np.cos(np.deg2rad(yaw_deg)), np.sin(np.deg2rad(yaw_deg))
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
