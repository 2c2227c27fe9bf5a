"""The quote of a cover that is cut from several cloths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stitchsketch_kernel.domain.errors import SettingsError
from stitchsketch_kernel.domain.marker import Marker
from stitchsketch_kernel.domain.piece import Pattern
from stitchsketch_kernel.upholstery.quote.labour import QuoteSettings, hours_of, labour_lines
from stitchsketch_kernel.upholstery.quote.price import Quote, make_quote

_MINOR = 100


@dataclass(frozen=True)
class CoverQuote:
    """What a cover costs: a quote for each cloth, the labour in the first alone."""

    cloths: tuple[Quote, ...]

    @property
    def total(self) -> float:
        """Of cloths and labour."""
        return round(sum(one.total for one in self.cloths), 2)

    @property
    def total_minor(self) -> int:
        """The same in the currency's hundredths, as records keep it."""
        return round(self.total * _MINOR)

    @property
    def labour_cost(self) -> float:
        """Of the whole cover."""
        return self.cloths[0].labour_cost

    @property
    def currency(self) -> str:
        """ISO 4217 code of all prices."""
        return self.cloths[0].currency

    @property
    def confidence(self) -> str:
        """How sure the sizes are, as a sentence."""
        return self.cloths[0].confidence


def quote_cover(pattern: Pattern, markers: Sequence[Marker], settings: QuoteSettings) -> CoverQuote:
    """The quote by a shop's settings: labour from seams and pieces, each first roll end bought.

    Parameters
    ----------
    pattern : Pattern
        All pieces, of all cloths.
    markers : sequence of Marker
        One for each cloth, the face cloth's first.
    settings : QuoteSettings

    Raises
    ------
    ScaleError
        The pattern's size is not known.
    SettingsError
        There is no cloth, or their prices are in different currencies.
    """
    currencies = sorted({marker.fabric.currency for marker in markers})
    if len(currencies) != 1:
        raise SettingsError(
            f"The cloths are priced in {' and '.join(currencies) or 'nothing'}.",
            "Give all prices in one currency.",
        )
    hours = hours_of(labour_lines(pattern, settings)) if settings.labour_rate > 0 else 0.0
    return CoverQuote(
        tuple(
            make_quote(
                pattern, marker, 0.0 if at else hours, settings.labour_rate,
                settings.roll_end_mm(marker.fabric),
            )
            for at, marker in enumerate(markers)
        )
    )  # fmt: skip
