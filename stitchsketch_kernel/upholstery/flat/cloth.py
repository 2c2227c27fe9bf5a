"""The cloths of the package's own table, with what each gives."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

from stitchsketch_kernel.domain.cloth import Cloth
from stitchsketch_kernel.domain.errors import SettingsError


@cache
def cloths() -> dict[str, Cloth]:
    """The cloths of the package's own table, by name."""
    table = json.loads(
        files("stitchsketch_kernel.upholstery.flat").joinpath("cloths.json").read_text("utf-8")
    )
    return {name: Cloth(name, **limits) for name, limits in table["cloths"].items()}


def cloth_named(name: str) -> Cloth:
    """The cloth of that name.

    Raises
    ------
    SettingsError
        There is none.
    """
    found = cloths().get(name)
    if found is None:
        raise SettingsError(f"There is no cloth called {name}.", f"Take {', '.join(cloths())}.")
    return found
