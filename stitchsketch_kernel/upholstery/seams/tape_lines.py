"""Lines of tape on the mesh: each place triangulated from the photos that show it, smooth, with ±.

What a photo says of a place is a plane through its camera; the line lies where the planes of many
photos meet, near the mesh. So a mesh that is a little off moves the line less than it would move
any one photo's sight of it.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy.spatial import cKDTree

from stitchsketch_kernel.domain.arrays import AnyArray, BoolArray, FloatArray, IntArray
from stitchsketch_kernel.domain.tape import TapeFound, TapeLine, TapeSettings, TapeSightings
from stitchsketch_kernel.upholstery.seams.even_lines import corners_of, evenly, smoothed
from stitchsketch_kernel.upholstery.seams.tape_graph import (
    STEP_M,
    TapeGraph,
    agreeing,
    drawn_together,
    lines_of,
)

#: Points of a line lie this far apart.
POINT_M = 0.004
#: Sightings are drawn together over this share of the tape's width.
_DRAW = 0.7
#: A place is triangulated from sightings so near along the line, so many widths beside it.
_ALONG_M, _BESIDE = 0.005, 0.8
#: What a photo's edge of the tape is off by, pixels, and the mesh, metres (standard deviations);
#: rounds of giving less say to what lies far off.
_PHOTO_PX, _MESH_M, _ROUNDS = 0.3, 0.0008, 3
#: Errors that all photos share (cameras, the mesh's own place): no line is surer than this.
_SHARED_MM = 0.22
#: Photos taken side by side err alike: so many count as one.
_ALIKE_PHOTOS = 2.0
#: Crossings and corners are where lines fitted to their ends meet, so many metres from them.
_END_M = (0.007, 0.030)
#: A line shorter than this is none; nor is what few photos show, if it is longer than the second.
_LEAST_M, _TOLD_M = 0.030, 0.030


def tape_lines(sightings: TapeSightings, settings: TapeSettings) -> TapeFound:
    """Lines of tape from what photos saw of it.

    Parameters
    ----------
    sightings : TapeSightings
    settings : TapeSettings
    """
    width = settings.tape_width_mm
    sure = agreeing(sightings, settings.tape_photos, width)
    notes = _hardly_shown(sightings, sure, settings)
    if sure.sum() < 3:
        return TapeFound((), (*notes, _nothing(settings)))
    some = _only(sightings, sure)
    points, along = drawn_together(some.points_m, some.along, some.normals, _DRAW * width / 1000)
    graph = lines_of(points, along, some.normals, width, settings.tape_gap_mm)
    placed, error, photos = _triangulated(graph.nodes_m, graph.branches, some, width / 1000)
    crossings = _crossings(graph, placed)
    lines: list[TapeLine] = []
    for branch in graph.branches:
        line = _line(branch, graph, placed, error, photos, crossings)
        loose = not {int(branch[0]), int(branch[-1])} & graph.crossings
        if loose and _metres(line.points_m) - line.closed_mm / 1000 < _LEAST_M:
            notes.append(
                f"{_place(line.points_m)} a line of tape is only "
                f"{1000 * _metres(line.points_m):.0f} mm long: no seam is made of it."
            )
        else:
            lines.append(line)
    if not lines:
        notes.append(_nothing(settings))
    return TapeFound(tuple(lines), tuple(notes))


def _nothing(settings: TapeSettings) -> str:
    return (
        f"No line of {settings.tape_colour} tape, {settings.tape_width_mm:g} mm wide, was found "
        "on the piece. Check seams.tape_colour and seams.tape_width_mm, or take the colour from a "
        "photo as #rrggbb."
    )


def _only(sightings: TapeSightings, which: BoolArray) -> TapeSightings:
    return TapeSightings(
        sightings.points_m[which],
        sightings.normals[which],
        sightings.along[which],
        sightings.plane[which],
        sightings.pixel_m[which],
        sightings.photo[which],
        sightings.seeing[which],
    )


def _hardly_shown(sightings: TapeSightings, sure: BoolArray, settings: TapeSettings) -> list[str]:
    """Sentences for what looks like tape and too few photos show."""
    if sure.all():
        return []
    points = sightings.points_m[~sure]
    photo = sightings.photo[~sure]
    if sure.any():
        away = cKDTree(sightings.points_m[sure]).query(points)[0]
        lone = away > 2 * settings.tape_width_mm / 1000
        points, photo = points[lone], photo[lone]
    notes = []
    for group in _groups(points, 2 * STEP_M):
        size = float(np.linalg.norm(np.ptp(points[group], axis=0)))
        if size > _TOLD_M:
            count = len(np.unique(photo[group]))
            shown = "1 photo shows" if count == 1 else f"too few of {count} photos show"
            notes.append(
                f"{_place(points[group])} {shown} a line of the tape's colour, {1000 * size:.0f} "
                "mm long: no seam is made of it. If it is tape, take more photos of that side."
            )
    return notes


def _groups(points: FloatArray, reach_m: float) -> list[AnyArray]:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if not len(points):
        return []
    pairs = cKDTree(points).query_pairs(reach_m, output_type="ndarray")
    graph = coo_array((np.ones(len(pairs)), tuple(pairs.T)), shape=(len(points),) * 2)
    count, part = connected_components(graph, directed=False)
    return [np.flatnonzero(part == one) for one in range(count)]


def _place(points: FloatArray) -> str:
    x, y, z = points.mean(axis=0)
    return f"Near x {x:.2f}, y {y:.2f}, height {z:.2f} m"


def _triangulated(
    nodes: FloatArray, branches: tuple[IntArray, ...], seen: TapeSightings, width_m: float
) -> tuple[FloatArray, FloatArray, list[set[int]]]:
    """Nodes where their photos' planes meet; their standard errors (NaN: unknown); the photos."""
    tree = cKDTree(seen.points_m)
    placed, error = nodes.copy(), np.full(len(nodes), np.nan)
    photos: list[set[int]] = [set() for _ in nodes]
    for branch in branches:
        closed = branch[0] == branch[-1]
        for at, node in enumerate(branch):
            before = branch[at - 2 if closed and at < 2 else max(at - 2, 0)]
            after = branch[min(at + 2, len(branch) - 1)]
            along = nodes[after] - nodes[before]
            along = along / max(float(np.linalg.norm(along)), 1e-12)
            near = np.array(tree.query_ball_point(nodes[node], 0.01 + width_m), dtype=int)
            off = seen.points_m[near] - nodes[node]
            run = off @ along
            beside = np.linalg.norm(off - run[:, None] * along, axis=1)
            alike = np.abs(seen.along[near] @ along) > 0.8
            used = near[(np.abs(run) < _ALONG_M) & (beside < _BESIDE * width_m) & alike]
            if len(used) >= 3:
                placed[node], error[node] = _met(nodes[node], along, seen, used)
                photos[node] = set(seen.photo[used].tolist())
    return placed, error, photos


def _met(
    start: FloatArray, along: FloatArray, seen: TapeSightings, used: AnyArray
) -> tuple[FloatArray, float]:
    """Least squares of the distances to the photos' planes and to the mesh, across the line."""
    normal = seen.normals[used].mean(axis=0)
    normal = normal - along * (along @ normal)
    normal /= max(float(np.linalg.norm(normal)), 1e-12)
    side = np.cross(normal, along)
    across = np.array([side, normal])
    rows = seen.plane[used] @ across.T
    values = (seen.plane[used] * (seen.points_m[used] - start)).sum(axis=1)
    # a slanting line is compared where it passes the node
    values -= ((seen.points_m[used] - start) @ along) * (seen.plane[used] @ along)
    sigma = _PHOTO_PX * seen.pixel_m[used] * np.maximum(np.abs(rows[:, 0]), 0.2)
    height = (seen.points_m[used] - start) @ normal
    weight = 1 / sigma**2
    _, of_photo, times = np.unique(seen.photo[used], return_inverse=True, return_counts=True)
    weight /= times[of_photo]
    say = np.ones(len(used))
    for _ in range(_ROUNDS):
        own = weight * say
        A = rows.T @ (own[:, None] * rows) + np.diag([0.0, 1 / _MESH_M**2])
        b = rows.T @ (own * values) + np.array([0.0, np.median(height) / _MESH_M**2])
        move = np.linalg.solve(A + 1e-3 * np.eye(2), b)
        left = values - rows @ move
        say = 1 / np.maximum(1.0, np.abs(left) / (2 * sigma))
    lean = np.maximum(np.abs(rows[:, 0]), 0.2)
    each = np.bincount(of_photo, own * left / lean) / np.maximum(np.bincount(of_photo, own), 1e-12)
    count = len(each)
    spread = float(np.sqrt((each**2).sum() / max(count - 1, 1)))
    return start + move @ across, spread / np.sqrt(max(count / _ALIKE_PHOTOS, 1.0))


def _crossings(graph: TapeGraph, placed: FloatArray) -> dict[int, FloatArray]:
    """Where lines that end in a crossing meet: least squares of the distances to all of them."""
    ends: dict[int, list[tuple[FloatArray, FloatArray]]] = {one: [] for one in graph.crossings}
    for branch in graph.branches:
        for walked in (branch, branch[::-1]):
            if int(walked[0]) in ends:
                ends[int(walked[0])] += _end(placed[walked], graph.nodes_m[walked[0]])
    return {one: _nearest(lines, graph.nodes_m[one]) for one, lines in ends.items()}


def _end(points: FloatArray, place: FloatArray) -> list[tuple[FloatArray, FloatArray]]:
    """The middle and direction of the points that lead up to a place."""
    away = np.linalg.norm(points[: len(points) // 2 + 1] - place, axis=1)
    used = points[: len(points) // 2 + 1][(away > _END_M[0]) & (away < _END_M[1])]
    if len(used) < 3:
        return []
    middle = used.mean(axis=0)
    return [(middle, np.linalg.svd(used - middle, full_matrices=False)[2][0])]


def _nearest(lines: list[tuple[FloatArray, FloatArray]], place: FloatArray) -> FloatArray:
    A, b = 0.05 * np.eye(3), 0.05 * place
    for middle, direction in lines:
        across = np.eye(3) - np.outer(direction, direction)
        A, b = A + across, b + across @ middle
    met: FloatArray = np.asarray(np.linalg.solve(A, b), dtype=np.float64)
    return met if np.linalg.norm(met - place) < _END_M[0] else place


def _line(
    branch: IntArray,
    graph: TapeGraph,
    placed: FloatArray,
    error: FloatArray,
    photos: list[set[int]],
    crossings: dict[int, FloatArray],
) -> TapeLine:
    points = placed[branch]
    closed = bool(branch[0] == branch[-1]) and int(branch[0]) not in crossings
    if not closed:
        points = _ended(points, crossings.get(int(branch[0])), crossings.get(int(branch[-1])))
    points = evenly(points, POINT_M)
    points = smoothed(_cornered(points), closed)[0]
    stops = [0, *([] if closed else corners_of(points)), len(points) - 1]
    parts = [evenly(points[a : b + 1], POINT_M) for a, b in pairwise(stops)]
    points = np.vstack([parts[0], *(part[1:] for part in parts[1:])])
    known = error[branch][np.isfinite(error[branch])]
    spread = 1000 * float(np.sqrt((known**2).mean())) if len(known) else np.inf
    gaps = [
        float(np.linalg.norm(graph.nodes_m[a] - graph.nodes_m[b]))
        for a, b in pairwise(branch.tolist())
        if (min(a, b), max(a, b)) in graph.bridged
    ]
    closed_mm = 1000 * max(gaps, default=0.0)
    shown = set().union(*(photos[node] for node in branch))
    within = 1.96 * float(np.hypot(spread, _SHARED_MM))
    return TapeLine(points, within, len(shown), closed_mm)


def _ended(points: FloatArray, start: FloatArray | None, end: FloatArray | None) -> FloatArray:
    """The line from crossing to crossing: what lies beside them is left out."""
    keep = np.ones(len(points), dtype=bool)
    for place in (start, end):
        if place is not None:
            keep &= np.linalg.norm(points - place, axis=1) > _END_M[0]
    inner = points[keep]
    return np.vstack(
        [*([start] if start is not None else []), inner, *([end] if end is not None else [])]
    )


def _cornered(points: FloatArray) -> FloatArray:
    """The line with its corners where what leads up to them meets: drawn together they round."""
    out = points.copy()
    for at in corners_of(points):
        lines = [*_end(points[at::-1], points[at]), *_end(points[at:], points[at])]
        if len(lines) == 2:
            corner = _nearest(lines, points[at])
            near = np.linalg.norm(points - points[at], axis=1) < _END_M[0]
            for (middle, direction), side in zip(
                lines, (range(at, -1, -1), range(at, len(points))), strict=True
            ):
                for k in side:
                    if near[k]:
                        out[k] = middle + direction * ((points[k] - middle) @ direction)
            out[at] = corner
    return out


def _metres(points: FloatArray) -> float:
    return float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())
