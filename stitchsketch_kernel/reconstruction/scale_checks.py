"""When a scale is refused: a rescaled or stretched print, mats or photos that contradict others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from stitchsketch_kernel.domain.board import TagSighting
from stitchsketch_kernel.domain.bounds import Within, require_allowed
from stitchsketch_kernel.domain.errors import MatError, ScaleError
from stitchsketch_kernel.domain.model import SparseModel
from stitchsketch_kernel.reconstruction.mats import BoardFit, TagPoints, misplaced_views


@dataclass(frozen=True)
class ScaleSettings:
    """How the scale is found and when it is refused.

    Attributes
    ----------
    least_views : int
        A tag seen in fewer views is not used.
    bar_measured_mm, bar_nominal_mm : float
        What a ruler says of the bar printed on the mat (0: not measured), and what it should say.
    bar_tolerance_percent : float
        A printer that is further off than this is refused.
    agree_percent : float
        Mats, or a mat and a known length, that disagree by more are refused.
    flat_mm : float
        A mat whose tags lie further than this (RMS) from where they should is left out.
    """

    least_views: Annotated[int, Within(2)] = 3
    bar_measured_mm: Annotated[float, Within(0)] = 0.0
    bar_nominal_mm: Annotated[float, Within(0, above=True)] = 200.0
    bar_tolerance_percent: Annotated[float, Within(0)] = 0.4
    agree_percent: Annotated[float, Within(0)] = 1.0
    flat_mm: Annotated[float, Within(0)] = 2.0

    def __post_init__(self) -> None:
        require_allowed(self)


def check_bar(settings: ScaleSettings) -> None:
    """Refuse mats whose printed bar a ruler found too long or too short."""
    if settings.bar_measured_mm == 0:
        return
    share = settings.bar_measured_mm / settings.bar_nominal_mm
    if abs(share - 1) * 100 > settings.bar_tolerance_percent:
        raise MatError(
            f"The mat was printed at {share:.1%} of its size: its bar measures "
            f"{settings.bar_measured_mm:g} mm and should measure {settings.bar_nominal_mm:g} mm.",
            "Print the mats again at 100 % ('actual size', no fit to page), measure the bar, and "
            "take the photos again with the new mats.",
        )


def check_views(model: SparseModel, sightings: Sequence[TagSighting], tags: TagPoints) -> None:
    """Refuse a model that puts photos where their own mats say they were not taken."""
    wrong = misplaced_views(model, sightings, tags)
    if wrong:
        shown = ", ".join(wrong[:8]) + (" ..." if len(wrong) > 8 else "")
        raise ScaleError(
            f"{len(wrong)} photos were put in a place that their mats contradict: {shown}.",
            "If a mat was moved while the photos were taken, take them again. If not, leave these "
            "photos out and run again.",
        )


def check_stretch(fit: BoardFit, settings: ScaleSettings) -> None:
    """A printer that stretches one way only shows in a single mat."""
    off = 100 * (fit.stretch - 1)
    if abs(off) > settings.agree_percent and abs(off) > 4 * 100 * fit.relative_sigma:
        raise MatError(
            f"{fit.board.name} is stretched: its height and width differ by {off:+.1f} % from what "
            "they should be.",
            "Print the mats again at 100 % with another program or printer.",
        )


def check_mats_agree(fits: tuple[BoardFit, ...], settings: ScaleSettings) -> None:
    """Refuse mats that were printed at different sizes; which one is odd, only a third can tell."""
    if len(fits) < 2:
        return
    scales = np.array([fit.metres_per_unit for fit in fits])
    worst = int(np.argmax(np.abs(np.median(scales) / scales - 1)))
    fit = fits[worst]
    off = 100 * (float(np.median(np.delete(scales, worst))) / fit.metres_per_unit - 1)
    if abs(off) <= max(settings.agree_percent, 400 * fit.relative_sigma):
        return
    which = (
        f"{fits[0].board.name} and {fits[1].board.name} differ by {abs(off):.1f} %: one"
        if len(fits) == 2
        else f"{fit.board.name} measures {off:+.1f} % off the other mats: it"
    )
    raise MatError(
        f"{which} was printed at another size.",
        "Print all mats in one go at 100 %, measure each bar, and take the photos again.",
    )
