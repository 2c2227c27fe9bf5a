"""*New scan*: from a piece's name over its photos to the report of its run."""

from __future__ import annotations

import os
from typing import Any

from stitchsketch_kernel.domain.errors import StitchSketchError
from stitchsketch_kernel.pipeline.incoming import Incoming
from stitchsketch_kernel.storage.interface import shop_folder
from stitchsketch_widgets.notice import Notice
from stitchsketch_widgets.pages.here import GATEWAY_TOKEN, Here
from stitchsketch_widgets.photo_drop import GatewayWay, PhotoDrop
from stitchsketch_widgets.run_progress import RunProgress
from stitchsketch_widgets.scan_running import HereRunning, QueuedRunning, Running
from stitchsketch_widgets.scan_wizard import ScanWizard
from stitchsketch_widgets.texts import text


def new_scan_page(here: Here) -> Any:
    """The wizard; the progress of the run that the address names; or a sentence why not."""
    try:
        return _run_page(here) if here.query.get("run") else _wizard(here)
    except StitchSketchError as error:
        return Notice(error.what, error.todo)


def photo_drop(here: Here, scan_id: str) -> PhotoDrop:
    """The photos of a scan, and the way to add more."""
    assert here.objects is not None and here.home is not None
    folder = here.home / "incoming" / shop_folder(here.shop)
    way = GatewayWay(here.gateway_path, _token) if here.gateway_path else None
    incoming = Incoming(here.objects, folder)
    return PhotoDrop(here.projects, here.objects, incoming, here.shop, scan_id, way)


def _run_page(here: Here) -> RunProgress:
    run = here.run()
    title = text("progress.title_of", name=here.project_of(run).name)
    return RunProgress(
        here.projects, here.shop, run.id, here.person, title, may_start=not here.shared
    )


def _wizard(here: Here) -> ScanWizard:
    assert here.objects is not None
    return ScanWizard(
        here.projects,
        here.objects,
        _running(here),
        lambda scan_id: photo_drop(here, scan_id),
        here.shop,
        here.person,
        here.query.get("scan", ""),
        here.query.get("step", ""),
        here.query.get("project", ""),
    )


def _running(here: Here) -> Running:
    assert here.objects is not None and here.home is not None
    if here.shared:
        return QueuedRunning(here.projects, here.objects, here.shop, here.folder_of)
    scans = here.home / "scans"
    return HereRunning(here.projects, here.objects, here.shop, here.folder_of, scans, here.person)


def _token() -> str:
    return os.environ.get(GATEWAY_TOKEN, "")
