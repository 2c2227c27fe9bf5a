"""Borders between labelled faces, as chains of mesh vertices that run from junction to junction."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from stitchsketch_kernel.domain.arrays import FloatArray, IntArray
from stitchsketch_kernel.domain.errors import PanelError

#: Junctions joined by a border shorter than this are one place, seen twice.
_SAME_JUNCTION_M = 0.018
#: Junctions that are placed nearer to each other than this are one.
_ONE_SPOT_M = 0.012


@dataclass(frozen=True)
class Chain:
    """A border from junction to junction.

    Attributes
    ----------
    left, right : int
        Labels on its two sides, walking along it, seen from outside; `right` may be -1.
    vertices : ndarray of int32
        Of the mesh.
    start, end : int
        Junctions (numbered from 0), or -1 for a closed border without any.
    """

    left: int
    right: int
    vertices: IntArray
    start: int
    end: int


@dataclass(frozen=True)
class Borders:
    """All borders of the panels.

    Attributes
    ----------
    chains : tuple of Chain
    junctions_m : ndarray, shape (j, 3)
    loops : dict of int to list of (int, bool)
        For each label its outer border: chains in counter-clockwise order, and whether each is
        walked forward.
    """

    chains: tuple[Chain, ...]
    junctions_m: FloatArray
    loops: dict[int, list[tuple[int, bool]]]


def find_borders(vertices: FloatArray, faces: IntArray, label: IntArray) -> Borders:
    """Trace the borders of all labels from 0 on.

    Holes within a panel are passed over: a panel is what its longest border encloses.
    """
    rings = {
        one: _outer_ring(vertices, faces[label == one], one) for one in range(int(label.max()) + 1)
    }
    other = _label_across(faces, label, rings)
    corner = _junction_vertices(rings, other)
    pieces = [piece for one, ring in rings.items() for piece in _cut(ring, corner, other, one)]
    name = _merged_junctions(vertices, pieces)
    places = _places(vertices, name)
    chains, loops = _joined(pieces, name)
    return Borders(tuple(chains), places, loops)


def _label_across(
    faces: IntArray, label: IntArray, rings: dict[int, list[int]]
) -> dict[tuple[int, int], int]:
    """For each step of a ring the label of the face that has it reversed; missing: the mesh ends.

    Steps between vertices of rings that are on no ring are there, too.
    """
    on_ring = np.zeros(int(faces.max(initial=-1)) + 1, dtype=bool)
    for ring in rings.values():
        on_ring[ring] = True
    # face by face: where two faces have the same step, the later one's label counts
    tail, head = faces.ravel(), np.roll(faces, -1, axis=1).ravel()
    near = np.flatnonzero(on_ring[tail] & on_ring[head])
    steps = zip(head[near].tolist(), tail[near].tolist(), strict=True)
    return dict(zip(steps, label[near // 3].tolist(), strict=True))


def _outer_ring(vertices: FloatArray, mine: IntArray, one: int) -> list[int]:
    """Vertices round a label's faces, counter-clockwise; the longest of its border loops."""
    following = _border_steps(mine)
    best: list[int] = []
    longest = -1.0
    while following:
        ring = _walk(following)
        if not ring:
            continue
        closed = vertices[[*ring, ring[0]]]
        length = float(np.linalg.norm(np.diff(closed, axis=0), axis=1).sum())
        if length > longest:
            best, longest = ring, length
    if len(best) < 3:
        raise PanelError(
            f"Panel {one + 1} has no border: it closes on itself.",
            "Give a seam across it in the file of panels.",
        )
    return best


def _border_steps(mine: IntArray) -> dict[int, list[int]]:
    """For each vertex on the border of faces where its border goes on, in the faces' order.

    Net of the other way round: so every vertex is left as often as it is reached, even where three
    faces share an edge.
    """
    tail, head = mine.T.ravel(), np.roll(mine, -1, axis=1).T.ravel()
    size = int(mine.max(initial=-1)) + 1
    step, first, times = np.unique(
        tail.astype(np.int64) * size + head, return_index=True, return_counts=True
    )
    back = step % size * size + step // size
    found = np.minimum(np.searchsorted(step, back), len(step) - 1)
    net = times - np.where(step[found] == back, times[found], 0)
    ends = np.flatnonzero(net > 0)
    ends = ends[np.argsort(first[ends])]
    # vertices in the order in which the faces come to them
    order = np.full(size, len(tail))
    np.minimum.at(order, tail, np.arange(len(tail)))
    following: dict[int, list[int]] = defaultdict(list)
    for a in sorted(set((step[ends] // size).tolist()), key=lambda vertex: int(order[vertex])):
        following[a] = []
    for a, b, count in zip(
        (step[ends] // size).tolist(), (step[ends] % size).tolist(), net[ends].tolist(), strict=True
    ):
        following[a].extend([b] * count)
    return dict(following)


def _walk(following: dict[int, list[int]]) -> list[int]:
    """Take one closed loop out of `following`; where loops touch in a vertex, split there."""
    start = next(iter(following))
    path, place = [start], {start: 0}
    while True:
        here = path[-1]
        if here not in following:
            return []  # a torn place in the mesh: faces that turn their backs to each other
        ahead = following[here].pop()
        if not following[here]:
            del following[here]
        if ahead in place:
            ring = path[place[ahead] :]
            # what led to the loop goes back, to be walked as part of another
            for a, b in pairwise(path[: place[ahead] + 1]):
                following.setdefault(a, []).append(b)
            return ring
        place[ahead] = len(path)
        path.append(ahead)


def _junction_vertices(rings: dict[int, list[int]], other: dict[tuple[int, int], int]) -> set[int]:
    """Vertices where a ring's neighbour changes."""
    corner: set[int] = set()
    for ring in rings.values():
        across = [other.get((a, b), -1) for a, b in zip(ring, [*ring[1:], ring[0]], strict=True)]
        for i, vertex in enumerate(ring):
            if across[i] != across[i - 1]:
                corner.add(vertex)
    return corner


def _cut(
    ring: list[int], corner: set[int], other: dict[tuple[int, int], int], one: int
) -> list[tuple[int, int, list[int]]]:
    """(label, label across, vertices) of each part of the ring between junctions."""
    at = [i for i, vertex in enumerate(ring) if vertex in corner]
    if not at:
        return [(one, other.get((ring[0], ring[1]), -1), [*ring, ring[0]])]
    turned = ring[at[0] :] + ring[: at[0]]
    stops = [i for i, vertex in enumerate(turned) if vertex in corner] + [len(turned)]
    turned.append(turned[0])
    parts = [turned[a : b + 1] for a, b in pairwise(stops)]
    return [(one, other.get((part[0], part[1]), -1), part) for part in parts]


def _merged_junctions(
    vertices: FloatArray, pieces: list[tuple[int, int, list[int]]]
) -> dict[int, int]:
    """Number the junctions; those that a short border joins are one."""
    ends = sorted({v for _, _, part in pieces if part[0] != part[-1] for v in (part[0], part[-1])})
    index = {vertex: i for i, vertex in enumerate(ends)}
    short = [
        (index[part[0]], index[part[-1]])
        for _, _, part in pieces
        if part[0] != part[-1] and _length(vertices, part) < _SAME_JUNCTION_M
    ]
    if not ends:
        return {}
    rows, columns = np.array(short, dtype=int).reshape(-1, 2).T
    graph = coo_array((np.ones(len(rows)), (rows, columns)), shape=(len(ends), len(ends)))
    _, group = connected_components(graph, directed=False)
    return {vertex: int(group[i]) for vertex, i in index.items()}


def _places(vertices: FloatArray, name: dict[int, int]) -> FloatArray:
    """Mean place of each junction's vertices."""
    count = max(name.values(), default=-1) + 1
    places = np.zeros((count, 3))
    members = np.zeros(count)
    for vertex, junction in name.items():
        places[junction] += vertices[vertex]
        members[junction] += 1
    return np.asarray(places / np.maximum(members, 1)[:, None])


def _length(vertices: FloatArray, part: list[int]) -> float:
    return float(np.linalg.norm(np.diff(vertices[part], axis=0), axis=1).sum())


def _joined(
    pieces: list[tuple[int, int, list[int]]], name: dict[int, int]
) -> tuple[list[Chain], dict[int, list[tuple[int, bool]]]]:
    """One chain for the two sides of each border; each label's loop over the chains."""
    chains: list[Chain] = []
    loops: dict[int, list[tuple[int, bool]]] = defaultdict(list)
    for left, right, part in pieces:
        start, end = name.get(part[0], -1), name.get(part[-1], -1)
        inside = part[0] != part[-1] and start == end
        if inside:
            continue
        chain = Chain(left, right, np.array(part, dtype=np.int32), start, end)
        index = _other_side(chains, chain)
        if index is None:
            chains.append(chain)
        loops[left].append((len(chains) - 1 if index is None else index, index is None))
    return chains, dict(loops)


def _other_side(chains: list[Chain], chain: Chain) -> int | None:
    """The chain that walks the same border the other way; None where it is new.

    The two may differ in a few vertices: where a ring touches itself, its two sides part
    differently.
    """
    mine = set(chain.vertices.tolist())
    for index, other in enumerate(chains):
        if (other.left, other.right) != (chain.right, chain.left):
            continue
        if (other.start, other.end) != (chain.end, chain.start):
            continue
        shared = len(mine.intersection(other.vertices.tolist()))
        if 2 * shared > min(len(mine), len(other.vertices)):
            return index
    return None


def without_slivers(borders: Borders, placed_m: FloatArray) -> tuple[Borders, list[int]]:
    """Borders without those whose two junctions were placed on one spot.

    A hole in the scan that lies on a seam has a border to each side of the seam; once its two
    junctions are placed on the seam they meet, and the hole is closed.

    Parameters
    ----------
    borders : Borders
    placed_m : ndarray, shape (j, 3)
        Where the junctions really lie.

    Returns
    -------
    borders : Borders
        With `placed_m` for its junctions, those on one spot merged.
    kept : list of int
        Which of the chains are left.
    """
    borders = replace(borders, junctions_m=placed_m)
    count = len(placed_m)
    close = [
        (chain.start, chain.end)
        for chain in borders.chains
        if chain.start != chain.end
        and float(np.linalg.norm(placed_m[chain.start] - placed_m[chain.end])) < _ONE_SPOT_M
    ]
    if not close:
        return borders, list(range(len(borders.chains)))
    rows, columns = np.array(close).T
    graph = coo_array((np.ones(len(rows)), (rows, columns)), shape=(count, count))
    _, group = connected_components(graph, directed=False)
    members = np.bincount(group)
    sums = np.column_stack([np.bincount(group, placed_m[:, i]) for i in range(3)])
    merged: FloatArray = sums / members[:, None]
    kept: list[Chain] = []
    index: dict[int, int] = {}
    for old, chain in enumerate(borders.chains):
        start = int(group[chain.start]) if chain.start >= 0 else -1
        end = int(group[chain.end]) if chain.end >= 0 else -1
        if start >= 0 and start == end and chain.start != chain.end:
            continue
        index[old] = len(kept)
        kept.append(replace(chain, start=start, end=end))
    loops = {
        one: [(index[old], forward) for old, forward in loop if old in index]
        for one, loop in borders.loops.items()
    }
    return Borders(tuple(kept), merged, loops), list(index)
