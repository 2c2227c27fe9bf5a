"""A sentence in place of a screen."""

from __future__ import annotations

import anywidget
import traitlets

from stitchsketch_widgets.bundle import built


class Notice(anywidget.AnyWidget):
    """What is wrong and what to do about it."""

    _esm = built("notice.js")
    _css = built("notice.css")

    what = traitlets.Unicode().tag(sync=True)
    todo = traitlets.Unicode().tag(sync=True)

    def __init__(self, what: str, todo: str = "") -> None:
        super().__init__(what=what, todo=todo)
