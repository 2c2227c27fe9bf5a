"""Boards of tags: our standard mats, and those that a file describes (`board_file`).

A sheet's coordinates are millimetres, x to the right and y up as the printed side is read, so that
z comes out of the paper towards the reader; the origin of a standard mat is the middle of its grid.
A4 and Letter carry the very same grid: which paper a shop printed on never matters to the scale.
"""

from __future__ import annotations

from typing import Literal, get_args

from stitchsketch_kernel.domain.board import Board
from stitchsketch_kernel.domain.errors import SettingsError
from stitchsketch_kernel.imaging.board_file import (
    BoardFile,
    grid_centres,
    read_board_file,
    write_board_file,
)

__all__ = [
    "PAPER_MM", "STANDARD_DICTIONARY", "BoardFile", "Paper", "grid_centres", "read_board_file",
    "standard_mats", "write_board_file",
]  # fmt: skip

Paper = Literal["A4", "Letter"]

#: Width and height, upright.
PAPER_MM: dict[str, tuple[float, float]] = {"A4": (210.0, 297.0), "Letter": (215.9, 279.4)}
STANDARD_DICTIONARY = "DICT_APRILTAG_36h11"
STANDARD_ROWS, STANDARD_COLUMNS = 4, 3
#: Eight modules of 5 mm; the 14 mm between tags leave each a quiet zone of more than a module.
STANDARD_SIDE_MM, STANDARD_PITCH_MM = 40.0, 54.0
TAGS_A_MAT = STANDARD_ROWS * STANDARD_COLUMNS
#: 36h11 has 587 codes.
MOST_MATS = 587 // TAGS_A_MAT


def standard_mats(count: int = 4, paper: str = "A4") -> tuple[Board, ...]:
    """The mats that `imaging.mat.write_mat_pdf` prints; mat k has the tags 12 (k - 1) to 12 k - 1.

    Parameters
    ----------
    count : int
        1 to 48.
    paper : {"A4", "Letter"}
        Checked, and without effect on the grid: both papers carry the same.

    Raises
    ------
    SettingsError
        If no such mats can be had.
    """
    if paper not in get_args(Paper):
        raise SettingsError(f"There is no mat for the paper {paper!r}.", "Use A4 or Letter.")
    if not 1 <= count <= MOST_MATS:
        raise SettingsError(
            f"{count} mats were asked for.", f"Ask for 1 to {MOST_MATS}; 4 suit an armchair."
        )
    centres = grid_centres(STANDARD_ROWS, STANDARD_COLUMNS, STANDARD_PITCH_MM)
    return tuple(
        Board(
            name=f"mat {k + 1}",
            dictionary=STANDARD_DICTIONARY,
            tag_ids=tuple(range(TAGS_A_MAT * k, TAGS_A_MAT * (k + 1))),
            centres_mm=centres,
            tag_side_mm=STANDARD_SIDE_MM,
        )
        for k in range(count)
    )
