"""One photo file to upright pixels: limits first, then a real decode, each fault in words.

Only JPEG, PNG and HEIF are opened, each by its own reader and by its first bytes: Pillow's
`Image.open` would try forty formats on a stranger's file.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from stitchsketch_kernel.domain.arrays import ImageArray
from stitchsketch_kernel.domain.errors import PhotoError
from stitchsketch_kernel.imaging.exif import CameraFacts, camera_facts

MOST_PIXELS = 120_000_000
MOST_BYTES = 300_000_000
_RECOPY = "Copy it from the camera again, or remove it."


@dataclass(frozen=True)
class Picture:
    """A photo as decoded.

    Attributes
    ----------
    pixels : ndarray of uint8, shape (h, w, 3)
        RGB, upright.
    format : {"jpeg", "png", "heif"}
    facts : CameraFacts
    as_stored : bool
        Whether the file's own pixels are already upright 8-bit RGB or grey.
    """

    pixels: ImageArray
    format: str
    facts: CameraFacts
    as_stored: bool


def load_image(path: Path) -> ImageArray:
    """Upright RGB pixels (h, w, 3) of a photo.

    Raises
    ------
    PhotoError
        As `read_picture`.
    """
    return read_picture(path).pixels


def read_picture(path: Path) -> Picture:
    """Read a photo: JPEG, PNG or HEIF.

    Raises
    ------
    PhotoError
        If it isn't one, is damaged or cut off, or larger than 300 MB or 120 megapixels (then
        before anything is decoded).
    """
    name = shown(path.name)
    return _decoded(path, name, _sound_start(path, name))


def kind_of(start: bytes) -> str | None:
    """What a file's first 64 bytes say it is: ``jpeg``, ``png``, ``heif``, or None: no photo."""
    return _kind(start)


def check_photo(path: Path, name: str) -> str:
    """Look at a stranger's photo without decoding it: kind, size, and that it has its end.

    Parameters
    ----------
    path : Path
    name : str
        What its sender calls it, for the sentences.

    Returns
    -------
    str
        ``jpeg``, ``png`` or ``heif``.

    Raises
    ------
    PhotoError
        As `read_picture`, as far as that can be seen.
    """
    name = shown(name)
    kind = _sound_start(path, name)
    try:
        with _no_warnings(), _opened(path, kind) as image:
            _check_size(name, *image.size)
    except PhotoError:
        raise
    except Exception as error:  # readers of headers raise many kinds on damaged files
        raise PhotoError(f"{name} is damaged and can't be read.", _RECOPY) from error
    _check_end(path, name, kind)
    return kind


def _sound_start(path: Path, name: str) -> str:
    """Its kind, by its first bytes and within the limit of its size."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(64)
    except OSError as error:
        raise PhotoError(f"{name} can't be opened ({error.strerror}).", _RECOPY) from error
    if size > MOST_BYTES:
        raise PhotoError(
            f"{name} is {size / 1e6:.0f} MB large; {MOST_BYTES / 1e6:.0f} MB is the limit.",
            "Save it as a JPEG of at most 120 megapixels, or remove it.",
        )
    kind = _kind(start)
    if kind is None:
        what = "is empty" if size == 0 else "is not a photo, whatever its name says"
        raise PhotoError(f"{name} {what}.", "Remove it, or save the photo as JPEG, PNG or HEIC.")
    return kind


def sha256_of(path: Path) -> str:
    """SHA-256 of a photo's file.

    Raises
    ------
    PhotoError
        If it can't be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise PhotoError(f"{shown(path.name)} can't be read.", _RECOPY) from error


def shown(name: str) -> str:
    """A file's name as it may be printed: no line breaks, no control signs, not endless."""
    clean = "".join(sign if sign.isprintable() else "?" for sign in name)
    return clean if len(clean) <= 80 else f"{clean[:60]}...{clean[-15:]}"


def _kind(start: bytes) -> str | None:
    """Which reader the first bytes ask for."""
    if start.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if start.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    brands = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
    if start[4:8] == b"ftyp" and any(start[i : i + 4] in brands for i in range(8, 64, 4)):
        return "heif"
    return None


def _opened(path: Path, kind: str) -> Any:
    """The picture with its header read and nothing decoded."""
    if kind == "jpeg":
        from PIL.JpegImagePlugin import JpegImageFile

        return JpegImageFile(path)
    if kind == "png":
        from PIL.PngImagePlugin import PngImageFile

        return PngImageFile(path)
    from pillow_heif import HeifImageFile

    reader: Any = HeifImageFile  # ships no type for its constructor
    return reader(path)


def _decoded(path: Path, name: str, kind: str) -> Picture:
    """Decode, with every fault of a decoder told as the photo's."""
    try:
        with _no_warnings(), _opened(path, kind) as image:
            width, height = image.size
            _check_size(name, width, height)
            image.load()
            facts = camera_facts(image.getexif())  # pillow-heif has turned a HEIC, and says 1
            pixels = _turned(_rgb8(image), facts.orientation)
            as_stored = image.mode in {"RGB", "L"} and facts.orientation == 1
    except PhotoError:
        raise
    except Exception as error:  # decoders raise many kinds on damaged files
        raise PhotoError(f"{name} is damaged or cut off and can't be read.", _RECOPY) from error
    _check_end(path, name, kind)
    return Picture(pixels, kind, facts, as_stored)


@contextmanager
def _no_warnings() -> Iterator[None]:
    """Pillow warns of damaged EXIF and of sizes; the first is expected, the second checked here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _check_size(name: str, width: int, height: int) -> None:
    """Refuse before decoding: 60,000 x 60,000 pixels would take 10 GB."""
    if width * height > MOST_PIXELS:
        raise PhotoError(
            f"{name} says it has {width} x {height} pixels; "
            f"{MOST_PIXELS / 1e6:.0f} megapixels is the limit.",
            "Save it smaller, or remove it.",
        )
    if min(width, height) < 1:
        raise PhotoError(f"{name} has no pixels.", _RECOPY)


def _check_end(path: Path, name: str, kind: str) -> None:
    """Refuse a picture that was cut off where its decoder would say nothing."""
    if kind == "jpeg" and not _jpeg_has_end(path):
        raise PhotoError(f"{name} is cut off: the end of the picture is missing.", _RECOPY)


def _rgb8(image: Any) -> ImageArray:
    """RGB of any mode; 16-bit grey is scaled, where Pillow's own conversion clips it."""
    if image.mode.startswith("I"):
        deep = np.asarray(image).astype(np.int64)
        grey = np.clip(deep >> 8, 0, 255).astype(np.uint8)
        return np.repeat(grey[:, :, None], 3, axis=2)
    return np.asarray(image if image.mode == "RGB" else image.convert("RGB"), np.uint8)


def _turned(pixels: ImageArray, orientation: int) -> ImageArray:
    """Undo EXIF's orientation (values 1 to 8)."""
    if orientation >= 5:  # 5 to 8 lie on their side: mirror along the diagonal first
        pixels = pixels.transpose(1, 0, 2)
    mirrored, upside_down = {
        1: (False, False), 2: (True, False), 3: (True, True), 4: (False, True),
        5: (False, False), 6: (True, False), 7: (True, True), 8: (False, True),
    }[orientation]  # fmt: skip
    if mirrored:
        pixels = pixels[:, ::-1]
    if upside_down:
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def _jpeg_has_end(path: Path) -> bool:
    """Whether the picture's end marker is there.

    A copy that broke off is often padded with zeros; decoders then paint the rest grey and say
    nothing. The marker can't occur inside the picture's data, and what phones append (films,
    depth maps) comes after it.
    """
    data = path.read_bytes()
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        if data[at + 1] == 0xFF:  # a fill byte
            at += 1
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if data[at + 1] == 0xDA:
            return data.find(b"\xff\xd9", at + 2 + length) >= 0
        at += 2 + length
    return False
