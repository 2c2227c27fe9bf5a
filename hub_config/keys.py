"""The hub's own secrets: made once, kept in its private folder, so that they outlive a restart."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from stitchsketch_kernel.domain.errors import SettingsError

_BYTES = 32


def private_folder(folder: Path) -> Path:
    """The folder, made where it isn't there, that nobody but its owner can look into.

    Raises
    ------
    SettingsError
        It can't be made, or is somebody else's.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
    except OSError as error:
        raise SettingsError(
            f"The folder {folder} can't be kept private ({error.strerror}).",
            "Set STITCHSKETCH_HUB_HOME to one of your own.",
        ) from error
    return folder


def kept_key(folder: Path, name: str) -> str:
    """A key of 32 bytes as hexadecimal digits, made when it is first asked for.

    Raises
    ------
    SettingsError
        The file is there but can't be used.
    """
    path = private_folder(folder) / name
    if not path.exists():
        write_private(path, secrets.token_hex(_BYTES))
    path.chmod(0o600)
    key = path.read_text(encoding="ascii", errors="replace").strip()
    try:
        sound = len(bytes.fromhex(key)) == _BYTES
    except ValueError:
        sound = False
    if not sound:
        raise SettingsError(
            f"The key in {path} is damaged.",
            "Remove the file; a new one is made, and people sign in again.",
        )
    return key


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read; written aside, then renamed."""
    aside = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
