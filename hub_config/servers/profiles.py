"""What a person may ask of a server: processors alone, or a graphics processor too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stitchsketch_kernel.domain.errors import SettingsError

CPU, GPU = "cpu", "gpu"
_SHOWN = {CPU: "Processors alone", GPU: "With a graphics processor"}


def chosen(options: Mapping[str, Any], gpus: int) -> str:
    """The profile that was asked for; without a word, processors alone.

    Raises
    ------
    SettingsError
        It isn't one that is offered here.
    """
    asked = options.get("profile", CPU)
    asked = asked[0] if isinstance(asked, list) and len(asked) == 1 else asked
    if asked not in ((CPU, GPU) if gpus else (CPU,)):
        raise SettingsError("There is no such kind of server here.", "Choose one of the list.")
    return str(asked)


def form(profiles: Sequence[str]) -> str:
    """The choice as a form of the hub's page."""
    rows = [
        f'<label><input type="radio" name="profile" value="{one}"'
        f"{' checked' if one == profiles[0] else ''}> {_SHOWN[one]}</label><br>"
        for one in profiles
    ]
    return f"<fieldset><legend>What do you need?</legend>{''.join(rows)}</fieldset>"
