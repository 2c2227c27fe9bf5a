"""A drawn seam follows folds, piping and changes of colour, and what can't be drawn is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from stitchsketch_kernel.domain.errors import PanelError
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.upholstery.seams.edits import PanelEdits
from stitchsketch_kernel.upholstery.seams.prepare import PanelSettings
from stitchsketch_kernel.upholstery.seams.propose import panels_from_edits
from stitchsketch_kernel.upholstery.seams.session import EditSession

DARK, LIGHT = np.array([90.0, 90, 90]), np.array([170.0, 170, 170])
RED, BLUE = np.array([170.0, 60, 50]), np.array([60.0, 80, 160])
STEP = 0.004


def cloth(bump=None, colors=None, offset=(0.0, 0.0, 0.4)) -> Mesh:
    """A square of 400 mm, nearly flat, its triangles irregular."""
    rng = np.random.default_rng(1)
    side = np.arange(-0.2, 0.2001, STEP)
    x, y = (a.ravel() for a in np.meshgrid(side, side))
    inner = (np.abs(x) < 0.199) & (np.abs(y) < 0.199)
    x, y = (a + inner * rng.uniform(-0.0012, 0.0012, len(a)) for a in (x, y))
    z = (0 if bump is None else bump(x, y)) + rng.normal(0, 0.0002, len(x))
    n = len(side)
    a = (np.arange(n - 1)[:, None] * n + np.arange(n - 1)).ravel()
    faces = np.concatenate(
        [np.column_stack([a, a + 1, a + n]), np.column_stack([a + 1, a + n + 1, a + n])]
    )
    vertices = np.column_stack([x, y, z]) + offset
    painted = None if colors is None else colors(x, y).astype(np.uint8)
    return Mesh(vertices, faces.astype(np.int32), painted)


def arc(x):
    """A line that bows by 60 mm over 400 mm, away from the straight way between its ends."""
    return 0.06 * (1 - (x / 0.2) ** 2)


def two_cloths(x, y):
    return np.where((y > arc(x))[:, None], RED, BLUE)


def two_greys(x, y):
    return np.where((y > arc(x))[:, None], DARK, LIGHT)


def piped(x, y):
    return np.where((np.abs(y - arc(x)) < 0.003)[:, None], BLUE, RED)


def pleat(x, y):
    """A fold of some 45 degrees along the arc."""
    return -0.4 * np.abs(y - arc(x))


ENDS = np.array([[-0.196, arc(0.196), 0.4], [0.196, arc(0.196), 0.4]])


@pytest.mark.parametrize(
    "mesh",
    [cloth(colors=two_cloths), cloth(colors=two_greys), cloth(colors=piped), cloth(bump=pleat)],
    ids=["colour", "lightness", "piping", "fold"],
)
def test_a_seam_of_two_clicks_follows_what_shows_it(mesh):
    line = EditSession(mesh, edits=PanelEdits()).preview_seam(ENDS)
    off_mm = 1000 * np.abs(line[:, 1] - arc(line[:, 0]))
    assert off_mm.mean() < 2.0
    assert np.percentile(off_mm, 95) < 4.5


def test_a_seam_over_plain_cloth_is_straight():
    line = EditSession(cloth(), edits=PanelEdits()).preview_seam(ENDS)
    assert 1000 * np.abs(line[:, 1] - arc(0.196)).max() < 5


def test_a_seam_that_ends_beside_the_cloths_end_runs_on_to_it():
    line = EditSession(cloth(), edits=PanelEdits()).preview_seam(0.96 * ENDS)
    assert np.abs(line[[0, -1], 0]) == pytest.approx([0.2, 0.2], abs=0.003)


@pytest.fixture(scope="module")
def begun() -> EditSession:
    return EditSession(cloth())


@pytest.fixture
def session(begun):
    while begun.undo():
        pass
    return begun


def test_without_seeds_a_seam_in_the_file_divides_the_proposed_panel():
    ends = np.array([[0.05, -0.2, 0.4], [0.05, 0.2, 0.4]])
    (whole,) = panels_from_edits(cloth(), PanelEdits()).panels
    found = panels_from_edits(cloth(), PanelEdits(cuts=(ends,)))
    assert [panel.name for panel in found.panels] == [whole.name, f"{whole.name}-2"]
    (seam,) = (seam for seam in found.seams if seam.right)
    assert 1000 * np.abs(seam.points_m[:, 0] - 0.05).max() < 5
    assert seam.length_mm == pytest.approx(400, abs=6)


@pytest.mark.parametrize("edit", ["add_seed", "add_ignored", "add_seam_points"])
def test_a_click_off_the_mesh_is_refused(session, edit):
    far = np.array([0.05, 0.0, 0.5])
    arguments = {"add_seed": ("A", far), "add_seam_points": (np.array([[0, 0, 0.4], far]),)}
    with pytest.raises(PanelError, match=r"at 0\.05 0 0\.5 lies 100 mm off the mesh"):
        getattr(session, edit)(*arguments.get(edit, (far,)))
    assert session.edits == PanelEdits(keeps=True)


@pytest.mark.parametrize(
    "points",
    [
        [[-0.05, 0, 0.4], [0.05, 0, 0.4]],
        [[-0.05, 0, 0.4], [0.05, 0, 0.4], [-0.05, 0, 0.4]],
        [[-0.2, -0.1, 0.4], [-0.2, 0.1, 0.4]],
    ],
    ids=["ends in the middle", "there and back", "along the end"],
)
def test_a_seam_that_encloses_nothing_is_refused(session, points):
    with pytest.raises(PanelError, match="divides no panel"):
        session.add_seam_points(points)
    assert session.edits == PanelEdits(keeps=True)
    with pytest.raises(PanelError, match="divides no panel"):
        panels_from_edits(cloth(), PanelEdits(cuts=(np.array(points),)))


@pytest.mark.parametrize("edit", [("OB", "IB"), ("B", "C")])
def test_a_panel_that_is_not_there_cannot_be_renamed(session, edit):
    with pytest.raises(PanelError, match=f"no panel {edit[0]} to rename"):
        panels_from_edits(session.mesh, PanelEdits(names=(edit,)))


@pytest.mark.parametrize("at", range(2000, 20000, 2000))
def test_seeds_on_neighbouring_faces_both_count(session, at):
    middles = session.mesh.vertices[session.mesh.faces].mean(axis=1)
    away = np.linalg.norm(middles - middles[at], axis=1)
    beside = int(np.argmin(np.where(away > 0.0031, away, 1.0)))
    session.add_seed("A", middles[at])
    session.add_seed("B", middles[beside])
    assert [session.names[session.labels[face]] for face in (at, beside)] == ["A", "B"]


def test_two_names_on_one_spot_are_refused(session):
    session.add_seed("A", [0.05, 0, 0.4])
    session.add_seed("A", [0.051, 0, 0.4])
    for edit in (lambda at: session.add_seed("B", at), session.add_ignored):
        with pytest.raises(PanelError, match=r"seed of panel A and the .* are on one spot"):
            edit([0.0512, 0, 0.4])
    assert session.names == ("A",)


def test_a_seam_between_loose_parts_is_refused():
    one, other = cloth(), cloth(offset=(0.5, 0, 0.4))
    both = Mesh(
        np.vstack([one.vertices, other.vertices]),
        np.vstack([one.faces, other.faces + np.int32(len(one.vertices))]),
    )
    with pytest.raises(PanelError, match="from one loose part of the mesh to another"):
        EditSession(both).add_seam_points([[0.1, 0, 0.4], [0.4, 0, 0.4]])
    seeds = tuple(("A", np.array([x, 0, 0.4])) for x in (0.0, 0.5))
    with pytest.raises(PanelError, match="A lies in two places that don't touch"):
        panels_from_edits(both, PanelEdits(seeds=seeds, keeps=True))


@pytest.mark.parametrize("name", ["", "A B", "-A", "../A", "A" * 33])
def test_a_name_that_a_file_could_not_hold_is_refused(session, name):
    with pytest.raises(PanelError, match="can't be called"):
        session.add_seed(name, [0, 0, 0.4])


@pytest.mark.parametrize("points", [[[0, 0, 0.4]], [], [[0, 0], [1, 1]], [[0, 0, np.nan]] * 2])
def test_points_that_make_no_seam_are_refused(session, points):
    with pytest.raises(PanelError):
        session.add_seam_points(points)


def test_grain_wants_a_panel_and_a_length(session):
    with pytest.raises(PanelError, match="warp of B"):
        session.set_grain("B", [1, 0, 0])
    with pytest.raises(PanelError, match="warp"):
        session.set_grain(session.names[0], [0, 0, 0])


def test_many_seams_in_a_file_are_no_trouble():
    """Each runs on to those before it; a thousand are no deeper than one."""
    mesh = cloth()
    ends = [np.array([[-0.2, y, 0.4], [0.2, y, 0.4]]) for y in np.linspace(-0.17, 0.17, 12)]
    session = EditSession(mesh, edits=PanelEdits(cuts=tuple(ends), keeps=True))
    assert len(session.names) == 13
    same = EditSession(mesh, PanelSettings(), replace(session.edits, cuts=tuple(ends * 100)))
    assert same.names == session.names
