"""A small picture of a scan, its mesh or first photo, from the run's folder or the stores."""

from __future__ import annotations

import io
from pathlib import Path

from stitchsketch_kernel.domain.errors import StorageError
from stitchsketch_kernel.imaging.thumbnail import small_jpeg
from stitchsketch_kernel.pipeline.stages.mesh import PUBLISHES, THUMBNAIL
from stitchsketch_kernel.projects.interface import ProjectStore
from stitchsketch_kernel.storage.interface import ObjectStore

_PLACE = PUBLISHES[THUMBNAIL]


def in_folder(folder: Path) -> bytes | None:
    """The picture that a run has left in its folder; of older runs, part of another one."""
    try:
        return (folder / _PLACE).read_bytes()
    except OSError:
        pass
    sheet = folder / "stages" / "05_mesh" / "pictures" / "mesh.png"
    try:
        return small_jpeg(io.BytesIO(_first_tile(sheet)))
    except OSError:
        return None


def _first_tile(sheet: Path) -> bytes:
    """The upper left of the four views on a sheet."""
    from PIL import Image

    with Image.open(sheet) as image:
        tile = image.crop((0, 0, image.width // 2, image.height // 2))
    out = io.BytesIO()
    tile.save(out, "PNG")
    return out.getvalue()


def in_stores(
    projects: ProjectStore, objects: ObjectStore, shop: str, scan_id: str, run_id: str | None
) -> bytes | None:
    """The picture that a run has kept, else one of the scan's first photo; None without any."""
    try:
        if run_id is not None:
            for kept in projects.artefacts(shop, run_id):
                if kept.where == _PLACE:
                    with objects.open("models", kept.sha256) as file:
                        return file.read()
        for photo in projects.photos(shop, scan_id)[:1]:
            with objects.open("images", photo.sha256) as file:
                return small_jpeg(file)
    except StorageError:
        return None
    return None
