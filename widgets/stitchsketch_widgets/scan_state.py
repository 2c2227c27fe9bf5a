"""What the scan viewer's page shows of a scan, as plain values and bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from stitchsketch_kernel.domain.arrays import AnyArray, FloatArray
from stitchsketch_kernel.domain.model import Mesh, SparseModel
from stitchsketch_kernel.domain.panel import PanelMap
from stitchsketch_kernel.pipeline.looking import SeenScan
from stitchsketch_kernel.visualization.levels import Level, level, level_sizes, thinned
from stitchsketch_kernel.visualization.palette import CLOTH, NO_PANEL, panel_color
from stitchsketch_widgets.texts import text

#: Confidence above which photos saw a place (as the kernel's seams and ± have it).
SEEN = 0.2
#: A camera is drawn so far along its edges, as a share of the piece's diagonal.
_FRUSTUM = 0.07
_DECIMALS_M = 4


@dataclass(frozen=True)
class TexturedPart:
    """A mesh with a picture on it.

    Attributes
    ----------
    vertices_m : ndarray, shape (n, 3)
    faces : ndarray, shape (m, 3)
    uv : ndarray, shape (n, 2)
        In the picture, (0, 0) its lower left; beyond 0 to 1 the picture is repeated.
    image : bytes
        A JPEG, PNG or WebP.
    """

    vertices_m: FloatArray
    faces: AnyArray
    uv: FloatArray
    image: bytes = field(repr=False)

    def told(self) -> tuple[list[bytes], int]:
        """Buffers for the page, and how many vertices there are."""
        return [
            self.vertices_m.astype("<f4").tobytes(),
            self.faces.astype("<u4").tobytes(),
            self.uv.astype("<f4").tobytes(),
            self.image,
        ], len(self.vertices_m)


@dataclass(frozen=True)
class ColoredPart:
    """A mesh with colours (n, 3) at its corners, sRGB, 0 to 255."""

    vertices_m: FloatArray
    faces: AnyArray
    colors: AnyArray

    def told(self) -> tuple[list[bytes], int]:
        """As of `TexturedPart`, without a picture."""
        return [
            self.vertices_m.astype("<f4").tobytes(),
            self.faces.astype("<u4").tobytes(),
            np.ascontiguousarray(self.colors, dtype=np.uint8).tobytes(),
            b"",
        ], len(self.vertices_m)


@dataclass(frozen=True)
class Dressing:
    """Something that the piece can be shown in, such as a new cover; in the list of surfaces."""

    name: str
    parts: Sequence[TexturedPart | ColoredPart]


class ShownMesh:
    """The mesh's levels of detail, each made when it is first asked for."""

    def __init__(self, scan: SeenScan) -> None:
        self._mesh, self._panels = scan.mesh, scan.panels
        self.sizes = level_sizes(len(scan.mesh.faces))
        self._labels: AnyArray | None = None

    def buffers(self, at: int) -> list[bytes]:
        """Positions, faces, photos' colours, what was seen, and panels' colours of a level."""
        found = level(self._mesh, self.sizes[at])
        mesh = found.mesh
        parts = [
            mesh.vertices.astype("<f4"), mesh.faces.astype("<u4"), _photo_colors(mesh),
            seen_of(mesh).astype("u1") * 255, self._panel_colors(found),
        ]  # fmt: skip
        return [np.ascontiguousarray(one).tobytes() for one in parts]

    def _panel_colors(self, found: Level) -> AnyArray:
        if self._panels is None:
            return np.zeros(0, np.uint8)
        if self._labels is None:
            self._labels = _labels(self._mesh, self._panels)
        table = [panel_color(k) for k in range(len(self._panels.panels))]
        return np.array([*table, NO_PANEL], dtype=np.uint8)[self._labels[found.source]]


def _labels(mesh: Mesh, panels: PanelMap) -> AnyArray:
    """The panel of each vertex; the panels' own mesh may have others."""
    middles = panels.mesh.vertices[panels.mesh.faces].mean(axis=1)
    return np.asarray(panels.face_panel()[cKDTree(middles).query(mesh.vertices, workers=-1)[1]])


def _photo_colors(mesh: Mesh) -> AnyArray:
    if mesh.colors is not None:
        return mesh.colors
    return np.tile(np.array(CLOTH, dtype=np.uint8), (len(mesh.vertices), 1))


def seen_of(mesh: Mesh) -> AnyArray:
    """Which vertices photos saw."""
    return np.ones(len(mesh.vertices), bool) if mesh.confidence is None else mesh.confidence > SEEN


def unseen_share(mesh: Mesh) -> float:
    """How much of the surface no photo saw, 0 to 1 of its area."""
    areas = mesh.face_areas()
    unseen = ~seen_of(mesh)[mesh.faces].all(axis=1)
    return float(areas[unseen].sum() / max(float(areas.sum()), 1e-12))


def cameras_shown(model: SparseModel, diagonal_m: float) -> AnyArray:
    """Each camera's centre and the corners of its picture before it, shape (n, 5, 3)."""
    far = _FRUSTUM * diagonal_m
    shown = []
    for view in model.views:
        width, height = view.camera.width_px, view.camera.height_px
        corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=float)
        rays = far * view.camera.rays_from_pixels(corners)
        shown.append(np.vstack([view.centre, rays @ view.rotation + view.centre]))
    return np.array(shown, dtype="<f4").reshape(-1, 5, 3)


def cloud_shown(model: SparseModel | None) -> tuple[AnyArray, AnyArray, list[str]]:
    """The cloud's points and colours as a screen can bear them, and what is to be said of it."""
    if model is None:
        return np.zeros((0, 3), "<f4"), np.zeros((0, 3), "u1"), []
    cloud = thinned(model.points, model.colors)
    notes = []
    if cloud.nowhere:
        notes.append(text("scan.cloud_nowhere", count=cloud.nowhere, all=cloud.found))
    if len(cloud.points_m) + cloud.nowhere < cloud.found:
        notes.append(text("scan.cloud_thinned", count=len(cloud.points_m), all=cloud.found))
    return cloud.points_m.astype("<f4"), cloud.colors.astype("u1"), notes


def lines_shown(panels: PanelMap | None) -> list[Any]:
    """The seams as lines, metres."""
    if panels is None:
        return []
    return [np.round(seam.points_m, _DECIMALS_M).tolist() for seam in panels.seams]
