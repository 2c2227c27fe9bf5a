"""*Fabric and quote*: a run's cover on the shop's cloth, its price, and what is cut from."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

from ipywidgets import VBox

from stitchsketch_kernel.disk.aside import write_bytes
from stitchsketch_kernel.domain.errors import StitchSketchError
from stitchsketch_kernel.pipeline.offer import Offer
from stitchsketch_kernel.pipeline.offers import first_offer, quote_record, read_offer
from stitchsketch_kernel.pipeline.renders import keep_renders
from stitchsketch_kernel.projects.records import Run, new_id
from stitchsketch_kernel.users.records import ShopFabric
from stitchsketch_widgets.cover_state import Picks
from stitchsketch_widgets.cover_view import CoverView
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
    cover = _cover(here, folder, run, form)
    form.followers.append(cover.follow)
    return VBox([form, view, cover])


def cover_view(folder: Path, units: str = "mm") -> CoverView:
    """The new cover of a run's folder, on its own cloth and marker; for a notebook.

    Raises
    ------
    StitchSketchError
        The run has no flat pieces yet.
    """
    offer = first_offer(folder)
    return CoverView(folder, Picks(lambda: offer), None, units)


def _cover(here: Here, folder: Path, run: Run, form: FabricQuote) -> CoverView:
    def swatch(sha256: str) -> Path:
        place = folder / "cover" / "swatches" / f"{sha256}.jpg"
        if not place.is_file() and here.objects is not None:
            with here.objects.open("images", sha256) as photo:
                content = photo.read()
            place.parent.mkdir(parents=True, exist_ok=True)
            write_bytes(place, content)
        return place

    def keep() -> str:
        if here.objects is not None:
            keep_renders(here.projects, here.objects, here.shop, run.id, folder)
        return text("cover.kept")

    picks = Picks(lambda: form.offer, _library(here), swatch)
    return CoverView(folder, picks, keep, here.units)


def _library(here: Here) -> list[ShopFabric]:
    """The shop's fabrics; none where they can't be asked for now, which stops no typing."""
    try:
        return here.users.fabrics(here.shop) if here.users else []
    except StitchSketchError:
        return []
