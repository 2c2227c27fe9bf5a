"""Offers of a run: begun from its own fabric and marker, kept in its folder, opened again.

They lie in ``quotes/``, which no run touches; each has an identity that a page's address can name.
"""

from __future__ import annotations

import math
import re
import tempfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stitchsketch_kernel.domain.errors import NotKeptError, RunError, SewError
from stitchsketch_kernel.domain.marker import Marker
from stitchsketch_kernel.domain.piece import Pattern
from stitchsketch_kernel.pipeline.artefacts import read_value, write_value
from stitchsketch_kernel.pipeline.choices import keep_choices, settings_of_run
from stitchsketch_kernel.pipeline.context import open_stage
from stitchsketch_kernel.pipeline.offer import Chosen, Offer
from stitchsketch_kernel.projects.records import Quote

if TYPE_CHECKING:
    from stitchsketch_kernel.pipeline.context import StageContext
    from stitchsketch_kernel.upholstery.pieces.rules import TradeRules

FOLDER, QUOTE_FILE = "quotes", "quote.pdf"
_NONE = ("There is no such quote of this run.", "Open the run without it, and choose anew.")
_IDENTITY = re.compile(r"[0-9a-f]{32}")


def first_offer(run_dir: Path) -> Offer:
    """The offer that a person begins with: the run's own fabric, and its marker where it has one.

    Raises
    ------
    RunError
        The run has no flat pieces yet.
    """
    from stitchsketch_kernel.upholstery.marker.rolls import Cloth

    stage = open_stage(run_dir, "flatten")
    if not stage.is_finished:
        raise RunError("The run has no flat pieces yet.", "Wait until it has laid them flat.")
    groups = settings_of_run(run_dir)
    fabric = groups["fabric"]
    cloth = Cloth(
        fabric.fabric(), zones=fabric.zones(), roll_length_mm=fabric.roll_length_mm or math.inf
    )
    chosen = Chosen(
        (cloth,), groups["nest"], groups["quote"], groups["strips"].cut, groups["flatten"].cloth
    )
    offer = Offer(chosen, pattern_to_cut(run_dir, chosen))
    return replace(offer, markers=(_own_marker(run_dir, offer),))


def pattern_to_cut(run_dir: Path, chosen: Chosen) -> Pattern:
    """The run's pattern as it is laid: with the strips asked for, and the reason given.

    Raises
    ------
    SettingsError
        The cloth is too narrow for strips.
    """
    from stitchsketch_kernel.upholstery.pieces.gate import check_sewing
    from stitchsketch_kernel.upholstery.pieces.strips import with_strips

    stage = open_stage(run_dir, "flatten")
    pattern = stage.read("flatten", "pattern", Pattern)
    if chosen.nest.override_gate and check_sewing(pattern).faults:
        pattern = replace(pattern, override=chosen.nest.override_gate)
    if chosen.strips:
        width = chosen.cloths[0].fabric.usable_width_mm
        pattern = with_strips(pattern, rules_of(stage), width)
    return pattern


def keep_offer(run_dir: Path, identity: str, offer: Offer) -> None:
    """Keep an offer in its run's folder; the last word on an identity counts."""
    path = _place(run_dir, identity)
    path.parent.mkdir(exist_ok=True)
    write_value(path, offer)


def read_offer(run_dir: Path, identity: str) -> Offer:
    """The offer of that identity.

    Raises
    ------
    NotKeptError
        The run has none such.
    StorageError
        It is damaged.
    """
    path = _place(run_dir, identity)
    if not path.is_file():
        raise NotKeptError(*_NONE)
    return read_value(path, Offer)


def file_of(offer: Offer, name: str, cloth: int = 0, made_at: str = "") -> bytes:
    """A file of an offer: the quote, or a cut file of one of its cloths, of whole pieces all.

    Parameters
    ----------
    offer : Offer
    name : str
        ``quote.pdf``, or one of `CUT_FILES`.
    cloth : int
        Whose marker it is.
    made_at : str
        The date in words, for the quote.

    Raises
    ------
    RunError
        The cloth was not laid yet.
    ScaleError, SewError, ExportError
        It must not be cut; see `require_cuttable`.
    """
    from stitchsketch_kernel.upholstery.export.cut_files import write_cut_file
    from stitchsketch_kernel.upholstery.export.quote_pdf import write_quote_pdf

    marker = offer.markers[cloth] if cloth < len(offer.markers) else None
    if not offer.laid or marker is None:
        raise RunError("The pieces are not laid on this cloth yet.", "Compute the marker.")
    with tempfile.TemporaryDirectory(prefix="stitchsketch-file-") as folder:
        path = Path(folder) / "file"
        try:
            if name == QUOTE_FILE:
                first, *others = offer.laid
                write_quote_pdf(path, offer.pattern, first, offer.chosen.quote, made_at, others)
            else:
                write_cut_file(name, path, offer.pattern, marker)
        except SewError as error:
            raise SewError(
                error.what, "Move these seams; or say why it is cut all the same."
            ) from error
        return path.read_bytes()


def quote_record(run_id: str, identity: str, offer: Offer) -> Quote:
    """The offer as the shop's record of a quote; its document has figures and no outlines."""
    quote = offer.quote()
    cloths = [
        {
            "fabric": asdict(marker.fabric),
            "match": marker.match.value,
            "used_length_mm": marker.used_length_mm,
            "metres_to_buy": own.metres_to_buy,
            "cost": own.cloth_cost,
            "pieces": sorted({one.piece for one in marker.placements}),
        }
        for marker, own in zip(offer.laid, quote.cloths, strict=True)
    ]
    document = {
        "name": offer.pattern.name,
        "customer": offer.chosen.quote.customer,
        "cloths": cloths,
        "labour": quote.labour_cost,
        "total": quote.total,
        "confidence": quote.confidence,
        "override": offer.pattern.override,
    }
    return Quote(run_id, quote.total_minor, quote.currency, document=document, id=identity)


def choose_for_next_run(run_dir: Path, chosen: Chosen) -> None:
    """Have the run's next start take the face cloth, matching and prices that were chosen."""
    face, nest = chosen.cloths[0], chosen.nest
    ends_at = face.roll_length_mm
    defects = [[one.x_mm, one.y_mm, one.length_mm, one.width_mm] for one in face.zones]
    given: dict[str, Any] = {f"fabric.{name}": v for name, v in asdict(face.fabric).items()}
    given |= {
        "fabric.defects_mm": defects,
        "fabric.roll_length_mm": ends_at if math.isfinite(ends_at) else 0.0,
        "nest.match": nest.match,
        "nest.railroad": nest.railroad,
        "nest.override_gate": nest.override_gate,
        "strips.cut": chosen.strips,
        "flatten.cloth": chosen.stretch,
        "quote.labour_rate": chosen.quote.labour_rate,
        "quote.customer": chosen.quote.customer,
    }
    keep_choices(run_dir, given)


def _place(run_dir: Path, identity: str) -> Path:
    """Where an offer lies; an identity comes from an address and may be anything."""
    if not _IDENTITY.fullmatch(identity):
        raise NotKeptError(*_NONE)
    return run_dir / FOLDER / f"{identity}.npz"


def _own_marker(run_dir: Path, offer: Offer) -> Marker | None:
    """The run's own marker, if it is whole and of the pieces as they are now."""
    from stitchsketch_kernel.upholstery.marker.check import check_marker

    try:
        stage = open_stage(run_dir, "nest")
        if "refused_as" in stage.figures("nest"):
            return None
        marker = stage.read("nest", "marker", Marker)
        check_marker(offer.pattern, marker)
    except Exception as error:
        if not isinstance(error, (RunError, OSError, ValueError, StopIteration)):
            raise
        return None
    return marker


def rules_of(stage: StageContext) -> TradeRules:
    """The trade's rules as the run had them."""
    from stitchsketch_kernel.upholstery.pieces.rules import TradeRules, read_rules

    path = stage.file("rules")
    return TradeRules.default() if path is None or not path.is_file() else read_rules(path)
