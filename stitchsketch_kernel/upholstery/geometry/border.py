"""The border of a disk-like mesh."""

from __future__ import annotations

import numpy as np

from stitchsketch_kernel.domain.arrays import IntArray


def border_loop(faces: IntArray) -> IntArray | None:
    """The only border of a disk, counter-clockwise; None where there are none or several."""
    tail, head = faces.ravel(), np.roll(faces, -1, axis=1).ravel()
    size = int(faces.max(initial=-1)) + 1
    there, back = tail.astype(np.int64) * size + head, head.astype(np.int64) * size + tail
    once = ~np.isin(there, back)
    following = dict(zip(tail[once].tolist(), head[once].tolist(), strict=True))
    if not following:
        return None
    start = next(iter(following))
    loop = [start]
    while (ahead := following.get(loop[-1], start)) != start:
        loop.append(ahead)
        if len(loop) > len(following):
            return None
    return np.array(loop, dtype=np.int32) if len(loop) == len(following) else None
