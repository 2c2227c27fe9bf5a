"""A cloth's pattern in a photo: put upright, and held against the repeat that the fabric tells."""

from __future__ import annotations

import cv2
import numpy as np

from stitchsketch_kernel.domain.arrays import ImageArray
from stitchsketch_kernel.domain.errors import PhotoError, ScaleError
from stitchsketch_kernel.domain.marker import Fabric

#: A repeat tells the pattern's direction where so many of it are seen, this alike, at most this
#: share of it off; and cloth is turned by no less than the first and no more than the second.
_TOLD_BY, _SURE, _FAR, _TOLD_ON_PX = 1.6, 0.8, 0.15, 700
_LEAST_TURN_DEG, _MOST_TURN_DEG = 0.3, 12.0
#: A pattern that fits itself this much better at another repeat has another repeat.
_OTHER_REPEAT, _BETTER = 0.03, 0.5


def upright(name: str, cloth: ImageArray, mm_per_px: float, fabric: Fabric) -> ImageArray:
    """The cloth turned so that its pattern repeats straight up and across."""
    turn = _turn_deg(cloth, mm_per_px, fabric)
    if abs(turn) > _MOST_TURN_DEG:
        raise PhotoError(
            f"In {name} the pattern runs {abs(turn):.0f} degrees off upright.",
            "Turn the photo or the cloth so that the warp runs up.",
        )
    if abs(turn) < _LEAST_TURN_DEG:
        return cloth
    height, width = cloth.shape[:2]
    move = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), turn, 1.0)
    level = np.asarray(cv2.warpAffine(cloth, move, (width, height)), np.uint8)
    lost = np.abs(np.sin(np.radians(turn))) * np.array([width, height]) / 2
    top, left = (int(np.ceil(value)) + 1 for value in lost)
    return level[top : height - top, left : width - left]


def _turn_deg(cloth: ImageArray, mm_per_px: float, fabric: Fabric) -> float:
    """How far clockwise the pattern is turned, from where it comes again; 0 where it can't tell."""
    small = min(1.0, _TOLD_ON_PX / max(cloth.shape[:2]))
    grey = cv2.resize(
        cloth.astype(np.float32).mean(axis=2), None, fx=small, fy=small,
        interpolation=cv2.INTER_AREA,
    )  # fmt: skip
    found, weights = [], []
    for axis, repeat in ((0, fabric.repeat_vertical_mm), (1, fabric.repeat_horizontal_mm)):
        step = round(repeat / mm_per_px * small)
        if fabric.half_drop and axis == 1:
            step *= 2
        if not step or grey.shape[axis] < _TOLD_BY * step:
            continue
        last = grey.shape[axis] - step
        here, there = (np.take(grey, np.arange(a, a + last), axis) for a in (0, step))
        rim = 2 + round(_FAR * step)
        if min(there.shape) < 3 * rim:
            continue
        alike = cv2.matchTemplate(
            np.ascontiguousarray(here), np.ascontiguousarray(there[rim:-rim, rim:-rim]),
            cv2.TM_CCOEFF_NORMED,
        )  # fmt: skip
        _, sure, _, (x, y) = cv2.minMaxLoc(alike)
        across, along = rim - x, rim - y
        off, ahead = (along, step + across) if axis == 1 else (-across, step + along)
        if sure > _SURE:
            found.append(np.degrees(np.arctan2(off, ahead)))
            weights.append(step)
    return float(np.average(found, weights=weights)) if found else 0.0


def require_repeat(
    name: str, cloth: ImageArray, axis: int, repeat_mm: float, mm_per_px: float
) -> None:
    """Hold the fabric's repeat against the photo's, where the photo shows one at all."""
    grey = np.moveaxis(cloth.astype(np.float32).mean(axis=2), axis, 0)
    grey = cv2.GaussianBlur(grey, (0, 0), max(1.0, 1.0 / mm_per_px))
    shifts = np.arange(round(0.85 * repeat_mm / mm_per_px), round(1.15 * repeat_mm / mm_per_px) + 1)
    shifts = shifts[(shifts > 0) & (shifts < 0.95 * len(grey))]
    if not len(shifts):
        return
    off = np.array([float(np.abs(grey[shift:] - grey[:-shift]).mean()) for shift in shifts])
    told = float(np.interp(repeat_mm / mm_per_px, shifts, off))
    best = float(shifts[int(off.argmin())]) * mm_per_px
    if off.min() < _BETTER * told and abs(best / repeat_mm - 1) > _OTHER_REPEAT:
        way = ("along the warp", "across")[axis]
        raise ScaleError(
            f"In {name} the pattern comes again after {best:.0f} mm {way}, and the fabric says "
            f"{repeat_mm:.0f} mm.",
            "Measure the repeat on the cloth, and correct it or the photo's scale.",
        )
