"""Where an installation without servers keeps its files."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def default_home() -> Path:
    """``STITCHSKETCH_HOME``, or the platform's folder for a program's data."""
    chosen = os.environ.get("STITCHSKETCH_HOME")
    if chosen:
        return Path(chosen).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "StitchSketch"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "StitchSketch"
    data = os.environ.get("XDG_DATA_HOME")
    return (Path(data) if data else Path.home() / ".local" / "share") / "stitchsketch"
