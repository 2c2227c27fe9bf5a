"""Mats and boards in a run's photos: looked for once, used to align and to scale."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stitchsketch_kernel.domain.board import TagSighting
    from stitchsketch_kernel.domain.photo import Photo
    from stitchsketch_kernel.domain.progress import Progress
    from stitchsketch_kernel.imaging.boards import BoardFile
    from stitchsketch_kernel.pipeline.context import StageContext


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

    dictionaries = sorted(
        {board.dictionary for board in known.boards} | {d.dictionary for d in known.distances}
    )
    found: list[TagSighting] = []
    for number, photo in enumerate(photos):
        progress(number / len(photos), f"looking for mats in {photo.name}")
        found += find_tags(photo.name, load_image(photo.path), dictionaries)
    return tuple(found)
