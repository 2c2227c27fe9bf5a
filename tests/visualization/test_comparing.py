"""Two runs beside each other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.visualization import comparing


def turned(points_mm, degrees):
    angle = np.radians(degrees)
    cos, sin = np.cos(angle), np.sin(angle)
    return points_mm @ np.array([[cos, sin], [-sin, cos]])


def test_a_surface_outside_of_another_is_above_zero(panel_map):
    mesh = panel_map.mesh
    middle = mesh.vertices.mean(axis=0)
    larger = replace(mesh, vertices=middle + (mesh.vertices - middle) * 1.02)
    # of the top's middle, half the height further out by 2 %
    top = np.argmin(np.linalg.norm(mesh.vertices - [middle[0], middle[1], 0.1], axis=1))
    assert comparing.signed_distances_mm(larger, mesh)[top] == pytest.approx(1.0, abs=1e-3)
    assert comparing.signed_distances_mm(mesh, larger)[top] == pytest.approx(-1.0, abs=1e-3)


def test_what_only_one_of_them_saw_has_no_distance():
    faces = np.array([[0, 1, 2]], dtype=np.int32)
    corner = np.array([[0, 0, 0], [0.1, 0, 0], [0, 0.1, 0]])
    far = Mesh(np.vstack([corner[:1], corner[1:] + np.array([0.5, 0, 0])]), faces)
    distances = comparing.signed_distances_mm(far, Mesh(corner, faces))
    assert np.isfinite(distances).tolist() == [True, False, False]


def test_the_colours_end_where_most_of_the_distances_do(panel_map):
    mesh = panel_map.mesh
    moved = replace(mesh, vertices=mesh.vertices + np.array([0, 0, 0.003]))
    image = np.asarray(comparing.distance_four_sides(moved, mesh, limit_mm=3.0)).reshape(-1, 3)
    red = (image[:, 0] > 150) & (image[:, 2] < 80)
    assert red.sum() > 5000


def test_pieces_are_laid_over_each_other_by_their_grain(pattern):
    [piece, *_] = pattern.pieces
    other = replace(
        piece,
        sew_line_mm=turned(piece.sew_line_mm, 30) + np.array([500, 20]),
        grain_mm=turned(piece.grain_mm, 30) + np.array([500, 20]),
    )
    assert comparing.outline_off_mm(piece, other) < 1e-6
    middle = piece.sew_line_mm.mean(axis=0)
    larger = replace(piece, sew_line_mm=middle + (piece.sew_line_mm - middle) * 1.02)
    assert comparing.outline_off_mm(piece, larger) > 1.0


def test_a_piece_that_only_one_has_is_left_out(pattern):
    fewer = replace(pattern, pieces=pattern.pieces[1:])
    assert [a.name for a, _ in comparing.paired(pattern, fewer)] == [
        piece.name for piece in pattern.pieces[1:]
    ]
    assert comparing.pieces_overlaid(pattern, fewer).width > 1000


def test_figures_stand_beside_each_other():
    first = {"align": {"views": 40, "names": ["a"]}, "nest": {"yardage": 1.5}}
    second = {"align": {"views": 39}, "nest": {"yardage": 1.5, "note": "short"}}
    rows = comparing.figures_beside(first, second)
    assert [(one.stage, one.name, one.first, one.second) for one in rows] == [
        ("align", "views", 40, 39), ("nest", "yardage", 1.5, 1.5), ("nest", "note", None, "short")
    ]  # fmt: skip
    assert [one.name for one in rows if one.differs] == ["views", "note"]
