"""Photos as they came to upright photos that every stage can read."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stitchsketch_kernel.domain.progress import part

if TYPE_CHECKING:
    from stitchsketch_kernel.domain.photo import Photo
    from stitchsketch_kernel.domain.progress import Progress
    from stitchsketch_kernel.imaging.photos import PhotoSet
    from stitchsketch_kernel.pipeline.context import StageContext

NAME, NUMBER, VERSION = "ingest", 1, 1
INPUTS = ()
SETTINGS = {"ingest": "stitchsketch_kernel.imaging.photos:PhotoSettings"}
FILES = {"photos": ""}
WEIGHT = 10


def compute(context: StageContext) -> dict[str, Any]:
    """Keeps ``photos`` (`PhotoSet`), ``taken_px`` and the folder of upright copies.

    Frames of a video are kept, too, in ``video_frames``; of two sessions the names of the second
    one's photos in ``turned`` and their copies in a folder of that name.
    """
    from stitchsketch_kernel.pipeline.two_sessions import TURNED, both, said_of, turned_name

    given = context.file("photos")
    assert given is not None  # the one file that every run has
    two = (given / TURNED).is_dir()
    taken, taken_px, from_video = _read(
        given, context.folder, context, part(context.progress, 0, 0.5) if two else context.progress
    )
    if two:
        with said_of(TURNED):
            second, second_px, video = _read(
                given / TURNED, context.folder / TURNED, context, part(context.progress, 0.5, 1)
            )
        taken, from_video = both(taken, second), from_video or video
        taken_px |= {turned_name(name): size for name, size in second_px.items()}
        context.keep(TURNED, tuple(turned_name(photo.name) for photo in second.photos))
    context.keep("photos", taken)
    context.keep("taken_px", taken_px)
    return {
        "photos": len(taken.photos),
        "megapixels": round(_megapixels(taken.photos), 2),
        "from_video": from_video,
        "left_out": len({note.photo for note in taken.notes if note.severity == "refuse"}),
        "notes": [note.text for note in taken.notes],
        "kinds_of_notes": Counter(note.kind for note in taken.notes),
        "cameras": len({photo.camera_key for photo in taken.photos}),
        "with_focal_length": sum(photo.focal_px is not None for photo in taken.photos),
    }


def _megapixels(photos: tuple[Photo, ...]) -> float:
    """Of one upright copy, in the mean."""
    pixels = sum(photo.width_px * photo.height_px for photo in photos)
    return pixels / 1e6 / max(len(photos), 1)


def _read(
    given: Path, folder: Path, context: StageContext, progress: Progress
) -> tuple[PhotoSet, dict[str, tuple[int, int]], bool]:
    """One session's photos, their sizes as taken, and whether they are frames of a video."""
    from stitchsketch_kernel.imaging.photos import photos_or_frames, read_photos

    settings = context.settings("ingest")
    source = photos_or_frames(given, folder, part(progress, 0, 0.5), settings)
    if source != given:
        progress = part(progress, 0.5, 1)
    taken = read_photos(source, folder, progress, settings)
    return taken, _sizes_as_taken(source, taken.photos), source != given


def _sizes_as_taken(source: Path, photos: tuple[Photo, ...]) -> dict[str, tuple[int, int]]:
    """Upright size of each original: a person marks points there, not in our smaller copies."""
    from PIL import Image
    from pillow_heif import register_heif_opener

    from stitchsketch_kernel.imaging.photos import SUFFIXES
    from stitchsketch_kernel.imaging.reading import sha256_of

    register_heif_opener()
    names = {photo.sha256: photo.name for photo in photos}
    sizes = {}
    for path in sorted(source.iterdir()):
        if path.suffix.lower() not in SUFFIXES or not path.is_file():
            continue
        if name := names.get(sha256_of(path)):
            with Image.open(path) as image:
                turned = image.getexif().get(0x0112, 1) in {5, 6, 7, 8}
                sizes[name] = image.size[::-1] if turned else image.size
    return sizes
