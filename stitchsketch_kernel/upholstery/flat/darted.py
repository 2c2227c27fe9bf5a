"""A panel meshed with darts and laid flat as cloth: coarsely to try them, finely to cut."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import igl
import numpy as np
import shapely
from scipy.spatial import cKDTree

from stitchsketch_kernel.domain.arrays import BoolArray, FloatArray, IntArray
from stitchsketch_kernel.upholstery.flat.cloth import Cloth, Fit
from stitchsketch_kernel.upholstery.flat.grain import turned
from stitchsketch_kernel.upholstery.flat.reference import Reference
from stitchsketch_kernel.upholstery.flat.slit import SlitMesh, slit_mesh
from stitchsketch_kernel.upholstery.flat.woven import Sheet, Threads
from stitchsketch_kernel.upholstery.geometry.unroll import signed_areas, unroll

#: Inner points of the coarse mesh that darts are tried on.
_COARSE = 600


@dataclass(frozen=True)
class Dart:
    """Where a dart runs, in the reference flat.

    Attributes
    ----------
    mouth : int
        The border's point where it opens.
    line : ndarray, shape (k, 2)
        From the mouth to the apex.
    """

    mouth: int
    line: FloatArray


@dataclass(frozen=True)
class Trial:
    """Darts that were tried, and how the cloth lies with them."""

    darts: tuple[Dart, ...]
    fit: Fit
    excess: float
    mesh: SlitMesh
    flat: FloatArray


@dataclass(frozen=True)
class Laid:
    """A panel laid flat with its darts.

    Attributes
    ----------
    mesh : SlitMesh
        Its points come from the panel's border, its other points in order, and the darts.
    surface, flat : ndarray, shapes (n, 3) and (n, 2)
    threads : Threads
    lengths : tuple of ndarray
        Of short stretches of the border: in the flat, and on the surface.
    """

    mesh: SlitMesh
    surface: FloatArray
    flat: FloatArray
    threads: Threads
    lengths: tuple[FloatArray, FloatArray]

    @property
    def flipped(self) -> int:
        """Faces that lie face down."""
        return int((signed_areas(self.flat, self.mesh.faces) <= 0).sum())

    @property
    def overlaps(self) -> bool:
        """Whether the outline, with its darts open, crosses itself."""
        return not shapely.Polygon(self.flat[self.mesh.border]).is_valid

    def crossed(self) -> tuple[int, ...]:
        """Darts (by number) whose legs cross: cloth is short there, and no dart is wanted."""
        lines = [[shapely.LineString(self.flat[leg]) for leg in legs] for legs in self.mesh.legs]
        # legs meet at their point alone
        return tuple(
            index for index, (into, back) in enumerate(lines)
            if not shapely.equals(shapely.intersection(into, back), shapely.Point(into.coords[-1]))
        )  # fmt: skip


def tried(panel: Reference, cloth: Cloth, darts: tuple[Dart, ...]) -> Trial | None:
    """How a cloth lies on a coarse mesh of the panel with these darts; None where they meet.

    None also where the flat would lie over itself.
    """
    step = panel.step(_COARSE)
    kept = panel.coarse_border(step, [dart.mouth for dart in darts])
    outline = panel.outline[kept]
    place = {int(one): i for i, one in enumerate(kept)}
    slits = [(place[dart.mouth], stepped(dart.line, step)) for dart in darts]
    mesh = slit_mesh(outline, _inner(outline, step), slits)
    if mesh is None:
        return None
    surface = panel.lifted(mesh.flat)
    flat = unroll(surface, mesh.faces, 30)
    flat = turned(flat, surface, mesh.faces, panel.grain)
    corners = [place[int(one)] for one in panel.corners]
    sheet = Sheet(surface, mesh.faces, bars(mesh, corners, 3, panel.sewn[kept]), panel.grain)
    flat = sheet.laid(flat, cloth, 8, power=2, still=1e-3)
    flat = sheet.laid(flat, cloth, 12, still=2e-4)
    if not shapely.Polygon(flat[mesh.border]).is_valid:
        return None
    fit = sheet.threads(flat).fit(panel.held(mesh.flat[mesh.faces].mean(axis=1)))
    return Trial(darts, fit, cloth.excess(fit), mesh, flat)


def laid_with_darts(panel: Reference, cloth: Cloth, trial: Trial, rounds: int = 12) -> Laid | None:
    """The whole panel with a trial's darts, begun from how the coarse mesh lies.

    Returns
    -------
    Laid or None
        None where the panel's own points leave a dart no room.
    """
    inner = np.setdiff1d(np.arange(len(panel.flat)), panel.border)
    step = panel.step(len(inner))
    slits = [(dart.mouth, stepped(dart.line, step)) for dart in trial.darts]
    mesh = slit_mesh(panel.outline, panel.flat[inner], slits)
    if mesh is None:
        return None
    vertices = np.concatenate([panel.border, inner])
    known = mesh.source < len(vertices)
    surface = np.empty((len(mesh.flat), 3))
    surface[known] = panel.surface[vertices[mesh.source[known]]]
    if not known.all():
        surface[~known] = panel.lifted(mesh.flat[~known])
    corners = [int(one) for one in panel.corners]
    sheet = Sheet(surface, mesh.faces, bars(mesh, corners, 8, panel.sewn), panel.grain)
    flat = sheet.laid(_carried(mesh, trial), cloth, rounds)
    threads = sheet.threads(flat)
    return Laid(mesh, surface, flat, threads, sheet.lengths(flat))


def _carried(mesh: SlitMesh, trial: Trial) -> FloatArray:
    """Where the coarse mesh's lie puts the fine mesh's points.

    A point on a slit belongs to the side that its faces lie on.
    """
    middle = mesh.flat[mesh.faces].mean(axis=1)
    count = np.bincount(mesh.faces.ravel(), minlength=len(mesh.flat))[:, None]
    inward = np.column_stack(
        [np.bincount(mesh.faces.ravel(), np.repeat(middle[:, i], 3)) for i in (0, 1)]
    )
    beside = mesh.flat + 0.3 * (inward / count - mesh.flat)
    coarse = np.column_stack([trial.mesh.flat, np.zeros(len(trial.mesh.flat))])
    query = np.column_stack([beside, np.zeros(len(beside))])
    F = np.ascontiguousarray(trial.mesh.faces, dtype=np.int64)
    index = np.asarray(igl.point_mesh_squared_distance(query, coarse, F)[1]).ravel()
    a, b, c = (trial.mesh.flat[F[index, i]] for i in range(3))
    # shares of the corners, beyond the triangle too: an outline bulges over its chords
    M = np.stack([b - a, c - a], axis=-1)
    shares = np.linalg.solve(M, (mesh.flat - a)[..., None])[..., 0]
    A, B, C = (trial.flat[F[index, i]] for i in range(3))
    return np.asarray(A + shares[:, :1] * (B - A) + shares[:, 1:] * (C - A))


def stepped(line: FloatArray, step: float) -> FloatArray:
    """A line's points a step or less apart, without the first: (k, 2)."""
    along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    count = max(2, int(np.ceil(along[-1] / step)))
    at = along[-1] * np.arange(1, count + 1) / count
    return np.column_stack([np.interp(at, along, line[:, i]) for i in (0, 1)])


def bars(mesh: SlitMesh, corners: list[int], steps: int, sewn: BoolArray) -> list[IntArray]:
    """The border in runs of about so many steps, none over a corner, a mouth or an apex.

    Without what is not sewn; `sewn` (b,) is for each step of the border as the mesh was given it.
    """
    ends = {int(leg[i]) for legs in mesh.legs for leg in legs for i in (0, -1)}
    wanted = set(corners)
    at = [
        i for i, v in enumerate(mesh.border) if int(v) in ends or int(mesh.source[v]) in wanted
    ] or [0]
    ring = np.concatenate([mesh.border, mesh.border])
    runs = []
    for a, b in zip(at, [*at[1:], at[0] + len(mesh.border)], strict=True):
        first, second = (int(mesh.source[one]) for one in ring[a : a + 2])
        on_border = first < len(sewn) and second == (first + 1) % len(sewn)
        if on_border and not sewn[first]:
            continue
        parts = max(1, (b - a) // steps)
        cuts = a + (b - a) * np.arange(parts + 1) // parts
        runs += [ring[i : j + 1] for i, j in pairwise(cuts.tolist())]
    return runs


def _inner(outline: FloatArray, step: float) -> FloatArray:
    """Points of a triangular lattice within the outline, none near it."""
    low, high = outline.min(axis=0), outline.max(axis=0)
    x = np.arange(low[0], high[0] + step, step)
    y = np.arange(low[1], high[1] + step, step * np.sqrt(3) / 2)
    X, Y = np.meshgrid(x, y)
    X[1::2] += step / 2
    points = np.column_stack([X.ravel(), Y.ravel()])
    points = points[shapely.contains_xy(shapely.Polygon(outline), points[:, 0], points[:, 1])]
    return np.asarray(points[cKDTree(outline).query(points)[0] > 0.6 * step])
