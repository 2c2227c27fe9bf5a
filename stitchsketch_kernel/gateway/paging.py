"""Parts of a list, by the place where the last part ended: nothing is told twice or left out."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

from fastapi import Query

from stitchsketch_kernel.gateway.models import Page
from stitchsketch_kernel.gateway.problems import ProblemError

Item = TypeVar("Item")
Place = tuple[str, ...]

Limit = Annotated[int, Query(ge=1, le=500, description="How many at most.")]
Cursor = Annotated[str | None, Query(max_length=8000, description="`next` of the part before.")]
DEFAULT_LIMIT = 100


def page(
    items: Sequence[Item],
    place: Callable[[Item], Place],
    limit: int,
    cursor: str | None,
    newest_first: bool = False,
) -> Page[Any]:
    """The part of `items` after the cursor.

    Parameters
    ----------
    items : sequence
        All, in any order.
    place : callable
        Where an item stands among all; no two at the same place.
    limit : int
    cursor : str or None
        As a part before this one told it.
    newest_first : bool
        Whether the order is the other way round.

    Raises
    ------
    ProblemError
        422: the cursor is none of ours.
    """
    ordered = sorted(items, key=place, reverse=newest_first)
    if cursor is not None:
        last = _place(cursor, place(ordered[0]) if ordered else None)
        ordered = [i for i in ordered if (place(i) < last if newest_first else place(i) > last)]
    part = ordered[:limit]
    return Page(items=part, next=_cursor(place(part[-1])) if len(ordered) > limit else None)


def _cursor(place: Place) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def _place(cursor: str, like: Place | None) -> Place:
    try:
        told = json.loads(base64.b64decode(cursor, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        told = None
    right = isinstance(told, list) and all(isinstance(part, str) for part in told)
    if not right or (like is not None and len(told) != len(like)):
        raise ProblemError(422, "The cursor is none that this list gave.", "Begin without one.")
    return tuple(told)
