"""Names of photos: in the order they were taken, and safe wherever they end up."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import PurePath

_LONGEST_STEM = 100


def by_number(name: str) -> tuple[list[tuple[int, int, str]], str]:
    """2.jpg before 10.jpg: phones number photos in the order they were taken."""
    parts: list[tuple[int, int, str]] = []
    run = ""
    for sign in f"{name.casefold()}\0":
        if run and (sign.isascii() and sign.isdigit()) != (run[-1].isascii() and run[-1].isdigit()):
            number = run.isascii() and run.isdigit()
            parts.append((0, int(run[:18]), run) if number else (1, 0, run))
            run = ""
        run += sign
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
        while candidate.casefold() in taken:
            candidate, number = f"{stem}-{number}{suffix}", number + 1
        taken.add(candidate.casefold())
        safe.append(candidate)
    return safe
