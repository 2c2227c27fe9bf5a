"""Bands that go all round are divided, so that a strip with two ends can be cut."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.samples.crowned import HALF_M, LIFT_M, crowned_cushion
from stitchsketch_kernel.upholstery.seams.bands import divided_bands
from stitchsketch_kernel.upholstery.seams.edits import PanelEdits
from stitchsketch_kernel.upholstery.seams.features import dual_edges, find_features
from stitchsketch_kernel.upholstery.seams.propose import panels_from_edits


@pytest.fixture(scope="module")
def cushion():
    return crowned_cushion(cell_m=0.005)


@pytest.fixture(scope="module")
def proposed(cushion):
    return panels_from_edits(cushion.mesh, PanelEdits())


def length_mm(points_m) -> float:
    return float(np.linalg.norm(np.diff(points_m, axis=0), axis=1).sum() * 1000)


def test_the_boxing_becomes_two_strips_sewn_together_on_both_sides(proposed):
    assert [panel.name for panel in proposed.panels] == ["CUSH", "BOX", "BOX-2"]
    across = [seam for seam in proposed.seams if {seam.left, seam.right} == {"BOX", "BOX-2"}]
    assert len(across) == 2
    # straight up the band, 75 mm before its back; the scan rounds both ends
    for seam in across:
        assert np.ptp(seam.points_m[:, :2], axis=0) == pytest.approx([0, 0], abs=0.005)
        assert seam.points_m[:, 1].mean() == pytest.approx(HALF_M[1] - 0.075, abs=0.004)
        assert length_mm(seam.points_m) > 90
        low = min(seam.points_m[[0, -1], 2])
        assert low == pytest.approx(LIFT_M, abs=0.006), "it ends where the band does"


def test_both_strips_together_are_as_long_as_the_seam(proposed, cushion):
    along = [s for s in proposed.seams if {"CUSH"} & {s.left, s.right}]
    true_mm = length_mm(cushion.top_seam_m)
    assert sum(seam.length_mm for seam in along) == pytest.approx(true_mm, rel=0.0015)


def test_the_strip_behind_can_be_named(cushion):
    named = panels_from_edits(cushion.mesh, PanelEdits(names=(("BOX-2", "ZIP"),)))
    assert [panel.name for panel in named.panels] == ["CUSH", "BOX", "ZIP"]


def test_a_persons_own_seams_across_come_first(cushion):
    x, y, z = *HALF_M, LIFT_M + 0.05
    edits = PanelEdits(
        cuts=tuple(np.array([[at, -y, z + 0.045], [at, -y, z - 0.045]]) for at in (-x / 2, x / 2))
    )
    panels = panels_from_edits(cushion.mesh, edits)
    assert len(panels.panels) == 3
    across = [s for s in panels.seams if "CUSH" not in {s.left, s.right} and s.right is not None]
    assert sorted(float(s.points_m[:, 0].mean()) for s in across) == pytest.approx(
        [-x / 2, x / 2], abs=0.01
    )


def grid(u, v, place, wraps) -> Mesh:
    """A surface over u (n steps) and v; `wraps`: u runs back to its beginning."""
    i, j = np.meshgrid(np.arange(u if wraps else u - 1), np.arange(v - 1), indexing="ij")
    a, b = i * v + j, (i + 1) % u * v + j
    faces = np.concatenate(
        [np.stack([a, b, a + 1], -1).reshape(-1, 3), np.stack([b, b + 1, a + 1], -1).reshape(-1, 3)]
    )
    at, up = np.meshgrid(np.arange(u) / u, np.arange(v) / (v - 1), indexing="ij")
    return Mesh(np.stack(place(at.ravel(), up.ravel()), axis=-1), faces.astype(np.int32))


def divided(mesh: Mesh):
    label = np.zeros(len(mesh.faces), dtype=np.int32)
    return divided_bands(mesh, find_features(mesh), label)


def stool(at, up):
    return [0.2 * np.cos(2 * np.pi * at), 0.2 * np.sin(2 * np.pi * at), 0.4 * up]


def bolster_along_y(at, up):
    return [0.1 * np.cos(2 * np.pi * at), 0.6 * up, 0.1 * np.sin(2 * np.pi * at)]


@pytest.mark.parametrize("place", [stool, bolster_along_y])
def test_whatever_goes_round_becomes_two_strips(place):
    mesh = grid(120, 60, place, wraps=True)
    found = divided(mesh)
    assert found.parent == (0,)
    shares = np.bincount(found.label) / len(mesh.faces)
    assert shares.min() > 0.15


def test_a_flat_ring_stays_whole():
    """A seat with an opening lies flat as it is."""

    def ring(at, up):
        r = 0.2 + 0.2 * up
        return [r * np.cos(2 * np.pi * at), r * np.sin(2 * np.pi * at), 0 * at]

    assert divided(grid(120, 40, ring, wraps=True)).parent == ()


def test_a_cup_stays_whole():
    """It faces all ways, but has one border."""

    def ball(at, up):
        turn, fall = 2 * np.pi * at, 0.001 + (np.pi - 0.3) * up
        return [0.2 * np.sin(fall) * np.cos(turn), 0.2 * np.sin(fall) * np.sin(turn), np.cos(fall)]

    assert divided(grid(120, 60, ball, wraps=True)).parent == ()


def test_each_strip_is_in_one_piece_on_a_rough_scan():
    rough = grid(240, 120, stool, wraps=True)
    slips = np.random.default_rng(2).normal(0, 0.003, rough.vertices.shape)
    mesh = Mesh(rough.vertices + slips, rough.faces)
    label = divided(mesh).label
    assert set(label) == {0, 1}
    pairs = dual_edges(mesh.faces).faces
    same = pairs[label[pairs[:, 0]] == label[pairs[:, 1]]]
    graph = coo_array((np.ones(len(same)), tuple(same.T)), shape=(len(label), len(label)))
    assert connected_components(graph, directed=False)[0] == 2
