"""Whether the size that some mats give holds for another mat, which had no say in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student_t

from stitchsketch_kernel.domain.board import Board, TagSighting
from stitchsketch_kernel.domain.model import SparseModel
from stitchsketch_kernel.reconstruction.mats import BoardFit, fit_board, triangulate_tags
from stitchsketch_kernel.reconstruction.scale import BENT
from stitchsketch_kernel.reconstruction.scale_checks import ScaleSettings


@dataclass(frozen=True)
class MatCheck:
    """One mat held against a size that it had no say in.

    Attributes
    ----------
    mat : str
    against : tuple of str
        The mats that the size is taken from; empty: the model's own size.
    off_percent : float
        Above zero: the mat's tags lie further apart than that size says they should.
    uncertainty_percent : float
        Half-width of the 95 % interval of `off_percent`.
    tags : int
        Of the mat, that were seen well.
    """

    mat: str
    against: tuple[str, ...]
    off_percent: float
    uncertainty_percent: float
    tags: int

    @property
    def holds(self) -> bool:
        """Whether what it is off by is within what it may be off by."""
        return abs(self.off_percent) <= self.uncertainty_percent


def check_mats(
    model: SparseModel,
    sightings: Sequence[TagSighting],
    boards: Sequence[Board],
    settings: ScaleSettings | None = None,
) -> tuple[MatCheck, ...]:
    """Hold each mat against all others that were seen: none is its own judge.

    Parameters
    ----------
    model : SparseModel
        In any unit.
    sightings : sequence of TagSighting
    boards : sequence of Board
    settings : ScaleSettings, optional

    Returns
    -------
    tuple of MatCheck
        Empty where fewer than two mats were seen well and lie flat.
    """
    fits = _fits(model, sightings, boards, settings or ScaleSettings())
    checks = []
    for fit in fits:
        others = [other for other in fits if other is not fit]
        if others:
            weights = np.array([1 / other.relative_sigma**2 for other in others])
            scales = np.array([other.metres_per_unit for other in others])
            mean = float((weights * scales).sum() / weights.sum())
            sigma = float(1 / np.sqrt(weights.sum()))
            freedom = sum(other.freedom for other in others)
            off = sigma * float(student_t.ppf(0.975, freedom))
            checks.append(_check(fit, mean, off, tuple(other.board.name for other in others)))
    return tuple(checks)


def check_against(
    model: SparseModel,
    sightings: Sequence[TagSighting],
    boards: Sequence[Board],
    uncertainty_percent: float,
    settings: ScaleSettings | None = None,
) -> tuple[MatCheck, ...]:
    """Hold boards that gave no scale against a model in metres.

    Parameters
    ----------
    model : SparseModel
        In metres.
    sightings : sequence of TagSighting
        Of those boards.
    boards : sequence of Board
    uncertainty_percent : float
        Of the model's own scale.
    settings : ScaleSettings, optional
    """
    fits = _fits(model, sightings, boards, settings or ScaleSettings())
    return tuple(_check(fit, 1.0, uncertainty_percent / 100, ()) for fit in fits)


def _fits(
    model: SparseModel,
    sightings: Sequence[TagSighting],
    boards: Sequence[Board],
    settings: ScaleSettings,
) -> list[BoardFit]:
    tags = triangulate_tags(model, sightings, settings.least_views)
    fits = [fit for board in boards if (fit := fit_board(board, tags)) is not None]
    return [fit for fit in fits if fit.rms_mm <= settings.flat_mm]


def _check(fit: BoardFit, mean: float, half: float, against: tuple[str, ...]) -> MatCheck:
    """`half` is the relative half-width of the 95 % interval of `mean`."""
    own = fit.relative_sigma * float(student_t.ppf(0.975, fit.freedom))
    # a model that is bent is so at one mat as at the other
    may = float(np.sqrt(own**2 + half**2 + BENT**2))
    off = mean / fit.metres_per_unit - 1
    return MatCheck(fit.board.name, against, 100 * off, 100 * may, len(fit.tag_ids))
