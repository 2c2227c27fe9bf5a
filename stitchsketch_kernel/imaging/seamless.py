"""A piece of cloth made to go on without a step: lamp light off, seams hidden, relief guessed.

Seams are cut where the picture is most alike on both sides (Efros and Freeman, "Image quilting",
2001), along the width first and then along the height.
"""

from __future__ import annotations

import cv2
import numpy as np

from stitchsketch_kernel.domain.arrays import AnyArray, FloatArray, ImageArray

#: The cut is blended over so many pixels, by a running mean of its mask.
_FEATHER_PX = 5
#: How much a dark thread lies below a light one, in pixels of height for a full step of tone.
_RELIEF = 0.9


def without_lamp(picture: ImageArray) -> ImageArray:
    """Even light: what of its brightness falls off evenly over the whole picture is the lamp's.

    A parabola is fitted to the logarithm of tone; motifs are smaller than that and stay.
    """
    light = picture.astype(np.float32) + 1
    height, width = light.shape[:2]
    size = (min(64, width), min(64, height))
    tone = np.log(np.asarray(cv2.resize(light.mean(axis=2), size, interpolation=cv2.INTER_AREA)))
    factors = np.linalg.lstsq(_parabola(*size), tone.ravel(), rcond=None)[0]
    factors[0] -= float((_parabola(*size) @ factors).mean())  # as light as before, on the whole
    lamp = np.exp(_parabola(width, height) @ factors).reshape(height, width, 1)
    return np.asarray(np.clip(light / lamp - 0.5, 0, 255).astype(np.uint8))


def _parabola(width: int, height: int) -> FloatArray:
    X, Y = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    x, y = X.ravel(), Y.ravel()
    return np.column_stack([np.ones_like(x), x, y, x * x, x * y, y * y])


def seamless(picture: ImageArray, height: int, width: int) -> ImageArray:
    """A tile (height, width, 3) out of a picture that is larger by an overlap both ways."""
    across = _closed(picture.astype(np.float32), width, ring=False)
    along = _closed(np.swapaxes(across, 0, 1), height, ring=True)
    return np.clip(np.swapaxes(along, 0, 1) + 0.5, 0, 255).astype(np.uint8)


def _closed(picture: AnyArray, width: int, ring: bool) -> AnyArray:
    """The first `width` columns, whose left end is exchanged for what follows their right end.

    With `ring`, the first and last rows are neighbours, and so must the cut's ends be.
    """
    overlap = picture.shape[1] - width
    left, right = picture[:, :overlap], picture[:, width:]
    apart = ((left - right) ** 2).sum(axis=2)
    cut = _least_cut(np.vstack([apart] * 3))[len(apart) : 2 * len(apart)] if ring else _least_cut(
        apart
    )  # fmt: skip
    ours = (np.arange(overlap)[None] >= cut[:, None]).astype(np.float32)
    ours = np.asarray(cv2.blur(ours, (_FEATHER_PX, 1), borderType=cv2.BORDER_REPLICATE))
    out = picture[:, :width].copy()
    out[:, :overlap] = left * ours[..., None] + right * (1 - ours[..., None])
    return out


def _least_cut(apart: AnyArray) -> AnyArray:
    """For each row the column of the cheapest way from the first to the last, a step at a time."""
    cost = apart.astype(np.float64)
    height, width = cost.shape
    came = np.zeros((height, width), dtype=np.int8)
    edge = np.full(1, np.inf)
    for row in range(1, height):
        above = cost[row - 1]
        three = np.stack([np.concatenate([edge, above[:-1]]), above,
                          np.concatenate([above[1:], edge])])  # fmt: skip
        best = three.argmin(axis=0)
        came[row] = best - 1
        cost[row] += three[best, np.arange(width)]
    cut = np.empty(height, dtype=np.int64)
    cut[-1] = int(cost[-1].argmin())
    for row in range(height - 1, 0, -1):
        cut[row - 1] = cut[row] + came[row, cut[row]]
    return cut


def relief(tile: ImageArray, mm_per_px: float) -> FloatArray:
    """A guess at how the cloth rises, pixels: fine dark places lie deep, broad ones are dyed."""
    tone = np.log(tile.astype(np.float64).mean(axis=2) + 8)
    reach = max(1.0, 1.2 / mm_per_px)
    pad = int(np.ceil(4 * reach))
    # a tile goes on over its edges
    wide = np.pad(tone, pad, mode="wrap")
    fine = wide - cv2.GaussianBlur(wide, (0, 0), reach)
    fine = cv2.GaussianBlur(fine, (0, 0), 0.6)[pad:-pad, pad:-pad]
    return np.asarray(_RELIEF * np.clip(fine, -1, 1))
