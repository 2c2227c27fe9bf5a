"""Stills show the cloth at its true size, what is in front, and shadows; films and GIFs open."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from PIL import Image

from stitchsketch_kernel.domain.errors import StorageError
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.domain.prototype import ClothTile
from stitchsketch_kernel.visualization.cover.cloths import ClothDesign, built_in
from stitchsketch_kernel.visualization.cover.raster import nearest_faces
from stitchsketch_kernel.visualization.cover.scene import covered, levels_of, uncovered
from stitchsketch_kernel.visualization.cover.studio import Dress, _camera, still
from stitchsketch_kernel.visualization.cover.turntable import turntable, write_film, write_gif

SIZE = (320, 240)


def flat_tile(left, right, size=64, **look) -> ClothTile:
    """Two colours side by side, 100 mm wide together."""
    color = np.empty((size, size, 3), dtype=np.uint8)
    color[:, : size // 2], color[:, size // 2 :] = left, right
    normal = np.full_like(color, 128)
    normal[..., 2] = 255
    return ClothTile(color, normal, 100.0, 100.0, **{"roughness": 0.95, "sheen": 0.0, **look})


def test_the_nearest_face_is_seen():
    at = np.array([[0, 0], [20, 0], [0, 20], [0, 0], [20, 0], [0, 20]], dtype=np.float32)
    near = np.array([1, 1, 1, 2, 2, 0.1], dtype=np.float32)
    faces = np.array([[0, 1, 2], [3, 4, 5]], dtype=np.int32)
    face, best = nearest_faces(at, near, faces, 20, 20)
    assert face[0, 0] == 1 and face[15, 1] == 0 and face[19, 19] == -1
    assert best[0, 0] == pytest.approx(1.93, abs=0.03) and np.isneginf(best[19, 19])


def test_what_is_behind_the_eye_is_not_drawn():
    at = np.array([[0, 0], [20, 0], [0, 20]], dtype=np.float32)
    near = np.array([1, 1, np.nan], dtype=np.float32)
    face, _ = nearest_faces(at, near, np.array([[0, 1, 2]], dtype=np.int32), 20, 20)
    assert (face == -1).all()


def test_a_stripe_of_50_mm_is_50_mm_wide_in_the_picture(top):
    # looked at from right above, 500 mm of cloth show ten stripes of 50 mm
    tile = flat_tile((240, 240, 240), (10, 10, 10))
    shown = covered(top)
    picture = still(shown, Dress.of(shown, tile, top.fabric), 0.0, (640, 480), lift_deg=89.9)
    line = picture[240].astype(int).mean(axis=1)
    eye, _, lens = _camera(shown.points_m, 0.0, 89.9, (640, 480))
    mm_per_px = 2 * 1000 * (eye[2] - 0.2) / lens[0]
    first, last = (round(320 + side / mm_per_px) for side in (-245, 245))
    turns = np.flatnonzero(np.diff(line[first:last] > 128))
    widths = np.diff(turns) * mm_per_px
    assert len(widths) == 8
    assert widths == pytest.approx(np.full(len(widths), 50.0), abs=1.1 * mm_per_px)
    assert widths.mean() == pytest.approx(50.0, rel=0.01)
    # and its right edge lies where the roll says: x 0.5 m is y 200 on the roll
    u = tile.uv(np.array([[200.0, 700.0], [200.0, 200.0]]), top.fabric)[:, 0]
    assert u[1] - u[0] == pytest.approx(5.0)
    assert (line[first] > 128) == (u[0] % 1 < 0.5)


def test_cloth_keeps_its_colour_and_a_shelf_below_is_darker(table):
    tile = flat_tile((120, 70, 40), (120, 70, 40))
    shown = covered(table)
    first = shown.open_to[: len(table.panels[0].points_m)]
    second = shown.open_to[len(table.panels[0].points_m) :]
    assert first.mean() > 0.9 > 0.7 > second.mean()
    picture = still(shown, Dress.of(shown, tile, table.fabric), 0.0, SIZE, lift_deg=60.0)
    seen = picture[(picture[..., 0].astype(int) - picture[..., 2] > 25)]
    assert np.median(seen, axis=0) == pytest.approx([120, 70, 40], abs=28)


def test_the_floor_takes_a_shadow(top):
    shown = covered(top)
    picture = still(shown, Dress.of(shown, flat_tile((9, 9, 9), (9, 9, 9)), top.fabric), 0.0, SIZE)
    paper = picture[2, 2].astype(int)
    floor = picture[130:, :, 1].astype(int)
    assert ((floor < paper[1] - 12) & (floor > 100)).mean() > 0.02


def test_sheen_lightens_cloth_that_is_seen_aslant(top):
    shown = covered(top)
    dull, fuzzy = (
        still(shown, Dress.of(shown, flat_tile((60, 20, 20), (60, 20, 20), sheen=s), top.fabric),
              0.0, SIZE, lift_deg=4.0)
        for s in (0.0, 1.0)
    )  # fmt: skip
    changed = fuzzy.astype(int) - dull
    assert changed.max() > 12 and changed.min() >= -1


def test_halves_of_a_tile_average_light():
    levels = levels_of(flat_tile((188, 188, 188), (0, 0, 0), size=8))
    assert levels.levels[:, 1].tolist() == [8, 4, 2, 1]
    # 188 is half of the light, and half of that is a quarter; half of the number would be more
    assert (levels.tile[-1, 0] / 255) ** 2 == pytest.approx(0.25, abs=0.01)


def test_the_scan_keeps_its_own_colours(top):
    panel = top.panels[0]
    colors = np.tile(np.array([[20, 90, 160]], dtype=np.uint8), (len(panel.points_m), 1))
    shown = uncovered(Mesh(panel.points_m, panel.faces, colors))
    picture = still(shown, Dress.none(shown), 0.0, SIZE, lift_deg=60.0)
    blue = picture[picture[..., 2].astype(int) - picture[..., 0] > 40]
    assert len(blue) > 500


def test_a_turn_shows_all_sides_and_its_films_open(table, tmp_path):
    shown = covered(table)
    dress = Dress.of(shown, built_in(ClothDesign("stripe"), table.fabric), table.fabric)
    frames = turntable(shown, dress, 4, SIZE)
    assert len(frames) == 4
    assert np.abs(frames[0].astype(int) - frames[1]).max() > 40
    # whichever thread draws it, a picture is the same
    assert np.array_equal(frames[2], still(shown, dress, 25.0 + 180.0, SIZE))
    for ending in ("webm", "mp4"):
        write_film(tmp_path / f"a.{ending}", frames)
        film = cv2.VideoCapture(str(tmp_path / f"a.{ending}"))
        assert film.get(cv2.CAP_PROP_FRAME_COUNT) == 4
        read, first = film.read()
        assert read and np.abs(first[..., ::-1].astype(int) - frames[0]).mean() < 6
        film.release()
    write_gif(tmp_path / "a.gif", frames)
    with Image.open(tmp_path / "a.gif") as gif:
        assert gif.n_frames == 4 and gif.size == (480, 360)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.gif", "a.mp4", "a.webm"]


def test_a_film_that_cannot_be_written_is_said(tmp_path):
    frames = [np.zeros((48, 64, 3), dtype=np.uint8)]
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="could not be written"):
        write_film(tmp_path / "file" / "a.webm", frames)
    with pytest.raises(StorageError, match="can't be written"):
        write_film(tmp_path / "a.webm", [frames[0][:, :0]])
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_nap_is_deeper_against_than_with_it(top):
    shown = covered(top)
    tile = flat_tile((150, 60, 60), (150, 60, 60))
    with_nap = replace(tile, nap=True)
    dress = Dress.of(shown, with_nap, top.fabric)
    front, back = (
        np.median(still(shown, dress, at, SIZE, 40.0)[115:125, 155:165]) for at in (0.0, 180.0)
    )
    assert abs(front - back) > 8
