"""Depth within the memory that there is: fewer views at a time, smaller photos, not a crash."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import cv2

from stitchsketch_kernel.domain.errors import ShortOfMemoryError
from stitchsketch_kernel.domain.model import Depth
from stitchsketch_kernel.domain.photo import View
from stitchsketch_kernel.reconstruction.dense.interface import DenseSettings
from stitchsketch_kernel.reconstruction.memory import USABLE, free_bytes, gib

log = logging.getLogger(__name__)

#: What one view at work takes, by the pixels of its depth map; what all share; and what waits of
#: each photo. Measured with 6 photos of 640 x 480 and 1280 x 960, one and two at a time (97 and
#: 99 bytes), and some more.
EACH_BYTES_A_PIXEL, SHARED_BYTES_A_PIXEL, WAITING_BYTES_A_PIXEL = 140, 130, 3
#: The same whatever the size: compiled loops, threads' stacks.
BASE_BYTES = 250 * 2**20
#: Photos are shrunk by this step, and never to less than this.
_SMALLER, LEAST_SIDE_PX = 0.7, 320
#: A map of this share of the size that was asked for is as large as asked (sizes are rounded).
_AS_ASKED = 0.95
_NAMED = 6

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
    sizes : dict of str to int
        The longer side of each view's photo.
    pixels : float
        Of the largest photo, at the size that was asked for.
    free : callable
        Tells the bytes that may be taken.
    smaller : dict of str to int
        The longer side of each depth map that came out smaller than it was asked for.
    """

    settings: DenseSettings
    asked: DenseSettings
    sizes: Mapping[str, int]
    pixels: float
    free: Callable[[], int]
    smaller: dict[str, int] = field(default_factory=dict)

    def need_bytes(self, settings: DenseSettings) -> float:
        """What depth takes at the most under these settings."""
        pixels = self.pixels * (settings.max_side_px / self.asked.max_side_px) ** 2
        shared = SHARED_BYTES_A_PIXEL + len(self.sizes) * WAITING_BYTES_A_PIXEL
        return BASE_BYTES + pixels * (shared + (settings.workers or 1) * EACH_BYTES_A_PIXEL)

    def usable_bytes(self) -> float:
        """What may be counted on."""
        return USABLE * self.free()

    def note(self, depth: Depth) -> None:
        """Take note of a map that is smaller than it was asked for."""
        full = min(self.asked.max_side_px, self.sizes[depth.view.name])
        side = max(depth.depth_m.shape)
        if side < _AS_ASKED * (full / 2 if self.asked.engine == "fast" else full):
            self.smaller[depth.view.name] = side

    def say(self) -> str:
        """A sentence for the report; empty where memory did."""
        if not self.smaller:
            return ""
        names = sorted(self.smaller)
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        return (
            f"Memory was short: the depth of {', '.join(names[:_NAMED])}{more} was found at "
            f"{min(self.smaller.values())} pixels only, so the surface there is rougher than it "
            "could be. Close other programs and run it anew."
        )


def plan(
    asked: DenseSettings,
    views: Sequence[View],
    free: Callable[[], int] = free_bytes,
    sparing: bool = False,
) -> Sparing:
    """The settings as they were asked for, with as many workers and as large photos as fit.

    Parameters
    ----------
    asked : DenseSettings
    views : sequence of View
    free : callable
        Tells the bytes that may be taken.
    sparing : bool
        Memory ended before: one view at a time.

    Raises
    ------
    ShortOfMemoryError
        Even one view at a time, and small, does not fit.
    """
    sizes = {view.name: max(view.camera.width_px, view.camera.height_px) for view in views}
    pixels = max(
        view.camera.width_px
        * view.camera.height_px
        * min(1.0, asked.max_side_px / sizes[view.name]) ** 2
        for view in views
    )
    workers = 1 if sparing else asked.workers or os.cpu_count() or 1
    found = Sparing(replace(asked, workers=workers), asked, sizes, pixels, free)
    there = found.usable_bytes()
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
                found.note(depth)
                yield depth
        except (MemoryError, cv2.error) as error:
            if isinstance(error, cv2.error) and error.code != cv2.Error.StsNoMem:
                raise
            log.warning("memory ended with %d views at a time", found.settings.workers)
        else:
            return
        # outside of the handler: what its traceback holds is free by now
        _spare(found, found.usable_bytes())


def _spare(found: Sparing, there: float) -> None:
    """Take the next smaller step: one view less at a time, then smaller photos."""
    now = found.settings
    if now.workers > 1:
        found.settings = replace(now, workers=now.workers - 1)
        return
    side = int(_SMALLER * min(now.max_side_px, max(found.sizes.values())))
    if side < LEAST_SIDE_PX:
        raise ShortOfMemoryError(
            f"Depth of one photo after the other takes {gib(found.need_bytes(now) / USABLE)} of "
            f"memory even at {now.max_side_px} pixels, and {gib(there / USABLE)} can be had.",
            "Close other programs, or give the run more memory; what was finished is kept.",
        )
    found.settings = replace(now, max_side_px=side)
