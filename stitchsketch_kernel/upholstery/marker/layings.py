"""What the search on the lattice looks up and changes: plain arrays, as numba takes them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Tables(NamedTuple):
    """What the search looks up; S shapes (outlines as turned), N copies, K turns, C components.

    Attributes
    ----------
    pair_first, pair_at, pair_count : ndarray, shape (S, S)
        For ``i <= j`` the first shift of j against i in columns, where its list begins in
        `start`, and how many columns it has.
    wall_first, wall_at, wall_count : ndarray, shape (S,)
        The same for what already lies on the roll.
    start, low, high : ndarray
        Forbidden intervals of shifts across, mm.
    first, shift, right, reach_low, reach_high : ndarray, shape (S,)
        First column on the roll; translation and right end, each less column times step, and
        reach across, mm.
    shape, sign, column, across : ndarray, shape (N, K)
        Shape of each turn, and its phase: ``sign * phase + offset``, in columns and mm.
    component : ndarray, shape (N,)
        -1: it may lie on any phase.
    step_mm, period, drop, period_mm, last : float, int, bool, float, int
        Column width, repeat in columns (0: none), whether half-drop, repeat across (0: none),
        last column that a piece may begin in.
    room_mm : float
        Where the roll ends.
    """

    pair_first: np.ndarray
    pair_at: np.ndarray
    pair_count: np.ndarray
    wall_first: np.ndarray
    wall_at: np.ndarray
    wall_count: np.ndarray
    start: np.ndarray
    low: np.ndarray
    high: np.ndarray
    first: np.ndarray
    shift: np.ndarray
    right: np.ndarray
    reach_low: np.ndarray
    reach_high: np.ndarray
    shape: np.ndarray
    sign: np.ndarray
    column: np.ndarray
    across: np.ndarray
    component: np.ndarray
    step_mm: float
    period: int
    drop: bool
    period_mm: float
    last: int
    room_mm: float


class Genes(NamedTuple):
    """One way to lay the copies: order and side pushed to (N,), phases of the components (C,)."""

    order: np.ndarray
    upper: np.ndarray
    phase_column: np.ndarray
    phase_across: np.ndarray


class Laying(NamedTuple):
    """Where each copy lies (N,): turn (-1: nowhere), column, across, right end."""

    turn: np.ndarray
    column: np.ndarray
    across: np.ndarray
    right: np.ndarray
