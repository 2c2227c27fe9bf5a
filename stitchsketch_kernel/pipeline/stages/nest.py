"""Pieces to the marker on the roll, the yardage, and the files that a shop cuts from."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from stitchsketch_kernel.domain.errors import ScaleError, SewError
from stitchsketch_kernel.domain.progress import part

if TYPE_CHECKING:
    from pathlib import Path

    from stitchsketch_kernel.domain.marker import Marker
    from stitchsketch_kernel.domain.piece import Pattern
    from stitchsketch_kernel.pipeline.context import StageContext
    from stitchsketch_kernel.upholstery.marker.nest import NestSettings
    from stitchsketch_kernel.upholstery.pieces.strips import WeltPlan

NAME, NUMBER, VERSION = "nest", 8, 4
INPUTS = ("scale", "flatten")
SETTINGS = {
    "nest": "stitchsketch_kernel.upholstery.marker.nest:NestSettings",
    "strips": "stitchsketch_kernel.upholstery.pieces.strips:StripSettings",
    "quote": "stitchsketch_kernel.upholstery.quote.labour:QuoteSettings",
    "fabric": "stitchsketch_kernel.pipeline.settings:FabricSettings",
}
FILES = {"rules": "stitchsketch_kernel.upholstery.pieces.rules:read_rules"}
PUBLISHES = {"patterns": "patterns"}
WEIGHT = 55


def compute(context: StageContext) -> dict[str, Any]:
    """Keeps ``marker``, ``pattern`` (as it is cut) and the cut files in ``patterns/``.

    None of them without a scale, nor where pieces don't sew together and nobody said why they
    are cut.
    """
    from stitchsketch_kernel.domain.piece import Pattern
    from stitchsketch_kernel.pipeline.context import refusal
    from stitchsketch_kernel.pipeline.stages.reading import scale_of

    scale = scale_of(context)
    if not scale.is_metric:
        what, todo = _why_unscaled(scale.notes)
        return refusal(ScaleError(f"No cut file was written. {what}", todo))
    from stitchsketch_kernel.upholstery.marker.nest import nest

    try:
        pattern = _gated(context.read("flatten", "pattern", Pattern), context.settings("nest"))
    except SewError as error:
        return refusal(error)
    cloth = context.settings("fabric")
    fabric = cloth.fabric()
    plan = None
    if context.settings("strips").cut:
        pattern, plan = _with_strips(context, pattern, fabric.usable_width_mm)
    context.keep("pattern", pattern)
    marker = nest(
        pattern, fabric, context.settings("nest"), part(context.progress, 0, 0.8),
        zones=cloth.zones(),
    )  # fmt: skip
    beyond: tuple[str, ...] = ()
    if cloth.roll_length_mm:
        marker, beyond = _on_the_roll(context, pattern, marker, cloth.roll_length_mm)
    context.keep("marker", marker)
    context.progress(0.85, "writing cut files")
    _write_cut_files(context.folder / "patterns", pattern, marker)
    quote = _quoted(context, pattern, marker)
    return {
        "used_length_mm": marker.used_length_mm,
        "used_length_m": marker.used_length_mm / 1000,
        "yardage": marker.yardage,
        "density": marker.density,
        "cost": marker.cost,
        "currency": fabric.currency,
        "fabric_width_mm": fabric.width_mm,
        "placed": len(marker.placements),
        "override": pattern.override,
        "quote": quote,
        "beyond_roll": list(beyond),
        "notes": _not_on_roll(beyond, cloth.roll_length_mm),
        "welt": None if plan is None else asdict(plan),
        "files": sorted(path.name for path in (context.folder / "patterns").iterdir()),
        **_matching(marker),
    }


def _on_the_roll(
    context: StageContext, pattern: Pattern, marker: Marker, roll_length_mm: float
) -> tuple[Marker, tuple[str, ...]]:
    """The marker with no piece across the roll's end, and the pieces that lie beyond it."""
    from stitchsketch_kernel.upholstery.marker.ends import beyond_end, within_roll

    told = part(context.progress, 0.8, 0.85)
    marker = within_roll(pattern, marker, roll_length_mm, context.settings("nest"), told)
    return marker, tuple(sorted({name for name, _ in beyond_end(pattern, marker, roll_length_mm)}))


def _not_on_roll(names: tuple[str, ...], roll_length_mm: float) -> list[str]:
    if not names:
        return []
    return [
        f"{', '.join(names)}: not on the {roll_length_mm / 1000:.2f} m that are left on the roll. "
        "They are laid beyond its end, to be cut from another."
    ]


def _matching(marker: Marker) -> dict[str, Any]:
    """What matching the cloth's pattern came to, where it was asked for."""
    from stitchsketch_kernel.domain.marker import MatchLevel
    from stitchsketch_kernel.upholstery.marker.links import MATCHED_MM
    from stitchsketch_kernel.upholstery.marker.repeats import table_percent

    if marker.match is MatchLevel.NONE:
        return {}
    good = [one for one in marker.matches if one.matched]
    return {
        "match": marker.match.value,
        "plain_length_mm": marker.plain_length_mm,
        "extra_length_mm": marker.used_length_mm - (marker.plain_length_mm or 0.0),
        "extra_percent": marker.extra_percent,
        "table_percent": table_percent(marker.fabric),
        "seams_matched": len(good),
        "seams_matched_along": sum(one.along_mm <= MATCHED_MM for one in good),
        "seams_asked": len(marker.matches),
        "worst_matched_mm": max((one.mismatch_mm for one in good), default=None),
        "seams_not_matched": sorted(
            {one.seam or one.piece_a for one in marker.matches if not one.matched}
        ),
    }


def _gated(pattern: Pattern, settings: NestSettings) -> Pattern:
    """The pattern as it may be cut: with the reason given where it doesn't pass the gate."""
    from dataclasses import replace

    from stitchsketch_kernel.upholstery.pieces.gate import check_sewing, require_sewable

    if check_sewing(pattern).faults:
        pattern = replace(pattern, override=settings.override_gate)
    require_sewable(pattern)
    return pattern


def _with_strips(
    context: StageContext, pattern: Pattern, usable_width_mm: float
) -> tuple[Pattern, WeltPlan | None]:
    """The pattern with the strips of its welts and zips, by the shop's rules."""
    from stitchsketch_kernel.upholstery.pieces.rules import TradeRules, read_rules
    from stitchsketch_kernel.upholstery.pieces.strips import welt_plan, with_strips

    path = context.file("rules")
    rules = TradeRules.default() if path is None else read_rules(path)
    return with_strips(pattern, rules, usable_width_mm), welt_plan(pattern, rules, usable_width_mm)


def _quoted(context: StageContext, pattern: Pattern, marker: Marker) -> dict[str, Any] | None:
    """The quote, also as a PDF; None where no price is given."""
    from datetime import datetime

    from stitchsketch_kernel.upholstery.export.quote_pdf import quote_of, write_quote_pdf

    settings = context.settings("quote")
    if not (settings.labour_rate > 0 or marker.fabric.price_per_metre > 0):
        return None
    made_at = datetime.now().astimezone().strftime("%Y-%m-%d")
    path = context.folder / "patterns" / "quote.pdf"
    write_quote_pdf(path, pattern, marker, settings, made_at)
    return asdict(quote_of(pattern, marker, settings))


def _why_unscaled(notes: tuple[str, ...]) -> tuple[str, str]:
    """The scale stage's own sentences."""
    if notes:
        return notes[0], ""
    return "The size is not known.", "Lay mats round the piece, or give a length (--length)."


def _write_cut_files(folder: Path, pattern: Pattern, marker: Marker) -> None:
    from stitchsketch_kernel.upholstery.export.cut_list import write_cut_list
    from stitchsketch_kernel.upholstery.export.dxf import write_dxf
    from stitchsketch_kernel.upholstery.export.hpgl import write_hpgl
    from stitchsketch_kernel.upholstery.export.pattern_json import write_pattern_json
    from stitchsketch_kernel.upholstery.export.pdf import write_pdf, write_tiled_pdf
    from stitchsketch_kernel.upholstery.export.svg import write_svg

    folder.mkdir()
    write_pattern_json(folder / "pattern.json", pattern, marker)
    write_svg(folder / "pattern.svg", pattern)
    write_svg(folder / "marker.svg", pattern, marker)
    write_pdf(folder / "marker.pdf", pattern, marker)
    write_tiled_pdf(folder / "pattern-A4.pdf", pattern, "A4")
    write_tiled_pdf(folder / "pattern-Letter.pdf", pattern, "Letter")
    write_dxf(folder / "pattern.dxf", pattern)
    write_dxf(folder / "pattern-AAMA.dxf", pattern, layers="aama")
    write_cut_list(folder / "cut-list.csv", pattern, marker)
    write_hpgl(folder / "marker.plt", pattern, marker)
