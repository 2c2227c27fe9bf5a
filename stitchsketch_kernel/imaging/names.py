"""Names of photos: in the order they were taken, and safe wherever they end up."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from itertools import groupby
from pathlib import PurePath

_LONGEST_STEM = 100


def by_number(name: str) -> tuple[list[tuple[int, int, str]], str]:
    """2.jpg before 10.jpg: phones number photos in the order they were taken."""
    parts = []
    for is_number, signs in groupby(name.casefold(), lambda s: s.isascii() and s.isdigit()):
        text = "".join(signs)
        parts.append((0, int(text[:18]), text) if is_number else (1, 0, text))
    return parts, name


def safe_names(names: Sequence[str]) -> list[str]:
    """Names for paths, tables and pages: letters, digits, ``._-`` and blanks; unique in any case.

    A photo's copy has its photo's name, so that the two are found by each other.
    """
    taken: set[str] = set()
    safe = []
    for name in names:
        plain = unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode("utf-8"))
        plain = "".join(s if s.isalnum() or s in "._- ()" else "_" for s in plain).strip(" ._")
        stem, suffix = PurePath(plain or "photo").stem, PurePath(plain).suffix
        stem = stem[:_LONGEST_STEM].strip(" .") or "photo"
        stem = "_" + stem[1:] if stem[0] == "-" else stem
        candidate, number = f"{stem}{suffix}", 2
        while taken & _forms(candidate):
            candidate, number = f"{stem}-{number}{suffix}", number + 1
        taken |= _forms(candidate)
        safe.append(candidate)
    return safe


def _forms(name: str) -> set[str]:
    """The names that a photo may need for itself: its copy may get ``.jpg`` appended."""
    return {name.casefold(), f"{name}.jpg".casefold()}
