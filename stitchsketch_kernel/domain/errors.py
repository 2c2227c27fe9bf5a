"""The one error tree. Each message is a sentence for a shop: what, where, what to do."""

from __future__ import annotations


class StitchSketchError(Exception):
    """Something a person can act on; the command line ends with exit code 2 and this sentence.

    Parameters
    ----------
    what : str
        What is wrong, naming the photo, panel, seam or file, as a full sentence.
    todo : str
        What to do about it, as a full sentence.
    """

    def __init__(self, what: str, todo: str = "") -> None:
        self.what = what
        self.todo = todo
        super().__init__(f"{what} {todo}".strip())

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        return (type(self), (self.what, self.todo))


class PhotoError(StitchSketchError, ValueError):
    """A photo, or the set of photos, can't be used."""


class AlignError(StitchSketchError, RuntimeError):
    """The photos don't fit together into one model."""


class ScaleError(StitchSketchError, ValueError):
    """The model's size in metres is not known, or not surely enough."""


class MatError(ScaleError):
    """The printed mat is not what it says it is (rescaled, mixed up, not flat)."""


class MeshError(StitchSketchError, RuntimeError):
    """No sound surface could be made."""


class PanelError(StitchSketchError, ValueError):
    """Seams and panels can't be made as asked."""


class FlattenError(StitchSketchError, RuntimeError):
    """A panel can't be laid flat within the cloth's limits."""


class SewError(StitchSketchError, ValueError):
    """The pieces can't be sewn together as they are, so they must not be cut."""


class NestError(StitchSketchError, ValueError):
    """The pieces can't be laid on this roll."""


class ExportError(StitchSketchError, RuntimeError):
    """A cut file can't be written, or must not be."""


class ExchangeError(StitchSketchError, ValueError):
    """A file of pieces drawn elsewhere can't be read, or must not be."""


class SettingsError(StitchSketchError, ValueError):
    """A setting or a file written by a person is wrong."""


class SplatError(StitchSketchError, ValueError):
    """Splats can't be made, read or shown as asked."""


class StorageError(StitchSketchError, OSError):
    """What a shop keeps could not be kept: a full disk, a missing folder, a damaged file."""


class NotKeptError(StorageError):
    """What was asked for is not kept here, or belongs to another shop."""


class AwayError(StorageError):
    """A server or disk that keeps things can't be used now; asked again later it may."""


class RunError(StitchSketchError, RuntimeError):
    """A run can't begin, or was stopped from outside."""


class LimitError(RunError):
    """A stage took longer, or more memory, than it may."""


class ShortOfMemoryError(RunError):
    """There is less memory than a stage needs, or the system ended it for want of some."""
