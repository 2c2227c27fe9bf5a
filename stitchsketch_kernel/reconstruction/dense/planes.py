"""What a search for planes works on: a plane at each pixel, and the pictures it is judged by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stitchsketch_kernel.domain.arrays import AnyArray
from stitchsketch_kernel.domain.photo import View


@dataclass(frozen=True)
class Planes:
    """A plane at each pixel; `search` changes the arrays.

    Attributes
    ----------
    inverse : ndarray of float32, shape (h, w)
        Inverse depth at the pixel's centre; 0: nothing to look for.
    slope : ndarray of float32, shape (h, w, 2)
        How it grows a pixel to the right and a pixel down.
    cost : ndarray of float32, shape (h, w)
        1 - correlation with the views that look most alike, 0 (alike) to 1.
    """

    inverse: AnyArray
    slope: AnyArray
    cost: AnyArray


@dataclass(frozen=True)
class Compared:
    """One view's picture and those that it is compared with.

    Attributes
    ----------
    own : ndarray of float32, shape (h, w)
        Grey, undistorted.
    others : ndarray of float32, shape (k, H, W)
        Grey, undistorted, padded to one size.
    sizes : ndarray of int32, shape (k, 2)
        Their own heights and widths.
    A, b : ndarray of float32, shapes (k, 3, 3) and (k, 3)
        A pixel q at inverse depth w lies at ``A q + b w``, homogeneous, in OpenCV's pixels.
    focal_px : float
    """

    own: AnyArray
    others: AnyArray
    sizes: AnyArray
    A: AnyArray
    b: AnyArray
    focal_px: float


def compared(
    own: View, picture: AnyArray, others: Sequence[View], pictures: Sequence[AnyArray]
) -> Compared:
    """Bring a view together with others; cameras without distortion, of their pictures' sizes."""
    back = np.linalg.inv(own.camera.matrix_opencv)
    A, b = [], []
    for other in others:
        rotation = other.rotation @ own.rotation.T
        translation = other.translation - rotation @ own.translation
        A.append(other.camera.matrix_opencv @ rotation @ back)
        b.append(other.camera.matrix_opencv @ translation)
    sizes = np.array([one.shape for one in pictures], dtype=np.int32)
    padded = np.zeros((len(pictures), *sizes.max(axis=0)), dtype=np.float32)
    for place, one in zip(padded, pictures, strict=True):
        place[: one.shape[0], : one.shape[1]] = one
    return Compared(
        np.ascontiguousarray(picture, dtype=np.float32),
        padded,
        sizes,
        np.array(A, dtype=np.float32),
        np.array(b, dtype=np.float32),
        own.camera.fx,
    )
