"""What a new scan's wizard hands to the page as files."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from stitchsketch_kernel.domain.errors import SettingsError
from stitchsketch_kernel.imaging.boards import standard_mats
from stitchsketch_kernel.imaging.look import preview_jpeg
from stitchsketch_kernel.imaging.mat import write_mat_pdf
from stitchsketch_kernel.projects.records import Photo
from stitchsketch_kernel.storage.interface import ObjectStore
from stitchsketch_widgets.scan_values import MOST_MATS_PRINTED
from stitchsketch_widgets.texts import text

_PREVIEW_PX = 1600


def mats_pdf(count: int, paper: str) -> bytes:
    """The mats to print.

    Raises
    ------
    SettingsError
        There are no such mats.
    """
    if not 1 <= count <= MOST_MATS_PRINTED:
        raise SettingsError(text("new.mats_wrong", most=MOST_MATS_PRINTED))
    with tempfile.TemporaryDirectory(prefix="stitchsketch-mats-") as folder:
        path = Path(folder) / "mats.pdf"
        write_mat_pdf(path, standard_mats(count, paper), paper)
        return path.read_bytes()


def picture(objects: ObjectStore, photo: Photo) -> tuple[bytes, tuple[int, int]]:
    """A photo as a JPEG for the screen, and its width and height as taken.

    Raises
    ------
    StitchSketchError
        It isn't there, or can't be read.
    """
    with tempfile.TemporaryDirectory(prefix="stitchsketch-picture-") as folder:
        path = Path(folder) / "photo"
        with objects.open("images", photo.sha256) as content, path.open("wb") as file:
            shutil.copyfileobj(content, file, 1 << 20)
        return preview_jpeg(path, _PREVIEW_PX)
