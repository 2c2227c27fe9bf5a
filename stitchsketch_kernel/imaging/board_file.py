"""Board files: which tags lie where, in a small JSON or TOML file that a shop can write.

A board a shop already has, by its grid::

    dictionary = "DICT_4X4_50"
    ids = [0, 1, 2, 3, 4, 5]           # row by row from the upper left; or: first_id = 0
    tag_side_mm = 50
    grid = { rows = 2, columns = 3, gap_mm = 12.5 }     # or: pitch_mm, from centre to centre

or by its centres (x right, y up), ``centres_mm = [[0, 0], [80, 0], [80, 120]]``; several boards go
into ``[[boards]]`` tables, and distances measured between single tags into::

    [[distances]]
    dictionary = "DICT_APRILTAG_36h11"
    a = 3
    b = 17
    mm = 812.5
"""

from __future__ import annotations

import json
import math
import os
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.board import Board, KnownDistance
from stitchsketch_kernel.domain.errors import SettingsError, StorageError
from stitchsketch_kernel.imaging.drawing import tag_dictionary

_MOST_BYTES = 1_000_000
_LONGEST_MM = 20_000.0
_BOARD = {"name", "dictionary", "ids", "first_id", "tag_side_mm", "grid", "centres_mm"}
_GRID = {"rows", "columns", "gap_mm", "pitch_mm"}


@dataclass(frozen=True)
class BoardFile:
    """What a shop's board file tells: boards, and distances that lie on no one sheet."""

    boards: tuple[Board, ...]
    distances: tuple[KnownDistance, ...] = ()


def read_board_file(path: Path) -> BoardFile:
    """Read a board file.

    Parameters
    ----------
    path : Path
        ``.json``, or else TOML; the module tells the fields.

    Raises
    ------
    SettingsError
        If it can't be read or is wrong; names the file and the field.
    """
    top = _Fields(path.name, "", _parsed(path))
    boards = [_board(fields, number) for number, fields in enumerate(top.tables("boards"))]
    if ("boards" not in top.values and "distances" not in top.values) or "ids" in top.values:
        boards.insert(0, _board(top.without("boards", "distances"), 0))
    distances = tuple(_distance(fields) for fields in top.tables("distances"))
    if not boards and not distances:
        raise top.wrong("boards", "is empty", "Describe a board, or distances between tags.")
    _no_tag_twice(path.name, boards)
    return BoardFile(tuple(boards), distances)


def write_board_file(path: Path, boards: Sequence[Board]) -> None:
    """Write boards as JSON that `read_board_file` reads back as they are.

    Raises
    ------
    StorageError
        If the file can't be written.
    """
    content = {
        "boards": [
            {
                "name": board.name,
                "dictionary": board.dictionary,
                "ids": list(board.tag_ids),
                "tag_side_mm": board.tag_side_mm,
                "centres_mm": board.centres_mm.tolist(),
            }
            for board in boards
        ]
    }
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        aside.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        aside.replace(path)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise StorageError(
            f"{path.name} can't be written ({error.strerror}).", "Choose another folder."
        ) from error


def grid_centres(rows: int, columns: int, pitch_mm: float) -> FloatArray:
    """Centres (rows * columns, 2) of a grid round the origin, row by row from the upper left."""
    x = (np.arange(columns) - (columns - 1) / 2) * pitch_mm
    y = ((rows - 1) / 2 - np.arange(rows)) * pitch_mm
    return np.column_stack([np.tile(x, rows), np.repeat(y, columns)])


@dataclass(frozen=True)
class _Fields:
    """A table of a file, that knows its name: every fault names file and field."""

    file: str
    where: str
    values: dict[str, Any]

    def wrong(self, field: str, fault: str, todo: str) -> SettingsError:
        return SettingsError(f"{self.file}: {self.where}{field} {fault}.", todo)

    def only(self, known: set[str]) -> None:
        for field in self.values:
            if field not in known:
                near = get_close_matches(str(field), known, 1)
                todo = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(sorted(known))}."
                raise self.wrong(str(field), "is not a field of a board file", todo)

    def without(self, *fields: str) -> _Fields:
        rest = {field: value for field, value in self.values.items() if field not in fields}
        return _Fields(self.file, self.where, rest)

    def tables(self, field: str) -> list[_Fields]:
        rows = self.values.get(field, [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise self.wrong(field, "is not a list of tables", "See the documentation's example.")
        return [_Fields(self.file, f"{field}[{k}].", row) for k, row in enumerate(rows)]

    def whole(self, field: str, low: int, high: int) -> int:
        value = self.values.get(field)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise self.wrong(field, self._fault(value), f"Give a whole number, {low} to {high}.")
        return value

    def length_mm(self, field: str, at_least: float = 1.0) -> float:
        value = self.values.get(field)
        length_mm = float(value) if _is_number(value) and value is not None else math.nan
        if not at_least <= length_mm <= _LONGEST_MM:
            todo = f"Give millimetres, {at_least:g} to {_LONGEST_MM:g}."
            raise self.wrong(field, self._fault(value), todo)
        return length_mm

    def dictionary(self) -> str:
        name = self.values.get("dictionary")
        todo = 'Name it as OpenCV does: "DICT_APRILTAG_36h11", "DICT_4X4_50".'
        if not isinstance(name, str):
            raise self.wrong("dictionary", self._fault(name), todo)
        try:
            tag_dictionary(name)
        except SettingsError as error:
            raise self.wrong(
                "dictionary", f"is {name!r}, which OpenCV doesn't have", todo
            ) from error
        return name

    @staticmethod
    def _fault(value: Any) -> str:
        return "is missing" if value is None else f"is {str(value)[:40]!r}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _parsed(path: Path) -> dict[str, Any]:
    todo = "See the documentation for an example of a board file."
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise SettingsError(f"{path.name} is too large for a board file.", todo)
        text = path.read_text(encoding="utf-8-sig")
        is_json = path.suffix.lower() == ".json" or text.lstrip().startswith("{")
        content = json.loads(text) if is_json else tomllib.loads(text)
    except OSError as error:
        raise SettingsError(f"{path.name} can't be opened ({error.strerror}).", todo) from error
    except (ValueError, RecursionError) as error:  # bad UTF-8, JSON or TOML
        raise SettingsError(f"{path.name} can't be read: {error}.", todo) from error
    if not isinstance(content, dict):
        raise SettingsError(f"{path.name} holds no table of fields.", todo)
    return content


def _board(fields: _Fields, number: int) -> Board:
    fields.only(_BOARD)
    centres = _centres(fields)
    dictionary = fields.dictionary()
    ids = _ids(fields, dictionary, len(centres))
    side_mm = fields.length_mm("tag_side_mm")
    gaps = np.linalg.norm(centres[:, None] - centres[None], axis=2)
    if len(centres) > 1 and gaps[np.triu_indices(len(centres), 1)].min() < side_mm:
        raise fields.wrong(
            "centres_mm",
            "lets tags overlap",
            f"Keep centres {side_mm:g} mm (a side) apart or more.",
        )
    name = str(fields.values.get("name", f"board {number + 1}"))[:80]
    return Board(name, dictionary, ids, centres, side_mm)


def _centres(fields: _Fields) -> FloatArray:
    """From the grid or as they are told."""
    if ("grid" in fields.values) == ("centres_mm" in fields.values):
        todo = "Give either the grid or the centres of the tags."
        raise fields.wrong("grid", "and centres_mm are both given or both missing", todo)
    if "grid" in fields.values:
        return _grid(fields)
    rows = fields.values["centres_mm"]
    good = isinstance(rows, list) and rows and all(
        isinstance(row, list) and len(row) in (2, 3) and len(row) == len(rows[0])
        and all(_is_number(x) and abs(x) <= _LONGEST_MM for x in row) for row in rows
    )  # fmt: skip
    if not good:
        todo = "Give [x, y] (or [x, y, z]) in millimetres for each tag."
        raise fields.wrong("centres_mm", "is not a list of places", todo)
    return np.asarray(rows, float)


def _grid(fields: _Fields) -> FloatArray:
    if not isinstance(fields.values["grid"], dict):
        todo = "Give rows, columns and gap_mm or pitch_mm."
        raise fields.wrong("grid", "is not a table", todo)
    grid = _Fields(fields.file, f"{fields.where}grid.", fields.values["grid"])
    grid.only(_GRID)
    rows, columns = grid.whole("rows", 1, 100), grid.whole("columns", 1, 100)
    if ("gap_mm" in grid.values) == ("pitch_mm" in grid.values):
        todo = "Give the white gap between tags, or the pitch from centre to centre."
        raise grid.wrong("gap_mm", "and pitch_mm are both given or both missing", todo)
    if "pitch_mm" in grid.values:
        return grid_centres(rows, columns, grid.length_mm("pitch_mm"))
    gap_mm = grid.length_mm("gap_mm", at_least=0.5)
    return grid_centres(rows, columns, gap_mm + fields.length_mm("tag_side_mm"))


def _ids(fields: _Fields, dictionary: str, count: int) -> tuple[int, ...]:
    most = len(tag_dictionary(dictionary).bytesList)
    if "ids" not in fields.values and "first_id" in fields.values:
        first = fields.whole("first_id", 0, most - count)
        return tuple(range(first, first + count))
    ids = fields.values.get("ids")
    whole = isinstance(ids, list) and all(
        isinstance(i, int) and not isinstance(i, bool) and 0 <= i < most for i in ids
    )
    if not isinstance(ids, list) or not whole or len(set(ids)) != len(ids):
        todo = f"List the tags' numbers, 0 to {most - 1}, each once."
        raise fields.wrong("ids", "is missing" if ids is None else "is wrong", todo)
    if len(ids) != count:
        fault = f"names {len(ids)} tags, but there are {count} places"
        raise fields.wrong("ids", fault, "Name one tag for each place.")
    return tuple(ids)


def _distance(fields: _Fields) -> KnownDistance:
    fields.only({"dictionary", "a", "b", "mm"})
    dictionary = fields.dictionary()
    most = len(tag_dictionary(dictionary).bytesList) - 1
    a, b = fields.whole("a", 0, most), fields.whole("b", 0, most)
    if a == b:
        raise fields.wrong("b", f"is {b}, the same tag as a", "Name two tags.")
    return KnownDistance(dictionary, a, b, fields.length_mm("mm", at_least=10.0))


def _no_tag_twice(file: str, boards: Sequence[Board]) -> None:
    owner: dict[tuple[str, int], Board] = {}
    for board in boards:
        for tag_id in board.tag_ids:
            other = owner.setdefault((board.dictionary, tag_id), board)
            if other is not board:
                raise SettingsError(
                    f"{file}: tag {tag_id} is on {other.name} and on {board.name}.",
                    "Give each board tags of its own.",
                )
