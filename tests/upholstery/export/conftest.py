"""Pieces of known size with names that would break a careless writer, and a reader of PDF."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass, replace

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as raw
import pytest
import shapely

from stitchsketch_kernel.domain.marker import Fabric, Marker, Placement
from stitchsketch_kernel.domain.panel import EdgeKind
from stitchsketch_kernel.domain.piece import Notch, Pattern, Piece, PieceEdge

ALLOWANCE_MM = 12.7
MM_PER_POINT = 25.4 / 72


def make_piece(name, sew, **more) -> Piece:
    """A piece with notches on two sides, an allowance all round and an upright grain line."""
    sew = np.asarray(sew, dtype=float)
    outline = shapely.Polygon(sew).buffer(ALLOWANCE_MM, join_style="mitre")
    cut = shapely.get_coordinates(shapely.orient_polygons(outline))[:-1]
    edge = PieceEdge("S01", EdgeKind.SEWN, np.vstack([sew, sew[:1]]), True, ALLOWANCE_MM)
    middle = shapely.get_coordinates(shapely.Polygon(sew).representative_point())[0]
    half = np.array([0.0, min(50.0, 0.15 * np.ptp(sew[:, 1]))])
    notches = tuple(_notch(sew, side) for side in (0, len(sew) // 2))
    grain = np.array([middle - half, middle + half])
    return Piece(name, sew, cut, (edge,), notches, grain, **more)


def _notch(sew, side) -> Notch:
    a, b = sew[side], sew[(side + 1) % len(sew)]
    out = np.array([b[1] - a[1], a[0] - b[0]]) / np.hypot(*(b - a))
    at = a + 0.3 * (b - a)
    return Notch("S01", 0.3, at, at + ALLOWANCE_MM * out, 6.0)


def _round(radius_x, radius_y, start, stop, count):
    angle = np.linspace(start, stop, count)
    return np.column_stack([radius_x * np.cos(angle), radius_y * np.sin(angle)])


L_SHAPE = [[0, 0], [400, 0], [400, 120], [150, 120], [150, 300], [0, 300]]
CRESCENT = np.vstack([_round(300, 300, 0, np.pi, 90), _round(250, 180, np.pi - 0.05, 0.05, 90)])
LONG_NOTE = "The welt that runs all round must be cut on the bias; " * 4


@pytest.fixture(scope="session")
def pattern() -> Pattern:
    """A rectangle of 500 x 450, an L, a circle, a crescent, a strip and a sliver."""
    pieces = (
        make_piece(
            "IB", [[0, 0], [500, 0], [500, 450], [0, 450]], quantity=2, mirrored=True,
            uncertainty_mm=1.2, notes=(LONG_NOTE,),
            internal_mm=(np.array([[40.0, 100.0], [460.0, 100.0]]),),
        ),
        make_piece(
            "<b>&\"';\n\x00\x03]]>", L_SHAPE
        ),
        make_piece("../x\n  0\nEOF\n", _round(180, 180, 0, 2 * np.pi, 241)[:-1]),
        make_piece("Rückenäußeres € \ud800", CRESCENT),
        make_piece("Zip", [[0, 0], [480, 0], [480, 30], [0, 30]], quantity=2),
        make_piece("ZIP", [[0, 0], [30.5, 0], [30.5, 20]]),
    )  # fmt: skip
    return Pattern("Sessel <i>&\n\x00; ../é", pieces, (), "mat", 0.21, (LONG_NOTE,))


@pytest.fixture(scope="session")
def marker(pattern) -> Marker:
    """Every copy beside the other along the roll, the second of a pair face down."""
    placements, x = [], 10.0
    for piece in pattern.pieces:
        for copy in range(piece.quantity):
            flipped = piece.mirrored and copy == 1
            turn = 90.0 if copy else -90.0
            bare = Placement(piece.name, copy, 0.0, 0.0, turn, flipped)
            points = bare.apply(piece.cut_line_mm)
            low = points.min(axis=0)
            placements.append(replace(bare, x_mm=x - low[0], y_mm=10.25 - low[1]))
            x += float(np.ptp(points[:, 0])) + 10
    return Marker(Fabric("Wool <&>", 1400.0, 1370.0), tuple(placements), x, 5.0, 0.6)


@pytest.fixture(scope="session")
def unscaled(pattern) -> Pattern:
    """The same of a scan without scale."""
    return replace(pattern, scale_method="none")


@pytest.fixture(scope="session")
def piece_of():
    """The maker of pieces above."""
    return make_piece


@dataclass(frozen=True)
class PdfPath:
    """A stroked path of a page, millimetres from its low left corner."""

    points: np.ndarray
    closed: bool
    colour: tuple[int, int, int]


@dataclass(frozen=True)
class PdfPage:
    """A page as pdfium reads it: no code of ours has a part in that."""

    size_mm: tuple[float, float]
    paths: list[PdfPath]
    clip: np.ndarray | None
    words: list[str]

    def cuts(self, count):
        """Closed black paths of `count` points."""
        return [p.points for p in self.paths if p.closed and len(p.points) == count and
                p.colour == (0, 0, 0)]  # fmt: skip

    def squares(self):
        """Sides (mm) of closed black rectangles that are as wide as high."""
        sizes = [np.ptp(points, axis=0) for points in self.cuts(4)]
        return sorted(float(size[0]) for size in sizes if abs(size[0] - size[1]) < 1e-3)


@pytest.fixture(scope="session")
def read_pdf():
    """Pages of a PDF file, as `PdfPage`."""
    return _read_pdf


def _read_pdf(path) -> list[PdfPage]:
    document = pdfium.PdfDocument(path)
    try:
        return [_page(document[i]) for i in range(len(document))]
    finally:
        document.close()


def _page(page) -> PdfPage:
    paths, clip = [], None
    for one in page.get_objects(filter=[raw.FPDF_PAGEOBJ_PATH], max_depth=1):
        matrix = one.get_matrix()
        points, closed = _segments(
            raw.FPDFPath_CountSegments(one), lambda i, o=one: raw.FPDFPath_GetPathSegment(o, i)
        )
        placed = np.array([matrix.on_point(x, y) for x, y in points]) * MM_PER_POINT
        paths.append(PdfPath(placed, closed, _stroke(one)))
        clip = _clip(one) if clip is None else clip
    text = page.get_textpage()
    words = text.get_text_range().splitlines()
    text.close()
    size = tuple(value * MM_PER_POINT for value in page.get_size())
    return PdfPage(size, paths, clip, words)


def _segments(count, segment):
    points, closed = [], False
    for i in range(count):
        one, x, y = segment(i), ctypes.c_float(), ctypes.c_float()
        raw.FPDFPathSegment_GetPoint(one, x, y)
        closed = closed or bool(raw.FPDFPathSegment_GetClose(one))
        points.append((x.value, y.value))
    if len(points) > 1 and np.allclose(points[0], points[-1], atol=1e-4):
        points, closed = points[:-1], True
    return points, closed


def _stroke(one):
    values = [ctypes.c_uint() for _ in range(4)]
    raw.FPDFPageObj_GetStrokeColor(one, *values)
    return tuple(value.value for value in values[:3])


def _clip(one):
    path = raw.FPDFPageObj_GetClipPath(one)
    if not path or raw.FPDFClipPath_CountPaths(path) < 1:
        return None
    count = raw.FPDFClipPath_CountPathSegments(path, 0)
    points, _ = _segments(count, lambda i: raw.FPDFClipPath_GetPathSegment(path, 0, i))
    corners = np.array(points) * MM_PER_POINT
    return np.concatenate([corners.min(axis=0), corners.max(axis=0)])
