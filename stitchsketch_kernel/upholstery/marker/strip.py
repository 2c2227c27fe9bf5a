"""What setting pieces apart looks up and changes: plain arrays, as numba takes them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Strip(NamedTuple):
    """What stays while pieces move; S shapes (outlines as turned), N pieces.

    Attributes
    ----------
    low, high : ndarray, shape (S, 2)
        Reach of each shape.
    first, turns : ndarray of int64, shape (N,)
        Each piece's first shape, and how many it has.
    width, tolerance : float
        The strip's width; a pair no deeper than the tolerance doesn't overlap.
    """

    low: np.ndarray
    high: np.ndarray
    first: np.ndarray
    turns: np.ndarray
    width: float
    tolerance: float


class Near(NamedTuple):
    """What one piece meets, by its turns (K) and bins (B) of its places.

    Attributes
    ----------
    frame : ndarray, shape (K, 4)
        Where the bins begin (x, y), and bins a length.
    other : ndarray, shape (K, N, 10)
        Reach of the places that overlap each other piece, how its grid is read (see `_depth`),
        and the pair's weight.
    many, item : ndarray, shape (K, B), (K, B, N)
        How many pieces a bin may meet, and which.
    """

    frame: np.ndarray
    other: np.ndarray
    many: np.ndarray
    item: np.ndarray


class Layout(NamedTuple):
    """Where each piece lies (N,): shape and place."""

    shape: np.ndarray
    x: np.ndarray
    y: np.ndarray
