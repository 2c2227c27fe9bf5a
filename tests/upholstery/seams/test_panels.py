"""Panels found on a scan: a small box cushion, 300 x 240 x 90 mm, as a scan would show it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from skimage.measure import marching_cubes

from stitchsketch_kernel.domain.errors import PanelError, SettingsError
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.domain.panel import EdgeKind, PanelMap
from stitchsketch_kernel.samples.crowned import crowned_cushion
from stitchsketch_kernel.samples.truth import outline_distance_mm
from stitchsketch_kernel.upholstery.flat.flatten import flatten_panels
from stitchsketch_kernel.upholstery.seams.edits import PanelEdits, write_edits
from stitchsketch_kernel.upholstery.seams.propose import (
    PanelSettings,
    panels_from_edits,
    propose_panels,
)

SIZE = np.array([0.300, 0.240, 0.090])
LIFT = 0.060
CELL = 0.004
PIPING, CLOTH = np.array([40.0, 44, 90]), np.array([150.0, 95, 70])


def distance_to_ring(points, height):
    """Distance to the rectangle of the cushion's edges at a height."""
    x, y, z = np.moveaxis(points, -1, 0)
    half = SIZE / 2
    dx, dy = np.abs(x) - half[0], np.abs(y) - half[1]
    outside = np.hypot(np.maximum(dx, 0), np.maximum(dy, 0))
    flat = np.where((dx > 0) | (dy > 0), outside, -np.maximum(dx, dy))
    return np.hypot(flat, z - height)


def box_distance(points):
    """Signed distance to the box, its edges rounded by 5 mm, with two rings of 4.5 mm piping."""
    half, round_m = SIZE / 2, 0.005
    q = np.abs(points - [0, 0, LIFT + half[2]]) - half + round_m
    box = np.linalg.norm(np.maximum(q, 0), axis=-1) + np.minimum(q.max(axis=-1), 0) - round_m
    cords = [distance_to_ring(points, h) - 0.00225 for h in (LIFT, LIFT + SIZE[2])]
    return np.minimum(box, np.minimum(*cords))


def scan(noise_m=0.0004) -> Mesh:
    """The cushion as a scan: irregular triangles, noise, a cloth with a motif, an unseen bottom."""
    low = np.array([-SIZE[0] / 2, -SIZE[1] / 2, LIFT]) - 0.02
    high = np.array([SIZE[0] / 2, SIZE[1] / 2, LIFT + SIZE[2]]) + 0.02
    axes = [np.arange(a, b, CELL) for a, b in zip(low, high, strict=True)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    vertices, faces, _, _ = marching_cubes(box_distance(grid), 0.0, spacing=(CELL,) * 3)
    vertices = vertices + low
    rng = np.random.default_rng(7)
    motif = gaussian_filter(rng.standard_normal((80, 80, 80)), 1.0)
    motif /= motif.std()
    where = np.clip(((vertices - low) / 0.005).astype(int), 0, 79)
    rings = [distance_to_ring(vertices, h) for h in (LIFT, LIFT + SIZE[2])]
    on_cord = np.clip((0.006 - np.minimum(*rings)) / 0.003, 0, 1)[:, None]
    cloth = CLOTH * (1 + 0.25 * motif[tuple(where.T)][:, None])
    colors = np.clip(cloth * (1 - on_cord) + PIPING * on_cord, 0, 255).astype(np.uint8)
    seen = np.where(vertices[:, 2] > LIFT - 0.001, 0.8, 0.0)
    vertices = vertices + rng.normal(0, noise_m, vertices.shape)
    mesh = Mesh(vertices, faces[:, ::-1].astype(np.int32), colors, seen)
    outward = (mesh.face_normals() * (mesh.vertices[mesh.faces[:, 0]] - [0, 0, 0.1])).sum()
    return mesh if outward > 0 else replace(mesh, faces=mesh.faces[:, ::-1].copy())


@pytest.fixture(scope="module")
def cushion_scan() -> Mesh:
    return scan()


@pytest.fixture(scope="module")
def proposal(cushion_scan) -> PanelMap:
    return propose_panels(cushion_scan)


def truth(name: str, panel_map: PanelMap) -> np.ndarray:
    """The exact piece of the panel: a rectangle, the warp along y."""
    panel = panel_map.panel(name)
    normal = np.abs(panel_map.mesh.face_normals()[panel.faces].mean(axis=0))
    width, height = {0: (240, 90), 1: (300, 90), 2: (300, 240)}[int(normal.argmax())]
    return np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=float)


def test_top_and_bands_are_found_and_the_unseen_bottom_is_not(proposal):
    assert sorted(panel.name for panel in proposal.panels) == [
        "BOX-1", "BOX-2", "BOX-3", "BOX-4", "CUSH",
    ]  # fmt: skip
    assert min(panel.seen_share for panel in proposal.panels) > 0.9


def test_piped_seams_are_welts_and_corners_are_sewn(proposal):
    kinds = {}
    for seam in proposal.seams:
        kinds.setdefault((seam.edge_kind, seam.right is None), []).append(seam.length_mm)
    assert len(kinds[EdgeKind.WELT, False]) == 4
    assert kinds[EdgeKind.SEWN, False] == pytest.approx([90] * 4, abs=6)
    assert len(kinds[EdgeKind.STAPLE, True]) == 4, "each band ends on nothing seen"


def test_flat_pieces_are_the_exact_ones(proposal):
    for flat in flatten_panels(proposal):
        off = outline_distance_mm(flat.uv_mm[flat.boundary], truth(flat.panel, proposal))
        assert np.percentile(off, 95) < 2.0, flat.panel


def test_both_sides_of_a_seam_are_as_long(proposal):
    flats = {flat.panel: flat for flat in flatten_panels(proposal)}
    for seam in (seam for seam in proposal.seams if seam.right):
        a, b = (flats[name].seam_length_mm(seam.id) for name in (seam.left, seam.right))
        assert abs(a - b) < max(1.0, 0.002 * a), seam.id


def test_seams_are_edges_of_both_panels_and_no_face_is_turned(proposal):
    owner, faces = proposal.face_panel(), proposal.mesh.faces
    names = [panel.name for panel in proposal.panels]
    side = {}
    for face, one in zip(faces.tolist(), owner.tolist(), strict=True):
        for a, b in ((0, 1), (1, 2), (2, 0)):
            assert (face[a], face[b]) not in side, "two faces on one side of an edge"
            side[face[a], face[b]] = names[one]
    for seam in proposal.seams:
        assert np.array_equal(proposal.mesh.vertices[seam.vertices], seam.points_m)
        for a, b in zip(seam.vertices[:-1].tolist(), seam.vertices[1:].tolist(), strict=True):
            assert side[a, b] == seam.left
            assert side.get((b, a)) == seam.right
    normals, areas = proposal.mesh.face_normals(), proposal.mesh.face_areas()
    for panel in proposal.panels:
        usual = normals[panel.faces].mean(axis=0)
        turned = normals[panel.faces] @ usual < 0
        # noise turns a sliver here and there, never the surface
        assert areas[panel.faces][turned].sum() < 0.004 * areas[panel.faces].sum(), panel.name


def test_uncertainty_covers_how_far_seams_are_off(proposal):
    for seam in proposal.seams:
        ring = np.minimum(*[distance_to_ring(seam.points_m, h) for h in (LIFT, LIFT + SIZE[2])])
        upright = np.abs(np.abs(seam.points_m[:, :2]) - SIZE[:2] / 2).max(axis=1)
        off_mm = 1000 * np.minimum(ring, upright)
        # a short seam with few points to tell it is said to be less sure
        assert 0 < seam.uncertainty_mm < 8
        assert np.percentile(off_mm, 90) < min(1.5, max(1.0, seam.uncertainty_mm))
        assert off_mm.max() < 1.8


def test_without_colours_creases_are_enough(cushion_scan):
    found = propose_panels(replace(cushion_scan, colors=None))
    assert {"CUSH", "BOX-1", "BOX-2", "BOX-3", "BOX-4"} <= {panel.name for panel in found.panels}


def test_a_side_that_nobody_saw_is_left_out_and_said(cushion_scan):
    hidden = cushion_scan.vertices[:, 0] > SIZE[0] / 2 - 0.006
    confidence = np.where(hidden, 0.0, cushion_scan.confidence)
    found = propose_panels(replace(cushion_scan, confidence=confidence))
    assert len(found.panels) == 4
    assert any("hardly seen" in note for note in found.notes)


def test_an_end_that_nobody_saw_is_said(cushion_scan, proposal):
    assert proposal.notes == ()
    low = cushion_scan.vertices[:, 2] < LIFT + 0.025
    blind = low & (cushion_scan.vertices[:, 0] > SIZE[0] / 2 - 0.03)
    middle = blind[cushion_scan.faces].all(axis=1)
    colors = np.where(blind[:, None], CLOTH, cushion_scan.colors).astype(np.uint8)
    confidence = np.where(blind, 0.0, cushion_scan.confidence)
    edge = cushion_scan.vertices[cushion_scan.faces].mean(axis=1)[:, 2] < LIFT + 0.02
    scanned = replace(
        cushion_scan,
        faces=cushion_scan.faces[~(middle & edge)],
        colors=colors,
        confidence=confidence,
    )
    (note,) = propose_panels(scanned).notes
    assert "where photos saw nothing" in note


def test_a_panel_of_which_little_was_seen_is_a_doubt(cushion_scan, proposal):
    assert proposal.doubts == ()
    half = (cushion_scan.vertices[:, 0] > 0.149) & (cushion_scan.vertices[:, 1] > -0.02)
    confidence = np.where(half, 0.0, cushion_scan.confidence)
    found = propose_panels(replace(cushion_scan, confidence=confidence))
    assert len(found.panels) == 5
    (doubt,) = [text for text in found.doubts if "was seen" in text]
    assert "of panel BOX-" in doubt


def test_holes_along_a_seam_do_not_part_two_panels(cushion_scan):
    middle = cushion_scan.vertices[cushion_scan.faces].mean(axis=1)
    torn = np.zeros(len(middle), dtype=bool)
    for x in (-0.08, 0.0, 0.09):
        torn |= np.linalg.norm(middle - [x, SIZE[1] / 2, LIFT + SIZE[2]], axis=1) < 0.007
    assert torn.sum() > 20
    found = propose_panels(replace(cushion_scan, faces=cushion_scan.faces[~torn]))
    assert sum(seam.right is not None for seam in found.seams) == 8


def test_nothing_that_could_be_a_panel_is_said(cushion_scan):
    tiny = Mesh(0.1 * cushion_scan.vertices, cushion_scan.faces)
    with pytest.raises(PanelError, match="No panel was found"):
        propose_panels(tiny)


def test_settings_are_checked():
    with pytest.raises(SettingsError, match="crease_deg"):
        PanelSettings(crease_deg=0)


def test_seeds_make_the_panels_and_name_them(cushion_scan):
    top = LIFT + SIZE[2]
    edits = PanelEdits(
        seeds=(("SEAT", np.array([0.05, 0.02, top])), ("SEAT", np.array([-0.1, -0.05, top]))),
        ignored=(
            *(np.array([x, 0, LIFT + 0.045]) for x in (-SIZE[0] / 2, SIZE[0] / 2)),
            *(np.array([0, y, LIFT + 0.045]) for y in (-SIZE[1] / 2, SIZE[1] / 2)),
        ),
    )
    found = panels_from_edits(cushion_scan, edits)
    assert [panel.name for panel in found.panels] == ["SEAT"]
    (flat,) = flatten_panels(found)
    off = outline_distance_mm(flat.uv_mm[flat.boundary], truth("SEAT", found))
    assert np.percentile(off, 95) < 4.0


def test_a_drawn_seam_divides_a_flat_panel(cushion_scan):
    top = LIFT + SIZE[2]
    sides = [(x, 0) for x in (-SIZE[0] / 2, SIZE[0] / 2)]
    sides += [(0, y) for y in (-SIZE[1] / 2, SIZE[1] / 2)]
    edits = PanelEdits(
        seeds=(("LEFT", np.array([-0.07, 0, top])), ("RIGHT", np.array([0.07, 0, top]))),
        ignored=tuple(np.array([x, y, LIFT + 0.045]) for x, y in sides),
        cuts=(np.array([[0.02, -SIZE[1] / 2, top], [0.02, SIZE[1] / 2, top]]),),
    )
    found = panels_from_edits(cushion_scan, edits)
    (seam,) = (seam for seam in found.seams if seam.right)
    assert {seam.left, seam.right} == {"LEFT", "RIGHT"}
    assert 1000 * np.abs(seam.points_m[:, 0] - 0.02).max() < 6


def test_a_seed_in_the_air_is_refused(cushion_scan):
    edits = PanelEdits(seeds=(("SEAT", np.array([0, 0, 0.5])),))
    with pytest.raises(PanelError, match=r"seed of panel SEAT .* off the mesh"):
        panels_from_edits(cushion_scan, edits)


def test_names_kinds_and_grain_of_a_proposal_are_changed(cushion_scan, proposal, tmp_path):
    write_edits(proposal, tmp_path / "panels.txt")
    welt = next(seam.id for seam in proposal.seams if seam.edge_kind is EdgeKind.WELT)
    edits = PanelEdits(
        names=(("BOX-1", "ZIP"),),
        kinds=((welt, EdgeKind.SEWN),),
        grains=(("CUSH", np.array([1.0, 0, 0])),),
    )
    found = panels_from_edits(cushion_scan, edits)
    assert "ZIP" in {panel.name for panel in found.panels}
    assert next(seam for seam in found.seams if seam.id == welt).edge_kind is EdgeKind.SEWN
    assert found.panel("CUSH").grain_m.tolist() == [1, 0, 0]


@pytest.mark.parametrize(("cell_m", "doubtful"), [(0.006, False), (0.0115, True)])
def test_a_mesh_too_coarse_for_its_folds_is_a_doubt(cell_m, doubtful):
    """Triangles of 10 mm round folds by more than the seams' ± know of."""
    found = propose_panels(crowned_cushion(cell_m=cell_m).mesh)
    assert any("triangles of" in words for words in found.doubts) is doubtful
