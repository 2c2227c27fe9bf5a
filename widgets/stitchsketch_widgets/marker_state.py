"""What the marker view shows of a marker, as plain values; roll coordinates, millimetres."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from stitchsketch_kernel.domain.marker import Fabric, Marker, MatchLevel, Placement
from stitchsketch_kernel.domain.piece import Pattern
from stitchsketch_kernel.upholstery.export.drawn import arrow_head, notch_line
from stitchsketch_kernel.upholstery.marker.ends import beyond_end, defects_of
from stitchsketch_kernel.upholstery.marker.links import links_of
from stitchsketch_kernel.upholstery.marker.repeats import table_percent
from stitchsketch_kernel.visualization.marker import copy_name, lattice_points
from stitchsketch_kernel.visualization.palette import panel_color
from stitchsketch_widgets.sheet_state import points


def fabric_shown(fabric: Fabric) -> dict[str, Any]:
    """The roll."""
    return {
        "name": fabric.name,
        "width_mm": fabric.width_mm,
        "usable_mm": fabric.usable_width_mm,
        "nap": fabric.nap,
        "along_mm": fabric.repeat_vertical_mm,
        "over_mm": fabric.repeat_horizontal_mm,
        "half_drop": fabric.half_drop,
        "motif_mm": [fabric.motif_along_mm, fabric.motif_across_mm],
    }


def marker_shown(marker: Marker) -> dict[str, Any]:
    """Its figures, where motifs lie, and the roll's defects."""
    good = sum(one.matched for one in marker.matches)
    return {
        "used_mm": marker.used_length_mm,
        "density": marker.density,
        "separation_mm": marker.separation_mm,
        "match": marker.match.value,
        "matched": good,
        "to_match": len(marker.matches),
        "extra_percent": marker.extra_percent,
        "table_percent": table_percent(marker.fabric),
        "motifs": points(lattice_points(marker)),
        "zones": [[z.x_mm, z.y_mm, z.length_mm, z.width_mm] for z in defects_of(marker)],
    }


def end_shown(pattern: Pattern, marker: Marker, roll_length_mm: float) -> dict[str, Any]:
    """Where the roll ends (0: where it is cut off), and what doesn't fit on it."""
    if not math.isfinite(roll_length_mm):
        return {"roll_mm": 0.0, "beyond": []}
    placed = {(one.piece, one.copy): one for one in marker.placements}
    beyond = beyond_end(pattern, marker, roll_length_mm)
    labels = [copy_name(pattern.piece(key[0]), placed[key]) for key in beyond]
    return {"roll_mm": roll_length_mm, "beyond": labels}


def copies_shown(pattern: Pattern, marker: Marker) -> list[dict[str, Any]]:
    """Every cut piece as it lies."""
    index = {piece.name: at for at, piece in enumerate(pattern.pieces)}
    return [_copy(pattern, one, index[one.piece]) for one in marker.placements]


def matches_shown(pattern: Pattern, marker: Marker) -> list[dict[str, Any]]:
    """Each place that is to match: where it is on both pieces, and how far the pattern jumps."""
    placed = {(one.piece, one.copy): one for one in marker.placements}
    found = {(m.seam, m.piece_a, m.copy_a, m.piece_b, m.copy_b): m for m in marker.matches}
    shown = []
    for link in links_of(pattern, MatchLevel(marker.match)):
        other = (None, 0) if link.b is None else link.b.key
        match = found.get((link.seam, *link.a.key, *other))
        if match is None:
            continue
        sides = [side for side in (link.a, link.b) if side is not None]
        at = [placed[side.key].apply(side.line_mm[[len(side.line_mm) // 2]])[0] for side in sides]
        shown.append(
            {
                "seam": match.seam,
                "a": match.piece_a,
                "b": match.piece_b,
                "mismatch_mm": match.mismatch_mm,
                "matched": match.matched,
                "at": points(np.array(at)),
            }
        )
    return shown


def _copy(pattern: Pattern, placement: Placement, at: int) -> dict[str, Any]:
    piece = pattern.piece(placement.piece)
    grain = placement.apply(piece.grain_mm)
    return {
        "piece": placement.piece,
        "copy": placement.copy,
        "label": copy_name(piece, placement),
        "color": list(panel_color(at)),
        "x_mm": placement.x_mm,
        "y_mm": placement.y_mm,
        "cut": points(placement.apply(piece.cut_line_mm)),
        "sew": points(placement.apply(piece.sew_line_mm)),
        "notches": [points(placement.apply(notch_line(one))) for one in piece.notches],
        "grain": points(grain),
        "head": points(arrow_head(grain)),
    }
