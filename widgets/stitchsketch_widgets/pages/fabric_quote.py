"""*Fabric and quote*: a run's cover on the shop's cloth, its price, and what is cut from."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

from ipywidgets import VBox

from stitchsketch_kernel.domain.errors import StitchSketchError
from stitchsketch_kernel.pipeline.offer import Offer
from stitchsketch_kernel.pipeline.offers import first_offer, quote_record, read_offer
from stitchsketch_kernel.projects.records import Run, new_id
from stitchsketch_kernel.users.records import ShopFabric
from stitchsketch_widgets.fabric_quote import FabricQuote
from stitchsketch_widgets.marker_view import MarkerView
from stitchsketch_widgets.notice import Notice
from stitchsketch_widgets.pages.here import Here
from stitchsketch_widgets.texts import text


def fabric_quote_page(here: Here) -> Any:
    """The form, what it comes to, and the marker of the run that the address names.

    The address may name an offer, too (``quote``): what was laid last is opened again.
    """
    try:
        folder, run = here.run_folder(), here.run()
        identity = here.query.get("quote", "")
        offer = read_offer(folder, identity) if identity else first_offer(folder)
        return _page(here, folder, run, identity or new_id(), offer)
    except StitchSketchError as error:
        return Notice(error.what, error.todo)


def _page(here: Here, folder: Path, run: Run, identity: str, offer: Offer) -> VBox:
    def keep(kept: Offer, pdf: bytes) -> str:
        record = here.projects.keep_quote(here.shop, quote_record(run.id, identity, kept))
        # who may not keep a quote leaves no file behind
        if here.objects is not None:
            stored = here.objects.put("patterns", io.BytesIO(pdf))
            record = replace(record, sha256=stored.sha256, bytes=stored.bytes)
            here.projects.keep_quote(here.shop, record)
        return text("offer.kept")

    units = here.units
    view = MarkerView(offer.part(0), None, offer.chosen.nest, units=units)
    title = text("offer.title_of", name=offer.pattern.name)
    form = FabricQuote(folder, identity, offer, view, _library(here), keep, units, title=title)
    return VBox([form, view])


def _library(here: Here) -> list[ShopFabric]:
    """The shop's fabrics; none where they can't be asked for now, which stops no typing."""
    try:
        return here.users.fabrics(here.shop) if here.users else []
    except StitchSketchError:
        return []
