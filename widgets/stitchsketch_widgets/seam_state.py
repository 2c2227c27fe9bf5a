"""What the seam editor's page shows of a session, as plain values."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np

from stitchsketch_kernel.domain.arrays import AnyArray
from stitchsketch_kernel.domain.errors import FlattenError
from stitchsketch_kernel.domain.panel import PanelMap
from stitchsketch_kernel.upholstery.flat.preview import flat_preview
from stitchsketch_kernel.upholstery.seams.by_place import middle_m
from stitchsketch_kernel.upholstery.seams.session import EditSession
from stitchsketch_kernel.visualization.palette import ink_on, panel_color

#: So many pieces are remembered: undoing shows them at once.
_REMEMBERED = 60
#: Points of a line are sent to a tenth of a millimetre.
_DECIMALS_M, _DECIMALS_MM = 4, 1


def panels_shown(session: EditSession) -> list[dict[str, Any]]:
    """Name and colours of each panel, by its label."""
    return [
        {"name": name, "color": list(panel_color(k)), "ink": list(ink_on(panel_color(k)))}
        for k, name in enumerate(session.names)
    ]


def drawn_shown(session: EditSession) -> list[dict[str, Any]]:
    """The drawn seams: the points that a person set, and the line that runs through them."""
    return [
        {"points": points.tolist(), "line": np.round(line, _DECIMALS_M).tolist()}
        for points, line in zip(session.edits.cuts, session.drawn_m, strict=True)
    ]


def edges_shown(panels: PanelMap) -> list[dict[str, Any]]:
    """The placed seams, each with a place that finds it again."""
    return [
        {
            "id": seam.id,
            "left": seam.left,
            "right": seam.right,
            "kind": str(seam.edge_kind),
            "length_mm": round(seam.length_mm, _DECIMALS_MM),
            "place": np.round(middle_m(seam), 5).tolist(),
            "line": np.round(seam.points_m, _DECIMALS_M).tolist(),
        }
        for seam in panels.seams
    ]


class Pieces:
    """The flat pieces beside the mesh; a panel that no edit touched is not laid again."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[int, bytes], dict[str, Any]] = OrderedDict()

    def shown(self, session: EditSession) -> dict[str, dict[str, Any]]:
        """By the panel's name: outline and sizes in mm, or why it can't be laid flat."""
        return {
            name: self._piece(session, name, session.labels == k)
            for k, name in enumerate(session.names)
        }

    def _piece(self, session: EditSession, name: str, mine: AnyArray) -> dict[str, Any]:
        grain = session.grain_m(name)
        key = (hash(np.packbits(mine).tobytes()), grain.tobytes())
        if key not in self._known:
            self._known[key] = _laid(session, name, mine, grain)
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        return self._known[key]


def _laid(session: EditSession, name: str, mine: AnyArray, grain: AnyArray) -> dict[str, Any]:
    try:
        flat = flat_preview(session.mesh, mine, grain, name)
    except FlattenError as error:
        return {"why": error.what, "todo": error.todo}
    across, along = flat.size_mm
    return {
        "outline_mm": np.round(flat.uv_mm[flat.boundary], _DECIMALS_MM).tolist(),
        "across_mm": across,
        "along_mm": along,
        "strain_percent": flat.strain_95_percent,
    }
