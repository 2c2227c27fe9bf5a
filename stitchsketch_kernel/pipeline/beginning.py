"""A first run of a scan whose photos are in the shop's store, in a process of its own."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from stitchsketch_kernel.domain.errors import PhotoError, StorageError
from stitchsketch_kernel.pipeline.detached import start, to_its_end
from stitchsketch_kernel.pipeline.files import read_json, write_json
from stitchsketch_kernel.pipeline.runner import RunSettings, run
from stitchsketch_kernel.pipeline.tracking import KeptAs
from stitchsketch_kernel.projects.records import Photo
from stitchsketch_kernel.storage.interface import ObjectStore

#: What a run was asked for, beside its photos.
ASKED = "asked.json"
#: Below a scan's folder.
PHOTOS, JOB = "photos", "job"
_LENGTHS = "lengths.json"


def begin(
    folder: Path,
    photos: Sequence[Photo],
    objects: ObjectStore,
    name: str,
    values: Mapping[str, Any],
    kept_as: KeptAs,
    lengths: Sequence[Mapping[str, Any]] = (),
) -> int:
    """Lay the photos out and start their run, which goes on by itself; the process's number.

    Parameters
    ----------
    folder : Path
        Of the scan: photos go to ``photos``, the run to ``job``.
    photos : sequence of Photo
    objects : ObjectStore
        Which has their content in its bucket ``images``.
    name : str
        Of the piece.
    values : mapping of str to value
        Settings by name.
    kept_as : KeptAs
    lengths : sequence of mapping
        As in a file of known lengths (`pipeline.lengths`).

    Raises
    ------
    StitchSketchError
        The photos can't be laid out. What is wrong with a setting the run says (`why_ended`).
    """
    lay_out(photos, objects, folder / PHOTOS)
    given = folder / _LENGTHS
    given.unlink(missing_ok=True)
    if lengths:
        write_json(given, {"lengths": [dict(one) for one in lengths]})
    asked = {
        "name": name, "values": dict(values), "kept_as": asdict(kept_as), "lengths": bool(lengths),
    }  # fmt: skip
    write_json(folder / ASKED, asked)
    return start(__spec__.name, [str(folder)], folder).pid


def lay_out(photos: Sequence[Photo], objects: ObjectStore, folder: Path) -> None:
    """The photos as files under their names, and no others.

    Raises
    ------
    PhotoError
        There are none, or a photo's name can't be a file's.
    StorageError
        One isn't in the store, or can't be written.
    """
    if not photos:
        raise PhotoError("This scan has no photos yet.", "Choose the photos first.")
    for photo in photos:
        if Path(photo.name).name != photo.name or photo.name.startswith("."):
            raise PhotoError(f"{photo.name!r} can't be a file's name.", "Give it another name.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        wanted = {photo.name for photo in photos}
        for path in folder.iterdir():
            if path.name not in wanted:
                path.unlink()
        for photo in photos:
            _lay(photo, objects, folder / photo.name)
    except OSError as error:
        raise StorageError(
            f"The photos can't be laid out ({error.strerror}).", "Free some space on the disk."
        ) from error


def _lay(photo: Photo, objects: ObjectStore, place: Path) -> None:
    if place.is_file() and place.stat().st_size == photo.bytes and _mark(place) == photo.sha256:
        return
    aside = place.with_name(f".{place.name}.{os.getpid()}.part")
    with objects.open("images", photo.sha256) as content, aside.open("wb") as file:
        shutil.copyfileobj(content, file, 1 << 20)
    aside.replace(place)


def _mark(place: Path) -> str:
    import hashlib

    with place.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _settings(folder: Path) -> RunSettings:
    asked = read_json(folder / ASKED) or {}
    return RunSettings(
        values=asked["values"],
        lengths=folder / _LENGTHS if asked["lengths"] else None,
        name=asked["name"],
        kept_as=KeptAs(**asked["kept_as"]),
    )


def main(arguments: Sequence[str]) -> int:
    """Run what `begin` laid out, to its end."""
    folder = Path(arguments[0])
    return to_its_end(lambda: run(folder / PHOTOS, folder / JOB, _settings(folder)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
