"""What a stage has finished of its work when it is stopped or killed, for the run that goes on."""

from __future__ import annotations

import hashlib
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from stitchsketch_kernel.domain.errors import StorageError
from stitchsketch_kernel.pipeline.artefacts import read_value, write_value

#: Begins the names of these folders, beside the finished stages'.
BEGUN = ".begun_"
_SPARING = "sparing"

T = TypeVar("T")


def begun_name(stage_folder: str, key: str, made: dict[str, str]) -> str:
    """The folder of a stage's begun work: another one for other settings, photos or inputs.

    Parameters
    ----------
    stage_folder : str
        ``"04_densify"``.
    key : str
        The stage's.
    made : dict of str to str
        Which making of each earlier stage it reads.
    """
    read = "".join(f"{name}:{making} " for name, making in sorted(made.items()))
    return f"{BEGUN}{stage_folder}.{hashlib.sha256(f'{key} {read}'.encode()).hexdigest()[:16]}"


class Begun:
    """Values that a stage has finished, under numbers; each is whole or not there.

    Parameters
    ----------
    folder : Path or None
        Made when the first value is kept; None: nothing is kept.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def keep(self, number: int, value: object) -> None:
        """Keep a value of the domain."""
        if self._folder is not None:
            self._folder.mkdir(exist_ok=True)
            write_value(self._folder / f"{number:04d}.npz", value)

    def read(self, number: int, kind: type[T]) -> T | None:
        """What was kept, or None where nothing whole was."""
        if self._folder is None:
            return None
        with suppress(StorageError):
            return read_value(self._folder / f"{number:04d}.npz", kind)
        return None

    @property
    def is_sparing(self) -> bool:
        """Whether the stage ran out of memory before, so that it should take less at a time."""
        return self._folder is not None and (self._folder / _SPARING).exists()

    def spare(self) -> None:
        """Have the next one take less memory at a time."""
        if self._folder is not None:
            self._folder.mkdir(exist_ok=True)
            (self._folder / _SPARING).touch()


def forget_begun(stages: Path, but: str = "", of: str = "") -> None:
    """Remove begun work, all but the folder `but`, of the stage in the folder `of` or of all."""
    for folder in stages.glob(f"{BEGUN}{of}*"):
        if folder.name != but:
            shutil.rmtree(folder, ignore_errors=True)
