"""A panel cut in two by a seam across: two panels of the map, and a seam like every other."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np
import shapely
from scipy.spatial import cKDTree

from stitchsketch_kernel.domain.arrays import FloatArray, IntArray
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.domain.panel import EdgeKind, Panel, PanelMap, Seam
from stitchsketch_kernel.domain.piece import FlatPanel
from stitchsketch_kernel.domain.units import MM_PER_M
from stitchsketch_kernel.upholstery.flat.dart_seams import parts_of
from stitchsketch_kernel.upholstery.flat.darted import stepped
from stitchsketch_kernel.upholstery.flat.reference import lifted
from stitchsketch_kernel.upholstery.flat.slit import CLEAR
from stitchsketch_kernel.upholstery.geometry.triangles import triangulate


@dataclass(frozen=True)
class Divided:
    """What became of a panel.

    Attributes
    ----------
    panel_map : PanelMap
        With both halves in its place. Its old points keep their numbers.
    halves : tuple of str
        Their names.
    seam : str
        The seam between them.
    """

    panel_map: PanelMap
    halves: tuple[str, str]
    seam: str


def divided(panel_map: PanelMap, flat: FlatPanel, first: int, last: int) -> Divided | None:
    """Cut a panel in two along a line that is straight in the flat.

    Parameters
    ----------
    panel_map : PanelMap
    flat : FlatPanel
        The panel as it unrolls.
    first, last : int
        Places on its boundary where the seam begins and ends. Seams that go past there are divided,
        so that three panels meet at each end.

    Returns
    -------
    Divided or None
        None where a half can't be meshed.
    """
    name, count = flat.panel, len(flat.boundary)
    inner = np.setdiff1d(np.arange(len(flat.uv_mm)), flat.boundary)
    area = shapely.Polygon(flat.uv_mm[flat.boundary]).area
    step = float(np.sqrt(area / max(len(inner), 1) * 2 / np.sqrt(3)))
    line = stepped(flat.uv_mm[flat.boundary[[first, last]]], step)[:-1]
    inner = inner[cKDTree(line).query(flat.uv_mm[inner])[0] > CLEAR * step]
    lifted_mm = lifted(
        np.column_stack([flat.uv_mm, np.zeros(len(flat.uv_mm))]), flat.faces, flat.surface_mm, line
    )
    new = (len(panel_map.mesh.vertices) + np.arange(len(line))).astype(np.int32)
    meshed = []
    for a, b, way in ((first, last, slice(None, None, -1)), (last, first, slice(None))):
        arc = flat.boundary[(a + np.arange((b - a) % count + 1)) % count]
        faces = _half(flat, arc, line[way], new[way], inner)
        if faces is None:
            return None
        meshed.append(faces)
    mesh, panels, halves = _with_halves(panel_map, name, lifted_mm / MM_PER_M, meshed)
    place = {int(vertex): at for at, vertex in enumerate(flat.vertices[flat.boundary])}
    ends = flat.vertices[flat.boundary[[first, last]]]
    seams = _seams_of(panel_map, name, halves, place, (first, last), ends)
    seam = _next_name(panel_map)
    vertices = np.concatenate([ends[:1], new, ends[1:]]).astype(np.int32)
    beside = [one.uncertainty_mm for one in panel_map.seams if name in {one.left, one.right}]
    # the second half lies on the left of who walks from the first end to the last
    across = Seam(
        seam, mesh.vertices[vertices], halves[1], halves[0], EdgeKind.SEWN, vertices,
        max(beside, default=float("nan")),
    )  # fmt: skip
    return Divided(
        replace(panel_map, mesh=mesh, panels=panels, seams=(*seams, across)), halves, seam
    )


def _half(
    flat: FlatPanel, arc: IntArray, line: FloatArray, new: IntArray, inner: IntArray
) -> IntArray | None:
    """Faces of a half, in the map's vertices: within a part of the boundary and the seam."""
    outline = np.vstack([flat.uv_mm[arc], line])
    polygon = shapely.Polygon(outline)
    if not polygon.is_valid or polygon.exterior.is_ccw is False:
        return None
    shapely.prepare(polygon)
    mine = inner[shapely.contains_xy(polygon, *flat.uv_mm[inner].T)]
    faces = triangulate(np.vstack([outline, flat.uv_mm[mine]]), len(outline))
    if faces is None:
        return None
    vertices = np.concatenate([flat.vertices[arc], new, flat.vertices[mine]])
    return np.asarray(vertices[faces], dtype=np.int32)


def _with_halves(
    panel_map: PanelMap, name: str, line_m: FloatArray, meshed: list[IntArray]
) -> tuple[Mesh, tuple[Panel, ...], tuple[str, str]]:
    """The mesh with both halves' faces instead of the panel's, and the panels of it."""
    old, whole = panel_map.mesh, panel_map.panel(name)
    kept = np.ones(len(old.faces), dtype=bool)
    kept[whole.faces] = False
    place = np.cumsum(kept) - 1
    near = cKDTree(old.vertices).query(line_m)[1]
    mesh = Mesh(
        np.vstack([old.vertices, line_m]),
        np.vstack([old.faces[kept], *meshed]).astype(np.int32),
        None if old.colors is None else np.vstack([old.colors, old.colors[near]]),
        None if old.confidence is None else np.append(old.confidence, old.confidence[near]),
    )
    taken = {panel.name for panel in panel_map.panels}
    halves = next(
        pair for pair in ((f"{name}-1", f"{name}-2"), (f"{name}-A", f"{name}-B"))
        if not taken & set(pair)
    )  # fmt: skip
    begin, panels = int(kept.sum()), []
    for panel in panel_map.panels:
        if panel.name != name:
            panels.append(replace(panel, faces=place[panel.faces].astype(np.int32)))
            continue
        for half, faces in zip(halves, meshed, strict=True):
            own = np.arange(begin, begin + len(faces), dtype=np.int32)
            panels.append(replace(panel, name=half, faces=own))
            begin += len(faces)
    return mesh, tuple(panels), halves


def _seams_of(
    panel_map: PanelMap,
    name: str,
    halves: tuple[str, str],
    place: dict[int, int],
    between: tuple[int, int],
    ends: IntArray,
) -> list[Seam]:
    """The map's seams, divided where the new one ends, each part with the half that it is of."""
    (first, last), count = between, len(place)
    found = []
    for seam in panel_map.seams:
        if name not in {seam.left, seam.right}:
            found.append(seam)
            continue
        at = np.flatnonzero(np.isin(seam.vertices, ends))
        for _, part in parts_of(seam, {int(k) for k in at if 0 < k < len(seam.vertices) - 1}):
            a, b = (place[int(vertex)] for vertex in part.vertices[:2])
            begin = a if (b - a) % count == 1 else b
            half = halves[0 if (begin - first) % count < (last - first) % count else 1]
            left, right = (half if one == name else one for one in (part.left, part.right))
            found.append(replace(part, left=str(left), right=right))
    return found


def _next_name(panel_map: PanelMap) -> str:
    """The first free number after the map's seams, as they are named."""
    numbers = [int(found[1]) for seam in panel_map.seams if (found := re.match(r"S(\d+)", seam.id))]
    return f"S{max(numbers, default=0) + 1:02d}"
