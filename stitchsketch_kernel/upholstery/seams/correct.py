"""The proposal corrected by a person's seeds and seams: which faces are which panel.

It doesn't matter in which order seeds were given; seams run on to those drawn before them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from stitchsketch_kernel.domain.arrays import AnyArray, BoolArray, FloatArray, IntArray
from stitchsketch_kernel.domain.errors import PanelError
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.upholstery.seams.bands import divided_bands
from stitchsketch_kernel.upholstery.seams.edits import PanelEdits
from stitchsketch_kernel.upholstery.seams.features import Features, face_graph
from stitchsketch_kernel.upholstery.seams.livewire import ON_MESH_M, LiveWire, off_mesh
from stitchsketch_kernel.upholstery.seams.parts import (
    IGNORED,
    SHARED,
    Seed,
    named_parts,
    renamed,
    with_numbers,
)
from stitchsketch_kernel.upholstery.seams.seeds import Walker

#: What a drawn seam cuts off is no panel if it is smaller than this, or so narrow beside the seam.
_CRUMB_M2, _NARROW_M = 0.0003, 0.012
#: Seeds nearer to each other than this are on one spot.
_ONE_SPOT_M = 0.003
#: A seam divides something if it does so along this share of it.
_DIVIDES = 0.3
#: So many divided panels are remembered, so that undoing is instant.
_REMEMBERED = 40

_Cuts = tuple[FloatArray, ...]


@dataclass(frozen=True)
class Corrected:
    """Panels by face, as edits want them.

    Attributes
    ----------
    label : ndarray of int32, shape (m,)
        Index into `names`; -1 where there is no panel.
    names : tuple of str
        Of the panels, each of which has faces.
    drawn_m : tuple of ndarray, each shape (k, 3)
        The seams that were drawn, as they run on the mesh.
    asked : frozenset of int
        Labels that a person gave a seed.
    idle : tuple of int
        Those of the drawn seams that divide nothing.
    waiting : tuple of int
        Those of the idle ones that lead from seam to seam: a second one across a band that goes
        all round divides it.
    """

    label: IntArray
    names: tuple[str, ...]
    drawn_m: tuple[FloatArray, ...]
    asked: frozenset[int]
    idle: tuple[int, ...]
    waiting: tuple[int, ...]


@dataclass(frozen=True)
class _Drawn:
    """Seams on the mesh: their vertices, the dual edges they cut, what others may end on.

    `held` says of each whether both its ends lie on what was there before it.
    """

    ways: tuple[IntArray, ...]
    edges: tuple[IntArray, ...]
    stops: BoolArray
    held: tuple[bool, ...] = ()


_NOTHING_DRAWN = _Drawn((), (), np.zeros(0, dtype=bool))


@dataclass
class Ground:
    """What stays the same from edit to edit of one mesh, and what was solved before.

    Parameters
    ----------
    mesh : Mesh
    features : Features
    base : ndarray of int32, shape (m,)
        The proposal; all -1 where none is to be kept.
    names : tuple of str
        Of its panels.
    """

    mesh: Mesh
    features: Features
    base: IntArray
    names: tuple[str, ...]
    _solved: dict[tuple[int, ...], IntArray] = field(default_factory=dict, repr=False)
    _drawn: dict[tuple[bytes, ...], _Drawn] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self._tree = cKDTree(self.features.centres)
        pairs = self.features.dual.faces
        self._within = self.base[pairs[:, 0]] == self.base[pairs[:, 1]]
        self._whole = self._parts(np.zeros(len(pairs), dtype=bool))

    @cached_property
    def _wire(self) -> LiveWire:
        return LiveWire(self.mesh, self.features, self.base)

    @cached_property
    def _walker(self) -> Walker:
        return Walker(self.features)

    def get_ready(self) -> None:
        """Compute now what the first seed or seam would wait for."""
        _ = self._walker, self._with_seams(())

    def corrected(self, edits: PanelEdits) -> Corrected:
        """Label each face as the edits want it.

        Raises
        ------
        PanelError
            A click lies off the mesh or on that of another panel, a seam leads from one loose part
            of the mesh to another, or a panel is renamed that isn't there.
        """
        seeds = self._seeds(edits)
        drawn = self._with_seams(edits.cuts) if edits.cuts else _NOTHING_DRAWN
        cut = np.zeros(len(self._within), dtype=bool)
        for edges in drawn.edges:
            cut[edges] = True
        part = self._whole
        if edits.cuts:
            before = self._parts(cut)
            part = self._without_crumbs(before, cut, seeds)
            ends = self.features.dual.faces
            joined = (part[ends[:, 0]] == part[ends[:, 1]]) & (
                before[ends[:, 0]] != before[ends[:, 1]]
            )
            cut &= ~joined
        names, left = renamed(self.names, dict(edits.names))
        parts = named_parts(part, self._whole, self.base, self.features.areas, names, seeds)
        label = np.asarray(parts.label[part], dtype=np.int32)
        for one in np.flatnonzero(parts.label == SHARED):
            self._divide(label, part == one, cut, seeds, parts.names)
        idle = tuple(k for k, edges in enumerate(drawn.edges) if not self._divides(edges, label))
        used, compact = np.unique(label[label >= 0], return_inverse=True)
        label[label >= 0] = compact
        asked = {parts.names.index(name) for _, name in seeds if name != IGNORED}
        bands = divided_bands(self.mesh, self.features, label)
        called = with_numbers([parts.names[one] for one in used], bands.parent)
        names, missing = renamed(called, left)
        if missing:
            raise PanelError(
                f"There is no panel {min(missing)} to rename.",
                f"There are: {', '.join(sorted(names))}.",
            )
        if twice := [name for name, times in Counter(names).items() if times > 1]:
            raise PanelError(f"Two panels are called {twice[0]}.", "Give each its own name.")
        waiting = tuple(k for k in idle if self._leads_across(drawn, k, cut))
        curves = tuple(self._wire.curve(way) for way in drawn.ways)
        ours = frozenset(int(np.searchsorted(used, one)) for one in asked)
        return Corrected(bands.label, names, curves, ours, idle, waiting)

    def check(self, edits: PanelEdits, found: Corrected) -> None:
        """Refuse what leads to no pattern, once all edits are there.

        Raises
        ------
        PanelError
            A seam divides nothing, or a panel's seeds lie in places that don't touch.
        """
        for k in found.idle:
            raise idle_seam(edits.cuts[k])
        pairs = self.features.dual.faces
        graph = face_graph(
            self.features.dual, found.label[pairs[:, 0]] == found.label[pairs[:, 1]], len(self.base)
        )
        graph.eliminate_zeros()
        place = connected_components(graph, directed=False)[1]
        first: dict[str, int] = {}
        for face, name in self._seeds(replace(edits, ignored=())):
            if place[first.setdefault(name, face)] != place[face]:
                a, b = self.features.centres[[first[name], face]]
                raise PanelError(
                    f"Panel {name} lies in two places that don't touch, at {a[0]:.2f} {a[1]:.2f} "
                    f"{a[2]:.2f} and at {b[0]:.2f} {b[1]:.2f} {b[2]:.2f}.",
                    "Give the seeds in them different names.",
                )

    def seam(self, points_m: FloatArray, beside: _Cuts = ()) -> FloatArray:
        """How a seam through these points would run, `beside` being drawn, shape (k, 3)."""
        return self._wire.curve(self._wire.way(points_m, self._with_seams(beside).stops))

    def face_at(self, place: FloatArray, what: str) -> int:
        """The face at a click; `PanelError` where that lies off the mesh."""
        distance, face = self._tree.query(place)
        if distance > ON_MESH_M:
            raise off_mesh(what, place, float(distance))
        return int(face)

    def _seeds(self, edits: PanelEdits) -> list[Seed]:
        """Faces of the seeds and their names; places to be ignored have none."""
        clicked = [(f"seed of panel {name}", name, place) for name, place in edits.seeds]
        clicked += [("place to ignore", IGNORED, place) for place in edits.ignored]
        if not clicked:
            return []
        faces = [self.face_at(place, f"The {what}") for what, _, place in clicked]
        places = np.array([place for _, _, place in clicked])
        close = cKDTree(places).query_pairs(_ONE_SPOT_M)
        first: dict[int, int] = {}
        close |= {(first.setdefault(face, at), at) for at, face in enumerate(faces)}
        for one, other in sorted(close):
            (what, name, _), (again, named, place) = clicked[one], clicked[other]
            if name != named:
                raise PanelError(
                    f"The {what} and the {again} are on one spot, at {place[0]:g} {place[1]:g} "
                    f"{place[2]:g}.",
                    "A place belongs to one panel: take one of them away, or put it elsewhere.",
                )
        return [(face, name) for face, (_, name, _) in zip(faces, clicked, strict=True)]

    def _with_seams(self, cuts: _Cuts) -> _Drawn:
        """The seams on the mesh, each running on to what was there before it."""
        key = tuple(points.tobytes() for points in cuts)
        if not self._drawn:
            self._drawn[()] = _Drawn((), (), self._wire.stops)
        known = next(k for k in range(len(cuts), -1, -1) if key[:k] in self._drawn)
        drawn = self._drawn[key[:known]]
        for points in cuts[known:]:
            way = self._wire.way(points, drawn.stops)
            stops = drawn.stops.copy()
            stops[way] = True
            held = (*drawn.held, bool(drawn.stops[way[[0, -1]]].all()))
            drawn = _Drawn((*drawn.ways, way), (*drawn.edges, self._wire.edges(way)), stops, held)
        self._drawn[key] = drawn
        return drawn

    def _parts(self, cut: BoolArray) -> IntArray:
        """Number the parts of each panel (and of what is none) that cuts leave, by face."""
        graph = face_graph(self.features.dual, self._within & ~cut, len(self.base))
        graph.eliminate_zeros()
        return np.asarray(connected_components(graph, directed=False)[1])

    def _without_crumbs(self, part: IntArray, cut: BoolArray, seeds: list[Seed]) -> IntArray:
        """Parts without those too small or narrow to be panels: they go to their neighbour."""
        part, used = part.copy(), np.flatnonzero(cut & self._within)
        pairs, length = self.features.dual.faces[used], self._wire.length_m[used]
        area = np.bincount(part, self.features.areas)
        beside = np.unique(part[pairs])
        kept = {int(part[face]) for face, _ in seeds}
        for one in beside[np.argsort(area[beside])]:
            ends = part[pairs]
            along = (ends == one).any(axis=1) & (ends[:, 0] != ends[:, 1])
            least = max(_CRUMB_M2, _NARROW_M * float(length[along].sum()))
            if along.any() and one not in kept and area[one] < least:
                others = Counter(int(b if a == one else a) for a, b in ends[along])
                part[part == one] = others.most_common(1)[0][0]
        return part

    def _divide(
        self, label: IntArray, mine: BoolArray, cut: BoolArray, seeds: list[Seed], names: list[str]
    ) -> None:
        """Divide a part between the seeds in it, in `label`."""
        own = sorted((name, face) for face, name in seeds if mine[face])
        local = sorted({name for name, _ in own})
        faces = np.array([face for _, face in own])
        of_seed = np.array([local.index(name) for name, _ in own])
        walls = cut & mine[self.features.dual.faces].all(axis=1)
        key = tuple(hash(some.tobytes()) for some in (mine, walls, faces, of_seed))
        if key not in self._solved:
            if len(self._solved) >= _REMEMBERED:
                self._solved.pop(next(iter(self._solved)))
            self._solved[key] = self._walker.divide(mine, walls, faces, of_seed, len(local))[mine]
        to_all = np.array([-1 if name == IGNORED else names.index(name) for name in local] + [-1])
        label[mine] = to_all[self._solved[key]]

    def _divides(self, edges: AnyArray, label: IntArray) -> bool:
        """Whether a drawn seam parts two panels where the proposal had none or one."""
        ends = label[self.features.dual.faces[edges]]
        new = (ends[:, 0] != ends[:, 1]) & self._within[edges]
        return bool(new.sum() > _DIVIDES * len(new))

    def _leads_across(self, drawn: _Drawn, k: int, cut: BoolArray) -> bool:
        """Whether a seam leads from seam to seam, and most of it over what was one panel."""
        new = (cut & self._within)[drawn.edges[k]]
        return drawn.held[k] and bool(new.sum() > _DIVIDES * len(new))


def idle_seam(points_m: FloatArray) -> PanelError:
    """The error for a drawn seam that divides nothing."""
    a, b = points_m[0], points_m[-1]
    return PanelError(
        f"The seam from {a[0]:g} {a[1]:g} {a[2]:g} to {b[0]:g} {b[1]:g} {b[2]:g} divides no panel.",
        "Draw it on until it meets another seam, the end of the mesh or its own beginning, give "
        "its two sides seeds of different names, or take it away.",
    )
