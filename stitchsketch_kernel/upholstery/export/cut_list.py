"""The cut list: a line a piece, for a spreadsheet or to hang at the cutting table."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path

import numpy as np

from stitchsketch_kernel.disk.aside import written_aside
from stitchsketch_kernel.domain.marker import Marker
from stitchsketch_kernel.domain.piece import Pattern, Piece
from stitchsketch_kernel.domain.units import inch_fraction
from stitchsketch_kernel.upholstery.export.drawn import override_said, require_cuttable

COLUMNS = (
    "piece", "quantity", "mirrored", "width_mm", "height_mm", "width_in", "height_in", "fabric",
    "edge_within_mm", "width_within_mm", "height_within_mm", "check", "notes",
)  # fmt: skip
#: Spreadsheets take a cell that begins so for a formula, and run it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


def write_cut_list(path: Path, pattern: Pattern, marker: Marker | None = None) -> None:
    """Write the pieces as CSV (UTF-8 with a mark that spreadsheets know), sizes as cut.

    Raises
    ------
    ScaleError
        The pattern's size is not known.
    SewError
        Its sides don't sew together.
    """
    require_cuttable(pattern)
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\r\n")
    rows.writerow(COLUMNS)
    # of a cover from several cloths a marker lays the pieces of its own
    laid = set() if marker is None else {one.piece for one in marker.placements}
    fabric = "" if marker is None else marker.fabric.name
    checked = {piece.name for piece in pattern.to_check()}
    for piece in pattern.pieces:
        wide, high = (float(side) for side in np.ptp(piece.cut_line_mm, axis=0))
        notes = " ".join([*override_said(pattern), *piece.notes])
        mirrored = "half face down" if piece.mirrored else "no"
        rows.writerow(
            [
                cell(piece.name), piece.quantity, mirrored, f"{wide:.1f}", f"{high:.1f}",
                inch_fraction(wide), inch_fraction(high),
                cell(fabric) if piece.name in laid else "", *_within(piece),
                "before cutting" if piece.name in checked else "", cell(notes),
            ]
        )  # fmt: skip
    with written_aside(path) as aside:
        aside.write_bytes(text.getvalue().encode("utf-8-sig"))


def _within(piece: Piece) -> list[str]:
    """The ± of its edge, width and height (95 %), with no sign that a spreadsheet would run."""
    known = (piece.uncertainty_mm, *piece.size_uncertainty_mm)
    return [f"{one:.1f}" if math.isfinite(one) else "not known" for one in known]


def cell(words: str) -> str:
    """Words that no spreadsheet takes for a formula, on one line."""
    plain = "".join(c if c.isprintable() else " " for c in words).strip()
    return f"'{plain}" if words.startswith(_FORMULA) or plain.startswith(_FORMULA) else plain
