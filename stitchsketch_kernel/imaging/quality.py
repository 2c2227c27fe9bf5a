"""How good photos are: sharpness, light, doubles, mixed cameras; each fault with what to do.

Thresholds were set on two real and rendered sets (18 phone photos of an office chair, 53 frames of
a white armchair): their sharpness spreads over 0.83 to 1.15 of the set's median, and blurring them
by 2 px at 1024 px brings the photos to 0.16-0.4 and 0.5-0.58 of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray, ImageArray
from stitchsketch_kernel.domain.photo import Photo, PhotoNote

#: Sharpness relative to the set's median: below the first it is said, below the second left out.
BLUR_WARN, BLUR_REFUSE = 0.70, 0.35
#: A whole set below this is soft (sharp photos lie near 1 whatever they show).
SOFT_SET = 0.55
#: Shares of pixels that are all but black or white.
DARK_SHARE, BRIGHT_SHARE = 0.5, 0.4
#: A photo in which even the 95th percentile is below, or the 5th above, shows nothing.
BLACK_LEVEL, WHITE_LEVEL = 24, 250
#: Correlation of 48 x 36 thumbnails; frames 6 degrees apart reached 0.992.
DOUBLE_CORRELATION = 0.998
SMALL_WARN_PX, SMALL_REFUSE_PX = 640, 320
FEW_PHOTOS = 20

_MEASURED_AT_PX = 1024
_TAKE_AGAIN = "Take it again: elbows in, good light, tap to focus."


@dataclass(frozen=True)
class Quality:
    """What is measured on one photo.

    Attributes
    ----------
    sharpness : float
        About 1 for a sharp photo, 0.5 blurred by 2 px at 1024 px, lower for more.
    dark_share, bright_share : float
        Shares of pixels below 10 and above 250.
    level_5, level_95 : float
        Percentiles of the grey values.
    thumbnail : ndarray, shape (1728,)
        Grey, zero mean and unit length: products are correlations. Zero for a flat photo.
    """

    sharpness: float
    dark_share: float
    bright_share: float
    level_5: float
    level_95: float
    thumbnail: FloatArray


def measure(image: ImageArray) -> Quality:
    """Measure a photo, shape (h, w, 3), RGB."""
    import cv2

    grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)
    factor = _MEASURED_AT_PX / max(grey.shape)
    if factor < 1:
        grey = np.asarray(
            cv2.resize(grey, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8
        )
    thumbnail = cv2.resize(grey, (48, 36), interpolation=cv2.INTER_AREA).astype(np.float64).ravel()
    thumbnail -= thumbnail.mean()
    length = float(np.linalg.norm(thumbnail))
    low, high = np.percentile(grey, (5, 95))
    return Quality(
        sharpness=sharpness_of(grey),
        dark_share=float((grey < 10).mean()),
        bright_share=float((grey > 250).mean()),
        level_5=float(low),
        level_95=float(high),
        thumbnail=thumbnail / length if length > 1e-6 else thumbnail * 0,
    )


def sharpness_of(grey: ImageArray) -> float:
    """Curvature over slope at the strongest 3 % of edges: an edge's width, whatever its contrast.

    Variance of the Laplacian, the usual measure, spreads by a factor of eight over one sharp set.
    """
    import cv2

    smooth = cv2.GaussianBlur(grey.astype(np.float32), (0, 0), 0.7)
    across = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=1 / 8)
    down = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=1 / 8)
    slope = np.hypot(across, down)
    curvature = np.abs(cv2.Laplacian(smooth, cv2.CV_32F))
    strong = slope >= max(float(np.percentile(slope, 97)), 1e-3)
    near = cv2.dilate(strong.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    total = float(slope[near].sum())
    return float(curvature[near].sum()) / total if total > 0 else 0.0


def judge(photos: Sequence[Photo], qualities: Sequence[Quality]) -> list[PhotoNote]:
    """Say what is wrong with which photo, in the order of the photos, the set's faults last."""
    notes: list[PhotoNote] = []
    median = float(np.median([q.sharpness for q in qualities])) if qualities else 0.0
    for photo, quality in zip(photos, qualities, strict=True):
        light = _light(photo.name, quality)
        notes += light
        if not any(note.severity == "refuse" for note in light):  # a black photo isn't "blurred"
            notes += _blur(photo.name, quality, median)
        notes += _size(photo)
    return [*notes, *_doubles(photos, qualities), *_mixed(photos), *_whole_set(photos, median)]


def _light(name: str, quality: Quality) -> list[PhotoNote]:
    if quality.level_95 < BLACK_LEVEL:
        text = f"{name} is all but black. Remove it, or take it again with the lamps on."
        return [PhotoNote(name, "dark", "refuse", text)]
    if quality.level_5 > WHITE_LEVEL:
        text = f"{name} is all but white. Remove it, or take it again away from the lamp."
        return [PhotoNote(name, "bright", "refuse", text)]
    if quality.dark_share > DARK_SHARE:
        text = f"{name} is too dark in {quality.dark_share:.0%} of it. Add light, no flash."
        return [PhotoNote(name, "dark", "warn", text)]
    if quality.bright_share > BRIGHT_SHARE:
        text = (
            f"{name} is burnt out in {quality.bright_share:.0%} of it. "
            "Lower the exposure, and keep windows and lamps behind you."
        )
        return [PhotoNote(name, "bright", "warn", text)]
    return []


def _blur(name: str, quality: Quality, median: float) -> list[PhotoNote]:
    share = quality.sharpness / median if median > 0 else 1.0
    if share < BLUR_REFUSE:
        text = f"{name} is blurred ({share:.0%} as sharp as the others) and left out. {_TAKE_AGAIN}"
        return [PhotoNote(name, "blur", "refuse", text)]
    if share < BLUR_WARN:
        text = f"{name} is a little blurred ({share:.0%} as sharp as the others). {_TAKE_AGAIN}"
        return [PhotoNote(name, "blur", "warn", text)]
    return []


def _size(photo: Photo) -> list[PhotoNote]:
    longer = max(photo.width_px, photo.height_px)
    if longer >= SMALL_WARN_PX:
        return []
    size = f"{photo.name} has only {photo.width_px} x {photo.height_px} pixels"
    todo = "Use the camera's own file: messengers shrink photos."
    if longer < SMALL_REFUSE_PX:
        return [PhotoNote(photo.name, "small", "refuse", f"{size} and is left out. {todo}")]
    return [PhotoNote(photo.name, "small", "warn", f"{size}. {todo}")]


def _doubles(photos: Sequence[Photo], qualities: Sequence[Quality]) -> list[PhotoNote]:
    """Each photo that all but equals an earlier one."""
    if len(photos) < 2:
        return []
    thumbnails = np.stack([quality.thumbnail for quality in qualities])
    alike = np.tril(thumbnails @ thumbnails.T, -1) > DOUBLE_CORRELATION
    notes = []
    for later in np.flatnonzero(alike.any(axis=1)).tolist():
        name, other = photos[later].name, photos[int(np.argmax(alike[later]))].name
        text = f"{name} looks the same as {other}. Move a step between photos."
        notes.append(PhotoNote(name, "duplicate", "warn", text))
    return notes


def _mixed(photos: Sequence[Photo]) -> list[PhotoNote]:
    """The photos whose camera, lens or zoom is not that of most; turning the phone is fine."""
    keys = [_key_on_either_side(photo) for photo in photos]
    if len(set(keys)) < 2:
        return []
    usual, _ = Counter(keys).most_common(1)[0]
    return [
        PhotoNote(
            photo.name,
            "mixed",
            "warn",
            f"{photo.name} was taken with another camera, lens or zoom than most. "
            "Use one camera at one zoom for a piece.",
        )
        for photo, key in zip(photos, keys, strict=True)
        if key != usual
    ]


def _key_on_either_side(photo: Photo) -> tuple[str, int, int]:
    who = photo.camera_key.rpartition("/")[0]
    sides = sorted((photo.width_px, photo.height_px))
    return who, sides[0], sides[1]


def _whole_set(photos: Sequence[Photo], median: float) -> list[PhotoNote]:
    notes = []
    if photos and median < SOFT_SET:
        text = (
            "All photos are soft: measures will be less sure. Clean the lens, and use more light."
        )
        notes.append(PhotoNote("", "blur", "warn", text))
    if len(photos) < FEW_PHOTOS:
        text = (
            f"There are only {len(photos)} photos. Take 40 or more: two rounds, one low, one high, "
            "a step between photos."
        )
        notes.append(PhotoNote("", "few", "warn", text))
    return notes
