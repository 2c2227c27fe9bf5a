"""*New scan*: a run from its photos to its report, as it goes."""

from __future__ import annotations

from typing import Any

from stitchsketch_kernel.domain.errors import StitchSketchError
from stitchsketch_widgets.notice import Notice
from stitchsketch_widgets.pages.here import Here
from stitchsketch_widgets.run_progress import RunProgress
from stitchsketch_widgets.texts import text


def new_scan_page(here: Here) -> Any:
    """The progress of the run that the address names, or a sentence that says why not."""
    try:
        run = here.run()
        name = here.project_of(run).name
        title = text("progress.title_of", name=name)
        return RunProgress(
            here.projects, here.shop, run.id, here.person, title, may_start=not here.shared
        )
    except StitchSketchError as error:
        return Notice(error.what, error.todo)
