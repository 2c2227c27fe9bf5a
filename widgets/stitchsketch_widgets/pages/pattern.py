"""*Pattern*: the seams and panels of a run, corrected by clicks."""

from __future__ import annotations

from typing import Any

from stitchsketch_kernel.domain.errors import StitchSketchError
from stitchsketch_kernel.pipeline.correcting import open_panels, save_panels
from stitchsketch_kernel.pipeline.record import read_record
from stitchsketch_widgets.notice import Notice
from stitchsketch_widgets.pages.here import Here
from stitchsketch_widgets.seam_editor import SeamEditor
from stitchsketch_widgets.texts import text


def pattern_page(here: Here) -> Any:
    """The seam editor of the run that the address names, or a sentence that says why not."""
    try:
        folder = here.run_folder()
        session = open_panels(folder)
    except StitchSketchError as error:
        return Notice(error.what, error.todo)

    def save(asked: Any) -> str:
        save_panels(folder, asked)
        return text("seams.saved")

    record = read_record(folder)
    title = text("seams.title_of", name=record.name) if record else ""
    return SeamEditor(session, save, here.units, title=title)
