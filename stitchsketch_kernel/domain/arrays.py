"""The array types the rooms share; shapes are told in docstrings as ``(n, 3)``."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float64]
IntArray: TypeAlias = npt.NDArray[np.int32]
BoolArray: TypeAlias = npt.NDArray[np.bool_]
ImageArray: TypeAlias = npt.NDArray[np.uint8]
AnyArray: TypeAlias = npt.NDArray[Any]


def frozen(array: AnyArray) -> AnyArray:
    """A read-only view of `array`: values handed between rooms are not written to."""
    view = np.asarray(array).view()
    view.flags.writeable = False
    return view
