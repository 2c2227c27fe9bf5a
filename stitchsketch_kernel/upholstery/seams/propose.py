"""Panels and seams without a click, or from a person's seeds and seam points."""

from __future__ import annotations

import logging
from collections import defaultdict
from dataclasses import dataclass, field, replace

import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray, IntArray
from stitchsketch_kernel.domain.errors import FlattenError, PanelError
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.domain.panel import EdgeKind, Panel, PanelMap, Seam
from stitchsketch_kernel.domain.progress import Progress, silent
from stitchsketch_kernel.domain.tape import TapeLine
from stitchsketch_kernel.upholstery.seams.borders import Borders, find_borders
from stitchsketch_kernel.upholstery.seams.correct import Corrected
from stitchsketch_kernel.upholstery.seams.curves import Curve, place_seams
from stitchsketch_kernel.upholstery.seams.edits import PanelEdits, apply_kinds
from stitchsketch_kernel.upholstery.seams.features import Features
from stitchsketch_kernel.upholstery.seams.naming import PanelShape, usual_grain
from stitchsketch_kernel.upholstery.seams.prepare import (
    PanelSettings,
    Prepared,
    panel_shape,
    prepared,
)
from stitchsketch_kernel.upholstery.seams.remembered import Remembered, key_of
from stitchsketch_kernel.upholstery.seams.remesh import PanelMesh, mesh_panel
from stitchsketch_kernel.upholstery.seams.taped import Tape, unused

#: An end that was not seen for longer than this is said.
_BLIND_MM = 40.0
#: From triangles of this size on (mean edge) the ± of seams hold too seldom: at 6 mm they hold, at
#: 10 mm in six of ten cases.
_COARSE_MM = 8.0
#: A panel of which less was seen is mostly a guess.
_LITTLE_SEEN = 0.7

__all__ = ["PanelSettings", "panels_from_edits", "panels_of", "propose_panels"]

log = logging.getLogger(__name__)


@dataclass
class _Draft:
    """Panels on their way: what each label has come to."""

    meshes: dict[int, PanelMesh] = field(default_factory=dict)
    rings: dict[int, IntArray] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)


def propose_panels(
    mesh: Mesh,
    settings: PanelSettings | None = None,
    progress: Progress = silent,
    tape: tuple[TapeLine, ...] = (),
) -> PanelMap:
    """Propose panels from creases and piping, and from tape where it was stuck on.

    Parameters
    ----------
    mesh : Mesh
        Metres, z up, with colours and confidence where known.
    settings : PanelSettings, optional
    progress : Progress, optional

    Raises
    ------
    PanelError
        No panel was found.
    """
    return panels_from_edits(mesh, PanelEdits(), settings, progress, tape)


def panels_from_edits(
    mesh: Mesh,
    edits: PanelEdits,
    settings: PanelSettings | None = None,
    progress: Progress = silent,
    tape: tuple[TapeLine, ...] = (),
) -> PanelMap:
    """Panels as a person wants them: the proposal corrected, or those of the seeds alone.

    Raises
    ------
    PanelError
        A click lies on nothing, a seam divides nothing, or no panel is left.
    """
    keeps = edits.keeps or not edits.seeds
    return panels_of(prepared(mesh, settings, keeps, progress, tape), edits, progress)


def panels_of(
    ready: Prepared,
    edits: PanelEdits,
    progress: Progress = silent,
    remembered: Remembered | None = None,
) -> PanelMap:
    """Panels of a prepared mesh as edits want them; see `panels_from_edits`.

    `remembered` is of this mesh: what an earlier call has placed and meshed isn't done again.
    """
    ground = ready.ground
    found = ground.corrected(edits)
    ground.check(edits, found)
    panels = _panel_map(
        ground.mesh, ground.features, found, progress, Tape.of(ground.tape),
        Remembered() if remembered is None else remembered,
    )  # fmt: skip
    idle = unused(ground.tape, [seam.points_m for seam in panels.seams])
    said = idle + _too_coarse(ground.mesh)
    notes, doubts = ready.notes + panels.notes + said, panels.doubts + said
    return apply_kinds(replace(panels, notes=notes, doubts=doubts), edits)


def _too_coarse(mesh: Mesh) -> tuple[str, ...]:
    """A sentence where triangles round folds by more than the fit of surfaces leaves out."""
    corners = mesh.vertices[mesh.faces]
    mean_mm = 1000 * float(np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).mean())
    if mean_mm <= _COARSE_MM:
        return ()
    return (
        f"The mesh has triangles of {mean_mm:.0f} mm, which round every fold: seams may lie "
        "further off than their ± says. Make a finer mesh (mesh.edge_mm), or measure the pieces "
        "before they are cut.",
    )


def _panel_map(
    mesh: Mesh,
    features: Features,
    found: Corrected,
    progress: Progress,
    tape: Tape,
    remembered: Remembered,
) -> PanelMap:
    label = found.label
    if label.max(initial=-1) < 0:
        raise PanelError(
            "No panel was found on this mesh.",
            "Look at the mesh: if the piece is there, give a seed for each panel in a file "
            "(--edits).",
        )
    borders = find_borders(mesh.vertices, mesh.faces, label)
    progress(0.45, "placing seams")
    borders, curves = place_seams(mesh, features, label, borders, tape, remembered)
    points, of_curve = _seam_points(borders, curves)
    progress(0.75, "meshing panels")
    draft = _Draft()
    for one in range(int(label.max()) + 1):
        _mesh_one(draft, one, mesh, found, borders, of_curve, points, remembered)
    shapes = {one: panel_shape(mesh, features, label, one) for one in draft.meshes}
    progress(1.0, f"{len(draft.meshes)} panels")
    return _assembled(mesh, draft, borders, curves, of_curve, points, found.names, shapes)


def _seam_points(borders: Borders, curves: list[Curve]) -> tuple[FloatArray, list[IntArray]]:
    """All points on seams, each once: junctions first; and for each curve its indices."""
    points = [borders.junctions_m.reshape(-1, 3)]
    total = len(borders.junctions_m)
    of_curve: list[IntArray] = []
    for chain, curve in zip(borders.chains, curves, strict=True):
        own = curve.points_m[1:-1] if chain.start >= 0 else curve.points_m[:-1]
        index = np.arange(total, total + len(own), dtype=np.int32)
        total += len(own)
        points.append(own)
        if chain.start >= 0:
            of_curve.append(np.concatenate([[chain.start], index, [chain.end]]).astype(np.int32))
        else:
            of_curve.append(np.concatenate([index, index[:1]]).astype(np.int32))
    return np.concatenate(points), of_curve


def _mesh_one(
    draft: _Draft,
    one: int,
    mesh: Mesh,
    found: Corrected,
    borders: Borders,
    of_curve: list[IntArray],
    points: FloatArray,
    remembered: Remembered,
) -> None:
    """Mesh a panel, or note why it is left out."""
    ring = [
        int(vertex)
        for index, forward in borders.loops.get(one, ())
        for vertex in (of_curve[index] if forward else of_curve[index][::-1])[:-1]
    ]
    name, label = found.names[one], found.label
    try:
        if not ring:  # a scan in tatters: placing its seams has taken all of them
            raise PanelError(f"Panel {name} has no border.", "Take more photos of that side.")
        if len(set(ring)) != len(ring):
            raise PanelError(f"The border of panel {name} meets itself.", "Give it a seam across.")
        mine = label == one
        draft.meshes[one] = remembered.of(
            key_of("mesh", np.packbits(mine), points[ring]),
            lambda: mesh_panel(mesh, mine, points[ring], name),
        )
        draft.rings[one] = np.array(ring, dtype=np.int32)
    except (PanelError, FlattenError) as error:
        if one in found.asked:
            raise
        where = mesh.vertices[mesh.faces[label == one]].reshape(-1, 3).mean(axis=0)
        place = f"near x {where[0]:.2f}, y {where[1]:.2f}, height {where[2]:.2f} m"
        log.warning("panel left out: %s (%s)", error, place)
        draft.doubts.append(f"A region {place} is left out: no piece is cut for it. {error.what}")


def _assembled(
    mesh: Mesh,
    draft: _Draft,
    borders: Borders,
    curves: list[Curve],
    of_curve: list[IntArray],
    points: FloatArray,
    names: tuple[str, ...],
    shapes: dict[int, PanelShape],
) -> PanelMap:
    vertices, faces, panels = [points], [], []
    source = [np.full(len(points), -1, dtype=np.int64)]
    total, face_total = len(points), 0
    for one, panel in draft.meshes.items():
        ring = draft.rings[one]
        to_all = np.concatenate([ring, np.arange(total, total + len(panel.inner_m))])
        vertices.append(panel.inner_m)
        source.append(panel.inner_source.astype(np.int64))
        faces.append(to_all[panel.faces].astype(np.int32))
        index = np.arange(face_total, face_total + len(panel.faces), dtype=np.int32)
        shape = shapes[one]
        panels.append(Panel(names[one], index, usual_grain(shape, points[ring]), shape.seen_share))
        total, face_total = total + len(panel.inner_m), face_total + len(panel.faces)
    if not panels:
        raise PanelError(
            "No panel could be closed along its seams.", "Give seeds for the panels in a file."
        )
    seams = _seams(draft, borders, curves, of_curve, points, names)
    whole = Mesh(np.concatenate(vertices), np.concatenate(faces))
    whole = _with_colors(whole, mesh, np.concatenate(source))
    doubts = (*draft.doubts, *_blind_ends(draft, borders, curves, names), *_little_seen(panels))
    return PanelMap(whole, tuple(panels), seams, doubts, doubts)


def _little_seen(panels: list[Panel]) -> list[str]:
    return [
        f"Only {one.seen_share:.0%} of panel {one.name} was seen in the photos; the rest is a "
        "guess. Take more photos of it, or measure it before it is cut."
        for one in panels
        if one.seen_share < _LITTLE_SEEN
    ]


def _blind_ends(
    draft: _Draft, borders: Borders, curves: list[Curve], names: tuple[str, ...]
) -> list[str]:
    """A sentence for each panel that ends where photos saw nothing: it may be cut short."""
    blind: dict[str, float] = defaultdict(float)
    for chain, curve in zip(borders.chains, curves, strict=True):
        if chain.left in draft.meshes:
            blind[names[chain.left]] += curve.guessed_mm
    return [
        f"Panel {name} ends for {length:.0f} mm where photos saw nothing: it may be too short "
        "there. Take photos of that side, or measure the panel before it is cut."
        for name, length in blind.items()
        if length > _BLIND_MM
    ]


def _seams(
    draft: _Draft,
    borders: Borders,
    curves: list[Curve],
    of_curve: list[IntArray],
    points: FloatArray,
    names: tuple[str, ...],
) -> tuple[Seam, ...]:
    """Seams of the panels that are there; a neighbour that was left out leaves one side."""
    seams: list[Seam] = []
    # a border that encloses a hole is no part of its panel's outline
    mine = {one: {old for old, _ in borders.loops[one]} for one in draft.meshes}
    parts = zip(borders.chains, curves, of_curve, strict=True)
    for old, (chain, curve, walked) in enumerate(parts):
        sides = [one if old in mine.get(one, ()) else -1 for one in (chain.left, chain.right)]
        if sides == [-1, -1]:
            continue
        left, right = sides if sides[0] >= 0 else sides[::-1]
        index = walked if sides[0] >= 0 else walked[::-1]
        two = right >= 0
        kind = (EdgeKind.WELT if curve.piped else EdgeKind.SEWN) if two else EdgeKind.STAPLE
        seams.append(
            Seam(
                f"S{len(seams) + 1:02d}",
                points[index],
                names[left],
                names[right] if two else None,
                kind,
                np.ascontiguousarray(index, dtype=np.int32),
                curve.uncertainty_mm,
            )
        )
    return tuple(seams)


def _with_colors(whole: Mesh, scan: Mesh, source: IntArray) -> Mesh:
    """Colours and confidence of the scan's vertices; the seam's points take a neighbour's."""
    from scipy.spatial import cKDTree

    index = source.copy()
    on_seam = index < 0
    index[on_seam] = cKDTree(scan.vertices).query(whole.vertices[on_seam])[1]
    return replace(
        whole,
        colors=None if scan.colors is None else scan.colors[index],
        confidence=None if scan.confidence is None else scan.confidence[index],
    )
