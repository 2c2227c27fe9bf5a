"""Panels laid flat: isometric where they can be, right side up, and honest where they can't."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stitchsketch_kernel.domain.errors import FlattenError, SettingsError
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.domain.panel import EdgeKind, Panel, PanelMap, Seam
from stitchsketch_kernel.upholstery.flat.denoise import denoise
from stitchsketch_kernel.upholstery.flat.flatten import (
    FlattenSettings,
    flatten_panels,
)
from stitchsketch_kernel.upholstery.geometry.border import border_loop
from stitchsketch_kernel.upholstery.geometry.strain import strain_percent
from stitchsketch_kernel.upholstery.geometry.unroll import signed_areas, unroll

EXACT = FlattenSettings(smooth_mm=0)


def grid(nu=25, nv=19, size=(0.40, 0.30)):
    """Flat points (n, 2), metres, and counter-clockwise triangles of a rectangle."""
    u, v = np.meshgrid(np.linspace(0, size[0], nu), np.linspace(0, size[1], nv), indexing="xy")
    corner = (np.arange(nv - 1)[:, None] * nu + np.arange(nu - 1)).ravel()
    a, b, c, d = corner, corner + 1, corner + nu + 1, corner + nu
    faces = np.vstack([np.column_stack([a, b, c]), np.column_stack([a, c, d])])
    return np.column_stack([u.ravel(), v.ravel()]), faces.astype(np.int32)


def rolled(flat, radius, axis_deg):
    """The rectangle rolled on a cylinder whose axis lies `axis_deg` from x; outside out."""
    t = np.deg2rad(axis_deg)
    along = flat @ [np.cos(t), np.sin(t)]
    across = flat @ [-np.sin(t), np.cos(t)]
    bent = radius * np.column_stack([np.sin(across / radius), np.cos(across / radius)])
    x = along * np.cos(t) - bent[:, 0] * np.sin(t)
    y = along * np.sin(t) + bent[:, 0] * np.cos(t)
    return np.column_stack([x, y, bent[:, 1]])


def coned(flat, apex_m, half_deg):
    """The rectangle laid on a cone: distance from the apex and angle round it are kept."""
    x, y = flat[:, 0] - 0.2, flat[:, 1] + apex_m
    rho, phi = np.hypot(x, y), np.arctan2(x, y)
    s = np.sin(np.deg2rad(half_deg))
    turn = phi / s
    return np.column_stack(
        [rho * s * np.sin(turn), rho * np.sqrt(1 - s * s), rho * s * np.cos(turn)]
    )


def map_of(vertices, faces, grain=(0.0, 1.0, 0.0)):
    """One panel, whose border is one closed seam."""
    loop = border_loop(faces)
    line = np.append(loop, loop[0]).astype(np.int32)
    seam = Seam("S01", vertices[line], "P", None, EdgeKind.SEWN, line)
    panel = Panel("P", np.arange(len(faces), dtype=np.int32), np.asarray(grain))
    return PanelMap(Mesh(vertices, faces), (panel,), (seam,))


def edge_lengths(points, faces):
    edges = np.vstack([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    return np.linalg.norm(points[edges[:, 0]] - points[edges[:, 1]], axis=1)


@settings(max_examples=12, deadline=None)
@given(radius=st.floats(0.08, 3.0), axis_deg=st.floats(-90, 90))
def test_a_rolled_panel_keeps_every_length(radius, axis_deg):
    flat, faces = grid()
    vertices = rolled(flat, radius, axis_deg)
    (piece,) = flatten_panels(map_of(vertices, faces), EXACT)
    want = 1000 * edge_lengths(vertices[piece.vertices], piece.faces)
    assert edge_lengths(piece.uv_mm, piece.faces) == pytest.approx(want, rel=1e-3)
    assert piece.strain_percent.max() < 0.1


@settings(max_examples=12, deadline=None)
@given(apex_m=st.floats(0.15, 2.0), half_deg=st.floats(40, 85))
def test_a_panel_on_a_cone_keeps_every_length(apex_m, half_deg):
    flat, faces = grid(41, 31)
    vertices = coned(flat, apex_m, half_deg)
    (piece,) = flatten_panels(map_of(vertices, faces), EXACT)
    want = 1000 * edge_lengths(vertices[piece.vertices], piece.faces)
    assert edge_lengths(piece.uv_mm, piece.faces) == pytest.approx(want, rel=2e-3)


@settings(max_examples=15, deadline=None)
@given(turn=st.tuples(*[st.floats(-3, 3)] * 3), shift=st.tuples(*[st.floats(-2, 2)] * 3))
def test_a_flat_panel_stays_itself(turn, shift):
    import cv2

    flat, faces = grid()
    rotation = cv2.Rodrigues(np.array(turn))[0]
    vertices = np.column_stack([flat, np.zeros(len(flat))]) @ rotation.T + shift
    (piece,) = flatten_panels(map_of(vertices, faces, rotation[:, 1]))
    # smoothed, unrolled and turned: the rectangle itself, its warp up, not mirrored
    assert piece.uv_mm == pytest.approx(1000 * (flat - [0.2, 0.15]), abs=1e-3)


@pytest.mark.parametrize("grain", [(0, 1, 0), (1, 0, 0), (-1, 1, 0), (0.3, -0.8, 0)])
def test_the_warp_runs_up(grain):
    flat, faces = grid()
    vertices = np.column_stack([flat, np.zeros(len(flat))])
    direction = np.array(grain) / np.linalg.norm(grain)
    (piece,) = flatten_panels(map_of(vertices, faces, direction))
    along = piece.uv_mm[-1] - piece.uv_mm[0]
    want = 1000 * (vertices[piece.vertices[-1]] - vertices[piece.vertices[0]])
    assert along[1] == pytest.approx(want @ direction, abs=1e-6)
    assert along[0] == pytest.approx(want[:2] @ [direction[1], -direction[0]], abs=1e-6)


def test_a_seam_is_found_again_in_its_own_order():
    flat, faces = grid()
    panel_map = map_of(rolled(flat, 0.3, 20), faces)
    (piece,) = flatten_panels(panel_map, EXACT)
    seam = panel_map.seams[0]
    assert piece.vertices[piece.seam_vertices["S01"]].tolist() == seam.vertices.tolist()
    assert piece.seam_length_mm("S01") == pytest.approx(seam.length_mm, rel=1e-4)
    assert signed_areas(piece.uv_mm[piece.boundary][None].reshape(-1, 2), piece.faces[:0]).size == 0
    x, y = piece.uv_mm[piece.boundary].T
    assert (x * np.roll(y, -1) - y * np.roll(x, -1)).sum() > 0


def test_noise_is_not_laid_flat():
    rng = np.random.default_rng(5)
    flat, faces = grid(101, 76)
    vertices = rolled(flat, 0.4, 35)
    loop = border_loop(faces)
    noisy = vertices + rng.normal(0, 0.0005, vertices.shape)
    noisy[loop] = vertices[loop]
    (raw,) = flatten_panels(map_of(noisy, faces), EXACT)
    (piece,) = flatten_panels(map_of(noisy, faces))
    area = [float(signed_areas(one.uv_mm, one.faces).sum()) / 120000 for one in (raw, piece)]
    assert area[0] > 1.01, "without smoothing the noise makes the panel larger"
    assert area[1] == pytest.approx(1, abs=2e-3)


def test_smoothing_holds_the_seam_and_leaves_a_plane():
    flat, faces = grid()
    vertices = 1000 * np.column_stack([flat, np.zeros(len(flat))])
    held = border_loop(faces)
    assert denoise(vertices, faces, held, 12.0) == pytest.approx(vertices, abs=1e-6)
    bumpy = vertices + np.random.default_rng(1).normal(0, 1, vertices.shape)
    smooth = denoise(bumpy, faces, held, 12.0)
    assert np.array_equal(smooth[held], bumpy[held])


def test_strain_is_the_stretch_that_was_put_in():
    flat, faces = grid()
    surface = np.column_stack([flat, np.zeros(len(flat))])
    assert strain_percent(surface, flat * [1.03, 0.99], faces) == pytest.approx(3.0)
    assert strain_percent(surface, flat * [1.0, 0.95], faces) == pytest.approx(5.0)


def crowned(rise_m):
    """A rectangle of a large ball's cap, so high in its middle: it can't be laid flat exactly."""
    flat, faces = grid()
    r2 = ((flat - [0.2, 0.15]) ** 2).sum(axis=1)
    return np.column_stack([flat, rise_m * (1 - r2 / 0.0625)]), faces


@pytest.mark.parametrize("rise_m", [0.005, 0.015])
def test_a_crowned_panel_keeps_its_seams_lengths(rise_m):
    panel_map = map_of(*crowned(rise_m))
    (loose,) = flatten_panels(panel_map, FlattenSettings(smooth_mm=0, true_seams=False))
    (true,) = flatten_panels(panel_map, EXACT)
    want = panel_map.seams[0].length_mm
    assert true.seam_length_mm("S01") == pytest.approx(want, abs=0.05)
    assert abs(loose.seam_length_mm("S01") - want) > abs(true.seam_length_mm("S01") - want)
    assert np.abs(true.uv_mm - loose.uv_mm).max() < 2.0


def test_a_dome_is_not_forced_into_its_seams():
    panel_map = map_of(*crowned(0.08))
    loose, true = (
        flatten_panels(panel_map, FlattenSettings(smooth_mm=0, true_seams=which))[0]
        for which in (False, True)
    )
    assert np.array_equal(loose.uv_mm, true.uv_mm)


def test_a_panel_with_a_hole_is_refused_by_name():
    flat, faces = grid()
    middle = flat[faces].mean(axis=1)
    ring = faces[np.abs(middle - [0.2, 0.15]).max(axis=1) > 0.05]
    mesh = Mesh(np.column_stack([flat, np.zeros(len(flat))]), ring)
    panel = Panel("OB", np.arange(len(ring), dtype=np.int32), np.array([0.0, 1.0, 0.0]))
    with pytest.raises(FlattenError, match="OB can't be laid flat: it has a hole"):
        flatten_panels(PanelMap(mesh, (panel,), ()))


def test_a_panel_that_overlaps_itself_is_refused_by_name():
    # a strip along one and a half turns of a flat ring, slowly rising: its flat runs over itself
    u, v = np.meshgrid(np.linspace(0, 3 * np.pi, 160), np.linspace(0.1, 0.2, 9), indexing="xy")
    x, y, z = v * np.cos(u), v * np.sin(u), 0.004 * u
    vertices = np.column_stack([x.ravel(), y.ravel(), z.ravel()])
    faces = grid(160, 9)[1][:, ::-1].copy()
    with pytest.raises(FlattenError, match="Panel P folds over itself"):
        flatten_panels(map_of(vertices, faces), EXACT)


def test_a_torn_mesh_is_refused():
    flat, faces = grid(4, 4)
    vertices = np.column_stack([flat, np.zeros(len(flat))])
    vertices[5] = np.nan
    with pytest.raises(FlattenError, match="torn"):
        unroll(vertices, faces)


@pytest.mark.parametrize("wrong", [{"smooth_mm": -1}, {"rounds": 0}])
def test_settings_are_checked(wrong):
    with pytest.raises(SettingsError, match="can't be"):
        FlattenSettings(**wrong)
