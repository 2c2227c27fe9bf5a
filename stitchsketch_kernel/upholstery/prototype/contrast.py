"""Panels that are cut from another cloth of the job, among what has colours of its own.

One picture has one cloth that repeats. Another cloth's motif is put on its panels as colours of
points a few millimetres apart: a stripe is seen, a thread isn't.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from stitchsketch_kernel.domain.arrays import AnyArray
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.domain.prototype import ClothTile, DressedPanel, Prototype
from stitchsketch_kernel.upholstery.prototype.carry import thinned
from stitchsketch_kernel.upholstery.prototype.dress import bare_of

#: How far apart the points are that have colours.
_STEP_MM = 4.0


def with_others(
    prototype: Prototype, others: Sequence[tuple[Prototype, ClothTile]], scan: Mesh | None = None
) -> Prototype:
    """The furniture in its face cloth, and what that leaves bare in the job's other cloths.

    Parameters
    ----------
    prototype : Prototype
        In the face cloth.
    others : sequence of (Prototype, ClothTile)
        In each other cloth by that one's marker, and how it looks; the first that has a panel
        takes it.
    scan : Mesh, optional
        The whole scan: what of it none of the panels covers stays as it was.
    """
    left = set(prototype.undressed)
    found: list[DressedPanel] = []
    meshes = []
    for other, tile in others:
        own = tuple(panel for panel in other.panels if panel.panel in left)
        left -= {panel.panel for panel in own}
        found += own
        fine = thinned(replace(other, panels=own), _STEP_MM)
        meshes += [_colored(panel, tile, other) for panel in fine.panels]
    if not found:
        return prototype
    bare = None if scan is None else bare_of(scan, [*prototype.panels, *found])
    still = tuple(name for name in prototype.undressed if name in left)
    return replace(prototype, bare=beside(bare, meshes), undressed=still)


def beside(bare: Mesh | None, others: Sequence[Mesh]) -> Mesh:
    """What has colours of its own, as one mesh; what has none is grey."""
    meshes = [*([] if bare is None else [bare]), *others]
    grey = [np.full((len(one.vertices), 3), 170, dtype=np.uint8) for one in meshes]
    colors = [g if one.colors is None else one.colors for one, g in zip(meshes, grey, strict=True)]
    starts = np.cumsum([0, *(len(one.vertices) for one in meshes)])
    faces = [one.faces + start for one, start in zip(meshes, starts, strict=False)]
    return Mesh(
        np.vstack([one.vertices for one in meshes]), np.vstack(faces).astype(np.int32),
        np.vstack(colors),
    )  # fmt: skip


def _colored(panel: DressedPanel, tile: ClothTile, other: Prototype) -> Mesh:
    """A panel whose points have the cloth's colours, each the mean round it."""
    size = [max(2, round(2 * side / _STEP_MM)) for side in (tile.across_mm, tile.along_mm)]
    small: AnyArray = np.asarray(cv2.resize(tile.color, size, interpolation=cv2.INTER_AREA))
    uv = tile.uv(panel.roll_mm, other.fabric)
    column = np.floor(np.mod(uv[:, 0], 1) * size[0]).astype(int) % size[0]
    row = np.floor(np.mod(-uv[:, 1], 1) * size[1]).astype(int) % size[1]
    return Mesh(panel.points_m, panel.faces, np.ascontiguousarray(small[row, column]))
