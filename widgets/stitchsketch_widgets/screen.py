"""What screens share that are asked by messages: each is answered, what is wrong is told."""

from __future__ import annotations

import logging
from typing import Any

import anywidget
import traitlets

from stitchsketch_kernel.domain.errors import StitchSketchError
from stitchsketch_widgets.texts import text

log = logging.getLogger(__name__)

#: What a message that no page of ours sends makes the code raise.
_NOT_UNDERSTOOD = (KeyError, TypeError, ValueError, IndexError, AttributeError, StopIteration)


class Screen(anywidget.AnyWidget):
    """A widget whose page asks by messages, ``{"do": "seam", "number": 3, ...}``.

    A screen says in `_do` what it does with one; the answer is its traitlets. What can't be done
    changes nothing and is told in `message`. `answered` is then the number of the message, whatever
    came of it. The page's side is ``widgets/src/shared/screen.js``.
    """

    title = traitlets.Unicode(help="what is on the screen").tag(sync=True)
    texts = traitlets.Dict(help="the words").tag(sync=True)
    units = traitlets.Enum(("mm", "inch"), "mm", help="lengths are shown in").tag(sync=True)
    message = traitlets.Dict(help="kind (good, note, error) and text").tag(sync=True)
    answered = traitlets.Int(0, help="number of the last message that was dealt with").tag(
        sync=True
    )

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self.on_msg(self._on_message)

    def _do(self, asked: dict[str, Any]) -> None:
        """Do what a message asks."""
        raise NotImplementedError

    def _wrong(self, error: Exception) -> str | None:
        """What is told of an error; None for one that is a fault of the program."""
        if isinstance(error, StitchSketchError):
            return str(error)
        return text("common.not_understood") if isinstance(error, _NOT_UNDERSTOOD) else None

    def _on_message(self, _: Any, asked: Any, __: Any) -> None:
        number = asked.get("number", 0) if isinstance(asked, dict) else 0
        try:
            self._do(asked)
        except Exception as error:
            told = self._wrong(error)
            if told is None:
                raise
            if not isinstance(error, StitchSketchError):
                log.warning("a message of the page isn't done: %.200r", asked, exc_info=True)
            self.message = {"kind": "error", "text": told}
        self.answered = number if isinstance(number, int) else 0
