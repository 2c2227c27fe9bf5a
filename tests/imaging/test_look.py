"""A first look at photos as they arrive: what ingest will say, and whether a mat is seen."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from stitchsketch_kernel.domain.errors import PhotoError
from stitchsketch_kernel.imaging.boards import standard_mats
from stitchsketch_kernel.imaging.drawing import draw_board
from stitchsketch_kernel.imaging.look import look_at, mats_seen, notes_of, preview_jpeg
from stitchsketch_kernel.imaging.photos import read_photos


def looks(folder, **more):
    return [look_at(path, path.name, **more) for path in sorted(folder.iterdir())]


def test_it_says_what_ingest_will_say(folder, tmp_path, ten_jpegs):
    blurred = cv2.GaussianBlur(np.array(Image.open(io.BytesIO(ten_jpegs[3]))), (0, 0), 6)
    Image.fromarray(blurred).save(folder / "IMG_3.jpg")
    Image.new("RGB", (720, 540), (2, 2, 2)).save(folder / "IMG_black.jpg")
    Image.open(folder / "IMG_1.jpg").save(folder / "IMG_small.png")
    said = {(note.photo, note.kind) for note in notes_of(looks(folder, dictionaries=()), False)}
    ingested = {(note.photo, note.kind) for note in read_photos(folder, tmp_path).notes}
    assert {("IMG_3.jpg", "blur"), ("IMG_black.jpg", "dark")} <= said
    assert said == ingested


def test_a_photo_without_a_mat_is_named_where_mats_are_wanted(tmp_path, ten_jpegs):
    (tmp_path / "bare.jpg").write_bytes(ten_jpegs[0])
    sheet = draw_board(standard_mats(2)[1], 2.0, 40.0)
    Image.fromarray(sheet).save(tmp_path / "with.png")
    bare, with_mat = looks(tmp_path)
    assert (mats_seen(bare, standard_mats(4)), mats_seen(with_mat, standard_mats(4))) == (
        (), ("mat 2",),
    )  # fmt: skip
    named = [note.photo for note in notes_of([bare, with_mat]) if note.kind == "no_mat"]
    assert named == ["bare.jpg"]
    assert not [note for note in notes_of([bare, with_mat], False) if note.kind == "no_mat"]


def test_a_bomb_is_refused_before_it_is_decoded(tmp_path):
    """A PNG of a few hundred bytes that says it has 60,000 x 60,000 pixels."""
    file = io.BytesIO()
    Image.new("L", (1, 1)).save(file, "PNG")
    data = bytearray(file.getvalue())
    data[16:24] = (60_000).to_bytes(4, "big") * 2
    import zlib

    data[29:33] = zlib.crc32(bytes(data[12:29])).to_bytes(4, "big")
    path = tmp_path / "bomb.png"
    path.write_bytes(bytes(data))
    with pytest.raises(PhotoError, match="megapixels is the limit"):
        look_at(path, "bomb.png")


def test_pictures_for_the_screen_are_small_and_upright(tmp_path, ten_jpegs):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.open(io.BytesIO(ten_jpegs[0])).save(tmp_path / "turned.jpg", exif=exif)
    look = look_at(tmp_path / "turned.jpg", "turned.jpg", ())
    assert Image.open(io.BytesIO(look.thumbnail)).size == (240, 320)
    jpeg, taken = preview_jpeg(tmp_path / "turned.jpg", 400)
    assert (Image.open(io.BytesIO(jpeg)).size, taken) == ((300, 400), (540, 720))
