"""Darts where a panel is too round for its cloth: how many, where, how deep, and how curved.

They are tried on a coarse mesh of the panel. As many begin as its curvature lets expect, at places
of the border that divide the curvature into equal shares, and run towards its middle; more are
added until the cloth's limits are kept. Straight ones come first; where as many as are allowed
don't do, they may bend: a bent dart leaves a narrower strip beside it than a straight one.
"""

from __future__ import annotations

from collections.abc import Iterator

import igl
import numpy as np
import shapely
from scipy.spatial import cKDTree

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.cloth import Cloth
from stitchsketch_kernel.domain.progress import Progress
from stitchsketch_kernel.upholstery.flat.darted import Dart, Trial, tried
from stitchsketch_kernel.upholstery.flat.reference import Reference

#: One dart takes up to about so much of the panel's total curvature.
_TAKES_DEG = 50.0
#: A panel of less is a saddle or lies flat: a dart takes cloth away, and there is none too much.
_NONE_DEG = 2.0
#: Turns round the curvature's middle that are tried, and depths as shares of the way to it.
_DEPTHS = {
    0.0: (0.5, 0.65, 0.75), 1.0: (0.5, 0.65, 0.75), 1.5: (0.65, 0.75), 2.4: (0.75, 0.8),
}  # fmt: skip
#: A mouth this near to a seam's end (share of the panel's size) is put there.
_AT_CORNER = 0.02
#: Below this the coarse mesh's excess is trusted to hold on the fine one.
_GOOD = 0.95


def propose_darts(panel: Reference, cloth: Cloth, most: int, progress: Progress) -> Trial | None:
    """The fewest darts that keep a cloth within its limits; straight ones rather than bent.

    Returns
    -------
    Trial or None
        Where none is good enough, the best that was found; None where nothing could be laid flat.
    """
    best = tried(panel, cloth, ())
    if best is not None and best.excess <= _GOOD:
        return best
    total, middle, shares = _curvature(panel)
    if np.degrees(total) < _NONE_DEG:
        return best
    first = min(most, max(1, int(np.degrees(total) / _TAKES_DEG)))
    plans = [(n, turn) for turn in _DEPTHS for n in range(first, most + 1)]
    for done, (count, turn) in enumerate(plans):
        progress(done / len(plans), f"{count} darts")
        trials = [
            one
            for phase in (0.0, 0.5)
            for depth in _DEPTHS[turn]
            for way in ((turn, -turn) if turn else (0.0,))
            for darts in _planned(panel, middle, shares, count, phase, depth, way)
            if (one := tried(panel, cloth, darts)) is not None
        ]
        here = min(trials, key=lambda one: one.excess, default=None)
        if here is not None and _GOOD < here.excess < 1.5 * _GOOD:
            here = _refined(panel, cloth, here)
        if here is not None and (best is None or here.excess < best.excess):
            best = here
        if best is not None and best.excess <= _GOOD:
            return best
    return best


def _planned(
    panel: Reference,
    middle: FloatArray,
    shares: FloatArray,
    count: int,
    phase: float,
    depth: float,
    turn: float,
) -> Iterator[tuple[Dart, ...]]:
    """Darts at equal shares of the curvature; none where one would leave the panel."""
    wanted = (np.arange(count) + 0.01 + phase) / count
    mouths = {_snapped(panel, int(np.searchsorted(shares, one)) % len(shares)) for one in wanted}
    darts = [_dart(panel, mouth, middle, depth, turn) for mouth in sorted(mouths)]
    inside = shapely.Polygon(panel.outline).buffer(-1e-3 * panel.size)
    lines = shapely.linestrings([dart.line[2:] for dart in darts])
    if len(darts) == count and shapely.contains(inside, lines).all():
        yield tuple(darts)


def _snapped(panel: Reference, mouth: int) -> int:
    if len(panel.corners):
        away = np.linalg.norm(panel.outline[panel.corners] - panel.outline[mouth], axis=1)
        if away.min() < _AT_CORNER * panel.size:
            return int(panel.corners[away.argmin()])
    return mouth


def _dart(panel: Reference, mouth: int, middle: FloatArray, depth: float, turn: float) -> Dart:
    """From a mouth towards the middle, turned round it by `turn` (radians) on the whole way."""
    start = panel.outline[mouth] - middle
    share = np.linspace(0, 1, 25)
    angle, radius = turn * share, 1 - depth * share
    x = radius * (start[0] * np.cos(angle) - start[1] * np.sin(angle))
    y = radius * (start[0] * np.sin(angle) + start[1] * np.cos(angle))
    return Dart(mouth, middle + np.column_stack([x, y]))


def _refined(panel: Reference, cloth: Cloth, trial: Trial) -> Trial:
    """Depths changed one after the other as long as that helps."""
    for share in (-0.1, 0.1, -0.05, 0.05):
        for index in range(len(trial.darts)):
            changed = trial.darts[index].lengthened(share)
            darts = (*trial.darts[:index], changed, *trial.darts[index + 1 :])
            found = tried(panel, cloth, darts)
            if found is not None and found.excess < trial.excess:
                trial = found
            if trial.excess <= _GOOD:
                return trial
    return trial


def _curvature(panel: Reference) -> tuple[float, FloatArray, FloatArray]:
    """Total curvature (radians), its middle, and the share of it up to each border point.

    The curvature of a vertex is what its angles lack of a full turn; each belongs to the border's
    point that lies nearest.
    """
    lack = np.asarray(
        igl.gaussian_curvature(
            np.ascontiguousarray(panel.surface), np.ascontiguousarray(panel.faces, dtype=np.int64)
        )
    ).ravel()
    lack[panel.border] = 0
    round_ = np.clip(_smoothed(lack, panel), 0, None)
    total = float(round_.sum())
    if total < 1e-6:
        round_ = np.ones(len(lack))
    middle = (round_[:, None] * panel.flat).sum(axis=0) / round_.sum()
    nearest = cKDTree(panel.outline).query(panel.flat)[1]
    owed = np.bincount(nearest, round_, minlength=len(panel.border)) + 1e-9
    return total, middle, np.cumsum(owed) / owed.sum()


def _smoothed(lack: FloatArray, panel: Reference) -> FloatArray:
    """Noise of single vertices cancels among neighbours."""
    tree = cKDTree(panel.flat)
    near = tree.query(panel.flat, k=min(40, len(panel.flat)))[1]
    return np.asarray(lack[near].mean(axis=1))
