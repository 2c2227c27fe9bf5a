"""How long a unit of the model is: from mats, boards, known distances or a known length.

Only centres of tags are used, never their sides (blur and gamma bias a side by up to 1.9 %).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.stats import t as student_t

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.board import Board, KnownDistance, KnownLength, TagSighting
from stitchsketch_kernel.domain.errors import MatError, ScaleError
from stitchsketch_kernel.domain.model import Scale, ScaleMethod, Similarity, SparseModel
from stitchsketch_kernel.reconstruction.mats import (
    BoardFit,
    TagPoints,
    fit_board,
    triangulate_tags,
)
from stitchsketch_kernel.reconstruction.scale_checks import (
    ScaleSettings,
    check_bar,
    check_mats_agree,
    check_stretch,
    check_views,
)
from stitchsketch_kernel.reconstruction.size_errors import (
    Pulls,
    board_pulls,
    carried_sigma,
    distance_pulls,
)
from stitchsketch_kernel.reconstruction.triangulate import Triangulated, triangulate
from stitchsketch_kernel.reconstruction.upright import floor_plane, plane_through, upright

__all__ = ["ScaleSettings", "apply_scale", "find_scale"]

#: A bundle-adjusted model is bent a little as a whole, which no mat by itself can show. Rendered
#: sets with known cameras came out 0.03 to 0.04 % off: this is the half-width that covers them.
BENT = 0.0005


@dataclass(frozen=True)
class _Found:
    """One way to the scale: metres a unit, and the relative half-width of its 95 % interval."""

    method: ScaleMethod
    metres_per_unit: float
    residual_mm: float
    uncertainty: float
    references: int
    pulls: Pulls = field(default_factory=dict)


def find_scale(
    model: SparseModel,
    sightings: Sequence[TagSighting],
    boards: Sequence[Board],
    distances: Sequence[KnownDistance] = (),
    lengths: Sequence[KnownLength] = (),
    settings: ScaleSettings | None = None,
) -> tuple[Scale, Similarity]:
    """Find the scale and the transformation to metres, z up, floor at 0.

    Mats and boards come first, then distances between tags, then lengths between marked points;
    what comes later is a check on what came first.

    Returns
    -------
    Scale
        With method ``"none"`` when nothing known was seen: then units stay arbitrary.
    Similarity

    Raises
    ------
    MatError
        The printed bar is off, mats disagree with each other or with a known length.
    ScaleError
        Mats show that photos were misplaced, or a marked point can't be found from its photos.
    """
    settings = settings or ScaleSettings()
    check_bar(settings)
    tags = triangulate_tags(model, sightings, settings.least_views)
    check_views(model, sightings, tags)
    fits = _usable_fits(tags, boards, settings)
    found = [
        way
        for way in (
            _from_boards(fits, tags, settings),
            _from_distances(tags, distances),
            _from_lengths(model, lengths),
        )
        if way is not None
    ]
    if not found:
        return _unscaled(model, boards, tags)
    first = _with_carried(found[0], model, tags)
    for other in found[1:]:
        _check_agreement(first, other, settings)
    notes = _bar_notes(first, settings)
    scale = Scale(
        first.method,
        first.metres_per_unit,
        first.residual_mm,
        100 * first.uncertainty,
        first.references,
        notes,
    )
    return scale, _to_metres(model, tags, fits, first.metres_per_unit)


def apply_scale(model: SparseModel, similarity: Similarity) -> SparseModel:
    """The model in metres, z up, floor at 0."""
    return replace(
        model,
        views=tuple(similarity.apply_view(view) for view in model.views),
        points=similarity.apply(model.points),
    )


def _bar_notes(found: _Found, settings: ScaleSettings) -> tuple[str, ...]:
    if found.method != "mat" or settings.bar_measured_mm:
        return ()
    return (
        "Nobody said what the bar on the printed mats measures. If the printer rescaled them, "
        "every piece is wrong by as much: measure a bar and give it with --bar-mm.",
    )


def _usable_fits(
    tags: TagPoints, boards: Sequence[Board], settings: ScaleSettings
) -> tuple[BoardFit, ...]:
    """Boards that were seen well enough, each fitted by itself."""
    fits = [fit for board in boards if (fit := fit_board(board, tags)) is not None]
    flat = [fit for fit in fits if fit.rms_mm <= settings.flat_mm]
    if fits and not flat:
        worst = ", ".join(f"{fit.board.name} ({fit.rms_mm:.1f} mm)" for fit in fits)
        raise MatError(
            f"The tags don't lie where they should on any mat: {worst}.",
            "Lay the mats flat and smooth, check that board file and print belong together, and "
            "take the photos again.",
        )
    return tuple(flat)


def _with_carried(found: _Found, model: SparseModel, tags: TagPoints) -> _Found:
    """The same, as sure as the photos let the piece's size be: cameras and lens are found, too."""
    if not found.pulls:
        return found
    sigma = carried_sigma(model, tags, found.pulls, found.metres_per_unit)
    if not np.isfinite(sigma):
        return found
    return replace(found, uncertainty=float(np.hypot(found.uncertainty, 1.96 * sigma)))


def _from_boards(
    fits: tuple[BoardFit, ...], tags: TagPoints, settings: ScaleSettings
) -> _Found | None:
    if not fits:
        return None
    for fit in fits:
        check_stretch(fit, settings)
    scales = np.array([fit.metres_per_unit for fit in fits])
    sigmas = np.array([fit.relative_sigma for fit in fits])
    weights = 1 / sigmas**2
    mean = float((weights * scales).sum() / weights.sum())
    check_mats_agree(fits, settings)
    sigma = float(1 / np.sqrt(weights.sum()))
    freedom = sum(fit.freedom for fit in fits)
    if len(fits) > 1:
        pulls = (scales / mean - 1) / sigmas
        sigma *= max(1.0, float(np.sqrt((pulls**2).sum() / (len(fits) - 1))))
    noise = sigma * float(student_t.ppf(0.975, max(1, freedom)))
    uncertainty = float(np.hypot(noise, BENT))
    squares = sum(fit.rms_mm**2 * len(fit.tag_ids) for fit in fits)
    count = sum(len(fit.tag_ids) for fit in fits)
    method: ScaleMethod = (
        "mat" if all(fit.board.name.startswith("mat") for fit in fits) else "board"
    )
    return _Found(
        method,
        mean,
        float(np.sqrt(squares / count)),
        uncertainty,
        count,
        board_pulls(fits, weights, tags),
    )


def _from_distances(tags: TagPoints, distances: Sequence[KnownDistance]) -> _Found | None:
    rows, ends = [], []
    for known in distances:
        keys = (known.dictionary, known.tag_a), (known.dictionary, known.tag_b)
        if keys[0] in tags and keys[1] in tags:
            rows.append((known.distance_mm, *_distance(tags[keys[0]], tags[keys[1]])))
            ends.append(keys)
    found = _from_pairs("board", rows)
    if found is None:
        return None
    weights = np.array([(measured / sigma) ** 2 for _, measured, sigma in rows])
    return replace(found, pulls=distance_pulls(ends, weights, tags))


def _from_lengths(model: SparseModel, lengths: Sequence[KnownLength]) -> _Found | None:
    views = {view.name: view for view in model.views}
    rows = []
    for known in lengths:
        ends = []
        for point in (known.a, known.b):
            end = triangulate(views, point.pixels, 2)
            if end is None:
                raise ScaleError(
                    f"The marked point {point.name} can't be found: its marks in "
                    f"{', '.join(sorted(point.pixels))} don't meet.",
                    "Mark the same spot in at least two photos that were taken from different "
                    "sides and that are among those used.",
                )
            ends.append(end)
        rows.append((known.length_mm, *_distance(ends[0], ends[1])))
    return _from_pairs("two_points", rows)


def _distance(a: Triangulated, b: Triangulated) -> tuple[float, float]:
    """Distance in model units, and its standard deviation (a mark is good to 1 px or its RMS)."""
    apart = a.point - b.point
    length = float(np.linalg.norm(apart))
    along = apart / max(length, 1e-300)
    variance = sum(
        max(1.0, end.rms_px) ** 2 * float(along @ end.covariance @ along) for end in (a, b)
    )
    return length, float(np.sqrt(variance))


def _from_pairs(method: ScaleMethod, rows: list[tuple[float, float, float]]) -> _Found | None:
    """Scale from known lengths: (length_mm, length in units, its sigma) a row."""
    if not rows:
        return None
    known, measured, sigma = np.array(rows).T
    if (measured <= 0).any():
        raise ScaleError("Two points of a known length are one and the same.", "Mark them apart.")
    weights = (measured / sigma) ** 2
    scales = known / 1000 / measured
    mean = float((weights * scales).sum() / weights.sum())
    relative = float(1 / np.sqrt(weights.sum()))
    if len(rows) > 1:
        pulls = (scales / mean - 1) * np.sqrt(weights)
        relative *= max(1.0, float(np.sqrt((pulls**2).mean())))
    residual_mm = float(np.sqrt(((1000 * mean * measured - known) ** 2).mean()))
    # a tape measure is read to half a millimetre
    reading = 0.5 / float(known.mean())
    return _Found(method, mean, residual_mm, 1.96 * float(np.hypot(relative, reading)), len(rows))


def _check_agreement(first: _Found, other: _Found, settings: ScaleSettings) -> None:
    off = 100 * (other.metres_per_unit / first.metres_per_unit - 1)
    allowed = max(
        settings.agree_percent, 200 * float(np.hypot(first.uncertainty, other.uncertainty))
    )
    if abs(off) > allowed:
        raise MatError(
            f"The mats and what was measured by hand disagree by {off:+.1f} %: the mats may have "
            f"been printed at {100 + off:.0f} %.",
            "Measure the bar on each mat and the known length again; correct what is wrong.",
        )


def _to_metres(
    model: SparseModel, tags: TagPoints, fits: tuple[BoardFit, ...], metres_per_unit: float
) -> Similarity:
    """The floor is where the mats lie; without mats it is the largest plane below the cameras."""
    points = [tags[fit.board.dictionary, tag].point for fit in fits for tag in fit.tag_ids]
    if len(points) >= 3:
        normal, floor = plane_through(np.array(points))
        above: FloatArray = np.array([view.centre for view in model.views]).mean(axis=0) - floor
        normal = normal if normal @ above > 0 else -normal
    else:
        normal, floor = floor_plane(model)
    return upright(model, metres_per_unit, normal, floor)


def _unscaled(
    model: SparseModel, boards: Sequence[Board], tags: TagPoints
) -> tuple[Scale, Similarity]:
    normal, floor = floor_plane(model)
    why = (
        f"{len(tags)} tags were found, too few on any one mat"
        if tags and boards
        else "no mat, board or known length was found in the photos"
    )
    note = (
        f"The size is not known: {why}. Lay the printed mats on the floor round the piece, or give "
        "a length that you measured (--length)."
    )
    scale = Scale("none", 1.0, float("nan"), float("nan"), 0, (note,))
    return scale, upright(model, 1.0, normal, floor)
