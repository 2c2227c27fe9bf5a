"""The cover before it is cut: the panels of the mesh, each point with its place on the roll."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray, ImageArray, IntArray
from stitchsketch_kernel.domain.marker import Fabric
from stitchsketch_kernel.domain.model import Mesh


@dataclass(frozen=True)
class DressedPanel:
    """A panel of the mesh with the cloth that lies on it.

    Attributes
    ----------
    panel : str
    points_m : ndarray, shape (n, 3)
        The surface that was laid flat, metres.
    faces : ndarray of int32, shape (m, 3)
        Counter-clockwise seen from outside.
    roll_mm : ndarray, shape (n, 2)
        The place on the roll that each point's cloth is cut from: along it, and across.
    boundary : ndarray of int32
        Closed outline, counter-clockwise, the first not repeated.
    seam_vertices : dict of str to ndarray of int32
        For each seam its points, in the seam's own order, as in `FlatPanel`.
    turned : bool
        Whether its piece lies on the roll the other way round than the roll's first turn.
    """

    panel: str
    points_m: FloatArray
    faces: IntArray
    roll_mm: FloatArray
    boundary: IntArray
    seam_vertices: dict[str, IntArray]
    turned: bool = False


@dataclass(frozen=True)
class Prototype:
    """The furniture in its new cover.

    Attributes
    ----------
    fabric : Fabric
    panels : tuple of DressedPanel
    bare : Mesh or None
        What of the scan gets no cloth: legs, a frame.
    undressed : tuple of str
        Panels that no piece on the marker is cut for.
    piping : tuple of DressedPanel
        Welts of the face cloth, without boundaries and seams.
    """

    fabric: Fabric
    panels: tuple[DressedPanel, ...]
    bare: Mesh | None = None
    undressed: tuple[str, ...] = ()
    piping: tuple[DressedPanel, ...] = ()

    @property
    def cloth(self) -> tuple[DressedPanel, ...]:
        """All that the face cloth is seen on: panels, then welts."""
        return (*self.panels, *self.piping)

    def panel(self, name: str) -> DressedPanel:
        """The panel of that name."""
        return next(panel for panel in self.panels if panel.panel == name)


@dataclass(frozen=True)
class ClothTile:
    """What a cloth looks like: a picture that goes on without a step, at its true size.

    The picture's up is the roll's +x (the warp), its right the roll's -y: as the cloth's face is
    seen with the roll running away upwards. A motif's middle is the picture's middle.

    Attributes
    ----------
    color : ndarray of uint8, shape (h, w, 3)
        Reflectance, sRGB.
    normal : ndarray of uint8, shape (h, w, 3)
        Tangent-space normals: x to the picture's right, y up.
    across_mm, along_mm : float
        What the picture's width and height are on the roll.
    roughness : float
        0 (a mirror) to 1.
    sheen : float
        How much fibres that stand up shine at grazing light, 0 to 1.
    nap : bool
        Whether they lie one way, along the roll.
    """

    color: ImageArray = field(repr=False)
    normal: ImageArray = field(repr=False)
    across_mm: float
    along_mm: float
    roughness: float = 0.9
    sheen: float = 0.2
    nap: bool = False

    def uv(self, roll_mm: FloatArray, fabric: Fabric) -> FloatArray:
        """Texture coordinates of places on the roll (n, 2); v runs up, one tile is 1."""
        x = roll_mm[:, 0] - fabric.motif_along_mm
        y = roll_mm[:, 1] - fabric.motif_across_mm
        return np.column_stack([0.5 - y / self.across_mm, 0.5 + x / self.along_mm])


def tile_normals(rise: FloatArray) -> ImageArray:
    """Tangent-space normals of a height map that repeats, heights in pixels; (h, w, 3)."""
    dx = (np.roll(rise, -1, axis=1) - np.roll(rise, 1, axis=1)) / 2
    dy = (np.roll(rise, 1, axis=0) - np.roll(rise, -1, axis=0)) / 2
    normal = np.stack([-dx, -dy, np.ones_like(rise)], axis=-1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    return np.ascontiguousarray(np.clip((normal + 1) * 127.5 + 0.5, 0, 255)).astype(np.uint8)
