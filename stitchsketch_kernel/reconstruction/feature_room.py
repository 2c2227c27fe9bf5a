"""Features within the memory that there is: SIFT takes 1.2 GiB for one photo of 2400 pixels."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from stitchsketch_kernel.domain.errors import ShortOfMemoryError
from stitchsketch_kernel.domain.photo import Photo
from stitchsketch_kernel.reconstruction.align_settings import AlignSettings
from stitchsketch_kernel.reconstruction.memory import USABLE, free_bytes, gib

#: What a photo at work takes by its pixels: 300 were measured at 1200 and 2400 pixels, one and two
#: at a time; a limit of the address space wants more than what is really held.
BYTES_A_PIXEL = 400
#: Photos are shrunk by this step where not even one fits, and never to less than this.
_SMALLER, LEAST_SIDE_PX = 0.8, 800


@dataclass(frozen=True)
class FeatureRoom:
    """How features are found: the settings with a size that fits, and photos at a time."""

    settings: AlignSettings
    threads: int
    asked_px: int

    def say(self) -> str:
        """A sentence for the report; empty where memory did."""
        if self.settings.max_side_px >= self.asked_px:
            return ""
        return (
            f"Memory was short: features were looked for in photos of {self.settings.max_side_px} "
            f"instead of {self.asked_px} pixels, so cameras are placed less exactly. Close other "
            "programs and run it anew."
        )


def feature_room(
    photos: Sequence[Photo], settings: AlignSettings, free: Callable[[], int] = free_bytes
) -> FeatureRoom:
    """As many photos at a time as fit, and smaller ones where not even one does.

    Parameters
    ----------
    photos : sequence of Photo
    settings : AlignSettings
    free : callable
        Tells the bytes that may be taken.

    Raises
    ------
    ShortOfMemoryError
        Not even one small photo fits.
    """
    there = USABLE * free()
    largest = max(max(photo.width_px, photo.height_px) for photo in photos)
    pixels = max(photo.width_px * photo.height_px for photo in photos)
    asked = side = min(settings.max_side_px, largest)

    def each(side_px: int) -> float:
        return BYTES_A_PIXEL * pixels * (side_px / largest) ** 2

    while each(side) > there:
        side = int(_SMALLER * side)
        if side < min(LEAST_SIDE_PX, asked):
            raise ShortOfMemoryError(
                f"Features of one photo of {LEAST_SIDE_PX} pixels take "
                f"{gib(each(min(LEAST_SIDE_PX, asked)) / USABLE)} of memory, and "
                f"{gib(there / USABLE)} can be had.",
                "Close other programs, or give the run more memory.",
            )
    threads = int(min(os.cpu_count() or 1, len(photos), there // each(side)))
    if side < asked:
        settings = replace(settings, max_side_px=side)
    return FeatureRoom(settings, max(1, threads), asked)
