"""Whether downloaded cut files are as large as what they show."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import ezdxf
import numpy as np
import pypdfium2
import pytest

MM_PER_POINT = 25.4 / 72


def drawn_sizes(dxf: bytes) -> dict[str, np.ndarray]:
    """Width and height of each piece's cut line in a DXF, mm, by the piece's name."""
    drawing = ezdxf.read(io.StringIO(dxf.decode("ascii"), newline=None))
    found = {}
    for block in drawing.blocks:
        for line in block.query('POLYLINE[layer=="1"]'):
            points = np.array([one.dxf.location.vec2 for one in line.vertices], dtype=float)
            found[block.name] = np.ptp(points, axis=0)
    return found


def require_sizes(pattern: Mapping[str, Any], dxf: bytes, marker: bytes, tiled: bytes) -> None:
    """Hold a DXF, a marker's PDF and a PDF on A4 against the pattern they were made of."""
    drawn = drawn_sizes(dxf)
    for piece in pattern["pieces"]:
        want = np.ptp(np.array(piece["cut_line_mm"]), axis=0)
        assert drawn[piece["name"]] == pytest.approx(want, abs=0.05), piece["name"]
    laid = pattern["marker"]
    with pypdfium2.PdfDocument(marker) as document:
        long_mm, wide_mm = (MM_PER_POINT * side for side in document[0].get_size())
        # the cloth at full scale, its margin, and the rulers and words beside it
        assert long_mm - laid["used_length_mm"] == pytest.approx(30, abs=1)
        assert wide_mm - laid["fabric"]["width_mm"] == pytest.approx(75, abs=1)
    with pypdfium2.PdfDocument(tiled) as document:
        for page in document:
            sides = [MM_PER_POINT * side for side in page.get_size()]
            assert sorted(sides) == pytest.approx([210, 297], abs=0.1)
