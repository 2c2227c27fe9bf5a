"""More splats where the photos ask for detail, none where they show nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from stitchsketch_kernel.domain.arrays import AnyArray
from stitchsketch_kernel.domain.model import Region
from stitchsketch_kernel.visualization.splat.splats import Splats

#: Fainter splats are taken away.
_FAINT = 0.03
#: Share of the splats that may be divided at once, the most pulled first.
_GROW = 0.12
#: A divided splat's halves are smaller by this (Kerbl et al. 2023).
_HALVES = 1.6
#: A splat may stand off the region by this much, metres.
_OUTSIDE_M = 0.02


@dataclass
class Pull:
    """How much photos have pulled at each splat's middle since it was last looked at."""

    sums: AnyArray
    times: AnyArray = field(repr=False)

    @staticmethod
    def none(count: int) -> Pull:
        """Nothing yet."""
        return Pull(np.zeros(count, np.float32), np.zeros(count, np.float32))

    def add(self, of_middles_px: AnyArray, seen: AnyArray, pixels: int) -> None:
        """Another photo's gradients, made independent of the picture's size."""
        self.sums[seen] += np.linalg.norm(of_middles_px[seen], axis=1) * pixels
        self.times[seen] += 1

    def mean(self) -> AnyArray:
        """Of the photos that saw each."""
        return np.asarray(self.sums / np.maximum(self.times, 1))


def kept_and_divided(
    splats: Splats, pull: Pull, region: Region, most: int
) -> tuple[AnyArray, AnyArray]:
    """Which splats stay as they are, and which are divided into two; indices of each.

    Divided are those that are pulled most, and more than thrice the median; no more than `most`
    splats are left in all.
    """
    means = splats.means_m.astype(float)
    near = Region(region.low_m - _OUTSIDE_M, region.high_m + _OUTSIDE_M)
    stays = (splats.opacities() > _FAINT) & near.contains(means)
    mean = np.where(stays, pull.mean(), 0)
    room = max(0, most - int(stays.sum()))
    wanted = min(room, int(_GROW * stays.sum()))
    known = mean[mean > 0]
    if not wanted or not len(known):
        return np.flatnonzero(stays), np.zeros(0, dtype=np.int64)
    order = np.argsort(-mean, kind="stable")[:wanted]
    divided = order[mean[order] > 3 * float(np.median(known))]
    stays[divided] = False
    return np.flatnonzero(stays), divided


def halves(splats: Splats, divided: AnyArray, rng: np.random.Generator) -> Splats:
    """Two smaller splats for each, drawn from where it was (never off its disc's plane)."""
    parents = splats.take(np.repeat(divided, 2))
    sizes = np.exp(parents.log_scales)
    steps = rng.normal(size=sizes.shape) * sizes * 0.7
    turned = np.einsum("nij,nj->ni", rotations(parents.quats), steps)
    return Splats(
        (parents.means_m + turned).astype(np.float32),
        (parents.log_scales - np.float32(np.log(_HALVES))).astype(np.float32),
        parents.quats,
        parents.opacity_logits,
        parents.sh,
    )


def rotations(quats: AnyArray) -> AnyArray:
    """Rotations (n, 3, 3) of quaternions (n, 4), w first, of any length."""
    w, x, y, z = (quats / np.linalg.norm(quats, axis=1, keepdims=True)).T
    return np.stack(
        [
            np.stack([1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)], -1),
            np.stack([2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)], -1),
            np.stack([2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)], -1),
        ],
        axis=1,
    )
