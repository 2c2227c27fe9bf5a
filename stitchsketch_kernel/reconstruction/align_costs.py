"""What the parts of aligning take, so that its progress is honest for few photos and for many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass

from stitchsketch_kernel.domain.photo import Photo
from stitchsketch_kernel.reconstruction.align_settings import LARGE_PX, AlignSettings

#: Seconds by the clock of two cores, of 40 photos of 1.2 megapixels and 200 of 4.3
#: (`benchmarks/README.md`); only how they compare counts. Tags of a photo, and by its megapixels;
#: looking for mirrored ones, of that. Features by megapixels: of photos that are enlarged for it,
#: and of others.
_TAGS, _TAGS_MP, _MIRRORS, _FINE, _COARSE = 0.45, 0.15, 0.25, 1.16, 0.4
#: A pair; and what is placed by one core: all are adjusted again and again, so more photos take
#: more each.
_PAIR, _PLACED, _ADJUSTED = 0.08, 0.6, 0.0135
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
    megapixels = fine = coarse = 0.0
    for photo in photos:
        own = photo.width_px * photo.height_px / 1e6
        side = max(photo.width_px, photo.height_px)
        shrunk = own * min(1.0, settings.max_side_px / side) ** 2
        large = min(side, settings.max_side_px) >= LARGE_PX
        megapixels += own
        if settings.features == "coarse" or (settings.features == "auto" and large):
            coarse += shrunk
        else:
            fine += shrunk
    return costs_of(
        len(photos), megapixels, fine, coarse, _compared(len(photos), settings, with_mats)
    )


def _compared(count: int, settings: AlignSettings, with_mats: bool) -> float:
    """Photos that each is compared with."""
    if with_mats:
        return min(_NEIGHBOURS * count, _MOST_NEIGHBOURS)
    if settings.matching == "sequential" or (
        settings.matching == "auto" and count > settings.exhaustive_up_to
    ):
        return min(count - 1, 3 * settings.overlap)
    return count - 1


def costs_of(
    count: int, megapixels: float, fine: float, coarse: float, compared: float | None = None
) -> AlignCosts:
    """What aligning takes by what it is of.

    Parameters
    ----------
    count : int
        Photos.
    megapixels : float
        Of all of them, and of those whose fine and whose coarse features are found.
    fine, coarse : float
    compared : float, optional
        Photos that each is compared with; as with mats when absent.
    """
    if compared is None:
        compared = min(_NEIGHBOURS * count, _MOST_NEIGHBOURS)
    looked = _TAGS * count + _TAGS_MP * megapixels
    return AlignCosts(
        (1 - _MIRRORS) * looked,
        _MIRRORS * looked,
        _FINE * fine + _COARSE * coarse,
        _PAIR * count * compared / 2,
        count * (_PLACED + _ADJUSTED * count),
    )
