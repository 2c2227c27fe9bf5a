"""Coloured tape and chalk in a photo: thin lines of a declared hue, their edges below a pixel.

A hue is told by what share of the light each colour has, so that shadow and lamplight change it
little; broad places of the same hue are taken away by an opening (a top-hat), and each line's edges
lie where its hue has fallen to half.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from stitchsketch_kernel.domain.arrays import AnyArray, BoolArray, FloatArray, ImageArray
from stitchsketch_kernel.domain.board import TagSighting
from stitchsketch_kernel.domain.tape import PhotoTape

#: What lies aside of the declared hue counts against it by this.
_ASIDE = 1.2
#: Pixels that send back less light than this share of white tell no hue.
_DARK = 0.02
#: Smoothing before anything else, pixels.
_SMOOTH_PX = 0.8
#: A line stands out by this (of the declared colour's strength) somewhere, and by the second all
#: along.
_STANDS_OUT, _ALONG = 0.30, 0.15
#: Directions are taken over this many pixels, and only where most of the change runs one way.
_REACH_PX, _ONE_WAY = 3.0, 0.5
#: Pieces of a line shorter than this say nothing, pixels.
_LEAST_PX = 8
#: Steps along a profile across the line.
_STEP_PX = 0.25
#: Beside a line its hue falls to less than this share of what it is within.
_FALLS_TO = 0.6


def find_tape(
    photo_name: str,
    image: ImageArray,
    rgb: tuple[int, int, int],
    widest_px: float,
    white: FloatArray | None = None,
) -> PhotoTape:
    """Find lines of tape or chalk.

    Parameters
    ----------
    photo_name : str
    image : ndarray of uint8, shape (h, w, 3)
        RGB.
    rgb : tuple of int
        The declared colour.
    widest_px : float
        Lines are not wider than this anywhere.
    white : ndarray, shape (3,), optional
        What white paper is in this photo (linear light, 1 at most), see `paper_white`; none: the
        light is taken to be white.
    """
    import cv2
    from skimage.filters import apply_hysteresis_threshold
    from skimage.morphology import remove_small_objects, skeletonize

    alike = cv2.GaussianBlur(likeness(image, rgb, white), (0, 0), _SMOOTH_PX)
    radius = max(2, int(np.ceil(widest_px / 2)) + 1)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    thin = cv2.morphologyEx(alike, cv2.MORPH_TOPHAT, kernel)
    there = apply_hysteresis_threshold(thin, _ALONG, _STANDS_OUT)  # type: ignore[no-untyped-call]
    there = remove_small_objects(there, max_size=_LEAST_PX - 1, connectivity=2)
    rows, columns = np.nonzero(skeletonize(there))  # type: ignore[no-untyped-call]
    along, clear = _directions(alike, rows, columns)
    middle = np.column_stack([columns, rows]).astype(np.float64)[clear]
    along = along[clear]
    low, high, good = _edges(alike, middle, along, widest_px)
    across = np.column_stack([-along[:, 1], along[:, 0]])
    edges = middle[:, None] + np.stack([low, high], axis=1)[..., None] * across[:, None]
    centre = middle + ((low + high) / 2)[:, None] * across
    # OpenCV counts from the first pixel's middle, COLMAP from its corner
    return PhotoTape(photo_name, centre[good] + 0.5, edges[good] + 0.5, along[good])


def likeness(image: ImageArray, rgb: tuple[int, int, int], white: FloatArray | None) -> AnyArray:
    """How much of the declared hue each pixel has, float32 (h, w): 1 as declared, 0 or less none.

    Brightness does not count: shadows change it.
    """
    declared = _shares(_linear(np.array(rgb, dtype=np.uint8))[None, None])[0, 0]
    strength = float(np.linalg.norm(declared))
    light = _linear(image)
    if white is not None:
        light = light / np.maximum(white, 1e-3).astype(np.float32)
    shares = _shares(light)
    hue = (declared / strength).astype(np.float32)
    along = shares @ hue
    aside = np.sqrt(np.maximum((shares**2).sum(axis=2) - along**2, 0))
    lit = np.clip(light.sum(axis=2) / 3 / _DARK, 0, 1)
    return np.asarray(lit * np.clip((along - _ASIDE * aside) / strength, -1, 2), dtype=np.float32)


def paper_white(image: ImageArray, tags: Sequence[TagSighting]) -> FloatArray | None:
    """What the mats' paper is in this photo (linear light), shape (3,); None where none is seen.

    The brightest tenth of what lies in and round each tag; the median over the tags.
    """
    height, width = image.shape[:2]
    found = []
    for tag in tags:
        corners = tag.centre_px + 1.25 * (tag.corners_px - tag.centre_px)
        x, y = np.rint(corners.min(axis=0)).astype(int), np.rint(corners.max(axis=0)).astype(int)
        part = image[max(0, x[1]) : min(height, y[1]), max(0, x[0]) : min(width, y[0])]
        if part.size >= 3 * 64:
            pixels = part.reshape(-1, 3)
            total = pixels.sum(axis=1, dtype=int)
            found.append(pixels[total >= np.percentile(total, 90)].mean(axis=0))
    if not found:
        return None
    return np.asarray(_linear(np.median(found, axis=0)), dtype=np.float64)


def _linear(coded: AnyArray) -> AnyArray:
    """Light of sRGB codes, by its usual power."""
    if coded.dtype == np.uint8:
        table = (np.arange(256, dtype=np.float32) / 255) ** np.float32(2.2)
        return np.asarray(table[coded])
    return np.asarray((np.asarray(coded) / 255) ** 2.2)


def _shares(light: AnyArray) -> AnyArray:
    """Each colour's share of the light, less a third."""
    total = light.sum(axis=-1, keepdims=True)
    return np.asarray(light / np.maximum(total, 1e-4) - 1 / 3)


def _directions(alike: AnyArray, rows: AnyArray, columns: AnyArray) -> tuple[FloatArray, BoolArray]:
    """Unit direction of the line at pixels, and whether it is clear (not where lines cross)."""
    import cv2

    dx = cv2.Scharr(alike, cv2.CV_32F, 1, 0) / 32
    dy = cv2.Scharr(alike, cv2.CV_32F, 0, 1) / 32
    xx, xy, yy = (
        cv2.GaussianBlur(product, (0, 0), _REACH_PX)[rows, columns].astype(np.float64)
        for product in (dx * dx, dx * dy, dy * dy)
    )
    # the structure tensor's lesser direction runs along the line
    angle = 0.5 * np.arctan2(2 * xy, xx - yy) + np.pi / 2
    clear = np.hypot(xx - yy, 2 * xy) > _ONE_WAY * (xx + yy)
    return np.column_stack([np.cos(angle), np.sin(angle)]), clear


def _edges(
    alike: AnyArray, middle: FloatArray, along: FloatArray, widest_px: float
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Where, across the line, its hue has fallen halfway to what lies beside it, in pixels.

    Returns
    -------
    low, high : ndarray, shape (n,)
        Offsets along the across direction, on both sides.
    good : ndarray of bool, shape (n,)
        Both were found and the line is no wider than it may be.
    """
    reach = widest_px + 2.0
    offsets = np.arange(-reach, reach + 1e-9, _STEP_PX)
    across = np.column_stack([-along[:, 1], along[:, 0]])
    values = _sampled(alike, middle[:, None] + offsets[:, None] * across[:, None])
    inner = np.abs(offsets) <= 1.5
    peak_at = np.argmax(np.where(inner, values, -np.inf), axis=1)
    peak = values[np.arange(len(values)), peak_at]
    half, beside = [], []
    for way in (-1, 1):
        far = (offsets[None] - offsets[peak_at][:, None]) * way
        beyond = np.where(far >= 0, values, np.inf)
        least = beyond.min(axis=1)
        level = (peak + least) / 2
        below = (far > 0) & (values < level[:, None])
        first = np.where(below, far, np.inf).argmin(axis=1)
        half.append(_crossing(values, offsets, first, way, level))
        beside.append(np.where(below.any(axis=1), least, np.inf))
    low, high = half
    falls = (np.maximum(*beside) < _FALLS_TO * peak) & (peak > 0)
    good = falls & (high > low) & (high - low <= widest_px)
    return low, high, good


def _crossing(
    values: AnyArray, offsets: FloatArray, first: AnyArray, way: int, level: FloatArray
) -> FloatArray:
    """Where profiles cross their level, between the sample `first` below it and the one before."""
    rows = np.arange(len(values))
    before = np.clip(first - way, 0, len(offsets) - 1)
    a, b = values[rows, before], values[rows, first]
    share = np.clip((a - level) / np.maximum(a - b, 1e-9), 0, 1)
    return np.asarray(offsets[before] + share * (offsets[first] - offsets[before]))


def _sampled(picture: AnyArray, places: FloatArray) -> FloatArray:
    """`picture` between its pixels at places (n, k, 2) as x and y."""
    import cv2

    out = np.empty(places.shape[:2])
    # remap takes fewer than 32,767 rows
    for begin in range(0, len(places), 30_000):
        block = places[begin : begin + 30_000].astype(np.float32)
        out[begin : begin + 30_000] = cv2.remap(
            picture, block[..., 0], block[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
    return out
