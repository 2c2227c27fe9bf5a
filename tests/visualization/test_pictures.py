from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from stitchsketch_kernel.domain.model import Scale
from stitchsketch_kernel.visualization import pictures
from stitchsketch_kernel.visualization.cameras import scale_statement
from stitchsketch_kernel.visualization.canvas import nice_length, shortened, wrapped
from stitchsketch_kernel.visualization.palette import (
    BAD,
    BLUE,
    PANEL_COLORS,
    WARN,
    font,
    ink_on,
    panel_color,
    ramp,
)
from stitchsketch_kernel.visualization.pieces import shelved


@pytest.fixture
def look(request):
    """Keep a picture where STITCHSKETCH_LOOK says, to be looked at."""

    def keep(image: Image.Image) -> np.ndarray:
        if folder := os.environ.get("STITCHSKETCH_LOOK"):
            Path(folder).mkdir(parents=True, exist_ok=True)
            image.save(Path(folder) / f"{request.node.name}.png")
        return np.asarray(image).astype(int)

    return keep


def count(pixels: np.ndarray, color, tolerance: int = 3) -> int:
    return int((np.abs(pixels - np.asarray(color)).max(axis=-1) <= tolerance).sum())


def test_the_photo_sheet_frames_what_is_wrong(look, photos, notes):
    fine = look(pictures.photo_sheet(photos, ()))
    assert count(fine, BAD) == count(fine, WARN) == 0
    assert count(fine, (20, 120, 200), 8) > 30_000, "the first photo itself"
    warned = look(pictures.photo_sheet(photos, notes[:1]))
    assert count(warned, WARN) > 2000
    assert count(warned, BAD) == 0
    refused = look(pictures.photo_sheet(photos, notes, left_out=("IMG_0003.jpg",)))
    assert count(refused, BAD) > 2 * 2000, "one refused, one not placed"


def test_a_sheet_without_photos_says_so(look):
    assert count(look(pictures.photo_sheet((), ())), (96, 103, 112), 20) > 50


def test_pairs_without_a_match_are_white(look):
    counts = np.random.default_rng(1).integers(5, 900, (12, 12))
    counts = counts + counts.T
    counts[3, 7] = counts[7, 3] = 0
    names = [f"IMG_{i:04d} a long name from a phone.jpg" for i in range(12)]
    picture = look(pictures.match_matrix(names, counts))
    assert count(picture, (255, 255, 255), 0) == 2 * 48 * 48
    upper = look(pictures.match_matrix(names, np.triu(counts)))
    assert (picture == upper).all(), "half a matrix is enough"
    with pytest.raises(ValueError, match="12 names need counts of shape"):
        pictures.match_matrix(names, counts[:5])


def test_lines_join_the_points_that_match(look):
    a, b = np.full((520, 640, 3), 90, np.uint8), np.full((260, 250, 3), 160, np.uint8)
    one, other = np.array([[100.5, 200.5]]), np.array([[50.5, 20.5]])
    picture = look(pictures.match_picture(a, b, one, other))
    changed = np.abs(picture[:520] - 90).max(axis=-1) > 40
    assert changed[200, 100]
    # the second photo is doubled in size and begins after the first and a gap
    end = picture[41, 648 + 101]
    assert np.abs(end - 160).max() > 30
    with pytest.raises(ValueError, match="1 points in one photo, 2"):
        pictures.match_picture(a, b, one, np.zeros((2, 2)))


def test_cameras_are_drawn_with_and_without_scale(look, sparse, scale):
    scaled = look(pictures.cameras_and_cloud(sparse, scale))
    unscaled = look(pictures.cameras_and_cloud(sparse))
    assert scaled.shape == unscaled.shape
    assert count(scaled, BLUE, 12) > 80, "frusta"
    assert (scaled != unscaled).any(), "the axes tell whether they are metres"


def test_an_empty_model_is_drawn(sparse):
    empty = replace(sparse, views=(), points=np.zeros((0, 3)), colors=np.zeros((0, 3), np.uint8))
    assert pictures.cameras_and_cloud(empty).width > 1000


def test_a_residual_far_from_the_rest_is_marked(look, scale):
    labels = [f"mat $1$ tag {i}" for i in range(18)]
    even = look(pictures.scale_residuals(labels, np.full(18, 0.2), scale))
    assert count(even, WARN) == 0
    one_off = np.full(18, 0.05)
    one_off[4] = -2.0
    assert count(look(pictures.scale_residuals(labels, one_off, scale)), WARN) > 500
    many = pictures.scale_residuals([str(i) for i in range(300)], np.arange(300) / 100, scale)
    assert many.height < 1400


@pytest.mark.parametrize(
    ("scale", "words"),
    [
        (Scale("mat", 1, 0.3, 0.12, 24), "the printed mats: ± 0.12 % (± 1.2 mm on 1 m)"),
        (Scale("two_points", 1, 0.3, float("nan"), 1), "how surely is not known"),
        (Scale("none", float("nan"), 0, 0, 0), "No scale"),
    ],
)
def test_the_scale_in_words(scale, words):
    assert words in scale_statement(scale)


def test_what_a_mask_leaves_out_is_pale_and_its_border_is_drawn(look):
    photo = np.full((240, 320, 3), (40, 90, 60), np.uint8)
    mask = np.zeros((240, 320), bool)
    mask[60:180, 80:240] = True
    row = look(pictures.mask_sheet({"a.jpg": photo}, {"a.jpg": mask}))[52 + 62 + 112, 12:312]
    assert row[150] == pytest.approx((40, 90, 60), abs=8)
    assert row[20].min() > 140
    assert (np.abs(row.astype(int) - (255, 0, 200)).sum(axis=-1) < 60).sum() == 2
    with pytest.raises(ValueError, match="needs one at least"):
        pictures.mask_sheet({}, {})


def test_depth_is_coloured_alike_in_all_maps_and_white_where_unknown(look, depth):
    alone = pictures.depth_sheet([depth] * 3)
    beside = pictures.depth_sheet([depth] * 3, {depth.view.name: np.zeros((240, 320, 3), np.uint8)})
    assert count(np.asarray(beside).astype(int), (0, 0, 0)) == pytest.approx(
        3 * 300 * 225, rel=0.01
    )
    known = depth.depth_m[depth.depth_m > 0]
    near, far = np.percentile(known, [1, 99])
    wanted = ramp("turbo", np.array([(depth.depth_m[128, 0] - near) / (far - near)]))[0]
    row = look(alone)[52 + 62 + 120]
    for tile in range(3):
        assert row[12 + 312 * tile + 150] == pytest.approx(wanted, abs=8), "row 128 of 240"
    nothing = replace(depth, depth_m=np.zeros_like(depth.depth_m))
    blank = look(pictures.depth_sheet([nothing]))
    assert count(blank[60:340, :300], (255, 255, 255), 0) > 60_000


def test_four_sides_of_mesh_and_panels(look, panel_map):
    mesh = look(pictures.mesh_four_sides(panel_map.mesh))
    assert mesh.shape[1] >= 1200
    # the ruler: at a known scale it is as long as it says
    unscaled = look(pictures.mesh_four_sides(panel_map.mesh, metric=False))
    ink = count(mesh, (31, 36, 43)) - count(unscaled, (31, 36, 43))
    assert ink > 4 * 300, "four rulers, and none without scale"
    panels = look(pictures.panels_four_sides(panel_map))
    top = panels[600:900, 1000:1200].reshape(-1, 3).mean(axis=0)
    assert top == pytest.approx(np.array(panel_color(0)) * 1.03, abs=14)


def test_confidence_needs_one(look, panel_map):
    look(pictures.confidence_four_sides(panel_map.mesh))
    with pytest.raises(ValueError, match="no confidence"):
        pictures.confidence_four_sides(replace(panel_map.mesh, confidence=None))


def test_without_scale_no_length_is_drawn(look, flats):
    bare = [replace(flat, strain_percent=np.zeros(len(flat.faces))) for flat in flats]
    scaled = look(pictures.pieces_with_strain(bare))
    unscaled = look(pictures.pieces_with_strain(bare, metric=False))
    beside = np.s_[60:500, 20:52]  # left of the first piece stands its length, on end
    ground = (250, 249, 246)
    assert count(scaled[beside], ground) < unscaled[beside][..., 0].size
    assert count(unscaled[beside], ground) == unscaled[beside][..., 0].size


def test_strain_is_seen(look, flats):
    calm = [replace(flat, strain_percent=np.zeros(len(flat.faces))) for flat in flats]
    tense = [replace(flat, strain_percent=np.full(len(flat.faces), 9.0)) for flat in flats]
    legend = count(look(pictures.pieces_with_strain(calm)), (128, 0, 38))
    assert count(look(pictures.pieces_with_strain(tense)), (128, 0, 38)) > legend + 200_000
    assert look(pictures.pieces_with_strain(flats)).shape[1] == 1240


@given(st.lists(st.tuples(st.floats(20, 2000), st.floats(20, 2000)), min_size=1, max_size=12))
def test_pieces_never_cover_each_other(sizes):
    flats = [Sized(np.array([[0.0, 0.0], size])) for size in sizes]
    places, width, height = shelved(flats)
    boxes = [
        np.concatenate([place, place + size]) for place, size in zip(places, sizes, strict=True)
    ]
    for i, a in enumerate(boxes):
        assert (a[0], a[3]) >= (0, -height)
        assert a[0] >= 0
        assert a[2] <= width + 1e-6
        assert -height - 1e-6 <= a[1] <= a[3] <= 0
        for b in boxes[:i]:
            assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]


class Sized:
    """Only the extent of a flat panel."""

    def __init__(self, uv_mm: np.ndarray) -> None:
        self.uv_mm = uv_mm


def test_every_piece_on_the_marker_has_its_panels_colour(look, marker, pattern):
    picture = look(pictures.marker_picture(marker, pattern))
    for index in range(len(pattern.pieces)):
        shade = 0.55 * np.array(panel_color(index)) + 0.45 * np.array([241, 239, 233])
        assert count(picture, shade, 4) > 1000, pattern.pieces[index].name
    stranger = replace(marker, placements=(replace(marker.placements[0], piece="XX"),))
    with pytest.raises(ValueError, match="'XX'"):
        pictures.marker_picture(stranger, pattern)


@pytest.mark.parametrize("index", range(len(PANEL_COLORS) * 2))
def test_words_read_on_every_panel_colour(index):
    def luminance(color):
        c = np.asarray(color) / 255
        linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    color = panel_color(index)
    low, high = sorted((luminance(color), luminance(ink_on(color))))
    assert (high + 0.05) / (low + 0.05) >= 3.0, "large bold text (WCAG AA)"


@given(st.floats(1e-4, 1e5))
def test_a_ruler_is_a_round_length_that_fits(most):
    length = nice_length(most)
    assert length <= most * (1 + 1e-6)
    assert length > most / 2.51
    assert float(f"{length:.0e}") == pytest.approx(length)


@given(st.text(max_size=60), st.integers(30, 300))
def test_shortened_words_fit(text, width):
    assert font(15).getlength(shortened(text, width, 15)) <= max(width, font(15).getlength("…"))
    assert all(font(15).getlength(row) <= width for row in wrapped(text, width, 15, 2))


def test_a_name_stays_in_one_line():
    odd = "\N{REPLACEMENT CHARACTER}"
    assert shortened("a\nb\x1e", 300, 15) == f"a{odd}b{odd}"
