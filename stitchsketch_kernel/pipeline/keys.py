"""A stage's key: the hash of all that its result depends on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import stitchsketch_kernel
from stitchsketch_kernel.pipeline.files import plain
from stitchsketch_kernel.pipeline.stage import Stage
from stitchsketch_kernel.pipeline.two_sessions import TURNED

#: Photos, and the videos that frames are picked from.
_PHOTO_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".heic", ".heif", ".mp4", ".mov", ".m4v"})


def stage_keys(
    stages: Sequence[Stage], settings: Mapping[str, Any], files: Mapping[str, Path | None]
) -> dict[str, str]:
    """The key of each stage.

    Parameters
    ----------
    stages : sequence of Stage
        In order; a stage comes after those that it reads.
    settings : mapping of str to dataclass
        By group.
    files : mapping of str to Path or None
        What is read from outside; a folder counts with the photos in it, by name and content.
    """
    contents = {name: content_hash(path) for name, path in files.items()}
    keys: dict[str, str] = {}
    for stage in stages:
        what = {
            "stage": stage.name,
            "version": stage.version,
            "stitchsketch": stitchsketch_kernel.__version__,
            "settings": {group: asdict(settings[group]) for group in stage.settings},
            "files": {name: contents.get(name) for name in stage.files},
            "inputs": {name: keys[name] for name in stage.inputs},
        }
        text = json.dumps(plain(what), sort_keys=True, allow_nan=False)
        keys[stage.name] = hashlib.sha256(text.encode()).hexdigest()
    return keys


def content_hash(path: Path | None) -> str | None:
    """SHA-256 of a file, or of the names and contents of the photos in a folder.

    A second session's photos (`TURNED`) count with those that they lie beside.
    """
    if path is None or not path.exists():
        return None
    if path.is_file():
        return _file_hash(path)
    total = hashlib.sha256()
    for file in sorted(path.iterdir()):
        if file.suffix.lower() in _PHOTO_SUFFIXES and file.is_file():
            total.update(f"{file.name}\0{_file_hash(file)}\n".encode())
    if (turned := path / TURNED).is_dir():
        total.update(f"{TURNED}/{content_hash(turned)}\n".encode())
    return total.hexdigest()


def _file_hash(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except PermissionError:
        return "unreadable"
