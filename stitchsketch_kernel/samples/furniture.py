"""Furniture with exact truth: a design put on the floor, its panels, seams and triangles."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray, IntArray
from stitchsketch_kernel.domain.model import Mesh, Similarity
from stitchsketch_kernel.domain.panel import EdgeKind
from stitchsketch_kernel.domain.units import MM_PER_M
from stitchsketch_kernel.samples.design import Design, SeamDesign
from stitchsketch_kernel.samples.meshing import (
    Patch,
    box_patch,
    merge,
    panel_patch,
    tube_patch,
)
from stitchsketch_kernel.samples.surfaces import Surface

#: Radius of the piping, metres: a 4.5 mm cord.
WELT_RADIUS_M = 0.00225
#: Curved seams are sampled this densely, so that chords are as long as the curve to 1e-6 m.
FINE_STEP_M = 0.0004


@dataclass(frozen=True, eq=False)
class TruthSeam:
    """The sharp line where two panels meet (inside the piping, where there is one).

    Attributes
    ----------
    id : str
        ``"IA-R/OA-R"``; a panel that ends on nothing: ``"FB/-"``.
    points_m : ndarray, shape (k, 3)
    left, right : str, str or None
        Panels on its two sides, seen from outside, walking along the points.
    edge_kind : EdgeKind
        WELT where it carries piping.
    length_mm : float
        Exact, of the curve and not of its chords.
    stride : int
        Every `stride`-th point is a vertex of the mesh.
    """

    id: str
    points_m: FloatArray
    left: str
    right: str | None
    edge_kind: EdgeKind
    length_mm: float
    stride: int = 1

    @property
    def piped(self) -> bool:
        """Whether a piping runs along it."""
        return self.edge_kind is EdgeKind.WELT

    @property
    def mesh_points_m(self) -> FloatArray:
        """Those of its points that are vertices of the mesh."""
        return self.points_m[:: self.stride]


@dataclass(frozen=True)
class TruthSide:
    """One side of a flat piece, counter-clockwise; `forward`: in its seam's own direction."""

    seam: str
    forward: bool
    line_mm: FloatArray


@dataclass(frozen=True)
class TruthPanel:
    """A panel and, where it is developable, its exact flat piece.

    Attributes
    ----------
    name : str
    developable : bool
        False: `outline_mm` and `sides` are a plan view, no pattern.
    outline_mm : ndarray, shape (n, 2)
        The sew line, counter-clockwise with the cloth's face up, the warp along +y; the first
        point not repeated.
    sides : tuple of TruthSide
        The same line from corner to corner.
    surface : Surface
        The map from the flat to the world and back.
    """

    name: str
    developable: bool
    outline_mm: FloatArray
    sides: tuple[TruthSide, ...]
    surface: Surface = field(repr=False)

    @property
    def seams(self) -> tuple[str, ...]:
        """Ids of its seams, counter-clockwise."""
        return tuple(side.seam for side in self.sides)

    @property
    def area_mm2(self) -> float:
        """Area of the flat outline."""
        return _signed_area(self.outline_mm)


@dataclass(frozen=True, eq=False)
class Furniture:
    """One piece of furniture where it stands."""

    name: str
    panels: tuple[TruthPanel, ...]
    seams: tuple[TruthSeam, ...]
    patches: tuple[Patch, ...] = field(repr=False)

    @cached_property
    def mesh(self) -> Mesh:
        """All that may be seen of it: panels, piping, legs. Counter-clockwise from outside."""
        whole = merge(self.patches, "")
        return Mesh(whole.vertices, whole.faces)

    @cached_property
    def face_panel(self) -> IntArray:
        """For each face of `mesh` the index of its panel, -1 for piping and legs."""
        names = [panel.name for panel in self.panels]
        return np.concatenate(
            [
                np.full(
                    len(patch.faces),
                    names.index(patch.panel) if patch.panel else -1,
                    dtype=np.int32,
                )
                for patch in self.patches
            ]
        )

    def panel(self, name: str) -> TruthPanel:
        """The panel of that name."""
        return next(panel for panel in self.panels if panel.name == name)

    def seam(self, seam_id: str) -> TruthSeam:
        """The seam of that id."""
        return next(seam for seam in self.seams if seam.id == seam_id)


def assemble(design: Design, pose: Similarity) -> Furniture:
    """The furniture of a design, put to the rigid `pose`."""
    seams = _joined([_sampled(seam, design.spacing_m, pose) for seam in design.seams])
    panels, patches = [], []
    owners = {seam.id: drawn.panels for seam, drawn in zip(seams, design.seams, strict=True)}
    for name, surface in design.surfaces.items():
        placed = surface.placed(pose)
        mine = [seam for seam in seams if name in owners[seam.id]]
        panel, outline_m = _panel(name, placed, mine)
        panels.append(panel)
        patches.append(
            panel_patch(name, placed, outline_m, design.spacing_m, f"cloth {design.name}")
        )
    seams = [_with_sides(seam, panels) for seam in seams]
    patches += [
        tube_patch(seam.mesh_points_m, WELT_RADIUS_M, f"welt {design.name}")
        for seam in seams
        if seam.piped
    ]
    patches += [_moved(box_patch(s.low_m, s.high_m, s.material, 0.02), pose) for s in design.solids]
    return Furniture(design.name, tuple(panels), tuple(seams), tuple(patches))


def _sampled(seam: SeamDesign, spacing_m: float, pose: Similarity) -> TruthSeam:
    length = seam.curve.length_m()
    steps = max(1, int(np.ceil(length / spacing_m)))
    stride = 1 if seam.curve.straight else int(np.ceil(spacing_m / FINE_STEP_M))
    points = pose.apply(seam.curve.at(np.linspace(0, 1, steps * stride + 1)))
    names = [*seam.panels, "-"][:2]
    return TruthSeam("/".join(names), points, "", None, seam.edge_kind, length * MM_PER_M, stride)


def _joined(seams: list[TruthSeam]) -> list[TruthSeam]:
    # seams that end in one corner end in the same floats, so that the mesh has no cracks
    corners: list[FloatArray] = []
    joined = []
    for seam in seams:
        points = seam.points_m.copy()
        for end in (0, -1):
            near = [corner for corner in corners if np.abs(corner - points[end]).max() < 1e-9]
            if near:
                points[end] = near[0]
            else:
                corners.append(points[end].copy())
        joined.append(replace(seam, points_m=points))
    return joined


def _panel(name: str, surface: Surface, seams: list[TruthSeam]) -> tuple[TruthPanel, FloatArray]:
    # the seams chained round the panel, counter-clockwise in its flat
    loop = _chained(name, seams)
    flat = np.vstack([surface.flat(_run(seam, forward))[:-1] for seam, forward in loop])
    if _signed_area(flat) < 0:
        loop = [(seam, not forward) for seam, forward in reversed(loop)]
    sides = tuple(
        TruthSide(seam.id, forward, surface.flat(_run(seam, forward))) for seam, forward in loop
    )
    outline = np.vstack([side.line_mm[:-1] for side in sides])
    vertices = np.vstack(
        [
            (seam.mesh_points_m if forward else seam.mesh_points_m[::-1])[:-1]
            for seam, forward in loop
        ]
    )
    return TruthPanel(name, surface.developable, outline, sides, surface), vertices


def _run(seam: TruthSeam, forward: bool) -> FloatArray:
    return seam.points_m if forward else seam.points_m[::-1]


def _chained(name: str, seams: list[TruthSeam]) -> list[tuple[TruthSeam, bool]]:
    rest = list(seams[1:])
    loop = [(seams[0], True)]
    while rest:
        end = _run(*loop[-1])[-1]
        following = [
            (seam, forward)
            for seam in rest
            for forward in (True, False)
            if np.array_equal(_run(seam, forward)[0], end)
        ]
        if not following:
            raise ValueError(f"the seams of {name} do not close: stuck after {loop[-1][0].id}")
        loop.append(following[0])
        rest.remove(following[0][0])
    if not np.array_equal(_run(*loop[-1])[-1], loop[0][0].points_m[0]):
        raise ValueError(f"the seams of {name} do not close: {loop[-1][0].id} ends elsewhere")
    return loop


def _with_sides(seam: TruthSeam, panels: list[TruthPanel]) -> TruthSeam:
    # a panel that is walked counter-clockwise has itself on its left
    left = right = None
    for panel in panels:
        for side in panel.sides:
            if side.seam == seam.id and side.forward:
                left = panel.name
            elif side.seam == seam.id:
                right = panel.name
    if left is None and right is not None:
        raise ValueError(f"{seam.id} has its only panel on the right: draw it the other way")
    return replace(seam, left=left or "", right=right)


def _moved(patch: Patch, pose: Similarity) -> Patch:
    return replace(
        patch, vertices=pose.apply(patch.vertices), normals=patch.normals @ pose.rotation.T
    )


def _signed_area(line: FloatArray) -> float:
    x, y = line[:, 0], line[:, 1]
    return float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y) / 2)
