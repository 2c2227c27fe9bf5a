"""What tape does to the mesh's colours, and what is told of tape that divides nothing."""

from __future__ import annotations

import numpy as np

from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.domain.tape import TapeLine
from stitchsketch_kernel.upholstery.seams.taped import unused, without_tint

SIDE = np.linspace(-0.1, 0.1, 51)
GRID = np.array([(x, y, 0.0) for x in SIDE for y in SIDE])
FACES = np.array([[0, 51, 52], [0, 52, 1]], dtype=np.int32)
GREEN, BLUE = (40, 120, 60), (20, 60, 200)


def taped(y: float) -> TapeLine:
    x = np.linspace(-0.09, 0.09, 46)
    return TapeLine(np.column_stack([x, np.full(46, y), np.zeros(46)]), 0.5, 8, 0.0)


def test_the_tapes_colour_is_taken_off_and_the_cloths_stays():
    on_tape = (np.abs(GRID[:, 1]) < 0.004) & (np.abs(GRID[:, 0]) < 0.092)
    colors = np.where(on_tape[:, None], BLUE, GREEN).astype(np.uint8)
    colors[np.abs(GRID[:, 1] - 0.08) < 0.003] = BLUE
    plain = without_tint(Mesh(GRID, FACES, colors), (taped(0.0),))
    assert (plain.colors[on_tape] == GREEN).all()
    # another blue line, which nobody says is tape, is the cloth's
    assert (plain.colors[~on_tape] == colors[~on_tape]).all()


def test_tape_that_no_seam_came_of_is_told_by_its_place():
    lines = (taped(0.0), taped(0.05))
    (note,) = unused(lines, [lines[0].points_m + np.array([0, 0.002, 0])])
    assert "0.05" in note
    assert "divides no panel" in note


def test_without_seams_all_tape_is_told():
    assert len(unused((taped(0.0), taped(0.05)), [])) == 2
