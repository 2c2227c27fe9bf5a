"""*Pattern*: the seams and panels of a run, corrected by clicks; below them its flat pieces."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ipywidgets import VBox

from stitchsketch_kernel.domain.errors import PanelError, RunError, StitchSketchError
from stitchsketch_kernel.pipeline.correcting import open_panels, save_panels
from stitchsketch_kernel.pipeline.sheet import open_sheet, save_warps, warps_of
from stitchsketch_widgets.notice import Notice
from stitchsketch_widgets.pages.here import Here
from stitchsketch_widgets.pattern_sheet import PatternSheetView
from stitchsketch_widgets.seam_editor import SeamEditor
from stitchsketch_widgets.texts import text


def pattern_page(here: Here) -> Any:
    """The seam editor and the pattern sheet of the run that the address names.

    A sentence that says why not in place of what can't be shown; before the run has laid its
    panels flat there is the editor alone.
    """
    try:
        folder = here.run_folder()
        session = open_panels(folder)
        name, units = here.project_of(here.run()).name, here.units
    except StitchSketchError as error:
        return Notice(error.what, error.todo)

    def save(asked: Any) -> str:
        save_panels(folder, asked)
        return text("seams.saved")

    title = text("seams.title_of", name=name) if name else ""
    editor = SeamEditor(session, save, units, title=title)
    below = sheet_of(folder, editor, units, name)
    return editor if below is None else VBox([editor, below])


def sheet_of(
    folder: Path, editor: SeamEditor, units: str, name: str = ""
) -> PatternSheetView | Notice | None:
    """The sheet below the editor; None where the run has no pieces yet.

    What it keeps, the editor knows of: saving seams later loses no turned grain.
    """
    try:
        sheet = open_sheet(folder)
    except RunError:
        return None
    except StitchSketchError as error:
        return Notice(error.what, error.todo)

    def save(turned: dict[str, float]) -> str:
        warps = warps_of(sheet, turned)
        if missing := set(warps) - set(editor.session.names):
            names = ", ".join(sorted(missing))
            raise PanelError(
                text("sheet.panels_changed", names=names), text("sheet.panels_changed_todo")
            )
        save_warps(folder, warps)
        editor.session.begin_with_grains(warps)
        editor.look()
        return text("sheet.saved")

    title = text("sheet.title_of", name=name) if name else ""
    return PatternSheetView(sheet, save, units, title=title)
