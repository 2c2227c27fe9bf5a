"""What placing seams has computed before: most panels stay as they were from edit to edit."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar, cast

import numpy as np

from stitchsketch_kernel.domain.arrays import AnyArray

Made = TypeVar("Made")

#: Of a piece with twenty panels those of about five edits.
_MOST = 500


class Remembered:
    """Results by all that they depend on; those that were asked for last are kept.

    Of one mesh with one tape: what is the same for all of it is in no key.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, object] = OrderedDict()

    def of(self, key: bytes, compute: Callable[[], Made]) -> Made:
        """What was computed for a key, or is now; an error is none."""
        if key not in self._known:
            self._known[key] = compute()
            if len(self._known) > _MOST:
                self._known.popitem(last=False)
        self._known.move_to_end(key)
        return cast("Made", self._known[key])


def key_of(kind: str, *values: AnyArray | bytes | bool) -> bytes:
    """A key of all these values, of results of one kind."""
    total = hashlib.blake2b(kind.encode(), digest_size=16)
    for value in values:
        if isinstance(value, bytes):
            total.update(value)
        else:
            array = np.ascontiguousarray(value)
            total.update(f"|{array.dtype}{array.shape}|".encode())
            total.update(array.tobytes())
    return total.digest()
