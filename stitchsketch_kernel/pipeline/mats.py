"""Mats and boards in a run's photos: looked for once, used to align and to scale."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from stitchsketch_kernel.domain.progress import part

if TYPE_CHECKING:
    from stitchsketch_kernel.domain.board import TagSighting
    from stitchsketch_kernel.domain.photo import Photo
    from stitchsketch_kernel.domain.progress import Progress
    from stitchsketch_kernel.imaging.boards import BoardFile
    from stitchsketch_kernel.pipeline.context import StageContext

#: Mirrored mats are looked for in one of so many photos first.
_LOOKED_AT = 3


def known_boards(context: StageContext) -> BoardFile:
    """The boards that a person describes, or else every mat that we print."""
    from stitchsketch_kernel.imaging.boards import (
        MOST_MATS,
        BoardFile,
        read_board_file,
        standard_mats,
    )

    path = context.file("boards")
    return BoardFile(standard_mats(MOST_MATS)) if path is None else read_board_file(path)


def find_all_tags(
    photos: Sequence[Photo], known: BoardFile, progress: Progress
) -> tuple[TagSighting, ...]:
    """Tags of the known boards in all photos."""
    from stitchsketch_kernel.imaging.photos import load_image
    from stitchsketch_kernel.imaging.tags import find_tags

    dictionaries = _dictionaries(known)
    found: list[TagSighting] = []
    for number, photo in enumerate(photos):
        progress(number / len(photos), f"looking for mats in {photo.name}")
        found += find_tags(photo.name, load_image(photo.path), dictionaries)
    return tuple(found)


def find_all_mirrored(
    photos: Sequence[Photo], own: Sequence[TagSighting], known: BoardFile, progress: Progress
) -> tuple[TagSighting, ...]:
    """Tags of the known boards that photos show in a mirror.

    Looked for in every third photo; in the others only where these show a mirror.
    """
    from stitchsketch_kernel.imaging.photos import load_image
    from stitchsketch_kernel.imaging.tags import find_mirrored_tags

    seen: dict[str, list[TagSighting]] = defaultdict(list)
    for sighting in own:
        seen[sighting.photo].append(sighting)
    # an order of names is often one of places: a third of it goes all round the piece
    first = photos[::_LOOKED_AT]
    rest = [photo for number, photo in enumerate(photos) if number % _LOOKED_AT]
    found: list[TagSighting] = []
    for some, share in ((first, (0.0, 1 / _LOOKED_AT)), (rest, (1 / _LOOKED_AT, 1.0))):
        told = part(progress, *share)
        for number, photo in enumerate(some):
            told(number / len(some), f"looking for mirrors in {photo.name}")
            image = load_image(photo.path)
            found += find_mirrored_tags(photo.name, image, seen[photo.name], _dictionaries(known))
        if not found:
            break
    return tuple(found)


def _dictionaries(known: BoardFile) -> list[str]:
    boards = {board.dictionary for board in known.boards}
    return sorted(boards | {pair.dictionary for pair in known.distances})
