"""What the pattern sheet shows of a run's pieces, as plain values."""

from __future__ import annotations

import base64
import io
import math
from typing import Any

import numpy as np

from stitchsketch_kernel.domain.arrays import AnyArray
from stitchsketch_kernel.domain.piece import Pattern, Piece
from stitchsketch_kernel.pipeline.sheet import PatternSheet
from stitchsketch_kernel.upholstery.export.drawn import arrow_head, notch_line
from stitchsketch_kernel.upholstery.pieces.gate import SeamCheck, check_sewing, edges_on
from stitchsketch_kernel.visualization.palette import ink_on, panel_color
from stitchsketch_kernel.visualization.strain import strain_legend, strain_map
from stitchsketch_widgets.texts import text

_DECIMALS_MM = 1


def pieces_shown(pattern: Pattern) -> list[dict[str, Any]]:
    """Each piece with its lines in mm, its sizes with their ±, and what is noted on it."""
    return [_piece(piece, at) for at, piece in enumerate(pattern.pieces)]


def strain_shown(sheet: PatternSheet) -> dict[str, dict[str, Any]]:
    """For each piece the picture of its strain and where it lies; none for what isn't a panel."""
    shown = {}
    for piece in sheet.pattern.pieces:
        if piece.name in sheet.flats:
            picture, box = strain_map(sheet.flats[piece.name], piece.sew_line_mm)
            file = io.BytesIO()
            picture.quantize(64).save(file, "PNG")
            png = base64.b64encode(file.getvalue()).decode("ascii")
            shown[piece.name] = {"png": f"data:image/png;base64,{png}", "box": list(box)}
    return shown


def legend_shown() -> list[dict[str, Any]]:
    """Percent and colour along the strain's colours."""
    return [{"percent": share, "color": list(color)} for share, color in strain_legend()]


def seams_shown(pattern: Pattern) -> list[dict[str, Any]]:
    """Each seam with both its sides, and what the gate says of it."""
    sewing = check_sewing(pattern)
    said: dict[str, list[str]] = {}
    for fault in sewing.faults:
        for seam in fault.seams:
            said.setdefault(seam, []).append(fault.words)
    pairs = {pair.seam: pair for pair in pattern.seams}
    return [
        {
            **_seam(check),
            "kind": text(f"kind.{pairs[check.seam].edge_kind.value}"),
            "within_mm": _known(pairs[check.seam].length_uncertainty_mm),
            "edges": [list(one) for one in edges_on(pattern, pairs[check.seam])],
            "faults": said.get(check.seam, []),
        }
        for check in sewing.seams
    ]


def _seam(check: SeamCheck) -> dict[str, Any]:
    return {
        "id": check.seam,
        "a": check.piece_a,
        "b": check.piece_b,
        "length_a_mm": check.length_a_mm,
        "length_b_mm": check.length_b_mm,
        "ease_mm": check.ease_mm,
        "apart_mm": _known(check.notches_apart_mm),
    }


def _piece(piece: Piece, at: int) -> dict[str, Any]:
    wide, tall = (float(side) for side in np.ptp(piece.sew_line_mm, axis=0))
    color = panel_color(at)
    return {
        "name": piece.name,
        "quantity": piece.quantity,
        "mirrored": piece.mirrored,
        "color": list(color),
        "ink": list(ink_on(color)),
        "cut": points(piece.cut_line_mm),
        "sew": points(piece.sew_line_mm),
        "edges": [
            {
                "seam": edge.seam,
                "line": points(edge.line_mm),
                "allowance_mm": edge.allowance_mm,
                "kind": text(f"kind.{edge.edge_kind.value}"),
                "notches": sum(one.seam == edge.seam for one in piece.notches),
            }
            for edge in piece.edges
        ],
        "notches": [points(notch_line(one)) for one in piece.notches],
        "internal": [points(line) for line in piece.internal_mm],
        "grain": points(piece.grain_mm),
        "head": points(arrow_head(piece.grain_mm)),
        "size_mm": [wide, tall],
        "size_within_mm": [_known(one) for one in piece.size_uncertainty_mm],
        "within_mm": _known(piece.within_mm),
        "strain_percent": [_known(one) for one in piece.strain_percent],
        "notes": list(piece.notes),
    }


def points(line: AnyArray) -> list[list[float]]:
    """A line's points to a tenth of a millimetre."""
    rounded: list[list[float]] = np.round(np.asarray(line), _DECIMALS_MM).tolist()
    return rounded


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
