"""The border of a disk-like mesh."""

from __future__ import annotations

import numpy as np

from stitchsketch_kernel.domain.arrays import IntArray


def border_loop(faces: IntArray) -> IntArray | None:
    """The only border of a disk, counter-clockwise; None where there are none or several."""
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    forward = set(map(tuple, edges.tolist()))
    following = {a: b for a, b in forward if (b, a) not in forward}
    if not following:
        return None
    start = next(iter(following))
    loop = [start]
    while (ahead := following.get(loop[-1], start)) != start:
        loop.append(ahead)
        if len(loop) > len(following):
            return None
    return np.array(loop, dtype=np.int32) if len(loop) == len(following) else None
