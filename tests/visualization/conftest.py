"""A box cushion of six flat panels, small and exact, with all that a run makes of it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from stitchsketch_kernel.domain.marker import Fabric, Marker, Placement
from stitchsketch_kernel.domain.model import Depth, Mesh, Scale, SparseModel
from stitchsketch_kernel.domain.panel import EdgeKind, Panel, PanelMap, Seam
from stitchsketch_kernel.domain.photo import Camera, Photo, PhotoNote, View
from stitchsketch_kernel.domain.piece import FlatPanel, Pattern, Piece, PieceEdge, SeamPair
from stitchsketch_kernel.visualization import pictures
from stitchsketch_kernel.visualization.report_data import CutFile, ReportData, ReportPictures

SIZE_M = np.array([0.5, 0.45, 0.1])
CELLS = 6
#: name -> (the axis it looks along, which end, its right axis, its up axis, seen from outside)
SIDES = {
    "CUSH": (2, 1, (0, 1), (1, 1)),
    "CUSH-B": (2, 0, (0, -1), (1, 1)),
    "BOX-F": (1, 0, (0, 1), (2, 1)),
    "ZIP": (1, 1, (0, -1), (2, 1)),
    "BOX-L": (0, 0, (1, -1), (2, 1)),
    "BOX-R": (0, 1, (1, 1), (2, 1)),
}


def grid_side(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vertices in metres, in the flat in mm, and faces of one side."""
    axis, end, (u, su), (v, sv) = SIDES[name]
    a, b = np.meshgrid(np.linspace(0, 1, CELLS + 1), np.linspace(0, 1, CELLS + 1), indexing="xy")
    points = np.zeros((a.size, 3))
    points[:, axis] = end * SIZE_M[axis]
    points[:, u] = (a.ravel() if su > 0 else 1 - a.ravel()) * SIZE_M[u]
    points[:, v] = (b.ravel() if sv > 0 else 1 - b.ravel()) * SIZE_M[v]
    flat = np.column_stack([a.ravel() * SIZE_M[u], b.ravel() * SIZE_M[v]]) * 1000
    faces = []
    for row in range(CELLS):
        for column in range(CELLS):
            low = row * (CELLS + 1) + column
            high = low + CELLS + 1
            faces += [[low, low + 1, high + 1], [low, high + 1, high]]
    return points, flat, np.array(faces, dtype=np.int32)


def rim() -> np.ndarray:
    n, last = CELLS + 1, CELLS
    ring = [*range(last), *(r * n + last for r in range(last))]
    ring += [last * n + c for c in range(last, 0, -1)]
    return np.array([*ring, *(r * n for r in range(last, 0, -1))], dtype=np.int32)


@pytest.fixture(scope="session")
def panel_map() -> PanelMap:
    vertices, faces, panels, count, total = [], [], [], 0, 0
    for name in SIDES:
        points, _, mine = grid_side(name)
        vertices.append(points)
        faces.append(mine + total)
        panels.append(
            Panel(name, np.arange(count, count + len(mine), dtype=np.int32), np.array([0, 0, 1.0]))
        )
        total, count = total + len(points), count + len(mine)
    points = np.vstack(vertices)
    colors = np.tile(np.array([[150, 110, 80]], dtype=np.uint8), (len(points), 1))
    confidence = np.clip(points[:, 2] / SIZE_M[2], 0, 1)
    mesh = Mesh(points, np.vstack(faces), colors, confidence)
    x, y, z = SIZE_M
    top = np.array([[0, 0, z], [x, 0, z], [x, y, z], [0, y, z], [0, 0, z]])
    seams = tuple(
        Seam(f"S{i:02d}", np.stack([a, b]), "CUSH", side, EdgeKind.WELT, np.zeros(2, np.int32))
        for i, ((a, b), side) in enumerate(
            zip(pairwise(top), ("BOX-F", "BOX-R", "ZIP", "BOX-L"), strict=True)
        )
    )
    return PanelMap(mesh, tuple(panels), seams, ("The bottom was not seen.",))


@pytest.fixture(scope="session")
def flats() -> tuple[FlatPanel, ...]:
    made = []
    for index, name in enumerate(SIDES):
        points, flat, faces = grid_side(name)
        ring = rim()
        seams = {
            f"{name}-{k}": np.append(ring, ring[0])[k * CELLS : (k + 1) * CELLS + 1]
            for k in range(4)
        }
        strain = np.linspace(0, 0.6 * index, len(faces))
        made.append(
            FlatPanel(
                name, flat, faces, np.arange(len(flat), dtype=np.int32), points * 1000, strain,
                ring, np.array([0.0, 1.0]), seams,
            )
        )  # fmt: skip
    return tuple(made)


def piece_of(flat: FlatPanel, name: str | None = None) -> Piece:
    sew = flat.uv_mm[flat.boundary]
    low, high = sew.min(axis=0), sew.max(axis=0)
    cut = np.array([low - 12.7, [high[0] + 12.7, low[1] - 12.7], high + 12.7,
                    [low[0] - 12.7, high[1] + 12.7]])  # fmt: skip
    middle = (low + high) / 2
    reach = np.array([0, 0.3 * (high - low)[1]])
    edges = tuple(
        PieceEdge(seam, EdgeKind.SEWN, flat.uv_mm[vertices], True, 12.7)
        for seam, vertices in flat.seam_vertices.items()
    )
    return Piece(
        name or flat.panel, sew, cut, edges, (), np.stack([middle - reach, middle + reach]),
        uncertainty_mm=0.8,
        strain_percent=(float(flat.strain_percent.mean()), float(flat.strain_percent.max())),
    )  # fmt: skip


@pytest.fixture(scope="session")
def pattern(flats: tuple[FlatPanel, ...]) -> Pattern:
    pieces = [piece_of(flat) for flat in flats]
    pieces[-1] = replace(pieces[-1], quantity=2, mirrored=True)
    seams = (
        SeamPair("S00", EdgeKind.WELT, "CUSH", "BOX-F", 500.0, 500.4),
        SeamPair("S01", EdgeKind.ZIP, "CUSH", "ZIP", 450.0, 452.5),
        SeamPair("S02", EdgeKind.STAPLE, "CUSH-B", None, 500.0, None),
    )
    notes = ("Welt from the same roll.",)
    return Pattern("Box cushion", tuple(pieces), seams, "mat", 0.12, notes, "gathered at the zip")


@pytest.fixture(scope="session")
def marker(pattern: Pattern) -> Marker:
    """Pieces one after the other: sound for a picture, no attempt to save cloth."""
    fabric = Fabric("Wool, slate", 1400.0, 1370.0, price_per_metre=48.0)
    placements, x, y, tall = [], 0.0, 0.0, 0.0
    for piece in pattern.pieces:
        for copy in range(piece.quantity):
            flipped = piece.mirrored and copy % 2 == 1
            bare = Placement(piece.name, copy, 0.0, 0.0, -90.0, flipped)
            outline = bare.apply(piece.cut_line_mm)
            low, size = outline.min(axis=0), np.ptp(outline, axis=0)
            if y + size[1] > fabric.usable_width_mm:
                x, y, tall = x + tall + 5, 0.0, 0.0
            placements.append(replace(bare, x_mm=x - low[0], y_mm=y - low[1]))
            y, tall = y + size[1] + 5, max(tall, size[0])
    used = x + tall
    area = sum(p.quantity * np.prod(np.ptp(p.cut_line_mm, axis=0)) for p in pattern.pieces)
    density = float(area / (used * fabric.usable_width_mm))
    return Marker(fabric, tuple(placements), used, 5.0, density)


@pytest.fixture(scope="session")
def view() -> View:
    """Looks at the cushion from in front and above."""
    eye, target = np.array([0.25, -0.9, 0.7]), np.array([0.25, 0.22, 0.05])
    ahead = (target - eye) / np.linalg.norm(target - eye)
    right = np.cross(ahead, [0, 0, 1.0])
    right /= np.linalg.norm(right)
    rotation = np.stack([right, np.cross(ahead, right), ahead])
    return View("view-1.jpg", Camera(320, 240, 260.0, 260.0, 160.0, 120.0), rotation,
                -rotation @ eye)  # fmt: skip


@pytest.fixture(scope="session")
def sparse(view: View, panel_map: PanelMap) -> SparseModel:
    points = panel_map.mesh.vertices
    other = replace(view, name="view-2.jpg", translation=view.translation + np.array([0.3, 0, 0.1]))
    seen = tuple(np.array([0, 1], dtype=np.int32) for _ in points)
    assert panel_map.mesh.colors is not None
    return SparseModel((view, other), points, panel_map.mesh.colors, seen, ("lost.jpg",), 0.42)


@pytest.fixture(scope="session")
def depth(view: View) -> Depth:
    rows = np.linspace(1.4, 0.9, 240, dtype=np.float32)[:, None]
    depth_m = np.repeat(rows, 320, axis=1)
    depth_m[:40] = 0
    return Depth(view, depth_m, np.ones_like(depth_m))


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> tuple[Photo, ...]:
    folder = tmp_path_factory.mktemp("photos")
    made = []
    for index in range(7):
        path = folder / f"{index}.jpg"
        Image.new("RGB", (640, 480), (30 * index + 20, 120, 200 - 20 * index)).save(path)
        made.append(Photo(f"IMG_{index:04d}.jpg", path, 640, 480, None, "0" * 64, "phone"))
    return tuple(made)


@pytest.fixture(scope="session")
def notes() -> tuple[PhotoNote, ...]:
    return (
        PhotoNote("IMG_0002.jpg", "blur", "warn", "IMG_0002.jpg is soft. Hold still."),
        PhotoNote("IMG_0099.jpg", "duplicate", "refuse", "IMG_0099.jpg is IMG_0001.jpg again."),
    )


@pytest.fixture(scope="session")
def scale() -> Scale:
    return Scale("mat", 1.0, 0.31, 0.12, 24, ("Four mats were used.",))


@pytest.fixture(scope="session")
def report_data(photos, notes, scale, pattern, marker, flats, panel_map, sparse, depth):
    drawn = ReportPictures(
        photos=pictures.photo_sheet(photos, notes, ("IMG_0003.jpg",)),
        cameras=pictures.cameras_and_cloud(sparse, scale),
        scale=pictures.scale_residuals([f"mat 1, tag {i}" for i in range(6)], np.arange(6) / 10),
        depths=pictures.depth_sheet([depth]),
        mesh=pictures.mesh_four_sides(panel_map.mesh),
        panels=pictures.panels_four_sides(panel_map),
        pieces=pictures.pieces_with_strain(flats),
    )
    return ReportData(
        "Box cushion", "23 November 2026, 15:10", photos, notes, ("IMG_0003.jpg",), 0.42, scale,
        (500.0, 450.0, 100.0), pattern, marker, (("Labour, 2 h", "90.00 EUR"),), drawn,
        (CutFile("PDF, full scale", "patterns/pattern.pdf"),
         CutFile("DXF", "patterns/pattern.dxf")),
        (CutFile("Mesh", "model/mesh.ply"),), (("ingest", 2.1), ("align", 84.0)), (), "0.1.0",
    )  # fmt: skip
