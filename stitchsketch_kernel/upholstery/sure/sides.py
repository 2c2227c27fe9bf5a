"""A panel's surface along a seam, and how much of what a second fit says of it is believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.upholstery.sure.draws import LEAN_REACH_MM, Draws
from stitchsketch_kernel.upholstery.sure.patches import Footing, PanelSurface

#: What two fits differ by through noise alone is alike within this: more than a single fit's error,
#: as the second reaches further (seen on scans with much noise, where noise is nearly all of it).
_APART_REACH_MM = 23.5
#: Opinions surer than this all count alike.
_OPINION_LEAST_MM = 0.1
#: What nobody saw may be off by this (standard deviation).
_GUESS_MM = 2.0
#: Rounds in which the usual lean and the say of each place settle.
_ROUNDS = 4


@dataclass(frozen=True)
class Side:
    """One panel's surface at the places along a seam: arrays of the same length.

    Attributes
    ----------
    panel : str
    normals : ndarray, shape (n, 3)
    sigma_mm : ndarray, shape (n,)
        From the points' noise, and from what nobody saw.
    lean_mm : ndarray, shape (n,)
        What a fit further from the fold says, along the normal.
    unsure_mm : ndarray, shape (n,)
        Standard deviation of that; infinite where there is no such fit.
    """

    panel: str
    normals: FloatArray
    sigma_mm: FloatArray
    lean_mm: FloatArray
    unsure_mm: FloatArray

    def error(self, draws: Draws, places_mm: FloatArray) -> FloatArray:
        """The surface's error along its normal, shape (n, draws); of a `believed` side."""
        noise = self.sigma_mm[:, None] * draws.noise(self.panel, places_mm)
        lean = self.lean_mm[:, None] * draws.lean
        lean = lean + self.unsure_mm[:, None] * draws.leaning(self.panel, places_mm)
        return np.asarray(noise + lean + draws.skin(self.panel))


def side_of(panel: str, surface: PanelSurface, places_mm: FloatArray) -> Side | None:
    """A panel's side at places along a seam; None where nothing is known of it."""
    asked = [surface.footing(place) for place in places_mm]
    known = [i for i, one in enumerate(asked) if one is not None]
    found = [one for one in asked if one is not None]
    if not found:
        return None
    nearest = np.abs(np.arange(len(asked))[:, None] - np.array(known)).argmin(axis=1)
    normals = np.array([found[i].normal for i in nearest])
    sigma = np.array([_with_guess(found[i]) for i in nearest])
    run = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(places_mm, axis=0), axis=1))])
    apart = np.array([[found[i].apart_mm, found[i].apart_sigma_mm] for i in nearest])
    return Side(panel, normals, sigma, *_lean(apart[:, 0], apart[:, 1], run))


def _with_guess(one: Footing) -> float:
    return float(np.hypot(one.sigma_mm, (1 - one.seen) * _GUESS_MM))


def _lean(apart: FloatArray, sigma: FloatArray, run: FloatArray) -> tuple[FloatArray, FloatArray]:
    """What two opinions differ by along the seam, and its deviation by the points' noise."""
    distance = run[:, None] - run
    known = np.isfinite(apart)
    # near corners the second fit is carried far and says little
    say = np.where(known, 1 / (np.nan_to_num(sigma) ** 2 + _OPINION_LEAST_MM**2), 0.0)
    weight = np.exp(-0.5 * (distance / LEAN_REACH_MM) ** 2) * say
    total = weight.sum(axis=1, keepdims=True)
    weight /= np.maximum(total, 1e-12)
    noisy = weight * np.nan_to_num(sigma)
    noise = ((noisy @ np.exp(-0.5 * (distance / _APART_REACH_MM) ** 2)) * noisy).sum(axis=1)
    told = total[:, 0] > 1e-9
    return weight @ np.nan_to_num(apart), np.where(told, np.sqrt(np.maximum(noise, 0)), np.inf)


def believed(sides: Mapping[str, list[Side]]) -> dict[str, list[Side]]:
    """What a second opinion says, by its own noise drawn towards what is usual in this scan.

    How far surfaces lean off beside folds is told by all the scan's opinions together, less their
    noise (weighed as DerSimonian and Laird do, Controlled Clinical Trials 7, 1986). Where noise
    drowns a single one, or there is none (narrow panels, corners), the surface may still lean by
    the usual.

    Parameters
    ----------
    sides : mapping of str to list of Side
        Of each seam.

    Returns
    -------
    dict of str to list of Side
        `lean_mm`: the share of the opinion that is believed; `unsure_mm`: what remains open.
    """
    every = [side for found in sides.values() for side in found]
    usual = _usual_mm(every)
    return {seam: [_drawn_in(side, usual) for side in found] for seam, found in sides.items()}


def _usual_mm(sides: list[Side]) -> float:
    lean = np.concatenate([[0.0], *(side.lean_mm for side in sides)])
    unsure = np.concatenate([[np.inf], *(side.unsure_mm for side in sides)])
    told = np.isfinite(unsure)
    if not told.any():
        return 0.0
    square, noise = lean[told] ** 2, unsure[told] ** 2
    usual = 0.0
    for _ in range(_ROUNDS):
        say = 1 / (noise + usual + _OPINION_LEAST_MM**2) ** 2
        usual = max(float((say * (square - noise)).sum() / say.sum()), 0.0)
    return float(np.sqrt(usual))


def _drawn_in(side: Side, usual_mm: float) -> Side:
    share = usual_mm**2 / np.maximum(usual_mm**2 + side.unsure_mm**2, 1e-12)
    open_mm = usual_mm * np.sqrt(1 - share)
    return replace(side, lean_mm=share * side.lean_mm, unsure_mm=open_mm)
