"""What *Fabric and quote* shows and takes: a person's form to what is chosen, and back."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from stitchsketch_kernel.domain.errors import SettingsError, StitchSketchError
from stitchsketch_kernel.domain.marker import Fabric, Marker, MatchLevel, Zone
from stitchsketch_kernel.pipeline.offer import Chosen, Offer
from stitchsketch_kernel.upholstery.marker.levels import LevelCost
from stitchsketch_kernel.upholstery.marker.repeats import table_percent
from stitchsketch_kernel.upholstery.marker.rolls import Cloth
from stitchsketch_kernel.users.records import ShopFabric
from stitchsketch_widgets.texts import text

#: The form's name of each length and price of a fabric.
_FABRIC = {
    "width_mm": "width_mm", "usable_mm": "usable_width_mm", "along_mm": "repeat_vertical_mm",
    "over_mm": "repeat_horizontal_mm", "motif_along_mm": "motif_along_mm",
    "motif_across_mm": "motif_across_mm", "price": "price_per_metre",
}  # fmt: skip
#: Pieces and letters of a form are few.
_MOST_CLOTHS, _MOST_DEFECTS, _MOST_LETTERS = 6, 40, 200


def library_shown(fabrics: Sequence[ShopFabric]) -> list[dict[str, Any]]:
    """The shop's fabrics, as the form takes them."""
    return [{"id": one.id, "supplier": one.supplier, **_fabric(one.fabric)} for one in fabrics]


def form_of(chosen: Chosen) -> dict[str, Any]:
    """The form that a person goes on from."""
    nest, quote = chosen.nest, chosen.quote
    return {
        "cloths": [_cloth(one) for one in chosen.cloths],
        "match": nest.match,
        "railroad": nest.railroad,
        "separation_mm": nest.separation_mm,
        "seconds": nest.seconds,
        "override": nest.override_gate,
        "compare": chosen.compare,
        "strips": chosen.strips,
        "stretch": chosen.stretch,
        "rate": quote.labour_rate,
        "hours": quote.labour_hours,
        "customer": quote.customer,
    }


def chosen_of(form: dict[str, Any], before: Chosen, units: str) -> Chosen:
    """What a form says; what it doesn't tell stays as it was before.

    Raises
    ------
    SettingsError
        Something in it can't be.
    """
    cloths = form["cloths"]
    if not 1 <= len(cloths) <= _MOST_CLOTHS:
        raise SettingsError(text("offer.too_many_cloths", most=_MOST_CLOTHS))
    nest = replace(
        before.nest,
        match=MatchLevel(form["match"]).value,
        railroad=bool(form["railroad"]),
        separation_mm=_number(form, "separation_mm"),
        seconds=int(_number(form, "seconds")),
        override_gate=_words(form["override"]),
    )
    quote = replace(
        before.quote,
        labour_rate=_number(form, "rate"),
        labour_hours=_number(form, "hours"),
        customer=_words(form["customer"]),
        units="inches" if units == "inch" else "metric",
    )
    return Chosen(
        tuple(_cloth_of(one, at) for at, one in enumerate(cloths)),
        nest,
        quote,
        bool(form["strips"]),
        str(form["stretch"]),
        bool(form["compare"]),
    )


def results_shown(offer: Offer) -> dict[str, Any]:
    """Lengths and prices; what each match level costs; why it may not be cut."""
    shown: dict[str, Any] = {
        "faults": [fault.words for fault in offer.faults()],
        "override": offer.pattern.override,
        "laid": bool(offer.laid),
        "levels": _levels(offer.levels, offer.chosen.nest.match),
        "stretch_differs": False,
    }
    if not offer.laid:
        return shown
    try:
        quote = offer.quote()
    except StitchSketchError as error:
        return {**shown, "why": str(error)}
    rows = [
        {
            "name": marker.fabric.name,
            "used_mm": own.used_length_mm,
            "end_mm": own.roll_end_mm,
            "metres": own.metres_to_buy,
            "yards": own.yards_to_buy,
            "cost": own.cloth_cost,
        }
        for marker, own in zip(offer.laid, quote.cloths, strict=True)
    ]
    return {
        **shown,
        "cloths": rows,
        "labour": quote.labour_cost,
        "total": quote.total,
        "currency": quote.currency,
        "confidence": quote.confidence,
    }


def _levels(levels: Sequence[LevelCost], chosen: str) -> list[dict[str, Any]]:
    plain = next((one.marker for one in levels if one.level is MatchLevel.NONE), None)
    return [
        {
            "level": one.level.value,
            "chosen": one.level.value == chosen,
            "why": one.why,
            "matched": one.matched,
            **_cost(one.marker, plain),
        }
        for one in levels
    ]


def _cost(marker: Marker | None, plain: Marker | None) -> dict[str, Any]:
    """What a level's marker takes beyond the plain one; nothing for one that there is not."""
    if marker is None or plain is None:
        return {}
    more = marker.used_length_mm - plain.used_length_mm
    return {
        "used_mm": marker.used_length_mm,
        "more_mm": more,
        "more_percent": 100 * more / plain.used_length_mm,
        "asked": len(marker.matches),
        "table_percent": table_percent(marker.fabric),
    }


def _fabric(fabric: Fabric) -> dict[str, Any]:
    values = asdict(fabric)
    kept = ("name", "currency", "nap", "half_drop")
    return {
        **{name: values[of] for name, of in _FABRIC.items()},
        **{name: values[name] for name in kept},
    }


def _cloth(cloth: Cloth) -> dict[str, Any]:
    return {
        **_fabric(cloth.fabric),
        "roll_mm": cloth.roll_length_mm if math.isfinite(cloth.roll_length_mm) else 0.0,
        "pieces": list(cloth.pieces),
        "defects": [[one.x_mm, one.y_mm, one.length_mm, one.width_mm] for one in cloth.zones],
    }


def _cloth_of(form: dict[str, Any], at: int) -> Cloth:
    values = {of: _number(form, name) for name, of in _FABRIC.items()}
    currency = _words(form["currency"]).upper()
    if len(currency) != 3 or not currency.isascii() or not currency.isalpha():
        raise SettingsError(
            text("offer.bad_currency", said=currency), text("offer.bad_currency_todo")
        )
    fabric = Fabric(
        name=_words(form["name"]) or text("offer.cloth"),
        nap=bool(form["nap"]),
        half_drop=bool(form["half_drop"]),
        currency=currency,
        **values,
    )
    defects = [tuple(float(one) for one in place) for place in form["defects"][:_MOST_DEFECTS]]
    pieces = tuple(str(name) for name in form["pieces"]) if at else ()
    if at and not pieces:
        raise SettingsError(text("offer.no_pieces", name=fabric.name), text("offer.no_pieces_todo"))
    # only the face cloth is seen: a lining is not matched
    match = MatchLevel.NONE if at else None
    roll_mm = _number(form, "roll_mm") or math.inf  # 0: it is bought by length
    return Cloth(fabric, pieces, roll_mm, _zones(defects), match)


def _zones(defects: Sequence[tuple[float, ...]]) -> tuple[Zone, ...]:
    for place in defects:
        if len(place) != 4 or not all(math.isfinite(one) for one in place) or min(place[2:]) <= 0:
            raise SettingsError(text("offer.bad_defect"), text("offer.bad_defect_todo"))
    return tuple(Zone(*place) for place in defects)


def _number(form: dict[str, Any], name: str) -> float:
    value = form[name]
    good = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not good or not 0 <= value < 1e6:
        raise SettingsError(text("offer.bad_number", what=text(f"offer.field.{name}")))
    return float(value)


def _words(value: Any) -> str:
    return " ".join(str(value).split())[:_MOST_LETTERS]
