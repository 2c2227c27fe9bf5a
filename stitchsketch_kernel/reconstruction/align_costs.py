"""What the parts of aligning take, so that its progress is honest for few photos and for many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass

from stitchsketch_kernel.domain.photo import Photo
from stitchsketch_kernel.reconstruction.align_settings import LARGE_PX, AlignSettings

#: Seconds, by megapixels: tags in one photo, and looking for mirrors in every third; features, of
#: photos that are enlarged for it and of large ones that aren't. From 25 photos of 4.3 megapixels
#: (`benchmarks/growth.py`); only how they compare counts.
_TAGS, _MIRRORS, _FEATURES, _LARGE_FEATURES = 0.5, 0.15, 4.1, 1.2
#: A pair, and a photo that is placed.
_PAIR, _PLACED = 0.15, 0.72
#: Neighbours that a photo is compared with where mats tell them: this share of all, and no more.
_NEIGHBOURS, _MOST_NEIGHBOURS = 0.41, 26


@dataclass(frozen=True)
class AlignCosts:
    """Seconds of each part, in their order."""

    tags: float
    mirrors: float
    features: float
    matching: float
    placing: float

    def ends(self, *parts: str) -> list[float]:
        """The share of their sum at which each of these parts ends."""
        seconds = [getattr(self, part) for part in parts]
        return [sum(seconds[: i + 1]) / sum(seconds) for i in range(len(seconds))]

    @property
    def all(self) -> float:
        """Seconds of all parts."""
        return float(sum(astuple(self)))


def likely_costs(
    photos: Sequence[Photo], settings: AlignSettings, with_mats: bool = True
) -> AlignCosts:
    """What aligning these photos will take."""
    count, megapixels, features = len(photos), 0.0, 0.0
    for photo in photos:
        own = photo.width_px * photo.height_px / 1e6
        side = max(photo.width_px, photo.height_px)
        shrunk = own * min(1.0, settings.max_side_px / side) ** 2
        large = min(side, settings.max_side_px) >= LARGE_PX
        megapixels += own
        features += shrunk * (_LARGE_FEATURES if large else _FEATURES)
    each: float = min(_NEIGHBOURS * count, _MOST_NEIGHBOURS) if with_mats else count - 1
    if not with_mats and (
        settings.matching == "sequential"
        or (settings.matching == "auto" and count > settings.exhaustive_up_to)
    ):
        each = min(count - 1, 3 * settings.overlap)
    matching = _PAIR * count * each / 2
    return AlignCosts(
        _TAGS * megapixels, _MIRRORS * megapixels, features, matching, _PLACED * count
    )
