"""Boards of coded tags that give scale: our printed mats, or any board a shop already has."""

from __future__ import annotations

from dataclasses import dataclass

from stitchsketch_kernel.domain.arrays import FloatArray


@dataclass(frozen=True)
class Board:
    """Tags at known places on one flat sheet.

    Attributes
    ----------
    name : str
        ``"mat 1"``, or what the board file says.
    dictionary : str
        OpenCV's name of the tag dictionary: ``"DICT_APRILTAG_36h11"``, ``"DICT_4X4_50"``.
    tag_ids : tuple of int
    centres_mm : ndarray, shape (n, 2) or (n, 3)
        Centre of each tag on the sheet (third coordinate 0 when absent), same order.
    tag_side_mm : float
        Side of the black square; for drawing and for finding, never for scale: a side measured in
        a photo is biased by blur (0.4 to 1.9 % were measured), a distance of centres is not.
    """

    name: str
    dictionary: str
    tag_ids: tuple[int, ...]
    centres_mm: FloatArray
    tag_side_mm: float


@dataclass(frozen=True)
class KnownDistance:
    """A distance between two tag centres that need not lie on one sheet."""

    dictionary: str
    tag_a: int
    tag_b: int
    distance_mm: float


@dataclass(frozen=True)
class TagSighting:
    """One tag found in one photo.

    Attributes
    ----------
    photo, dictionary : str
    tag_id : int
    corners_px : ndarray, shape (4, 2)
        COLMAP's pixel convention (`Camera`), in the tag's own order.
    centre_px : ndarray, shape (2,)
        Where the diagonals cross: the projection of the centre under any perspective.
    """

    photo: str
    dictionary: str
    tag_id: int
    corners_px: FloatArray
    centre_px: FloatArray


@dataclass(frozen=True)
class MarkedPoint:
    """A point that a person marked in several photos.

    ``pixels`` maps a photo's name to its (x, y), COLMAP's pixel convention; two photos at least.
    """

    name: str
    pixels: dict[str, tuple[float, float]]


@dataclass(frozen=True)
class KnownLength:
    """A length that a person measured between two marked points."""

    a: MarkedPoint
    b: MarkedPoint
    length_mm: float
