"""The cut line: the sew line moved outwards, by another allowance along each edge.

The allowance is built as an area and its outside is the cut line: along each segment a strip as
wide as the allowance, at each bend a sector of a circle (so the distance stays exact along
curves), at each corner the mitre of the two strips. Where strips meet in concave corners their
union is right by itself. A folded edge's strip ends in the mirror image of its neighbours' cut
lines, so that it lies on the piece when it is turned under.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.errors import PanelError

#: Inside an edge, a turn sharper than this is a corner and is mitred; gentler ones are curves.
CORNER_DEG = 30.0
#: Arcs are drawn by chords that leave them by no more than this.
_SAGITTA_MM = 0.003
#: Points of the cut line that are straight to within this are dropped.
_STRAIGHT_MM = 0.001
#: Unions are made on this grid ...
_GRID_MM = 1e-6
#: ... and parts that adjoin overlap by this much, so that rounding leaves no crack between them.
_OVERLAP_MM = 1e-4
#: How far outside the sew line an allowance is looked for.
_PROBE_MM = 1e-4


def cut_line(
    lines_mm: Sequence[FloatArray],
    allowances_mm: Sequence[float],
    mitre_limit: float = 3.0,
    folded: Sequence[bool] | None = None,
) -> FloatArray:
    """The cut line of a piece.

    Every point of it lies at exactly its edge's allowance from that edge's sew line (to 0.01 mm);
    only at convex corners it is further out, up to `mitre_limit` times the wider allowance, and
    at the ends of a folded edge it is what folds back onto the neighbour's own allowance.

    Parameters
    ----------
    lines_mm : sequence of ndarray, shape (k, 2)
        The sew line's edges in order, counter-clockwise; each begins where the one before ends.
    allowances_mm : sequence of float
        Of each edge, 0 or more.
    mitre_limit : float
    folded : sequence of bool, optional
        Which edges are turned under along their sew line; none when it is not given.

    Returns
    -------
    ndarray, shape (n, 2)
        Counter-clockwise, the first point not repeated.

    Raises
    ------
    PanelError
        The sew line crosses itself.
    """
    ring = np.concatenate([line[:-1] for line in lines_mm])
    inside = shapely.Polygon(ring)
    if not inside.is_valid or inside.area <= 0 or not inside.exterior.is_ccw:
        raise PanelError(
            "A sew line crosses itself, so no cut line can be drawn round it.",
            "Move its seams in the file of panels (--edits).",
        )
    folds = [False] * len(lines_mm) if folded is None else list(folded)
    parts = [inside]
    trims: list[shapely.Geometry] = []
    for index, (line, width) in enumerate(zip(lines_mm, allowances_mm, strict=True)):
        following = (index + 1) % len(lines_mm)
        strip = [*_strip(line, width, mitre_limit)]
        probes = [_probes(line)]
        after, both = lines_mm[following], (width, allowances_mm[following])
        if folds[index] != folds[following]:
            corners, trim = _fold_corner(line, after, both, mitre_limit, folds[index])
            trims.extend([] if trim is None else [trim])
        else:
            mitre = _mitre(line[-1], line[-1] - line[-2], after[1] - after[0], both, mitre_limit)
            corners = [] if mitre is None else [mitre]
        for corner in corners:
            strip.append(corner)
            probes.append(line[-1:] + _PROBE_MM * _unit(corner_middle(corner) - line[-1])[None])
        parts.append(_attached(strip, inside, np.concatenate(probes)))
    whole = shapely.union_all(parts, grid_size=_GRID_MM)
    if trims:
        spare = shapely.difference(shapely.union_all(trims), inside, grid_size=_GRID_MM)
        whole = shapely.difference(whole, spare, grid_size=_GRID_MM)
    return straightened(_outside([whole]))


def turns_deg(line_mm: FloatArray) -> FloatArray:
    """Turn at each inner point of a line, degrees, positive to the left, shape (k - 2,)."""
    step = np.diff(line_mm, axis=0)
    a, b = step[:-1], step[1:]
    cross = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    return np.asarray(np.degrees(np.arctan2(cross, (a * b).sum(axis=1))))


def normals(line_mm: FloatArray) -> FloatArray:
    """Unit normal of each segment, to the right of its direction: outwards, shape (k - 1, 2)."""
    step = np.diff(line_mm, axis=0)
    length = np.linalg.norm(step, axis=1, keepdims=True)
    return np.asarray(np.column_stack([step[:, 1], -step[:, 0]]) / length)


def straightened(ring_mm: FloatArray) -> FloatArray:
    """A closed ring without the points that lie straight between their neighbours."""
    ring = ring_mm
    while len(ring) > 3:
        before, after = np.roll(ring, 1, axis=0), np.roll(ring, -1, axis=0)
        along, to = after - before, ring - before
        off = np.abs(along[:, 0] * to[:, 1] - along[:, 1] * to[:, 0])
        straight = off <= _STRAIGHT_MM * np.linalg.norm(along, axis=1)
        # never two neighbours at once: the second may be what holds the first's bend
        drop = straight & ~np.roll(straight, 1)
        if straight.all():
            drop = np.arange(len(ring)) % 2 == 1
        if not drop.any():
            break
        ring = ring[~drop]
    return ring


def _strip(line: FloatArray, width: float, limit: float) -> list[shapely.Polygon]:
    """The strip along a line: one quad a segment, a sector or a mitre at each bend outwards."""
    if width <= 0:
        return []
    outward = normals(line)
    a, b = line[:-1], line[1:]
    foot = _OVERLAP_MM * outward
    quads = np.stack([a - foot, a + width * outward, b + width * outward, b - foot], axis=1)
    parts = list(shapely.polygons(quads))
    for index, turn in enumerate(turns_deg(line)):
        at = line[index + 1]
        if turn >= CORNER_DEG:
            before, after = at - line[index], line[index + 2] - at
            corner = _mitre(at, before, after, (width, width), limit)
            parts.extend([] if corner is None else [corner])
        elif turn > 0:
            parts.append(_sector(at, outward[index], outward[index + 1], np.radians(turn), width))
    return parts


def _sector(
    at: FloatArray, first: FloatArray, last: FloatArray, turn: float, width: float
) -> shapely.Polygon:
    chord = 2 * np.arccos(max(0.0, 1 - _SAGITTA_MM / width))
    steps = max(1, int(np.ceil(turn / chord)))
    # blending between the exact ends keeps them the quads' own corners, to the last bit
    angles = np.linspace(0, turn, steps + 1)[1:-1, None]
    side = np.array([-first[1], first[0]])
    inner = np.cos(angles) * first + np.sin(angles) * side
    apex = at - _OVERLAP_MM * _unit(first + last)
    return shapely.Polygon(np.vstack([apex, at + width * np.vstack([first, inner, last])]))


def _mitre(
    at: FloatArray,
    before: FloatArray,
    after: FloatArray,
    widths: tuple[float, float],
    limit: float,
) -> shapely.Polygon | None:
    """What two strips leave open at a convex corner: the cone between them, within both widths.

    With unlike widths and a gentle turn the wider strip ends in a step; the cone under the
    narrower line is filled all the same.
    """
    t, s = _unit(before), _unit(after)
    if t[0] * s[1] - t[1] * s[0] <= 1e-9 or min(widths) <= 0:
        return None
    n, m = np.array([t[1], -t[0]]), np.array([s[1], -s[0]])
    reach = 4 * limit * max(widths)
    # t - s and n + m point the same way out of the corner; one of them is never short
    out = _unit(t - s + n + m)
    cone = np.array(
        [-_OVERLAP_MM * out, reach * n, reach * (n + out), reach * (m + out), reach * m]
    )
    for normal, bound in ((n, widths[0]), (m, widths[1]), (out, limit * max(widths))):
        cone = _clipped(cone, normal, bound)
    polygon = shapely.Polygon(at + cone)
    return polygon if polygon.area > 0 else None


def _clipped(polygon: FloatArray, normal: FloatArray, bound: float) -> FloatArray:
    """The part of a convex polygon where ``x @ normal <= bound`` (Sutherland and Hodgman)."""
    kept: list[FloatArray] = []
    height = polygon @ normal - bound
    for index in range(len(polygon)):
        following = (index + 1) % len(polygon)
        a, b = height[index], height[following]
        if a <= 0:
            kept.append(polygon[index])
        if (a < 0 < b) or (b < 0 < a):
            kept.append(polygon[index] + (polygon[following] - polygon[index]) * (a / (a - b)))
    return np.array(kept)


def _fold_corner(
    before: FloatArray,
    after: FloatArray,
    widths: tuple[float, float],
    limit: float,
    first_folds: bool,
) -> tuple[list[shapely.Polygon], shapely.Polygon | None]:
    """At a convex corner of a folded edge: what is there beside its strip, and what must go.

    Turned under, a point beyond the fold lies at its mirror image, and that must be within the
    neighbour's allowance.
    """
    at, (width, beside) = before[-1], widths
    ahead, back = _unit(before[-1] - before[-2]), -_unit(after[1] - after[0])
    n, m = normals(before)[-1], normals(after)[0]
    out = _unit(ahead + back + n + m)
    if n[0] * m[1] - n[1] * m[0] <= 1e-9:
        return [], None
    if not first_folds:
        n, m, width, beside, ahead, back = m, n, beside, width, back, ahead
    mirrored = m - 2 * (n @ m) * n
    bevel = (out, limit * max(widths))
    beyond = _within(at, bevel, (-n, _OVERLAP_MM), (n, width), (-ahead, _OVERLAP_MM),
                     (mirrored, beside))  # fmt: skip
    before_it = _within(at, bevel, (n, _OVERLAP_MM), (m, beside), (-ahead, _OVERLAP_MM),
                        (-back, _OVERLAP_MM))  # fmt: skip
    there = [part for part in (beyond, before_it) if part is not None]
    return there, _within(at, bevel, (-n, 0.0), (-mirrored, -beside))


def _within(at: FloatArray, *bounds: tuple[FloatArray, float]) -> shapely.Polygon | None:
    """What all half planes about a point hold, as far as a few times the widest bound."""
    reach = 4 * max(bound for _, bound in bounds)
    polygon = reach * np.array([[-1.0, -1], [1, -1], [1, 1], [-1, 1]])
    for normal, bound in bounds:
        polygon = _clipped(polygon, normal, bound) if len(polygon) else polygon
    whole = shapely.Polygon(at + polygon) if len(polygon) > 2 else shapely.Polygon()
    return whole if whole.area > 0 else None


def corner_middle(corner: shapely.Polygon) -> FloatArray:
    """Mean of a convex polygon's points, which lies inside it."""
    return np.asarray(shapely.get_coordinates(corner)[:-1].mean(axis=0))


def _probes(line: FloatArray) -> FloatArray:
    return np.asarray((line[:-1] + line[1:]) / 2 + _PROBE_MM * normals(line))


def _attached(
    strip: list[shapely.Polygon], inside: shapely.Polygon, probes: FloatArray
) -> shapely.Geometry:
    """An edge's strip without what does not hang on the edge.

    A wide strip may reach across a gap and through the piece to its far side: what comes out
    there is no allowance of this edge.
    """
    whole = shapely.union_all(strip, grid_size=_GRID_MM)
    free = shapely.get_parts(shapely.difference(whole, inside, grid_size=_GRID_MM))
    points = shapely.points(probes)
    strangers = [part for part in free if not shapely.intersects(part, points).any()]
    if not strangers:
        return whole
    return shapely.difference(whole, shapely.union_all(strangers), grid_size=_GRID_MM)


def _outside(parts: list[shapely.Geometry]) -> FloatArray:
    whole = shapely.union_all(parts, grid_size=_GRID_MM)
    whole = max(shapely.get_parts(whole), key=lambda part: float(part.area))
    ring = shapely.get_coordinates(shapely.orient_polygons(shapely.Polygon(whole.exterior)))
    return np.asarray(ring[:-1])


def _unit(vector: FloatArray) -> FloatArray:
    return np.asarray(vector / max(float(np.hypot(*vector)), 1e-300))
