"""Pieces that were drawn elsewhere: a DXF file by the ASTM or AAMA layers, as a pattern to nest.

One block a piece: boundary on layer 1, sew line on 14 (or 8), grain on 7, notches on 4. The unit is
that of the text ``UNITS: METRIC`` (mm) or ``ENGLISH`` (inches), else that of the file's header.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import numpy as np
import shapely
from ezdxf.filemanagement import readfile

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.errors import ExchangeError
from stitchsketch_kernel.domain.piece import Notch, Pattern, Piece
from stitchsketch_kernel.domain.units import MM_PER_INCH
from stitchsketch_kernel.upholstery.export.dxf import BOUNDARY, GRAIN, INTERNAL, NOTCH, SEW
from stitchsketch_kernel.upholstery.export.dxf_lines import ccw, points_of, rings_and_lines
from stitchsketch_kernel.upholstery.pieces.outline import grain_line

#: Beyond these a file is refused unread, or as soon as it is seen.
MOST_BYTES, MOST_PIECES, MOST_ENTITIES, MOST_COPIES = 64 * 2**20, 500, 200_000, 999
#: $INSUNITS: inches, feet, millimetres, centimetres, metres.
_HEADER_UNITS = {1: MM_PER_INCH, 2: 12 * MM_PER_INCH, 4: 1.0, 5: 10.0, 6: 1000.0}
_UNITS = {"mm": 1.0, "inch": MM_PER_INCH}
#: A ring on layer 8 is the sew line where it has at least this share of the boundary's area.
_SEW_SHARE = 0.4
_DEPTH_MM = 6.0
_SMALLEST_MM2 = 25.0
_WORDS = re.compile(r"^\s*([A-Z ]+?)\s*:\s*(.*?)\s*$", re.IGNORECASE)


def read_dxf(path: Path, unit: Literal["mm", "inch"] | None = None) -> Pattern:
    """Read a drawing's pieces, grain upwards, as a pattern without seams.

    Curves become chords to 0.05 mm. A piece without a sew line has its cut line for one.

    Parameters
    ----------
    path : Path
    unit : {"mm", "inch"}, optional
        Of a drawing that doesn't say it; wins over what it says.

    Raises
    ------
    ExchangeError
        The file can't be read, is too large, has no pieces, says no unit, or a piece of it has no
        sound boundary; names the piece.
    """
    document = _document(path)
    space = document.modelspace()
    scale = _unit_mm(document, unit, path.name)
    blocks = _blocks(document)
    if not blocks:
        raise ExchangeError(
            f"{path.name} has no blocks, and so no pieces.", "Make each piece a block of its own."
        )
    if len(blocks) > MOST_PIECES:
        raise ExchangeError(f"{path.name} has {len(blocks)} pieces.", "Split it.")
    pieces: list[Piece] = []
    for block, count in blocks:
        piece = _piece(block, count, scale, path.name)
        pieces.append(_named(piece, {one.name for one in pieces}))
    name = _words(space).get("STYLE NAME") or path.stem
    return Pattern(_clean(name), tuple(pieces), (), "drawn", 0.0)


def _document(path: Path) -> Any:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ExchangeError(f"{path.name} is larger than 64 MB.", "Split it.")
        document = readfile(path)
    except ExchangeError:
        raise
    except OSError as error:
        raise ExchangeError(
            f"{path.name} can't be read as DXF ({error.strerror or error}).", "Give a DXF file."
        ) from error
    except Exception as error:  # a hostile file finds every weakness of a reader
        raise ExchangeError(
            f"{path.name} can't be read as DXF ({type(error).__name__}).",
            "Save it anew as DXF R12 or 2000.",
        ) from error
    if len(document.entitydb) > MOST_ENTITIES:
        raise ExchangeError(f"{path.name} has {len(document.entitydb)} entities.", "Split it.")
    return document


def _unit_mm(document: Any, unit: str | None, file: str) -> float:
    """Millimetres a drawing unit."""
    if unit is not None:
        return _UNITS[unit]
    layouts = [document.modelspace(), *(block for block in document.blocks)]
    said = {words for one in layouts if (words := _words(one).get("UNITS", "").upper())}
    if said == {"METRIC"}:
        return 1.0
    if said == {"ENGLISH"}:
        return MM_PER_INCH
    header = document.header.get("$INSUNITS", 0)
    if said or header not in _HEADER_UNITS:
        raise ExchangeError(
            f"{file} does not say, or not clearly, whether it is in millimetres or inches.",
            "Say it: --unit mm or --unit inch.",
        )
    return _HEADER_UNITS[header]


def _blocks(document: Any) -> list[tuple[Any, int]]:
    """Blocks with a boundary, and how often each is inserted."""
    counts: dict[str, int] = {}
    for insert in document.modelspace().query("INSERT"):
        sizes = (insert.dxf.xscale, insert.dxf.yscale)
        if any(abs(abs(size) - 1) > 1e-9 for size in sizes):
            raise ExchangeError(
                f"Block {_clean(insert.dxf.name)} is inserted at another scale.",
                "Insert it at scale 1.",
            )
        counts[insert.dxf.name.lower()] = counts.get(insert.dxf.name.lower(), 0) + 1
    return [
        (block, counts.get(block.name.lower(), 1))
        for block in document.blocks
        if not block.name.startswith(("*", "$")) and (not counts or block.name.lower() in counts)
        and any(entity.dxf.layer == BOUNDARY and entity.dxftype() not in {"TEXT", "POINT"}
                for entity in block)
    ]  # fmt: skip


def _piece(block: Any, count: int, unit_mm: float, file: str) -> Piece:
    words = _words(block)
    name = _clean(words.get("PIECE NAME") or block.name) or "PIECE"
    try:
        drawn = {layer: _lines(block, layer, unit_mm)
                 for layer in (BOUNDARY, SEW, INTERNAL, GRAIN)}  # fmt: skip
        cut, internal = _boundary(drawn[BOUNDARY])
        sew, lines, notes = _sew_line(cut, drawn[SEW], drawn[INTERNAL])
        points = _notch_points(block, unit_mm)
    except ExchangeError as error:
        raise ExchangeError(f"{file}, piece {name}: {error.what}", error.todo) from error
    internal += lines
    turn, grain = _upright(drawn[GRAIN], sew)
    text = words.get("QUANTITY", "")
    quantity = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else count
    if not 1 <= quantity <= MOST_COPIES:
        raise ExchangeError(f"{file}, piece {name}: it is to be cut {quantity} times.", "Check it.")
    return Piece(
        name, sew @ turn.T, cut @ turn.T, (),
        tuple(_notch(at @ turn.T, depth, sew @ turn.T) for at, depth in points),
        grain, quantity, words.get("ANNOTATION", "").upper() == "MIRRORED PAIRS",
        internal_mm=tuple(line @ turn.T for line in internal),
        notes=(*notes, *(() if len(drawn[GRAIN]) else ("No grain was drawn: taken upwards.",))),
    )  # fmt: skip


def _lines(block: Any, layer: str, unit_mm: float) -> list[FloatArray]:
    found = (points_of(one, unit_mm) for one in block if one.dxf.layer == layer)
    return [line for line in found if line is not None and len(line) > 1]


def _boundary(parts: Sequence[FloatArray]) -> tuple[FloatArray, list[FloatArray]]:
    rings, lines = rings_and_lines(parts)
    sound = [ring for ring in rings if shapely.Polygon(ring).area >= _SMALLEST_MM2]
    if not sound:
        raise ExchangeError("its boundary (layer 1) does not close.", "Close it, and draw it once.")
    outer = max(sound, key=lambda ring: float(shapely.Polygon(ring).area))
    if not shapely.Polygon(outer).is_valid:
        raise ExchangeError("its boundary (layer 1) crosses itself.", "Draw it anew.")
    rest = [np.vstack([ring, ring[:1]]) for ring in rings if ring is not outer]
    return ccw(outer), [*rest, *lines]


def _sew_line(
    cut: FloatArray, sewn: Sequence[FloatArray], inside: Sequence[FloatArray]
) -> tuple[FloatArray, list[FloatArray], tuple[str, ...]]:
    """The sew line, the other lines inside, and what is to be noted."""
    piece = shapely.Polygon(cut)
    for parts, least in ((sewn, 0.0), (inside, _SEW_SHARE)):
        rings, lines = rings_and_lines(parts)
        fits = [
            ring for ring in rings
            if shapely.Polygon(ring).is_valid and piece.buffer(0.01).covers(shapely.Polygon(ring))
            and shapely.Polygon(ring).area > least * piece.area
        ]  # fmt: skip
        if fits:
            best = max(fits, key=lambda ring: float(shapely.Polygon(ring).area))
            rest = [np.vstack([ring, ring[:1]]) for ring in rings if ring is not best]
            other = list(inside) if parts is sewn else []
            return ccw(best), [*rest, *lines, *other], ()
    return cut, list(inside), ("No sew line was drawn: the cut line stands for it.",)


def _upright(lines: Sequence[FloatArray], sew: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The turn that brings the drawn grain to +y, and the grain line turned by it."""
    if not lines:
        return np.eye(2), grain_line(sew)
    line = max(lines, key=lambda one: float(np.linalg.norm(one[-1] - one[0])))
    along = line[-1] - line[0]
    length = float(np.linalg.norm(along))
    if length < 1e-6:
        return np.eye(2), grain_line(sew)
    s, c = along / length
    # what is upright to a rounding error stays as it was drawn
    turn = np.eye(2) if abs(s) < 1e-9 and c > 0 else np.array([[c, -s], [s, c]])
    return turn, np.array([line[0], line[-1]]) @ turn.T


def _notch_points(block: Any, unit_mm: float) -> list[tuple[FloatArray, float]]:
    """Notches' places on the cut line, and their depths."""
    found = []
    for one in block:
        if one.dxf.layer == NOTCH and one.dxftype() == "POINT":
            at = np.array([one.dxf.location[0], one.dxf.location[1]]) * unit_mm
            depth = float(one.dxf.get("thickness", 0.0)) * unit_mm
            if not np.isfinite([*at, depth]).all():
                raise ExchangeError("a notch of it is no number.", "Draw it anew.")
            found.append((at, depth if 0 < depth <= 50 else _DEPTH_MM))
    return found


def _notch(at: FloatArray, depth: float, sew: FloatArray) -> Notch:
    ring = shapely.LinearRing(sew)
    along = float(shapely.line_locate_point(ring, shapely.Point(at)))
    foot = shapely.get_coordinates(shapely.line_interpolate_point(ring, along))[0]
    return Notch("", along / float(ring.length), foot, at, depth)


def _words(layout: Any) -> dict[str, str]:
    """The texts ``NAME: value`` of a layout; the first of each name."""
    found: dict[str, str] = {}
    for text in islice(layout.query("TEXT"), 2000):
        if match := _WORDS.match(text.dxf.text):
            found.setdefault(match[1].upper(), match[2])
    return found


def _clean(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text).strip()[:60]


def _named(piece: Piece, taken: set[str]) -> Piece:
    name, number = piece.name, 2
    while name in taken:
        name, number = f"{piece.name}-{number}", number + 1
    return piece if name == piece.name else replace(piece, name=name)
