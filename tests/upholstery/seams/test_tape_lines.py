"""Sightings of tape to lines: photos must agree; corners, crossings, gaps, and what is told."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.spatial import cKDTree

from stitchsketch_kernel.domain.tape import TapeSettings, TapeSightings
from stitchsketch_kernel.upholstery.seams.tape_lines import tape_lines

SETTINGS = TapeSettings("blue", 6.0)
EYES = np.array(
    [[0.8 * np.cos(a), 0.8 * np.sin(a), 0.7] for a in np.linspace(0, 2 * np.pi, 9)[:-1]]
)


def line(*corners: tuple[float, float]) -> np.ndarray:
    """A point each mm on the plane z = 0, metres."""
    parts = []
    for a, b in pairwise(corners):
        count = round(np.hypot(b[0] - a[0], b[1] - a[1]) / 0.001)
        parts.append(np.linspace(a, b, count, endpoint=False))
    flat = np.vstack([*parts, corners[-1:]])
    return np.column_stack([flat, np.zeros(len(flat))])


def seen(*lines, photos=range(8), seeing=8, lift_mm=0.0, photo_px=0.1, seed=0) -> TapeSightings:
    """What photos would show of lines on a mesh that lies `lift_mm` above them."""
    rng = np.random.default_rng(seed)
    rows = []
    for points in lines:
        along = np.gradient(points, axis=0)
        along /= np.linalg.norm(along, axis=1, keepdims=True)
        for photo in photos:
            eye, keep = EYES[photo], rng.random(len(points)) < 0.8
            own, way = points[keep], along[keep]
            plane = np.cross(own - eye, way)
            plane /= np.linalg.norm(plane, axis=1, keepdims=True)
            side = np.cross([0.0, 0, 1], way)
            own = (
                own
                + 0.0012 * (photo_px * rng.normal() + 0.3 * rng.normal(0, 1, (len(own), 1))) * side
            )
            # where the ray meets the mesh
            share = (eye[2] - lift_mm / 1000) / eye[2]
            hit = eye + share * (own - eye)
            rows.append((hit, way, plane, np.full(len(own), photo)))
    hit, way, plane, photo = (np.concatenate(part) for part in zip(*rows, strict=True))
    up = np.tile([0.0, 0, 1], (len(hit), 1))
    return TapeSightings(
        hit, up, way, plane, np.full(len(hit), 0.0012), photo.astype(np.int32),
        np.full(len(hit), seeing, dtype=np.int32),
    )  # fmt: skip


def both(a: TapeSightings, b: TapeSightings) -> TapeSightings:
    names = ("points_m", "normals", "along", "plane", "pixel_m", "photo", "seeing")
    return TapeSightings(*(np.concatenate([getattr(a, n), getattr(b, n)]) for n in names))


def off_mm(points: np.ndarray, truth: np.ndarray) -> np.ndarray:
    return 1000 * np.abs(cKDTree(truth).query(points)[0])


BENT = line((0, 0), (0.15, 0), (0.15, 0.12))


def test_a_line_keeps_its_corner_and_tells_its_uncertainty():
    found = tape_lines(seen(BENT), SETTINGS)
    (one,) = found.lines
    assert not found.notes
    off = off_mm(one.points_m, BENT)
    assert off.max() < 1.0
    assert np.linalg.norm(one.points_m - [0.15, 0, 0], axis=1).min() < 0.0012
    assert 0.2 < one.within_mm < 1.0
    assert one.photos == 8


@pytest.mark.parametrize("seed", [1, 2])
def test_a_corner_is_where_what_leads_up_to_it_meets(seed):
    (one,) = tape_lines(seen(BENT, seed=seed), SETTINGS).lines
    assert np.linalg.norm(one.points_m - [0.15, 0, 0], axis=1).min() < 0.0006


def test_photos_that_differ_more_make_it_less_sure():
    sure, unsure = (tape_lines(seen(BENT, photo_px=px), SETTINGS).lines[0] for px in (0.1, 0.8))
    assert unsure.within_mm > 1.3 * sure.within_mm


def test_a_mesh_that_lies_too_high_moves_the_line_less_than_the_mean_of_what_photos_hit():
    straight = line((0, 0), (0.2, 0))
    raised = seen(straight, photos=[1, 2, 6], lift_mm=1.0, photo_px=0.0, seeing=3)
    (one,) = tape_lines(raised, SETTINGS).lines
    inner = one.points_m[3:-3]
    mean_of_hits = abs(1000 * raised.points_m[:, 1].mean())
    assert mean_of_hits > 0.15
    assert abs(1000 * inner[:, 1].mean()) < 0.6 * mean_of_hits


def test_lines_that_meet_share_their_crossing():
    crossing = seen(line((0, 0), (0.2, 0)), line((0.1, 0.1), (0.1, 0.003)))
    lines = tape_lines(crossing, SETTINGS).lines
    assert len(lines) == 3
    ends = [tuple(np.round(one.points_m[k], 9)) for one in lines for k in (0, -1)]
    shared = max(ends, key=ends.count)
    assert ends.count(shared) == 3
    assert np.linalg.norm(np.array(shared) - [0.1, 0, 0]) < 0.001


def test_a_ring_is_closed():
    turn = np.linspace(0, 2 * np.pi, 500)
    ring = np.column_stack([0.08 * np.cos(turn), 0.08 * np.sin(turn), np.zeros(500)])
    (one,) = tape_lines(seen(ring), SETTINGS).lines
    assert np.array_equal(one.points_m[0], one.points_m[-1])
    radius = 1000 * np.linalg.norm(one.points_m, axis=1)
    assert np.abs(radius - 80).max() < 0.8


@pytest.mark.parametrize(("gap_m", "count"), [(0.018, 1), (0.045, 2)])
def test_a_short_gap_is_closed_and_told_a_long_one_is_left(gap_m, count):
    halves = seen(line((0, 0), (0.1, 0)), line((0.1 + gap_m, 0), (0.25, 0)))
    lines = tape_lines(halves, SETTINGS).lines
    assert len(lines) == count
    assert (max(one.closed_mm for one in lines) > 12) == (count == 1)


@pytest.mark.parametrize("photos", [[0], [0, 1]])
def test_what_too_few_photos_show_is_told_and_no_line(photos):
    reflection = seen(line((0, 0.2), (0.1, 0.2)), photos=photos, seeing=len(photos))
    found = tape_lines(both(seen(BENT), reflection), SETTINGS)
    assert len(found.lines) == 1
    assert len(found.notes) == 1
    assert "y 0.20" in found.notes[0]
    assert "take more photos" in found.notes[0]


def test_what_most_photos_look_at_and_dont_show_is_no_line():
    highlight = seen(line((0, 0.2), (0.1, 0.2)), photos=[0, 1, 2], seeing=20)
    found = tape_lines(both(seen(BENT), highlight), SETTINGS)
    assert len(found.lines) == 1
    assert any("too few of 3 photos" in note for note in found.notes)


def test_a_short_bit_of_tape_is_told_and_no_line():
    found = tape_lines(both(seen(BENT), seen(line((0, 0.2), (0.022, 0.2)))), SETTINGS)
    assert len(found.lines) == 1
    assert any("only" in note and "mm long" in note for note in found.notes)


def test_a_line_that_is_mostly_gap_is_none():
    bits = seen(line((0, 0.2), (0.012, 0.2)), line((0.030, 0.2), (0.042, 0.2)))
    found = tape_lines(both(seen(BENT), bits), SETTINGS)
    assert len(found.lines) == 1


def test_nothing_found_is_told_with_what_to_check():
    found = tape_lines(seen(line((0, 0), (0.1, 0)), photos=[0]), SETTINGS)
    assert not found.lines
    assert any("tape_colour" in note for note in found.notes)
