"""*Fabric and quote*: a run's cover on the cloth chosen for it, what it takes, what it costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import traitlets

from stitchsketch_kernel.domain.marker import Marker
from stitchsketch_kernel.pipeline.choices import settings_of_run
from stitchsketch_kernel.pipeline.offer import Chosen, Lay, Offer
from stitchsketch_kernel.pipeline.offers import (
    QUOTE_FILE,
    choose_for_next_run,
    file_of,
    keep_offer,
    pattern_to_cut,
)
from stitchsketch_kernel.upholstery.export.cut_files import CUT_FILES
from stitchsketch_kernel.upholstery.flat.cloth import cloths
from stitchsketch_kernel.users.records import ShopFabric
from stitchsketch_widgets.bundle import built
from stitchsketch_widgets.marker_view import MarkerView
from stitchsketch_widgets.quote_state import chosen_of, form_of, library_shown, results_shown
from stitchsketch_widgets.texts import text, texts
from stitchsketch_widgets.working import WorkingScreen

#: Keeps an offer as the shop's record, with its PDF, and says so in words.
KeepRecord = Callable[[Offer, bytes], str]


class FabricQuote(WorkingScreen):
    """The choice of cloth, what it comes to, and the files.

    Laying works in a process of its own; the page asks how far it is. Every offer that was laid,
    and every marker that was changed by hand since, lies in the run's folder at once.

    Parameters
    ----------
    run_dir : Path
    identity : str
        The offer's: the page's address names it.
    offer : Offer
        Where a person begins.
    view : MarkerView
        Shows the offer's markers, and tells of those changed by hand.
    library : sequence of ShopFabric
    keep : callable, optional
        Keeps the record of a quote.
    units : {"mm", "inch"}
    """

    _esm = built("fabric_quote.js")
    _css = built("fabric_quote.css")

    library: traitlets.List[Any] = traitlets.List(help="the shop's fabrics").tag(sync=True)
    stretches: traitlets.List[Any] = traitlets.List(help="kinds of cloth").tag(sync=True)
    pieces: traitlets.List[Any] = traitlets.List(help="names").tag(sync=True)
    files: traitlets.List[Any] = traitlets.List(help="that can be downloaded").tag(sync=True)
    form = traitlets.Dict(help="what is chosen").tag(sync=True)
    results = traitlets.Dict(help="lengths, prices, faults").tag(sync=True)
    shown = traitlets.Int(0, help="the cloth whose marker is shown").tag(sync=True)
    address = traitlets.Unicode(help="the offer's identity once it is kept").tag(sync=True)
    can_keep = traitlets.Bool(False).tag(sync=True)

    def __init__(
        self,
        run_dir: Path,
        identity: str,
        offer: Offer,
        view: MarkerView,
        library: Sequence[ShopFabric] = (),
        keep: KeepRecord | None = None,
        units: str = "mm",
        **traits: Any,
    ) -> None:
        self._run_dir, self._identity, self.offer, self._view = run_dir, identity, offer, view
        self._keep = keep
        #: Who is told when the offer is another one, or lies otherwise.
        self.followers: list[Callable[[], None]] = []
        self._laid_for = settings_of_run(run_dir)["flatten"].cloth
        super().__init__(
            texts=texts("offer"),
            units=units,
            library=library_shown(library),
            stretches=[[name, text(f"offer.stretch.{name}")] for name in cloths()],
            pieces=[piece.name for piece in offer.pattern.pieces],
            files=[[name, text(f"offer.file.{name}")] for name in (QUOTE_FILE, *CUT_FILES)],
            form=form_of(offer.chosen),
            can_keep=keep is not None,
            **traits,
        )
        view.told = self._changed_by_hand
        self._show()
        self._show_marker()

    def _wrong(self, error: Exception) -> str | None:
        told = super()._wrong(error)
        if told is None and isinstance(error, OSError):
            return text("offer.not_kept", why=error.strerror)
        return told

    def _do(self, asked: dict[str, Any]) -> None:
        match asked["do"]:
            case "look":
                self._look()
            case "compute":
                self._compute(asked["form"])
            case "stop":
                self._stop(text("offer.stopped"))
            case "show":
                self._show_cloth(int(asked["cloth"]))
            case "override":
                self._override(str(asked["reason"]))
            case "file":
                self._give(str(asked["name"]))
            case "keep":
                self._keep_record()
            case "next_run":
                choose_for_next_run(self._run_dir, self._chosen(asked["form"]))
                self.message = {"kind": "good", "text": text("offer.next_run_kept")}
            case other:
                raise ValueError(other)

    def _chosen(self, form: dict[str, Any]) -> Chosen:
        return chosen_of(form, self.offer.chosen, self.units)

    def _compute(self, form: dict[str, Any]) -> None:
        if self._apart is not None:
            return
        chosen = self._chosen(form)
        pattern = pattern_to_cut(self._run_dir, chosen)
        Offer(chosen, pattern).pieces  # noqa: B018  (raises where pieces have no cloth)
        self._view.end()
        self._begin(Lay(pattern, chosen))

    def _came(self, result: object) -> None:
        if isinstance(result, Offer):
            self.offer = result
            self.form, self.shown = form_of(self.offer.chosen), 0
            self._show()
            self._show_marker()
            self.message = {"kind": "good", "text": text("offer.laid")}
            self._keep_offer()

    def _changed_by_hand(self, marker: Marker) -> None:
        self.offer = self.offer.with_marker(self.shown, marker)
        self._show()
        self._keep_offer()

    def _override(self, reason: str) -> None:
        """Cut it past the gate for a reason, or no more; nothing is laid anew for it."""
        chosen = replace(
            self.offer.chosen, nest=replace(self.offer.chosen.nest, override_gate=reason.strip())
        )
        pattern = replace(
            self.offer.pattern, override=reason.strip() if self.offer.faults() else ""
        )
        self.offer = replace(self.offer, chosen=chosen, pattern=pattern)
        self._show()
        self._show_marker()
        self.message = {}
        self._keep_offer()

    def _keep_offer(self) -> None:
        keep_offer(self._run_dir, self._identity, self.offer)
        self.address = self._identity

    def _give(self, name: str) -> None:
        made_at = datetime.now().astimezone().strftime("%Y-%m-%d")
        content = file_of(self.offer, name, self.shown, made_at)
        self.send({"file": f"{self.offer.pattern.name}-{name}"}, [content])
        self.message = {}

    def _keep_record(self) -> None:
        if self._keep is None:
            raise ValueError("nowhere to keep it")
        made_at = datetime.now().astimezone().strftime("%Y-%m-%d")
        pdf = file_of(self.offer, QUOTE_FILE, 0, made_at)
        self._keep_offer()
        self.message = {"kind": "good", "text": self._keep(self.offer, pdf)}

    def _show_cloth(self, cloth: int) -> None:
        if not 0 <= cloth < len(self.offer.chosen.cloths):
            raise ValueError(cloth)
        self.shown = cloth
        self._show_marker()

    def _show(self) -> None:
        results = results_shown(self.offer)
        results["stretch_differs"] = self.offer.chosen.stretch != self._laid_for
        self.results = results
        for told in self.followers:
            told()

    def _show_marker(self) -> None:
        offer, at = self.offer, self.shown
        marker = offer.markers[at] if at < len(offer.markers) else None
        cloth = offer.chosen.cloths[at]
        self._view.show_marker(offer.part(at), marker, offer.chosen.nest, cloth.roll_length_mm)
        self._view.title = text("offer.marker_of", name=cloth.fabric.name)
