"""The new cover on the furniture, before it is cut: up to four fabrics by their markers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import traitlets

from stitchsketch_kernel.pipeline.cover import CoverRecord, MakeCover
from stitchsketch_kernel.pipeline.cover_run import CoveredRun
from stitchsketch_kernel.pipeline.dressing import FOLDER, Dress, Dressed, shown_before
from stitchsketch_kernel.pipeline.looking import SeenScan, open_scan
from stitchsketch_kernel.pipeline.renders import renders_in
from stitchsketch_kernel.pipeline.splat import PAGE as SPLAT_PAGE
from stitchsketch_kernel.visualization.cover.cloths import KINDS
from stitchsketch_kernel.visualization.front import front_of
from stitchsketch_kernel.visualization.levels import require_sound
from stitchsketch_kernel.visualization.strain import strain_legend
from stitchsketch_widgets.bundle import built
from stitchsketch_widgets.cover_state import (
    SWATCH,
    Picks,
    dressing_of,
    files_shown,
    form_of,
    strain_shown,
    worn_shown,
)
from stitchsketch_widgets.scan_state import Dressing, ShownMesh
from stitchsketch_widgets.texts import text, texts
from stitchsketch_widgets.working import WorkingScreen

#: Keeps the files that were made with the run's records, and says so in words.
KeepRenders = Callable[[], str]
#: The old cover is shown with so many faces at most: it is looked at beside the new one.
_MOST_FACES = 150_000


class CoverView(WorkingScreen):
    """The furniture in its old cover, in new ones, in strain, in panels, as splats.

    Dressing (seconds, or a marker's search for each further fabric) and the customer's files (a
    minute or two) are made in a process of this kernel's own: they are of a finished run whose
    folder lies here, are asked for by somebody who waits for them, and change nothing of the run.
    The queue's workers run whole scans, one at a time: a picture would wait for hours behind them.

    Parameters
    ----------
    run_dir : Path
    picks : Picks
        Where fabrics are taken from.
    keep : callable, optional
        Called once files were made.
    units : {"mm", "inch"}
    """

    _esm = built("cover_view.js")
    _css = built("cover_view.css")

    choices: traitlets.List[Any] = traitlets.List(help="fabrics to choose from").tag(sync=True)
    kinds: traitlets.List[Any] = traitlets.List(help="how a cloth may look").tag(sync=True)
    others: traitlets.List[Any] = traitlets.List(help="the job's other cloths").tag(sync=True)
    form: traitlets.List[Any] = traitlets.List(help="the fabrics chosen").tag(sync=True)
    worn: traitlets.List[Any] = traitlets.List(help="what is shown of each").tag(sync=True)
    stale = traitlets.Bool(False, help="the marker has changed since").tag(sync=True)
    views: traitlets.List[Any] = traitlets.List(help="what can be looked at").tag(sync=True)
    legend: traitlets.List[Any] = traitlets.List(help="percent and colour").tag(sync=True)
    files: traitlets.List[Any] = traitlets.List(help="name, words, bytes").tag(sync=True)

    def __init__(
        self,
        run_dir: Path,
        picks: Picks,
        keep: KeepRenders | None = None,
        units: str = "mm",
        **traits: Any,
    ) -> None:
        self._run_dir, self._picks, self._keep = run_dir, picks, keep
        self._scan: SeenScan | None = None
        self._dressed = shown_before(run_dir)
        before = [] if self._dressed is None else [one.look for one in self._dressed.worn]
        super().__init__(
            texts=texts("cover"),
            units=units,
            choices=picks.choices(),
            others=picks.others(),
            kinds=[[kind, text(f"cover.kind.{kind}")] for kind in (*KINDS, SWATCH)],
            form=form_of(before, picks.library),
            legend=[[percent, list(color)] for percent, color in strain_legend()],
            **traits,
        )
        self._show()

    def follow(self) -> None:
        """The quote has changed: its cloth's name, and whether what is shown is still its."""
        with self.hold_sync():
            self.choices, self.others = self._picks.choices(), self._picks.others()
        self.stale = self._is_stale()

    def _do(self, asked: dict[str, Any]) -> None:
        match asked["do"]:
            case "look":
                self._look()
            case "old":
                self._send_old()
            case "worn":
                if self._dressed is None:
                    raise ValueError("nothing is dressed")
                at = range(len(self._dressed.worn))[int(asked["at"])]
                self._send_parts("worn", at, dressing_of(self._dressed, at))
            case "strain":
                self._send_parts("strain", 0, strain_shown(CoveredRun(self._run_dir)))
            case "splat":
                page = (self._run_dir / "splat" / SPLAT_PAGE).read_bytes()
                self.send({"is": "splat"}, [page])
            case "dress":
                self._begin(Dress(self._run_dir, self._picks.looks_of(asked["form"])), what="dress")
                self.form = list(asked["form"])
            case "make":
                self._make()
            case "stop":
                self._stop(text("cover.stopped"))
            case "file":
                self._give(str(asked["name"]))
            case other:
                raise ValueError(other)

    def _make(self) -> None:
        if self._dressed is None:
            raise ValueError("nothing is dressed")
        looks = tuple(one.look for one in self._dressed.worn)
        self._begin(MakeCover(self._run_dir, looks), what="make")

    def _came(self, result: object) -> None:
        if isinstance(result, Dressed):
            self._dressed = result
            self._show()
            self.message = {"kind": "good", "text": text("cover.dressed")}
        elif isinstance(result, CoverRecord):
            self._show()
            notes = " ".join(result.notes)
            said = text("cover.made") if self._keep is None else self._keep()
            self.message = {"kind": "good", "text": f"{said} {notes}".strip()}

    def _is_stale(self) -> bool:
        markers = self._picks.offer().markers
        if self._dressed is None or not markers or markers[0] is None:
            return False
        look = self._dressed.worn[0].look
        shown = [self._dressed.worn[0].marker, *(one.marker for one in look.others)]
        now = [markers[0], *(one for one in markers[1:] if one is not None and one.placements)]
        return [one and (one.fabric, one.placements) for one in shown] != [
            (one.fabric, one.placements) for one in now
        ]

    def _show(self) -> None:
        views = ["old", "strain"]
        if (self._run_dir / "stages" / "06_panels" / "panels.npz").is_file():
            views.append("panels")
        if (self._run_dir / "splat" / SPLAT_PAGE).is_file():
            views.append("splat")
        worn = [] if self._dressed is None else [worn_shown(one) for one in self._dressed.worn]
        with self.hold_sync():
            self.views, self.worn = views, worn
            self.files, self.stale = files_shown(self._run_dir), self._is_stale()

    def _send_old(self) -> None:
        """The scan's surface, with panels' colours; and where the furniture stands."""
        if self._scan is None:
            self._scan = open_scan(self._run_dir)
        mesh = self._scan.mesh
        require_sound(mesh)
        shown = ShownMesh(self._scan)
        at = max(
            (k for k, size in enumerate(shown.sizes) if size <= _MOST_FACES),
            default=0,
        )
        panels = self._scan.panels
        front = None if panels is None else front_of(panels)
        told = {
            "is": "old",
            "low": mesh.vertices.min(axis=0).tolist(),
            "high": mesh.vertices.max(axis=0).tolist(),
            "front": [] if front is None else np.asarray(front).tolist(),
        }
        self.send(told, shown.buffers(at))

    def _send_parts(self, what: str, at: int, dressing: Dressing) -> None:
        buffers = [one for part in dressing.parts for one in part.told()[0]]
        self.send({"is": what, "at": at}, buffers)

    def _give(self, name: str) -> None:
        path = next(one for one in renders_in(self._run_dir / FOLDER) if one.name == name)
        self.send({"file": path.name}, [path.read_bytes()])
        self.message = {}
