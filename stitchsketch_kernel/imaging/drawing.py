"""Tags and boards drawn as pixels."""

from __future__ import annotations

from typing import Any

import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray, ImageArray
from stitchsketch_kernel.domain.board import Board
from stitchsketch_kernel.domain.errors import SettingsError

#: White round the outermost tags of a drawn board.
DRAWN_MARGIN_MM = 12.0


def tag_dictionary(name: str) -> Any:
    """OpenCV's tag dictionary of that name.

    Raises
    ------
    SettingsError
        If OpenCV knows none.
    """
    import cv2

    number = getattr(cv2.aruco, name, None) if name.startswith("DICT_") else None
    if not isinstance(number, int):
        raise SettingsError(
            f"There is no tag dictionary {name!r}.",
            "Name it as OpenCV does, for example DICT_APRILTAG_36h11 or DICT_4X4_50.",
        )
    return cv2.aruco.getPredefinedDictionary(number)


def tag_modules(dictionary: str, tag_id: int) -> ImageArray:
    """The squares of a tag with its black frame, shape (n, n): 0 black, 255 white.

    As OpenCV draws it; its corner order for AprilTags differs from the AprilTag project's own
    pictures by a turn, which centres don't feel.

    Raises
    ------
    SettingsError
        If OpenCV knows no such dictionary or it has no such tag.
    """
    import cv2

    tags = tag_dictionary(dictionary)
    if not 0 <= tag_id < len(tags.bytesList):
        raise SettingsError(
            f"The dictionary {dictionary} has no tag {tag_id}.",
            f"Its tags are 0 to {len(tags.bytesList) - 1}.",
        )
    return np.asarray(cv2.aruco.generateImageMarker(tags, tag_id, tags.markerSize + 2), np.uint8)


def drawn_extent_mm(
    board: Board, margin_mm: float = DRAWN_MARGIN_MM
) -> tuple[float, float, float, float]:
    """Left, bottom, right and top of what `draw_board` draws, in the sheet's coordinates."""
    reach = board.tag_side_mm / 2 + margin_mm
    low = board.centres_mm[:, :2].min(axis=0) - reach
    high = board.centres_mm[:, :2].max(axis=0) + reach
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def draw_board(board: Board, px_per_mm: float, margin_mm: float = DRAWN_MARGIN_MM) -> ImageArray:
    """Draw a board as it looks from above: row 0 is the top of the sheet (largest y).

    Every pixel holds the exact share of black within it, so edges and centres are true at any
    resolution. The picture covers `drawn_extent_mm` from its upper left corner: a sheet point
    (x, y) lies at the pixel ``((x - left) * px_per_mm, (top - y) * px_per_mm)`` in COLMAP's
    convention (corner of the first pixel = 0).

    Returns
    -------
    ndarray of uint8, shape (h, w, 3)
        RGB, white where no tag is.
    """
    left, bottom, right, top = drawn_extent_mm(board, margin_mm)
    width = max(1, round((right - left) * px_per_mm))
    height = max(1, round((top - bottom) * px_per_mm))
    black = np.zeros((height, width))
    for tag_id, centre in zip(board.tag_ids, board.centres_mm, strict=True):
        modules = tag_modules(board.dictionary, tag_id) == 0
        edges = np.linspace(-0.5, 0.5, len(modules) + 1) * board.tag_side_mm
        columns = _coverage((edges + centre[0] - left) * px_per_mm, width)
        rows = _coverage((edges + top - centre[1]) * px_per_mm, height)
        black += rows.T @ modules @ columns
    grey = np.round(255 * (1 - black)).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)


def _coverage(edges_px: FloatArray, size_px: int) -> FloatArray:
    """Share of each pixel of a row that each of the n intervals covers, shape (n, size_px)."""
    pixels = np.arange(size_px)
    low = np.maximum(edges_px[:-1, None], pixels)
    high = np.minimum(edges_px[1:, None], pixels + 1)
    return np.asarray(np.clip(high - low, 0.0, 1.0))
