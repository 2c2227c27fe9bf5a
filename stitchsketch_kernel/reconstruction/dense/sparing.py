"""Depth within the memory that there is: fewer views at a time, smaller photos, not a crash."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import cv2

from stitchsketch_kernel.domain.errors import ShortOfMemoryError
from stitchsketch_kernel.domain.model import Depth
from stitchsketch_kernel.reconstruction.dense.interface import DenseSettings
from stitchsketch_kernel.reconstruction.memory import USABLE, free_bytes, gib

log = logging.getLogger(__name__)

#: What one view at work takes, by the pixels of its depth map, and what all of them share: measured
#: at 640 x 480 and 1280 x 960 (`benchmarks/README.md`), and a third more.
EACH_BYTES_A_PIXEL, SHARED_BYTES_A_PIXEL = 330, 240
#: The same whatever the size: compiled loops, threads' own memory.
BASE_BYTES = 120 * 2**20
#: Photos are shrunk by this step, and never to less than this.
_SMALLER, LEAST_SIDE_PX = 0.7, 320

#: Depth maps of the views that aren't done yet, under these settings.
Engine = Callable[[DenseSettings, frozenset[str]], Iterator[Depth]]


@dataclass
class Sparing:
    """Settings that fit the memory, and what they were made of.

    Attributes
    ----------
    settings : DenseSettings
        With the workers and the size that fit.
    asked : DenseSettings
    pixels : float
        Of the largest photo's depth map, at the size that was asked for.
    """

    settings: DenseSettings
    asked: DenseSettings
    pixels: float
    smaller: dict[int, list[str]] = field(default_factory=dict)

    def need_bytes(self, settings: DenseSettings) -> float:
        """What depth takes at the most under these settings."""
        pixels = self.pixels * (settings.max_side_px / self.asked.max_side_px) ** 2
        workers = settings.workers or 1
        return BASE_BYTES + pixels * (SHARED_BYTES_A_PIXEL + workers * EACH_BYTES_A_PIXEL)

    def say(self) -> str:
        """A sentence for the report; empty where memory did."""
        if not self.smaller:
            return ""
        count = sum(map(len, self.smaller.values()))
        return (
            f"Memory was short: the depth of {count} photos was found at "
            f"{min(self.smaller)} instead of {self.asked.max_side_px} pixels, so the surface is "
            "rougher than it could be. Close other programs and run it again from this step on."
        )


def plan(
    asked: DenseSettings, width_px: int, height_px: int, free: Callable[[], int] = free_bytes
) -> Sparing:
    """The settings as they were asked for, with as many workers and as large photos as fit.

    Parameters
    ----------
    asked : DenseSettings
    width_px, height_px : int
        Of the largest photo.
    free : callable
        Tells the bytes that may be taken.

    Raises
    ------
    ShortOfMemoryError
        Even one view at a time, and small, does not fit.
    """
    shrunk = min(1.0, asked.max_side_px / max(width_px, height_px))
    workers = asked.workers or os.cpu_count() or 1
    found = Sparing(replace(asked, workers=workers), asked, width_px * height_px * shrunk**2)
    there = USABLE * free()
    while found.need_bytes(found.settings) > there:
        _spare(found, there)
    if found.settings.workers < workers:
        log.info("memory is short: %d views at a time", found.settings.workers)
    return found


def depths_sparing(engine: Engine, found: Sparing, done: frozenset[str]) -> Iterator[Depth]:
    """What an engine gives; where memory ends in the middle, the rest is tried again with less.

    Parameters
    ----------
    engine : callable
    found : Sparing
        Told which views came out smaller.
    done : frozenset of str
        Views whose depth is known already.

    Raises
    ------
    ShortOfMemoryError
        Not even the least that can be tried fits.
    """
    while True:
        try:
            for depth in engine(found.settings, done):
                done |= {depth.view.name}
                if found.settings.max_side_px < found.asked.max_side_px:
                    found.smaller.setdefault(found.settings.max_side_px, []).append(depth.view.name)
                yield depth
        except (MemoryError, cv2.error) as error:
            if isinstance(error, cv2.error) and error.code != cv2.Error.StsNoMem:
                raise
            log.warning("memory ended with %d views at a time", found.settings.workers)
        else:
            return
        # outside of the handler: what its traceback holds is free by now
        _spare(found, USABLE * free_bytes())


def _spare(found: Sparing, there: float) -> None:
    """Take the next smaller step: one view less at a time, then smaller photos."""
    now = found.settings
    if now.workers > 1:
        found.settings = replace(now, workers=now.workers - 1)
        return
    side = int(_SMALLER * min(now.max_side_px, now.max_side_px))
    if side < LEAST_SIDE_PX:
        raise ShortOfMemoryError(
            f"Depth of one photo after the other takes {gib(found.need_bytes(now) / USABLE)} of "
            f"memory even at {now.max_side_px} pixels, and {gib(there / USABLE)} can be had.",
            "Close other programs, or give the run more memory; what was finished is kept.",
        )
    found.settings = replace(now, max_side_px=side)
