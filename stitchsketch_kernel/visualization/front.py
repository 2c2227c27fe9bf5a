"""Where a piece of furniture faces, told by its panels."""

from __future__ import annotations

import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.panel import PanelMap

#: Panels that face a sitter: where one is, there is the front.
_FRONT_PANELS = ("IB", "FB", "AF")


def front_of(panel_map: PanelMap) -> FloatArray | None:
    """The level direction out of the front, from panels that face a sitter; None if none does."""
    for name in _FRONT_PANELS:
        for panel in panel_map.panels:
            if panel.name.split("-")[0] != name:
                continue
            areas = panel_map.mesh.face_areas()[panel.faces, None]
            out = (panel_map.mesh.face_normals()[panel.faces] * areas).sum(axis=0)
            out[2] = 0.0
            if np.linalg.norm(out) > 0.2 * areas.sum():
                return np.asarray(out / np.linalg.norm(out))
    return None
