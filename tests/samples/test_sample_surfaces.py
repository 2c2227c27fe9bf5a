"""Profiles and triangles that the samples are drawn with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stitchsketch_kernel.domain.model import Similarity
from stitchsketch_kernel.samples.cushion import box_cushion
from stitchsketch_kernel.samples.design import Curve
from stitchsketch_kernel.samples.furniture import assemble
from stitchsketch_kernel.samples.meshing import triangulate
from stitchsketch_kernel.samples.outlines import dense_line
from stitchsketch_kernel.samples.profile import Arc, Line, Profile

HERE = Similarity(1.0, np.eye(3), np.zeros(3))
ARCS = st.builds(
    Arc,
    st.tuples(st.floats(-1, 1), st.floats(-1, 1)),
    st.floats(0.05, 2),
    st.floats(-3, 3),
    st.floats(0.1, 3) | st.floats(-3, -0.1),
)


@given(ARCS)
def test_an_arc_is_as_long_as_its_points_say_and_finds_them_again(arc):
    s = np.linspace(0, arc.length, 2001)
    points = arc.at(s)
    assert np.linalg.norm(np.diff(points, axis=0), axis=1).sum() == pytest.approx(
        arc.length, rel=1e-6
    )
    assert np.allclose(arc.nearest(points), s, atol=1e-9)


@given(st.floats(0.01, 0.2), st.floats(0.5, 2))
def test_a_bulging_arc_rises_by_its_sag_to_the_right(sag, width):
    arc = Arc.bulging((0.0, 0.0), (0.0, width), sag)
    ends = arc.at(np.array([0.0, arc.length]))
    assert np.allclose(ends, [[0, 0], [0, width]], atol=1e-9)
    assert np.allclose(arc.at(np.array([arc.length / 2])), [[sag, width / 2]], atol=1e-9)


def test_a_profile_runs_through_its_parts_without_a_jump():
    profile = Profile((Line((0, 0), (0, 1)), Arc((1.0, 1.0), 1.0, np.pi, -np.pi / 2)))
    s = np.linspace(0, profile.length, 400)
    assert np.linalg.norm(np.diff(profile.at(s), axis=0), axis=1).max() < 1.001 * s[1]
    assert np.allclose(profile.nearest(profile.at(s)), s, atol=1e-9)


NOTCHED = np.array([[0, 0], [60, 0], [60, 30], [80, 30], [80, 0], [100, 0], [100, 90], [0, 90.0]])


def test_triangles_fill_a_notched_outline_and_keep_its_points():
    outline = dense_line(NOTCHED, 5.0, closed=True)
    points, faces = triangulate(outline, 5.0)
    a, b, c = (points[faces[:, i]] for i in range(3))
    twice = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    assert (twice > 0).all() and twice.sum() / 2 == pytest.approx(8400)
    assert np.array_equal(points[: len(outline)], outline)


def test_an_outline_with_sides_longer_than_its_grid_is_refused():
    outline = dense_line(np.array([[0, 0], [100, 0], [100, 100], [0, 100.0]]), 5.0, closed=True)
    outline[8:13, 1] += 30.0
    with pytest.raises(ValueError, match="triangles cover"):
        triangulate(outline, 5.0)


def test_a_panel_whose_seams_do_not_close_is_refused():
    design = box_cushion()
    for missing in range(len(design.seams)):
        seams = design.seams[:missing] + design.seams[missing + 1 :]
        with pytest.raises(ValueError, match="do not close"):
            assemble(replace(design, seams=seams), HERE)


def test_an_edge_with_its_cloth_on_the_right_is_refused():
    design = box_cushion()
    seams = list(design.seams)
    index = next(k for k, seam in enumerate(seams) if seam.panels == ("ZIP",))
    curve = seams[index].curve
    seams[index] = replace(seams[index], curve=Curve(lambda t: curve.at(1 - t), straight=True))
    with pytest.raises(ValueError, match="ZIP/- has its only panel on the right"):
        assemble(replace(design, seams=tuple(seams)), HERE)
