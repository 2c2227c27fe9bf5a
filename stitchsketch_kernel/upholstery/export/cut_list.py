"""The cut list: a line a piece, for a spreadsheet or to hang at the cutting table."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np

from stitchsketch_kernel.domain.marker import Marker
from stitchsketch_kernel.domain.piece import Pattern
from stitchsketch_kernel.domain.units import inch_fraction
from stitchsketch_kernel.upholstery.export.aside import written_aside
from stitchsketch_kernel.upholstery.export.drawn import override_said, require_cuttable

COLUMNS = (
    "piece", "quantity", "mirrored", "width_mm", "height_mm", "width_in", "height_in", "fabric",
    "notes",
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
    fabric = "" if marker is None else marker.fabric.name
    for piece in pattern.pieces:
        wide, high = (float(side) for side in np.ptp(piece.cut_line_mm, axis=0))
        notes = " ".join([*override_said(pattern), *piece.notes])
        mirrored = "half face down" if piece.mirrored else "no"
        rows.writerow(
            [
                cell(piece.name), piece.quantity, mirrored, f"{wide:.1f}", f"{high:.1f}",
                inch_fraction(wide), inch_fraction(high), cell(fabric), cell(notes),
            ]
        )  # fmt: skip
    with written_aside(path) as aside:
        aside.write_bytes(text.getvalue().encode("utf-8-sig"))


def cell(words: str) -> str:
    """Words that no spreadsheet takes for a formula, on one line."""
    plain = "".join(c if c.isprintable() else " " for c in words).strip()
    return f"'{plain}" if words.startswith(_FORMULA) or plain.startswith(_FORMULA) else plain
