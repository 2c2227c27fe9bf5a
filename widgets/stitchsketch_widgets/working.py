"""What screens share that have something computed in a process of its own."""

from __future__ import annotations

from typing import Any

import traitlets

from stitchsketch_kernel.domain.errors import StitchSketchError
from stitchsketch_kernel.pipeline.apart import Apart, Task
from stitchsketch_widgets.screen import Screen


class WorkingScreen(Screen):
    """A screen with one thing at most at work; its page asks ``look`` as long as it is.

    That it has ended and what is said of it reach the page together: who waits for the end finds
    what came of it.
    """

    working = traitlets.Dict(help="share and note of what is at work; empty: nothing").tag(
        sync=True
    )

    _apart: Apart | None = None

    def close(self) -> None:
        """Close the screen, and stop what is at work for it."""
        self.end()
        super().close()

    def end(self) -> None:
        """Stop what is at work."""
        if self._apart is not None:
            self._apart.end()
        self._apart, self.working = None, {}

    def _begin(self, task: Task, **told: Any) -> None:
        """Have something computed, unless something is already."""
        if self._apart is None:
            self._apart, self.message = Apart(task), {}
            self.working = {**told, "share": 0.0, "note": ""}

    def _stop(self, said: str) -> None:
        with self.hold_sync():
            self.end()
            self.message = {"kind": "note", "text": said}

    def _look(self) -> None:
        """See how far it is."""
        if self._apart is None:
            return
        try:
            standing = self._apart.look()
        except StitchSketchError:
            self._apart, self.working = None, {}
            raise
        if standing.result is None:
            self.working = {**self.working, "share": standing.share, "note": standing.note}
            return
        self._apart = None
        with self.hold_sync():
            self.working = {}
            self._came(standing.result)

    def _came(self, result: object) -> None:
        """Show what came of it."""
        raise NotImplementedError
