"""The cloth's repeat: its lattice, and what the trade's tables say that matching costs."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib import resources
from typing import Any

import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.marker import Fabric
from stitchsketch_kernel.domain.units import inches_from_mm

_NUMBER = re.compile(r"-.*$")


def off_lattice(shift_mm: FloatArray, fabric: Fabric) -> FloatArray:
    """What is left of shifts on the roll once whole repeats are taken away.

    The lattice is spanned by (Rv, 0) and (0, Rh), for a half-drop by (Rv, 0) and (Rv / 2, Rh). In
    a direction without a repeat nothing is left: the cloth looks the same everywhere.

    Parameters
    ----------
    shift_mm : ndarray, shape (n, 2)
        Along the roll and across.
    fabric : Fabric

    Returns
    -------
    ndarray, shape (n, 2)
        The shortest shift that is the same for the pattern.
    """
    along, over = fabric.repeat_vertical_mm, fabric.repeat_horizontal_mm
    x, y = np.asarray(shift_mm, dtype=float).T
    if over <= 0:
        return np.column_stack([_wrapped(x, along), np.zeros_like(y)])
    row = np.floor(y / over)
    drop = along / 2 if fabric.half_drop else 0.0
    below = np.column_stack([_wrapped(x - row * drop, along), y - row * over])
    above = np.column_stack([_wrapped(x - (row + 1) * drop, along), y - (row + 1) * over])
    nearer = np.hypot(*below.T) <= np.hypot(*above.T)
    return np.where(nearer[:, None], below, above)


def _wrapped(values: FloatArray, period: float) -> FloatArray:
    if period <= 0:
        return np.zeros_like(values)
    return np.asarray(values - period * np.round(values / period))


def table_percent(fabric: Fabric) -> float:
    """What the trade's table adds to plain yardage for this repeat, percent.

    By the sum of vertical and horizontal repeat in inches (``repeats.json``); beyond the table's
    last row its last figure: tables understate large repeats.
    """
    if not fabric.has_repeat:
        return 0.0
    inches = inches_from_mm(fabric.repeat_vertical_mm) + inches_from_mm(fabric.repeat_horizontal_mm)
    rows = trade_data()["surcharge_percent"]
    fitting = [row for row in rows if inches < row["up_to_inches"] + 1]
    return float((fitting or rows[-1:])[0]["percent"])


def kind_of(name: str) -> str:
    """The trade's kind of a piece: ``"OA"`` of ``"OA-L"``."""
    return _NUMBER.sub("", name)


def importance(name: str) -> float:
    """How much a shop cares for this piece's pattern: the front of the furniture most."""
    data = trade_data()
    return float(data["importance"].get(kind_of(name), data["importance_of_others"]))


def has_motif(name: str) -> bool:
    """Whether a motif is centred on this piece."""
    return kind_of(name) in trade_data()["motif_pieces"]


def is_hidden(name: str) -> bool:
    """Whether nobody sees this piece."""
    return kind_of(name) in trade_data()["hidden_pieces"]


@cache
def trade_data() -> dict[str, Any]:
    """``repeats.json``."""
    text = resources.files(__package__).joinpath("repeats.json").read_text(encoding="utf-8")
    data: dict[str, Any] = json.loads(text)
    return data
