"""A seam across a panel that is too round for its cloth: where it costs least.

Lines through the panel's middle are tried on coarse meshes of both halves. Of those whose halves
keep the cloth's limits the cheapest is taken: short, where it is seen least, along a thread.
"""

from __future__ import annotations

from dataclasses import dataclass

import igl
import numpy as np
import shapely

from stitchsketch_kernel.domain.arrays import FloatArray, IntArray
from stitchsketch_kernel.domain.cloth import Cloth
from stitchsketch_kernel.upholstery.flat.darted import coarse_fit, stepped
from stitchsketch_kernel.upholstery.flat.reference import Reference
from stitchsketch_kernel.upholstery.flat.slit import slit_mesh
from stitchsketch_kernel.upholstery.geometry.lattice import lattice_within

#: Directions that are tried, and points of each half's coarse mesh.
_WAYS, _COARSE = 12, 300
#: A seam's end goes to where a seam ends already, if that is within this share of the size.
_AT_CORNER = 0.06
#: The seam keeps away from the border by this share of the size, but for its ends.
_AWAY, _ENDS = 0.04, 0.15
#: Below this the coarse mesh's excess is trusted to hold on the fine one.
_GOOD = 0.95
#: Halves that are within this of the best are as good, where none is good enough.
_ALIKE = 1.1
#: What a seam costs more where it lies face up than face down, and across threads than along one.
_SEEN, _OFF_THREAD = 0.5, 0.15


@dataclass(frozen=True)
class Split:
    """A seam across a panel.

    Attributes
    ----------
    first, last : int
        Places on the border where it begins and ends.
    excess : float
        Of the rounder half's cloth, laid on a coarse mesh without darts.
    cost_mm : float
        Its length, more where it shows.
    """

    first: int
    last: int
    excess: float
    cost_mm: float


def propose_split(panel: Reference, cloth: Cloth) -> Split | None:
    """The seam across that costs least among those that do; None where there is none at all."""
    found = []
    for first, last in _ends(panel):
        excess = _excess(panel, cloth, first, last)
        if excess is not None:
            found.append(Split(first, last, excess, _cost_mm(panel, first, last)))
    if not found:
        return None
    enough = max(_GOOD, _ALIKE * min(one.excess for one in found))
    return min((one for one in found if one.excess <= enough), key=lambda one: one.cost_mm)


def _ends(panel: Reference) -> list[tuple[int, int]]:
    """Where lines through the middle leave the panel, of those that run within it."""
    outline = shapely.Polygon(panel.outline)
    middle = np.array(shapely.point_on_surface(outline).coords[0])
    if outline.contains(outline.centroid):
        middle = np.array(outline.centroid.coords[0])
    within = outline.buffer(-_AWAY * panel.size)
    found = []
    for turn in np.pi * np.arange(_WAYS) / _WAYS:
        reach = 10 * panel.size * np.array([np.cos(turn), np.sin(turn)])
        line = shapely.intersection(shapely.LineString([middle - reach, middle + reach]), outline)
        parts = [one for one in shapely.get_parts(line) if one.distance(shapely.Point(middle)) < 1]
        if len(parts) != 1:
            continue
        first, last = (_place(panel, end) for end in shapely.get_coordinates(parts[0])[[0, -1]])
        a, b = panel.outline[first], panel.outline[last]
        inner = shapely.LineString([a + _ENDS * (b - a), b + _ENDS * (a - b)])
        if first != last and within.contains(inner):
            found.append((first, last))
    return sorted(set(found))


def _place(panel: Reference, point: FloatArray) -> int:
    """The border's point nearest to one; where a seam ends already, if that is near."""
    if len(panel.corners):
        away = np.linalg.norm(panel.outline[panel.corners] - point, axis=1)
        if away.min() < _AT_CORNER * panel.size:
            return int(panel.corners[away.argmin()])
    return int(np.linalg.norm(panel.outline - point, axis=1).argmin())


def _excess(panel: Reference, cloth: Cloth, first: int, last: int) -> float | None:
    """By how much the rounder half passes the cloth's limits; None where one can't be laid."""
    step = panel.step(2 * _COARSE)
    kept = panel.coarse_border(step, [first, last])
    seam = stepped(panel.outline[[first, last]], step)[:-1]
    worst = 0.0
    for a, b, line in ((first, last, seam[::-1]), (last, first, seam)):
        arc = _arc(kept, a, b, len(panel.border))
        outline = np.vstack([panel.outline[arc], line])
        sewn = np.concatenate([panel.sewn[arc[:-1]], np.ones(len(line) + 1, dtype=bool)])
        mesh = slit_mesh(outline, lattice_within(outline, step), ())
        fit = None if mesh is None else coarse_fit(panel, cloth, mesh, sewn)
        if fit is None:
            return None
        worst = max(worst, cloth.excess(fit))
    return worst


def _arc(kept: IntArray, a: int, b: int, count: int) -> IntArray:
    """Those of some places on a border that lie from a to b, counter-clockwise, both with them."""
    along = (kept - a) % count
    arc = kept[along <= (b - a) % count]
    return np.asarray(arc[np.argsort((arc - a) % count)])


def _cost_mm(panel: Reference, first: int, last: int) -> float:
    """Length of the seam on the furniture, more where it faces up and where it is off the grain."""
    line = np.vstack([panel.outline[first], stepped(panel.outline[[first, last]], 5.0)])
    points = panel.lifted(line)
    steps = np.diff(points, axis=0)
    length = np.linalg.norm(steps, axis=1)
    normals = igl.per_vertex_normals(
        np.ascontiguousarray(panel.surface), np.ascontiguousarray(panel.faces, dtype=np.int64)
    )
    up = panel.carried(np.asarray(normals), (line[1:] + line[:-1]) / 2)[:, 2]
    seen = 1 + _SEEN * (1 + np.clip(up, -1, 1)) / 2
    along = (steps / length[:, None]) @ panel.grain
    off = 1 + _OFF_THREAD * 2 * np.abs(along) * np.sqrt(np.clip(1 - along**2, 0, 1))
    return float((length * seen * off).sum())
