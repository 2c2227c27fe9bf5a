"""*Help*: the page that the address names."""

from __future__ import annotations

from typing import Any

from stitchsketch_kernel.domain.errors import StitchSketchError
from stitchsketch_widgets.help_page import PAGES, HelpPage
from stitchsketch_widgets.notice import Notice
from stitchsketch_widgets.pages.here import Here


def help_page(here: Here) -> Any:
    """The page of help, or a sentence that says that there is none of that name."""
    try:
        return HelpPage(here.query.get("page", PAGES[0]))
    except StitchSketchError as error:
        return Notice(error.what, error.todo)
