"""Darts as seams: both sides on one panel; the seam that a dart opens into ends at its mouth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from string import ascii_lowercase

import numpy as np
from scipy.spatial import cKDTree

from stitchsketch_kernel.domain.arrays import IntArray
from stitchsketch_kernel.domain.panel import EdgeKind, PanelMap, Seam
from stitchsketch_kernel.domain.piece import FlatPanel
from stitchsketch_kernel.domain.units import MM_PER_M
from stitchsketch_kernel.upholstery.flat.slit import SlitMesh


@dataclass(frozen=True)
class OpenDarts:
    """Where a panel's darts open.

    Attributes
    ----------
    index : int
        The panel's place among the flats.
    before : FlatPanel
        As it was without them: its boundary is what the mesh's first points are.
    mesh : SlitMesh
    """

    index: int
    before: FlatPanel
    mesh: SlitMesh

    def mouths(self) -> list[int]:
        """Places on the boundary."""
        return [int(self.mesh.source[into[0]]) for into, _ in self.mesh.legs]


def seams_with_darts(
    panel_map: PanelMap, flats: Sequence[FlatPanel], darts: Sequence[OpenDarts]
) -> tuple[tuple[Seam, ...], tuple[FlatPanel, ...]]:
    """The seams, divided where darts open, with the darts' own; and the flats that know them.

    Parameters
    ----------
    panel_map : PanelMap
    flats : sequence of FlatPanel
        Of its panels in order; those in `darts` as they lie now.
    darts : sequence of OpenDarts
        Of each panel that was meshed anew, with darts or without.
    """
    cuts = _cuts(panel_map, darts)
    parts = {seam.id: parts_of(seam, cuts.get(seam.id, set())) for seam in panel_map.seams}
    seams = [one for seam in panel_map.seams for _, one in parts[seam.id]]
    anew = {one.index: one for one in darts}
    out = []
    names = iter(_dart_names(seams))
    for index, flat in enumerate(flats):
        new = anew.get(index)
        border = None if new is None else _NewBorder(new)
        told: dict[str, IntArray] = {}
        for key, vertices in (flat if new is None else new.before).seam_vertices.items():
            bare = key.rstrip("*")
            for (first, last), seam in parts[bare]:
                line = vertices[first : last + 1]
                told[seam.id + key[len(bare) :]] = line if border is None else border.line(line)
        for into, back in () if new is None else new.mesh.legs:
            name = next(names)
            told[name], told[f"{name}*"] = into, back[::-1].astype(np.int32)
            seams.append(_dart_seam(name, flat, into, panel_map, seams))
        out.append(replace(flat, seam_vertices=told))
    return tuple(seams), tuple(out)


def _cuts(panel_map: PanelMap, darts: Sequence[OpenDarts]) -> dict[str, set[int]]:
    """For each seam the places among its own points where a dart opens, but for its ends."""
    found: dict[str, set[int]] = defaultdict(set)
    last = {seam.id: len(seam.vertices) - 1 for seam in panel_map.seams}
    for one in darts:
        mouths = {int(one.before.boundary[mouth]) for mouth in one.mouths()}
        for key, vertices in one.before.seam_vertices.items():
            seam = key.rstrip("*")
            at = np.flatnonzero(np.isin(vertices, list(mouths)))
            found[seam] |= {int(k) for k in at if 0 < k < last[seam]}
    return found


def parts_of(seam: Seam, cuts: set[int]) -> list[tuple[tuple[int, int], Seam]]:
    """A seam's parts between cuts: their first and last point, and each as a seam."""
    ends = [0, *sorted(cuts), len(seam.vertices) - 1]
    if len(ends) == 2:
        return [((0, ends[1]), seam)]
    return [
        (
            (a, b),
            replace(
                seam,
                id=f"{seam.id}{ascii_lowercase[number]}",
                points_m=seam.points_m[a : b + 1],
                vertices=seam.vertices[a : b + 1],
            ),
        )
        for number, (a, b) in enumerate(pairwise(ends))
    ]


def _dart_names(seams: Sequence[Seam]) -> list[str]:
    taken = {seam.id for seam in seams}
    return [name for number in range(1, 1000) if (name := f"D{number}") not in taken]


def _dart_seam(
    name: str, flat: FlatPanel, leg: IntArray, panel_map: PanelMap, seams: Sequence[Seam]
) -> Seam:
    """A dart from its mouth to its point; as sure as the least sure of its panel's seams."""
    points = flat.surface_mm[leg] / MM_PER_M
    used = np.unique(panel_map.mesh.faces[panel_map.panel(flat.panel).faces])
    nearest = cKDTree(panel_map.mesh.vertices[used]).query(points)[1]
    beside = [one.uncertainty_mm for one in seams if flat.panel in {one.left, one.right}]
    return Seam(
        name,
        points,
        flat.panel,
        flat.panel,
        EdgeKind.SEWN,
        used[nearest].astype(np.int32),
        max(beside, default=float("nan")),
    )


class _NewBorder:
    """Old seams' points on the new mesh, which has two of them where a dart opens."""

    def __init__(self, one: OpenDarts) -> None:
        border, source = one.mesh.border, one.mesh.source
        self.count = len(one.before.boundary)
        ahead = np.roll(border, -1)
        at = source[border]
        rim = (at < self.count) & (source[ahead] == (at + 1) % self.count)
        #: For each step of the old border where it begins and ends now.
        self.head: IntArray = np.full(self.count, -1, dtype=np.int32)
        self.tail = self.head.copy()
        self.head[at[rim]], self.tail[at[rim]] = border[rim], ahead[rim]
        self.place = {int(vertex): at for at, vertex in enumerate(one.before.boundary)}

    def line(self, vertices: IntArray) -> IntArray:
        """A run of old vertices along the border, either way round."""
        at = np.array([self.place[int(vertex)] for vertex in vertices])
        if (at[1] - at[0]) % self.count == 1:
            return np.append(self.head[at[:-1]], self.tail[at[-2]])
        return np.append(self.tail[at[1:]], self.head[at[-1]])
