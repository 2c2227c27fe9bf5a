"""Seams found by a place on them: their numbers change with every edit, their places don't."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from stitchsketch_kernel.domain.arrays import AnyArray, FloatArray
from stitchsketch_kernel.domain.panel import EdgeKind, PanelMap, Seam

#: A place on a seam, metres, and how the seam is made.
KindAt: TypeAlias = tuple[FloatArray, EdgeKind]
#: A seam further away than this from a place is another one.
_REACH_M = 0.015


def seam_at(panels: PanelMap, place_m: AnyArray) -> Seam | None:
    """The seam nearest to a place, or None where none is near."""
    if not panels.seams:
        return None
    away = [_distance_m(seam.points_m, np.asarray(place_m)) for seam in panels.seams]
    nearest = int(np.argmin(away))
    return panels.seams[nearest] if away[nearest] <= _REACH_M else None


def kinds_by_seam(
    panels: PanelMap, asked: Sequence[KindAt]
) -> tuple[tuple[tuple[str, EdgeKind], ...], tuple[str, ...]]:
    """Kinds by the seams' numbers, the last word on each, and a sentence for each lost one."""
    kinds: dict[str, EdgeKind] = {}
    notes = []
    for place, kind in asked:
        seam = seam_at(panels, place)
        if seam is None:
            notes.append(
                f"The seam at {place[0]:.2f} {place[1]:.2f} {place[2]:.2f} that was to be "
                f"{kind.replace('_', ' ')} is not there any more."
            )
        else:
            kinds[seam.id] = kind
    return tuple(kinds.items()), tuple(notes)


def middle_m(seam: Seam) -> FloatArray:
    """The place halfway along a seam, shape (3,)."""
    steps = np.linalg.norm(np.diff(seam.points_m, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    return np.array([np.interp(along[-1] / 2, along, seam.points_m[:, k]) for k in range(3)])


def _distance_m(points: FloatArray, place: FloatArray) -> float:
    """From a place to a line of points."""
    a, way = points[:-1], np.diff(points, axis=0)
    share = ((place - a) * way).sum(axis=1) / np.maximum((way**2).sum(axis=1), 1e-18)
    nearest = a + np.clip(share, 0, 1)[:, None] * way
    return float(np.linalg.norm(nearest - place, axis=1).min())
