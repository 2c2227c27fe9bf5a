"""Borders made into seams: placed where the panels' surfaces meet, and smooth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

import numpy as np
from scipy.ndimage import gaussian_filter1d, median_filter
from scipy.spatial import cKDTree

from stitchsketch_kernel.domain.arrays import BoolArray, FloatArray, IntArray
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.upholstery.seams.borders import Borders, Chain, without_slivers
from stitchsketch_kernel.upholstery.seams.even_lines import STEP_M, corners_of, evenly, smoothed
from stitchsketch_kernel.upholstery.seams.features import Features
from stitchsketch_kernel.upholstery.seams.junctions import Line, place_junctions
from stitchsketch_kernel.upholstery.seams.place import Patch, Piping, Surfaces, meet, on_surface
from stitchsketch_kernel.upholstery.seams.remembered import Remembered, key_of
from stitchsketch_kernel.upholstery.seams.segment import SEEN
from stitchsketch_kernel.upholstery.seams.spurs import without_spurs
from stitchsketch_kernel.upholstery.seams.taped import Tape, as_taped

#: Borders are rounded by this: triangles make a zigzag; where a scan ends, it is ragged.
_ZIGZAG_M, _RAGGED_M = 0.006, 0.012
#: An end with piping along more of it than this follows its piping; where none shows, the line is
#: carried on from this many points to each side, of which so many must show piping.
_MOSTLY, _BESIDE_POINTS, _LEAST_BESIDE = 0.4, 12, 3
#: How far an end may run astray, and over how many points to each side it is told how it runs.
_ASTRAY_M, _RUN_POINTS, _RUN_ROUNDS = (0.002, 0.020), 60, 8
#: It runs so where this share of them lie so near.
_SUPPORT, _SUPPORT_M = 0.6, 0.0035
#: Points nearer to a junction than this say less than the junction does.
_CLEAR_M = 0.006
#: Seen from as far, a stretch that strays is no corner yet.
_LONG_LEVER_M = 0.06
#: A junction is no further from the end of a border than this.
_LATE_M = 0.040


@dataclass(frozen=True)
class Curve:
    """A seam's curve.

    Attributes
    ----------
    points_m : ndarray, shape (k, 3)
        Evenly spaced; a closed curve repeats its first point.
    piped : bool
        Piping was seen along most of it.
    uncertainty_mm : float
        Half-width of the 95 % interval, from how far its single points scatter about it.
    guessed_mm : float
        How much of a panel's end lies where photos saw nothing, and no piping tells it.
    """

    points_m: FloatArray
    piped: bool
    uncertainty_mm: float
    guessed_mm: float = 0.0


def place_seams(
    mesh: Mesh,
    features: Features,
    label: IntArray,
    borders: Borders,
    tape: Tape,
    remembered: Remembered,
) -> tuple[Borders, list[Curve]]:
    """Place every border, without its spurs: on its tape where it has one.

    Lines of before are `remembered`.

    Returns
    -------
    borders : Borders
        Those given, their junctions placed, less the rims of holes that were closed.
    curves : list of Curve
        One for each of its chains.
    """
    everywhere = mesh.vertices[np.unique(np.concatenate([c.vertices for c in borders.chains]))]
    surfaces = Surfaces(features.centres, features.normals, label, everywhere)
    piping = Piping.of(features)
    borders = without_spurs(mesh.vertices, borders)
    lines = [
        remembered.of(
            _line_key(one, surfaces),
            partial(_placed_line, mesh.vertices, one, surfaces, piping, tape),
        )
        for one in borders.chains
    ]
    borders, kept = without_slivers(borders, place_junctions(borders, lines, surfaces))
    curves = []
    for chain, old in zip(borders.chains, kept, strict=True):
        guessed_mm = _guessed_mm(mesh, chain, lines[old])
        curve = _finished(chain, lines[old], borders.junctions_m)
        curves.append(replace(curve, guessed_mm=guessed_mm))
    return borders, curves


def _line_key(chain: Chain, surfaces: Surfaces) -> bytes:
    sides = [b"" if one < 0 else surfaces.key(one) for one in (chain.left, chain.right)]
    return key_of("line", chain.vertices, chain.start < 0, chain.right < 0, *sides)


def _guessed_mm(mesh: Mesh, chain: Chain, line: Line) -> float:
    if chain.right >= 0 or mesh.confidence is None:
        return 0.0
    _, nearest = cKDTree(mesh.vertices[chain.vertices]).query(line.points_m)
    blind = mesh.confidence[chain.vertices][nearest] < SEEN
    return float((blind & ~line.piped).sum() * STEP_M * 1000)


def _placed_line(
    vertices: FloatArray, chain: Chain, surfaces: Surfaces, piping: Piping, tape: Tape
) -> Line:
    closed = chain.start < 0
    sigma_m = _ZIGZAG_M if chain.right >= 0 else _RAGGED_M
    places = evenly(_rounded(vertices[chain.vertices], closed, sigma_m), STEP_M)
    tangents = _tangents(places, closed)
    placed = np.empty_like(places)
    piped, folded = np.zeros((2, len(places)), dtype=bool)
    for i, (place, along) in enumerate(zip(places, tangents, strict=True)):
        # a panel's end lies where its piping does; where two panels meet, their surfaces say it
        centre = piping.centre(place, along, windows=3 if chain.right < 0 else 1)
        piped[i] = centre is not None
        left = surfaces.patch(chain.left, place)
        right = surfaces.patch(chain.right, place) if chain.right >= 0 else None
        placed[i], folded[i] = _place_point(place, along, centre, left, right, chain.right < 0)
    index = tape.near(places, tangents)
    taped = index >= 0
    placed[taped], piped[taped], folded[taped] = tape.points_m[index[taped]], False, False
    sure = folded | piped | taped
    if chain.right < 0 and not closed and piped.mean() > _MOSTLY:
        # a parabola does not go round a corner
        for a, b in pairwise([0, *corners_of(placed, _LONG_LEVER_M), len(placed)]):
            placed[a:b] = carried_on(placed[a:b], piped[a:b])
    elif 0.3 < sure.mean() < 1:
        placed = places + _bridged(placed - places, sure)
    placed = _without_jumps(places, placed)
    ahead = np.arange(len(placed)) if closed else _ahead(placed)
    line = Line(placed[ahead], piped[ahead], folded[ahead], taped[ahead])
    return as_taped(line, index[ahead], tape) if taped.any() else line


def _ahead(points: FloatArray) -> IntArray:
    """Indices of the points that lead on: a border that ran back round a crumb does so no more."""
    even = gaussian_filter1d(points, 5, axis=0, mode="nearest")
    direction = _tangents(even, closed=False)
    kept = [0]
    for i in range(1, len(points) - 1):
        if (points[i] - points[kept[-1]]) @ direction[i] > 0.3 * STEP_M:
            kept.append(i)
    return np.array([*kept, len(points) - 1])


def _bridged(moves: FloatArray, sure: BoolArray) -> FloatArray:
    """Moves where nothing fixed the seam, from those on both sides along it."""
    at = np.arange(len(moves))
    return np.column_stack([np.interp(at, at[sure], moves[sure, k]) for k in range(3)])


def carried_on(placed: FloatArray, piped: BoolArray) -> FloatArray:
    """A panel's end where its piping does not show, or is mistaken: as it runs on both sides.

    There the scan's own end says little: it frays, or spills over into a shadow.
    """
    sure = piped & ~_astray(placed, piped)
    out, at = placed.copy(), np.arange(len(placed))
    edges = np.flatnonzero(np.diff(np.concatenate([[0], ~sure, [0]]).astype(int)))
    for a, b in edges.reshape(-1, 2):
        reach = _BESIDE_POINTS + (b - a)
        beside = at[sure & (at >= a - reach) & (at < b + reach)]
        if len(beside) >= 2 * _LEAST_BESIDE and beside[0] < a and beside[-1] >= b:
            middle = (a + b) / 2
            bow = np.polyfit(beside - middle, placed[beside], 2)
            out[a:b] = np.column_stack([np.polyval(bow[:, k], at[a:b] - middle) for k in range(3)])
    return out


def _astray(placed: FloatArray, piped: BoolArray) -> BoolArray:
    """Points further than 2 mm, but not so far that it is a shape, from how the rest runs.

    The rest: a parabola through 320 mm to each side, with least absolute deviations, that most of
    the points there lie on.
    """
    at = np.arange(len(placed))
    astray = np.zeros(len(placed), dtype=bool)
    for i in np.flatnonzero(piped):
        near = at[piped & (np.abs(at - i) <= _RUN_POINTS)]
        if len(near) < _RUN_POINTS // 2:
            continue
        design = np.vander((near - i) / _RUN_POINTS, 3)
        weight = np.ones(len(near))
        for _ in range(_RUN_ROUNDS):
            fit = np.linalg.lstsq(design * weight[:, None], placed[near] * weight[:, None])[0]
            off = np.linalg.norm(design @ fit - placed[near], axis=1)
            weight = 1 / np.sqrt(np.maximum(off, 2e-4))
        here = float(np.linalg.norm(fit[2] - placed[i]))
        supported = (off < _SUPPORT_M).mean() > _SUPPORT
        astray[i] = supported and _ASTRAY_M[0] < here < _ASTRAY_M[1]
    return astray


def _finished(chain: Chain, line: Line, junctions: FloatArray) -> Curve:
    closed = chain.start < 0
    points = line.points_m
    if not closed:
        points = _ends_at(points, junctions[chain.start], junctions[chain.end])
    if np.isfinite(line.within_mm):
        return Curve(points, False, line.within_mm)  # tape is smooth already
    smooth, scatter = smoothed(points, closed)
    return Curve(evenly(smooth, STEP_M), bool(line.piped.mean() > 0.5), 1.96e3 * scatter)


def _place_point(
    place: FloatArray,
    along: FloatArray,
    centre: FloatArray | None,
    left: Patch | None,
    right: Patch | None,
    one_sided: bool,
) -> tuple[FloatArray, bool]:
    """The seam's place, and whether two surfaces gave it."""
    start = place if centre is None else centre
    if left is not None and right is not None:
        point, folded = meet([left, right], place, along)
        if folded:
            return point, True
        return (on_surface(left, start) + on_surface(right, start)) / 2, False
    patch = left if left is not None else right
    if patch is not None and (one_sided or centre is not None):
        return on_surface(patch, start), False
    return start, False


def _rounded(points: FloatArray, closed: bool, sigma_m: float) -> FloatArray:
    """The border without the zigzag of its triangles; its ends stay."""
    even = evenly(points, 0.001)
    mode = "wrap" if closed else "nearest"
    if closed:
        smooth = gaussian_filter1d(even[:-1], sigma_m / 0.001, axis=0, mode=mode)
        return np.vstack([smooth, smooth[:1]])
    # reflect through the ends, so that they are neither pulled in nor bent
    pad = min(len(even) - 1, int(4 * sigma_m / 0.001))
    head = 2 * even[0] - even[pad:0:-1]
    tail = 2 * even[-1] - even[-2 : -pad - 2 : -1]
    smooth = gaussian_filter1d(np.vstack([head, even, tail]), sigma_m / 0.001, axis=0)
    return np.asarray(smooth[pad : pad + len(even)])


def _tangents(points: FloatArray, closed: bool) -> FloatArray:
    if closed:
        ring = points[:-1]
        turn = np.roll(ring, -2, axis=0) - np.roll(ring, 2, axis=0)
        turn = np.vstack([turn, turn[:1]])
    else:
        ahead = np.minimum(np.arange(len(points)) + 2, len(points) - 1)
        behind = np.maximum(np.arange(len(points)) - 2, 0)
        turn = points[ahead] - points[behind]
    return np.asarray(turn / np.maximum(np.linalg.norm(turn, axis=1, keepdims=True), 1e-12))


def _without_jumps(places: FloatArray, placed: FloatArray) -> FloatArray:
    """Moves that differ from their neighbours' by over 2.5 mm are taken from these instead."""
    move = placed - places
    usual = median_filter(move, size=(min(9, len(move) // 2 * 2 - 1), 1), mode="nearest")
    wild = np.linalg.norm(move - usual, axis=1) > 0.0025
    return np.asarray(places + np.where(wild[:, None], usual, move))


def _ends_at(points: FloatArray, start: FloatArray, end: FloatArray) -> FloatArray:
    """The curve between its junctions: what lies beside or beyond them is left out."""
    from_start = np.linalg.norm(points - start, axis=1)
    from_end = np.linalg.norm(points - end, axis=1)
    late = min(len(points) // 2, round(_LATE_M / STEP_M))
    first = int(np.argmin(from_start[: late + 1]))
    last = len(points) - 1 - int(np.argmin(from_end[::-1][: late + 1]))
    within = np.arange(len(points))
    kept = (within >= first) & (within <= last) & (from_start > _CLEAR_M) & (from_end > _CLEAR_M)
    return np.vstack([start, points[kept], end])
