"""Lines of tape among the other seams: walls between panels, and where a seam lies for good.

Where a proposed seam runs beside a tape, the tape is meant: what lies between goes to the other
side. A tape that divides a panel makes two of it. Its colour is taken off the mesh first, so that
it is not taken for piping.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from stitchsketch_kernel.domain.arrays import BoolArray, FloatArray, IntArray
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.domain.tape import TapeLine
from stitchsketch_kernel.upholstery.seams.features import Features, face_graph
from stitchsketch_kernel.upholstery.seams.junctions import Line
from stitchsketch_kernel.upholstery.seams.livewire import ON_MESH_M, LiveWire

#: Points of a line for finding the nearest, metres apart.
_DENSE_M = 0.0003
#: What is narrower than this between a tape and a proposed seam is no panel: the tape is meant.
_BESIDE_M = 0.018
#: The colour of cloth is taken from beyond this, from the tape's middle.
_TINTED_M = 0.010
#: A seam follows a tape that is so near, running the same way (cosine).
_FOLLOWS_M, _SAME_WAY = 0.008, 0.7
#: A line may be so much longer than the places that follow it; it turns a corner where two points
#: beside each other run less alike than this (cosine).
STEP_M, _MOST_LONGER, _CORNER = 0.004, 1.5, 0.9
#: A seam is as sure as its tape where this share of it is tape.
_NEARLY_ALL = 0.85
#: A tape is used if so much of it is near some seam.
_USED, _NEAR_M = 0.5, 0.006


@dataclass(frozen=True)
class Tape:
    """All lines of tape, to be asked for the place nearest to another.

    Attributes
    ----------
    points_m, along : ndarray, shape (n, 3)
    line : ndarray of int32, shape (n,)
        Which line each is of.
    within_mm : ndarray, shape (lines,)
    """

    points_m: FloatArray
    along: FloatArray
    line: IntArray
    within_mm: FloatArray

    @classmethod
    def of(cls, lines: tuple[TapeLine, ...]) -> Tape:
        """That of its lines."""
        dense = [_dense(line.points_m) for line in lines]
        along = [np.gradient(points, axis=0) for points in dense]
        along = [one / np.maximum(np.linalg.norm(one, axis=1)[:, None], 1e-12) for one in along]
        nothing = np.zeros((0, 3))
        return cls(
            np.vstack([nothing, *dense]),
            np.vstack([nothing, *along]),
            np.repeat(np.arange(len(lines), dtype=np.int32), [len(points) for points in dense]),
            np.array([line.within_mm for line in lines]),
        )

    def near(self, places: FloatArray, along: FloatArray) -> IntArray:
        """For each place the index of the point that it lies on; -1 where no tape runs along."""
        if not len(self.points_m):
            return np.full(len(places), -1, dtype=np.int32)
        away, index = cKDTree(self.points_m).query(places)
        same = np.abs((self.along[index] * along).sum(axis=1)) > _SAME_WAY
        return np.where((away < _FOLLOWS_M) & same, index, -1).astype(np.int32)

    def runs(self, index: IntArray) -> list[tuple[int, int, FloatArray]]:
        """Where places (`near`) follow one line all along: first, last, and the line's own points.

        Its own points keep the corners that places beside it cut.
        """
        owner = np.where(index >= 0, self.line[index] if len(self.line) else -1, -1)
        out = []
        starts = np.flatnonzero(np.diff(owner, prepend=-2))
        for a, b in zip(starts, [*starts[1:], len(owner)], strict=True):
            i, j = int(index[a]), int(index[b - 1])
            wide = abs(j - i)
            # on a ring that places run on over its first point, the rest is meant: left as it is
            if owner[a] < 0 or wide * _DENSE_M > _MOST_LONGER * STEP_M * (b - a) or wide < 2:
                continue
            whole = np.concatenate([np.arange(i, j, np.sign(j - i)), [j]])
            out.append((int(a), int(b), self._thinned(whole)))
        return out

    def _thinned(self, whole: IntArray) -> FloatArray:
        points, turn = self.points_m[whole], self.along[whole]
        kept = [0]
        for k in range(1, len(points)):
            last = k == len(points) - 1
            far = (k - kept[-1]) * _DENSE_M >= STEP_M
            corner = k + 1 < len(points) and abs(float(turn[k - 1] @ turn[k + 1])) < _CORNER
            if far or last or corner:
                kept.append(k)
        return points[kept]


def as_taped(line: Line, index: IntArray, tape: Tape) -> Line:
    """A placed border with the tape's own points where it follows tape (`Tape.near`)."""
    parts, done = [], 0
    fields = (line.points_m, line.piped, line.folded, line.taped)
    for a, b, points in tape.runs(index):
        no = np.zeros(len(points), dtype=bool)
        parts += [tuple(one[done:a] for one in fields), (points, no, no, ~no)]
        done = b
    parts.append(tuple(one[done:] for one in fields))
    points, piped, folded, taped = (np.concatenate(some) for some in zip(*parts, strict=True))
    used = tape.line[index[index >= 0]]
    within = float(tape.within_mm[used].max()) if taped.mean() > _NEARLY_ALL else np.nan
    return Line(points, piped, folded, taped, within)


def _dense(points: FloatArray) -> FloatArray:
    run = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    at = np.linspace(0, run[-1], max(2, round(float(run[-1]) / _DENSE_M) + 1))
    return np.column_stack([np.interp(at, run, points[:, k]) for k in range(3)])


def without_tint(mesh: Mesh, lines: tuple[TapeLine, ...]) -> Mesh:
    """The mesh with the cloth's colour beside the tape in place of the tape's own."""
    if mesh.colors is None or not lines:
        return mesh
    tape = cKDTree(Tape.of(lines).points_m)
    tinted = np.isfinite(tape.query(mesh.vertices, distance_upper_bound=_TINTED_M)[0])
    if tinted.all():
        return mesh
    cloth = np.flatnonzero(~tinted)
    near = cKDTree(mesh.vertices[cloth]).query(mesh.vertices[tinted])[1]
    colors = mesh.colors.copy()
    colors[tinted] = mesh.colors[cloth[near]]
    return replace(mesh, colors=colors)


@dataclass(frozen=True)
class Walls:
    """Tape on the mesh: its dual edges (bool, of each) and vertices (bool), and the panels."""

    edges: BoolArray
    vertices: BoolArray
    base: IntArray


def walls_of(mesh: Mesh, features: Features, base: IntArray, lines: tuple[TapeLine, ...]) -> Walls:
    """Lines of tape as ways over the mesh's edges, and the panels as they divide them.

    Parameters
    ----------
    mesh : Mesh
    features : Features
    base : ndarray of int32, shape (m,)
        The proposal, -1 where there is no panel.
    lines : tuple of TapeLine
    """
    edges = np.zeros(len(features.dual.faces), dtype=bool)
    vertices = np.zeros(len(mesh.vertices), dtype=bool)
    if not lines:
        return Walls(edges, vertices, base)
    wire = LiveWire(mesh, features, base)
    away = cKDTree(mesh.vertices)
    on = [line for line in lines if (away.query(line.points_m)[0] < ON_MESH_M).all()]
    ways = [wire.way_along(line.points_m) for line in on]
    for k, way in enumerate(ways):
        stops = wire.stops.copy()
        for other in (*ways[:k], *ways[k + 1 :]):
            stops[other] = True
        whole = wire.run_on(way, stops)
        edges[wire.edges(whole)] = True
        vertices[whole] = True
    return Walls(edges, vertices, _divided(features, base, edges, wire.length_m))


def _divided(features: Features, base: IntArray, cut: BoolArray, length_m: FloatArray) -> IntArray:
    """The proposal as tape divides it: parts numbered anew, slivers to the seam's other side."""
    pairs = features.dual.faces
    graph = face_graph(features.dual, (base[pairs[:, 0]] == base[pairs[:, 1]]) & ~cut, len(base))
    graph.eliminate_zeros()
    part = connected_components(graph, directed=False)[1]
    base = base.copy()
    area = np.bincount(part, features.areas)
    ends = part[pairs]
    differ = ends[:, 0] != ends[:, 1]
    taped = differ & cut
    for one in np.unique(ends[taped]):
        mine = (ends == one).any(axis=1)
        along = float(length_m[mine & taped].sum())
        if area[one] >= _BESIDE_M * along:
            continue
        # over the proposed seam, where there is one; else back to where it was cut from
        over = mine & differ & ~cut
        over = over if over.any() else mine & taped
        other = np.where(ends[over, 0] == one, ends[over, 1], ends[over, 0])
        to = int(np.argmax(np.bincount(other, length_m[over])))
        base[part == one] = base[part == to][0]
        part[part == one] = to
        ends = part[pairs]
        differ = ends[:, 0] != ends[:, 1]
        taped = differ & cut
    kept = np.unique(part[base >= 0])
    # largest first, as the proposal has them; a crumb apart from its panel keeps its label
    whole = np.bincount(part, features.areas).astype(float)
    return _numbered(base, part, cut, pairs, kept, whole)


def _numbered(
    base: IntArray,
    part: IntArray,
    cut: BoolArray,
    pairs: IntArray,
    kept: IntArray,
    area: FloatArray,
) -> IntArray:
    beside = np.unique(part[pairs[cut & (part[pairs[:, 0]] != part[pairs[:, 1]])]])
    label = base.copy()
    count = int(base.max(initial=-1)) + 1
    for old in np.unique(base[base >= 0]):
        own = [one for one in kept if base[part == one][0] == old and one in set(beside.tolist())]
        for one in sorted(own, key=lambda k: -area[k])[1:]:
            label[part == one] = count
            count += 1
    return np.asarray(label, dtype=np.int32)


def unused(lines: tuple[TapeLine, ...], seams_m: list[FloatArray]) -> tuple[str, ...]:
    """A sentence for each line of tape that no seam came of."""
    tree = cKDTree(np.vstack(seams_m)) if seams_m else None
    notes = []
    for line in lines:
        points = line.points_m
        if tree is None or (tree.query(points)[0] < _NEAR_M).mean() < _USED:
            a, b = points[0], points[-1]
            notes.append(
                f"The tape from {a[0]:.2f} {a[1]:.2f} {a[2]:.2f} to {b[0]:.2f} {b[1]:.2f} "
                f"{b[2]:.2f} divides no panel: no seam is made of it. Stick it on until it meets "
                "another seam or the end of the cloth, or draw the rest as a seam."
            )
    return tuple(notes)
