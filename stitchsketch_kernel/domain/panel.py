"""Seams and panels on the mesh."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray, IntArray
from stitchsketch_kernel.domain.model import Mesh


class EdgeKind(StrEnum):
    """How a panel's side is made; decides allowance and notches."""

    SEWN = "sewn"
    WELT = "welt"
    ZIP = "zip"
    STAPLE = "staple"
    TACK_STRIP = "tack_strip"
    PULL_THROUGH = "pull_through"
    FOLD = "fold"


#: Edges along which too much cloth is laid in pleats; all others are sewn, and keep their length.
PLEATED = frozenset({EdgeKind.STAPLE, EdgeKind.TACK_STRIP, EdgeKind.PULL_THROUGH})


@dataclass(frozen=True)
class Seam:
    """A curve on the mesh where two panels meet, or where a panel ends (`right` is None).

    Attributes
    ----------
    id : str
        Unique, stable: ``"S03"``.
    points_m : ndarray, shape (k, 3)
        From one junction to the next; a closed seam repeats its first point at the end.
    left, right : str, str or None
        Panels on its two sides, seen from outside, walking along the points.
    edge_kind : EdgeKind
    vertices : ndarray of int32, shape (k,)
        The same points as vertices of `PanelMap.mesh`.
    uncertainty_mm : float
        How far its single points scatter about it (95 %), as it was placed; one of the things that
        `upholstery.sure` makes the ± of.
    """

    id: str
    points_m: FloatArray
    left: str
    right: str | None
    edge_kind: EdgeKind
    vertices: IntArray
    uncertainty_mm: float = float("nan")

    @property
    def is_closed(self) -> bool:
        """Whether it runs back to where it began."""
        return bool(np.array_equal(self.points_m[0], self.points_m[-1]))

    @property
    def length_mm(self) -> float:
        """Length along the points."""
        return float(np.linalg.norm(np.diff(self.points_m, axis=0), axis=1).sum() * 1000)


@dataclass(frozen=True)
class Panel:
    """A region of the mesh bounded by seams.

    Attributes
    ----------
    name : str
        Trade name, unique in the scan: ``"IB"``, ``"OA-L"``, ``"BOX-2"``.
    faces : ndarray of int32
        Indices of its faces in `PanelMap.mesh`.
    grain_m : ndarray, shape (3,)
        Unit direction of the warp on the panel (up the roll on vertical panels, front to back on
        flat ones).
    seen_share : float
        Share of its area that photos saw; the rest was filled in.
    """

    name: str
    faces: IntArray
    grain_m: FloatArray
    seen_share: float = 1.0


@dataclass(frozen=True)
class PanelMap:
    """The mesh, cut into panels: the seam lines run along its edges.

    Attributes
    ----------
    mesh : Mesh
        Vertices on seams lie exactly on the seam's curve, and are shared by both panels.
    panels : tuple of Panel
    seams : tuple of Seam
    notes : tuple of str
        Sentences for the report (what was left out and why).
    doubts : tuple of str
        Those of them that a person must look at before anything is cut: a panel that could not be
        closed, one that may be too short.
    """

    mesh: Mesh
    panels: tuple[Panel, ...]
    seams: tuple[Seam, ...]
    notes: tuple[str, ...] = field(default=())
    doubts: tuple[str, ...] = field(default=())

    def face_panel(self) -> IntArray:
        """For each face the index of its panel, or -1 where there is no cloth."""
        owner = np.full(len(self.mesh.faces), -1, dtype=np.int32)
        for index, panel in enumerate(self.panels):
            owner[panel.faces] = index
        return owner

    def panel(self, name: str) -> Panel:
        """The panel of that name."""
        return next(panel for panel in self.panels if panel.name == name)
