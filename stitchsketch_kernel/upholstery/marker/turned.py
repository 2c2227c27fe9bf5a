"""Outlines to lay, as they are turned: what spyrrow is given and what our own search works on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.upholstery.marker.compact import Shapes


@dataclass(frozen=True)
class Cut:
    """An outline (n, 2) to lay, and the turns (degrees) it may lie at."""

    outline_mm: FloatArray
    turns_deg: tuple[float, ...]


@dataclass(frozen=True)
class Laid:
    """Where an outline lies: turned about its origin, then moved."""

    x_mm: float
    y_mm: float
    rotation_deg: float


@dataclass(frozen=True)
class Turned:
    """Each outline at each of its turns.

    Attributes
    ----------
    shapes : Shapes
        Outlines as turned, those of one cut one after the other; equal cuts share theirs.
    first, turns : ndarray of int64, shape (N,)
        Each cut's first shape, and how many it has.
    rotation_deg : ndarray, shape (S,)
    """

    shapes: Shapes
    first: np.ndarray
    turns: np.ndarray
    rotation_deg: FloatArray

    def layout(self, laid: Sequence[Laid]) -> tuple[np.ndarray, FloatArray]:
        """Each cut's shape (N,) and place (N, 2)."""
        shape = self.first.copy()
        for i, one in enumerate(laid):
            own = self.rotation_deg[self.first[i] : self.first[i] + self.turns[i]]
            off = np.abs((own - one.rotation_deg + 180) % 360 - 180)
            shape[i] += int(np.argmin(off))
        return shape, np.array([[one.x_mm, one.y_mm] for one in laid])

    def laid(self, shape: np.ndarray, at_mm: FloatArray) -> list[Laid]:
        """Back from shapes and places."""
        return [
            Laid(float(x), float(y), float(self.rotation_deg[s]))
            for s, (x, y) in zip(shape, at_mm, strict=True)
        ]


def turned(cuts: Sequence[Cut], width_mm: float) -> Turned:
    """Outlines at their turns, counter-clockwise; turns the strip is too narrow for are left out.

    Where it is too narrow for all of them they stay, and the search says so.
    """
    rings: list[FloatArray] = []
    rotation: list[float] = []
    known: dict[tuple[bytes, tuple[float, ...]], tuple[int, int]] = {}
    for cut in cuts:
        key = cut.outline_mm.tobytes(), cut.turns_deg
        if key not in known:
            ways = [(turn, _ring(cut.outline_mm, turn)) for turn in cut.turns_deg or (0.0,)]
            fit = [way for way in ways if np.ptp(way[1][:, 1]) <= width_mm] or ways
            known[key] = len(rings), len(fit)
            rotation += [turn for turn, _ in fit]
            rings += [ring for _, ring in fit]
    places = [known[cut.outline_mm.tobytes(), cut.turns_deg] for cut in cuts]
    first, turns = np.array(places, np.int64).T
    return Turned(Shapes(rings, width_mm), first.copy(), turns.copy(), np.array(rotation))


def _ring(outline: FloatArray, turn_deg: float) -> FloatArray:
    cosine, sine = (
        round(f(math.radians(turn_deg)), 15) for f in (math.cos, math.sin)
    )  # quarter turns are exact
    ring = shapely.LinearRing(outline @ np.array([[cosine, sine], [-sine, cosine]]))
    points = shapely.get_coordinates(ring)[:-1]
    return np.ascontiguousarray(points if shapely.is_ccw(ring) else points[::-1])
