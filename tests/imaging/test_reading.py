"""Reading one photo: what is not a sound photo is refused in words, before it can do harm."""

import io
import struct
import tempfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from stitchsketch_kernel.domain.errors import PhotoError
from stitchsketch_kernel.imaging.exif import CameraFacts, camera_facts, focal_px
from stitchsketch_kernel.imaging.reading import load_image, read_picture, shown

GRADIENT = np.dstack(
    [
        np.tile(np.linspace(0, 255, 48, dtype=np.uint8), (32, 1)),
        np.tile(np.linspace(0, 255, 32, dtype=np.uint8)[:, None], (1, 48)),
        np.full((32, 48), 40, np.uint8),
    ]
)


def saved(tmp_path, name="p.jpg", pixels=GRADIENT, **options):
    Image.fromarray(pixels).save(tmp_path / name, **options)
    return tmp_path / name


def png_that_claims(width, height):
    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def big_jpeg(size=(300, 400)):
    file = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    Image.fromarray(noise).save(file, "JPEG")
    return file.getvalue()


JPEG = big_jpeg()
FAULTS = {
    "text": (b"Dear customer, your chair is ready.", "not a photo"),
    "nothing": (b"", "is empty"),
    "html": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a photo"),
    "gif": (b"GIF89a" + bytes(50), "not a photo"),
    "cut off": (JPEG[: len(JPEG) // 2], "cut off"),
    "cut off near the end": (JPEG[:-2], "cut off"),
    "padded with zeros": (JPEG[: len(JPEG) // 2] + bytes(len(JPEG) // 2), "cut off"),
    "header only": (JPEG[:20], "damaged"),
    "60,000 x 60,000": (png_that_claims(60_000, 60_000), "60000 x 60000 pixels"),
    "too few pixels inside": (png_that_claims(400, 400), "damaged"),
    "heic without a picture": (b"\0\0\0\x18ftypheic" + bytes(200), "damaged"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faulty_file_is_refused_by_name(tmp_path, fault):
    data, words = FAULTS[fault]
    path = tmp_path / "IMG_7.jpg"
    path.write_bytes(data)
    with pytest.raises(PhotoError, match=words) as raised:
        read_picture(path)
    assert "IMG_7.jpg" in raised.value.what
    assert raised.value.todo


def test_a_film_after_the_picture_does_no_harm(tmp_path):
    (tmp_path / "motion.jpg").write_bytes(JPEG + bytes(5000) + b"ftypmp42")
    assert load_image(tmp_path / "motion.jpg").shape == (300, 400, 3)


def test_too_large_a_file_is_refused_unread(tmp_path):
    with (tmp_path / "huge.jpg").open("wb") as file:
        file.write(JPEG)
        file.truncate(301_000_000)  # sparse
    with pytest.raises(PhotoError, match=r"huge.jpg is 301 MB"):
        read_picture(tmp_path / "huge.jpg")


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = saved(tmp_path, quality=98, subsampling=0, exif=exif)
    with Image.open(path) as reference:
        upright = np.asarray(ImageOps.exif_transpose(reference))
    assert np.array_equal(load_image(path), upright)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_heic_stands_upright(tmp_path, orientation):
    import pillow_heif

    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.fromarray(np.kron(GRADIENT, np.ones((8, 8, 1), np.uint8)))
    upright = np.asarray(ImageOps.exif_transpose(_with(stored, exif))).astype(int)
    path = tmp_path / "p.HEIC"
    heif = pillow_heif.from_pillow(stored)
    heif.save(path, quality=95, exif=exif.tobytes())
    assert np.abs(load_image(path).astype(int) - upright).mean() < 4


def _with(image, exif):
    image = image.copy()
    image.getexif().update(exif)
    return image


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "LA", "I;16", "1"])
def test_any_png_becomes_rgb(tmp_path, mode):
    grey = GRADIENT[:, :, 0]
    if mode == "I;16":
        image = Image.fromarray(grey.astype(np.uint16) * 257)
    else:
        image = Image.fromarray(grey).convert(mode)
    image.save(tmp_path / "p.png")
    pixels = load_image(tmp_path / "p.png")
    assert pixels.shape == (32, 48, 3)
    if mode != "1":
        assert np.abs(pixels.astype(int) - grey[:, :, None]).max() <= 1


def test_the_real_heics_are_read(shared_data):
    sizes = {p.name: load_image(p).shape for p in (shared_data / "formats").glob("*.heic")}
    assert sizes["arrow.heic"] == (4032, 3024, 3)
    assert len(sizes) == 5


def test_focal_length_by_the_diagonal():
    facts = CameraFacts(focal_35_mm=28.0, taken_px=(4032, 3024))
    assert focal_px(facts, 3024, 4032) == pytest.approx(3261.64, abs=0.01)
    assert focal_px(facts, 1512, 2016) == pytest.approx(3261.64 / 2, abs=0.01)


def test_focal_length_by_the_sensor():
    # a Canon of 22.2 mm: 5616 px over 22.2 mm, at 50 mm
    facts = CameraFacts(focal_mm=50.0, plane_px_per_mm=5616 / 22.2, taken_px=(5616, 3744))
    assert focal_px(facts, 2808, 1872) == pytest.approx(50 / 22.2 * 2808)


@pytest.mark.parametrize(
    "facts",
    [
        CameraFacts(),
        CameraFacts(focal_mm=4.2),
        CameraFacts(focal_35_mm=9000.0),
        CameraFacts(focal_35_mm=1.0),
        CameraFacts(focal_35_mm=26.0, taken_px=(4032, 2268)),  # cropped since
    ],
)
def test_focal_length_is_not_guessed(facts):
    assert focal_px(facts, 1600, 1200) is None


@given(st.binary(max_size=400), st.booleans())
def test_garbage_in_exif_stops_nothing(data, marked):
    file = io.BytesIO()
    Image.fromarray(GRADIENT).save(file, "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0" * marked + data)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "p.jpg"
        path.write_bytes(file.getvalue())
        picture = read_picture(path)
    assert picture.pixels.size == GRADIENT.size
    assert picture.facts.key(4, 3).isprintable()


def test_hostile_words_in_exif_are_tamed():
    exif = Image.Exif()
    exif[0x010F] = "Evil\n\x1b[2J/../" + "x" * 5000
    exif[0x0112] = 99
    facts = camera_facts(exif)
    assert facts.orientation == 1
    assert len(facts.make) <= 64
    assert facts.make.isprintable()
    assert "/" not in facts.make


@given(st.text(max_size=300))
def test_shown_names_fit_a_line(name):
    assert len(shown(name)) <= 80
    assert shown(name).isprintable()
