"""Every text that a person reads on a screen: one catalogue, `en.json`."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

CATALOGUE = Path(__file__).parent / "en.json"


@cache
def _catalogue() -> dict[str, str]:
    texts: dict[str, str] = json.loads(CATALOGUE.read_text(encoding="utf-8"))
    return texts


def text(key: str, **values: object) -> str:
    """One text, its ``{places}`` filled in."""
    return _catalogue()[key].format(**values)


def texts(*rooms: str) -> dict[str, str]:
    """All texts whose key begins with one of these words, for a widget's JavaScript."""
    begins = tuple(f"{room}." for room in (*rooms, "common"))
    return {key: words for key, words in _catalogue().items() if key.startswith(begins)}
