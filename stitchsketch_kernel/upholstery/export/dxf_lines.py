"""Lines of a DXF drawing as points: curves to a chord's tolerance, loose parts joined to rings."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import shapely
from ezdxf.math import bulge_to_arc

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.errors import ExchangeError

#: Chords leave curves by no more than this.
FLAT_MM = 0.05
#: Ends nearer than this are one point.
JOIN_MM = 0.1
#: More than these is no piece of a cover, but a file that wants to fill the memory.
MOST_POINTS, MOST_PARTS, LARGEST_MM = 50_000, 2_000, 100_000.0


def points_of(entity: Any, unit_mm: float) -> FloatArray | None:
    """An entity's line in millimetres, shape (n, 2); None for what is no line.

    A closed line repeats its first point at the end.

    Raises
    ------
    ExchangeError
        It is larger than any cover, has more points than a piece has, or holds no numbers.
    """
    kind, flat = entity.dxftype(), FLAT_MM / unit_mm
    found: Iterable[Any]
    if kind == "LINE":
        found = (entity.dxf.start, entity.dxf.end)
    elif kind in {"ARC", "CIRCLE"}:
        _limit(entity.dxf.radius * unit_mm)
        found = entity.flattening(flat)
    elif kind == "ELLIPSE":
        _limit(entity.dxf.major_axis.magnitude * unit_mm)
        found = entity.flattening(flat)
    elif kind == "SPLINE":
        _count(max(len(entity.control_points), len(entity.fit_points)))
        for point in (*entity.control_points, *entity.fit_points):
            _limit(float(max(abs(point[0]), abs(point[1]))) * unit_mm)
        found = entity.flattening(flat)
    elif kind in {"LWPOLYLINE", "POLYLINE"}:
        return _polyline(entity, unit_mm)
    else:
        return None
    return _checked([(one[0], one[1]) for one in found], unit_mm)


def rings_and_lines(parts: Sequence[FloatArray]) -> tuple[list[FloatArray], list[FloatArray]]:
    """Closed rings, the first point not repeated, and what stays open, after joining ends.

    Raises
    ------
    ExchangeError
        There are more parts than a piece has.
    """
    if len(parts) > MOST_PARTS:
        raise ExchangeError(f"An outline is made of {len(parts)} parts.", "Join them to one line.")
    rings = [part[:-1] for part in parts if _is_closed(part)]
    todo = [part for part in parts if not _is_closed(part)]
    lines = []
    while todo:
        line = todo.pop()
        while (index := _next(line, todo)) is not None:
            line = _joined(line, todo.pop(index))
            if _is_closed(line):
                break
        if _is_closed(line):
            rings.append(line[:-1])
        else:
            lines.append(line)
    return rings, lines


def _next(line: FloatArray, others: Sequence[FloatArray]) -> int | None:
    """The part that begins or ends nearest to this one's end, where it is near at all."""
    if not others:
        return None
    ends = np.array([[other[0], other[-1]] for other in others])
    apart = np.linalg.norm(ends - line[-1], axis=2).min(axis=1)
    best = int(np.argmin(apart))
    return best if apart[best] <= JOIN_MM else None


def _joined(line: FloatArray, other: FloatArray) -> FloatArray:
    if np.linalg.norm(other[-1] - line[-1]) < np.linalg.norm(other[0] - line[-1]):
        other = other[::-1]
    return np.vstack([line, other[1:]])


def _is_closed(line: FloatArray) -> bool:
    return len(line) > 3 and bool(np.linalg.norm(line[0] - line[-1]) <= JOIN_MM)


def _polyline(entity: Any, unit_mm: float) -> FloatArray | None:
    if entity.dxftype() == "LWPOLYLINE":
        vertices = [(x, y, bulge) for x, y, bulge in entity.get_points("xyb")]
        closed = bool(entity.closed)
    else:
        # 16: a spline's frame, which the line does not touch
        vertices = [
            (one.dxf.location[0], one.dxf.location[1], one.dxf.bulge)
            for one in entity.vertices
            if not one.dxf.flags & 16
        ]
        closed = bool(entity.is_closed)
    _count(len(vertices))
    if len(vertices) < 2:
        return None
    corners = _checked([(x, y) for x, y, _ in vertices], unit_mm)
    if closed:
        corners = np.vstack([corners, corners[:1]])
    found = [corners[:1]]
    for (_, _, bulge), a, b in zip(vertices, corners, corners[1:], strict=False):
        found.append(_arc(a, b, bulge))
    return np.vstack(found)


def _arc(a: FloatArray, b: FloatArray, bulge: float) -> FloatArray:
    """From a (not repeated) to b; `bulge` is a quarter of the arc's angle's tangent."""
    if not math.isfinite(bulge) or abs(bulge) > 1e4:
        raise ExchangeError("An arc of the drawing is no arc.", "Draw it anew.")
    if abs(bulge) < 1e-9 or np.array_equal(a, b):
        return b[None]
    centre, _, _, radius = bulge_to_arc(tuple(a), tuple(b), bulge)
    angle = 4 * math.atan(abs(bulge))
    if radius * (1 - math.cos(min(angle, math.pi) / 2)) < FLAT_MM / 2:
        return b[None]
    _limit(radius)
    steps = max(2, math.ceil(angle / (2 * math.acos(max(0.0, 1 - FLAT_MM / radius)))))
    _count(steps)
    middle = np.array([centre.x, centre.y])
    turns = np.linspace(0, math.copysign(angle, bulge), steps + 1)[1:, None]
    out = a - middle
    arc = middle + np.cos(turns) * out + np.sin(turns) * np.array([-out[1], out[0]])
    arc[-1] = b
    return np.asarray(arc)


def _checked(points: Sequence[tuple[float, float]], unit_mm: float) -> FloatArray:
    _count(len(points))
    found = np.array(points, dtype=np.float64).reshape(-1, 2) * unit_mm
    if not np.isfinite(found).all():
        raise ExchangeError("The drawing has a point that is no number.", "Draw it anew.")
    _limit(float(np.abs(found).max(initial=0.0)))
    return found


def _limit(size_mm: float) -> None:
    if not size_mm <= LARGEST_MM:
        raise ExchangeError(
            f"Something in the drawing is {size_mm / 1000:.0f} m from its origin or as large.",
            "Check its unit, and move the pieces to the origin.",
        )


def _count(points: int) -> None:
    if points > MOST_POINTS:
        raise ExchangeError(f"A line of the drawing has {points} points.", "Simplify it.")


def ccw(ring: FloatArray) -> FloatArray:
    """A ring counter-clockwise, without points that repeat."""
    apart = np.linalg.norm(ring - np.roll(ring, 1, axis=0), axis=1)
    kept = ring[apart > 1e-6]
    return np.asarray(kept if shapely.LinearRing(kept).is_ccw else kept[::-1])
