"""Two sessions of one piece in a run: their photos' folders, and where stages keep what is whose.

The photos of the second session, taken after the piece was turned over, lie in a folder ``turned``
beside those of the first. A run without one keeps what it always kept; with one each stage keeps
the second session's own values under ``turned/``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from stitchsketch_kernel.domain.errors import PhotoError, StitchSketchError

if TYPE_CHECKING:
    from stitchsketch_kernel.domain.model import Motion
    from stitchsketch_kernel.domain.photo import Photo
    from stitchsketch_kernel.imaging.photos import PhotoSet
    from stitchsketch_kernel.pipeline.context import StageContext

#: The folder of the second session's photos, beside those of the first.
TURNED = "turned"
#: What artefacts of each session begin with.
PREFIXES = ("", f"{TURNED}/")
_MARK = f"{TURNED}-"


def turned_name(name: str) -> str:
    """What a photo of the second session is called in the run: its own name may be taken."""
    return _MARK + name


def both(first: PhotoSet, second: PhotoSet) -> PhotoSet:
    """The photos of both sessions as one set, those of the second under their run's names.

    Raises
    ------
    PhotoError
        A photo lies in both folders, or two would get one name.
    """
    of_first = {photo.sha256: photo.name for photo in first.photos}
    twice = [photo for photo in second.photos if photo.sha256 in of_first]
    if twice:
        raise PhotoError(
            f"{of_first[twice[0].sha256]} lies in the folder {TURNED} as well"
            + (f", and so do {len(twice) - 1} more" if len(twice) > 1 else "")
            + ".",
            f"Put into {TURNED} only the photos taken after the piece was turned over, and move "
            "them there instead of copying them.",
        )
    names = {photo.name for photo in first.photos}
    if clash := [one.name for one in second.photos if turned_name(one.name) in names]:
        raise PhotoError(
            f"{turned_name(clash[0])} is a photo beside the folder {TURNED}, and {clash[0]} in it "
            "would get the same name.",
            "Rename one of them.",
        )
    photos = tuple(replace(one, name=turned_name(one.name)) for one in second.photos)
    notes = tuple(
        replace(
            note,
            photo=note.photo and turned_name(note.photo),
            text=f"In {TURNED}: {note.text}",
        )
        for note in second.notes
    )
    return type(first)((*first.photos, *photos), (*first.notes, *notes))


def session_photos(context: StageContext) -> tuple[tuple[Photo, ...], ...]:
    """The photos of each session: one group, or two."""
    from stitchsketch_kernel.imaging.photos import PhotoSet

    photos = context.read("ingest", "photos", PhotoSet).photos
    if not (context.folder_of("ingest") / f"{TURNED}.npz").is_file():
        return (photos,)
    names = set(context.read("ingest", TURNED, tuple))
    return (
        tuple(photo for photo in photos if photo.name not in names),
        tuple(photo for photo in photos if photo.name in names),
    )


def motion_of(context: StageContext) -> Motion | None:
    """How the piece was moved between the sessions, as the scale stage found it; None for one."""
    from stitchsketch_kernel.domain.model import Motion

    if not (context.folder_of("scale") / "motion.npz").is_file():
        return None
    return context.read("scale", "motion", Motion)


@contextmanager
def said_of(prefix: str) -> Iterator[None]:
    """Say of an error that it is the second session's."""
    try:
        yield
    except StitchSketchError as error:
        if not prefix:
            raise
        raise type(error)(f"In the folder {TURNED}: {error.what}", error.todo) from error
