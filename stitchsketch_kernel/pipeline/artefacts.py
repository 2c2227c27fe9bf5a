"""The domain's values in files, to the last bit: one ``.npz`` a value.

An ``.npz`` holds the value's arrays and, as ``value.json``, everything else. Only types of this
package are ever made from a file, and never by pickle. Paths below the file's own folder are kept
relative to it, so that a run's folder may be moved.
"""

from __future__ import annotations

import importlib
import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from stitchsketch_kernel.disk.aside import write_bytes
from stitchsketch_kernel.domain.errors import StorageError

_VALUE = "value.json"
#: More arrays than this in one tuple are kept as one (a model's tracks are tens of thousands).
_RAGGED_FROM = 32
#: The date of all members: the same value gives the same bytes.
_DATE = (1980, 1, 1, 0, 0, 0)

T = TypeVar("T")


def write_value(path: Path, value: object) -> None:
    """Keep a value (a dataclass of this package, tuples, numbers, arrays of them) in a file."""
    writer = _Writer(path.parent)
    tree = writer.encode(value)
    buffer = io.BytesIO()
    # level 1: depth maps are a third empty, and more effort gains next to nothing on the rest
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        _add(archive, _VALUE, json.dumps(tree).encode())
        for number, array in enumerate(writer.arrays):
            part = io.BytesIO()
            np.lib.format.write_array(part, np.ascontiguousarray(array), allow_pickle=False)
            _add(archive, f"{number}.npy", part.getvalue())
    write_bytes(path, buffer.getvalue())


def read_value(path: Path, kind: type[T]) -> T:
    """What `write_value` kept.

    Raises
    ------
    StorageError
        The file is missing or damaged, or holds another kind of value.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            tree = json.loads(bytes(archive.zip.read(_VALUE)))
            value = _Reader(path.parent, archive).decode(tree)
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise StorageError(f"{path} is missing or damaged ({error}).", "Run again.") from error
    if not isinstance(value, kind):
        raise StorageError(f"{path} holds no {kind.__name__}.", "Remove it and run again.")
    return value


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    info = zipfile.ZipInfo(name, _DATE)
    info.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(info, content)


class _Writer:
    """Turns a value into JSON, with its arrays aside."""

    def __init__(self, base: Path) -> None:
        self.arrays: list[np.ndarray] = []
        self._base = base.resolve()

    def encode(self, value: Any) -> Any:  # noqa: PLR0911 - one return a kind
        if isinstance(value, Enum):
            return {"@": "enum", "type": _type_name(value), "value": value.value}
        if value is None or isinstance(value, (bool, int, float, str)):
            return value
        if isinstance(value, np.generic):
            return value.item()
        if isinstance(value, np.ndarray):
            return {"@": "array", "at": self._keep(value)}
        if isinstance(value, Path):
            return self._path(value)
        if is_dataclass(value):
            kept = {f.name: self.encode(getattr(value, f.name)) for f in fields(value)}
            return {"@": "of", "type": _type_name(value), "fields": kept}
        if isinstance(value, (tuple, list)):
            return self._sequence(value)
        if isinstance(value, Mapping):
            return {"@": "dict", "items": [[k, self.encode(v)] for k, v in value.items()]}
        raise TypeError(f"{type(value).__name__} can't be kept")

    def _keep(self, array: np.ndarray) -> int:
        self.arrays.append(array)
        return len(self.arrays) - 1

    def _path(self, path: Path) -> dict[str, Any]:
        whole = path.resolve()
        if whole.is_relative_to(self._base):
            return {"@": "path", "below": whole.relative_to(self._base).as_posix()}
        return {"@": "path", "whole": str(whole)}

    def _sequence(self, value: tuple[Any, ...] | list[Any]) -> Any:
        if len(value) >= _RAGGED_FROM and all(
            isinstance(v, np.ndarray) and v.ndim == 1 and v.dtype == value[0].dtype for v in value
        ):
            lengths = np.array([len(v) for v in value], dtype=np.int64)
            return {"@": "ragged", "at": self._keep(np.concatenate(value)),
                    "lengths": self._keep(lengths)}  # fmt: skip
        return [self.encode(item) for item in value]


class _Reader:
    """Turns the JSON and its arrays back into the value; sequences become tuples."""

    def __init__(self, base: Path, archive: Any) -> None:
        self._base, self._archive = base, archive

    def decode(self, tree: Any) -> Any:  # noqa: PLR0911 - one return a kind
        if isinstance(tree, list):
            return tuple(self.decode(item) for item in tree)
        if not isinstance(tree, dict):
            return tree
        what = tree["@"]
        if what == "array":
            return self._array(tree["at"])
        if what == "ragged":
            ends = np.cumsum(self._array(tree["lengths"]))[:-1]
            return tuple(np.split(self._array(tree["at"]), ends))
        if what == "path":
            return self._base / tree["below"] if "below" in tree else Path(tree["whole"])
        if what == "dict":
            return {key: self.decode(item) for key, item in tree["items"]}
        kind = _type(tree["type"])
        if what == "enum":
            return kind(tree["value"])
        return kind(**{name: self.decode(item) for name, item in tree["fields"].items()})

    def _array(self, number: int) -> np.ndarray:
        return np.asarray(self._archive[f"{number}.npy"])


def _type_name(value: object) -> str:
    return f"{type(value).__module__}:{type(value).__qualname__}"


def _type(name: str) -> Any:
    """The type of that name, were it of this package."""
    module, _, kind = name.partition(":")
    if not module.startswith("stitchsketch_kernel."):
        raise ValueError(f"{name} is not a type of ours")
    found = getattr(importlib.import_module(module), kind)
    if not (isinstance(found, type) and (is_dataclass(found) or issubclass(found, Enum))):
        raise ValueError(f"{name} is not a value")
    return found
