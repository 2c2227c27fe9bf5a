"""*Scan*: the piece as it was scanned, looked at from all sides and measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from stitchsketch_kernel.domain.errors import StitchSketchError
from stitchsketch_kernel.domain.model import Region
from stitchsketch_kernel.pipeline.looking import drop_box, keep_box, kept_box, open_scan
from stitchsketch_kernel.pipeline.record import read_record
from stitchsketch_widgets.notice import Notice
from stitchsketch_widgets.pages.here import Here
from stitchsketch_widgets.scan_viewer import ScanViewer
from stitchsketch_widgets.texts import text


def scan_page(here: Here) -> Any:
    """The scan of the run that the address names, or a sentence that says why not."""
    try:
        folder = here.run_folder()
        return scan_viewer(folder, here.units)
    except StitchSketchError as error:
        return Notice(error.what, error.todo)


def scan_viewer(folder: Path, units: str = "mm") -> ScanViewer:
    """The viewer of a run's folder; in a notebook as on the page.

    Raises
    ------
    StitchSketchError
        The run has no mesh yet, or none that can be shown.
    """
    record = read_record(folder)
    title = text("scan.title_of", name=record.name) if record else ""

    def keep(region: Region | None) -> str:
        if region is None:
            drop_box(folder)
            return text("scan.box_dropped")
        keep_box(folder, region)
        return text("scan.box_saved")

    return ScanViewer(open_scan(folder), units, keep, _box(folder), title=title)


def _box(folder: Path) -> Region | None:
    kept = kept_box(folder)
    return Region(np.array(kept[:3]), np.array(kept[3:])) if kept else None
