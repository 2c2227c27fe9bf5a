"""A cloud of Gaussians that looks like the furniture, and which of them can be."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from stitchsketch_kernel.domain.arrays import AnyArray, BoolArray
from stitchsketch_kernel.domain.errors import SplatError
from stitchsketch_kernel.domain.model import Region

#: Of spherical harmonics of degree 0 and 1 (real, the order and signs of Kerbl et al. 2023).
SH_0, SH_1 = 0.28209479177387814, 0.4886025119029199
#: More than this is no piece of furniture, and no browser shows it.
MOST_SPLATS = 4_000_000


@dataclass
class Splats:
    """Gaussians in the model's world: metres, z up, floor at 0.

    Attributes
    ----------
    means_m : ndarray, shape (n, 3)
    log_scales : ndarray, shape (n, 3)
        Natural logarithms of the standard deviations in metres along the Gaussian's own axes.
    quats : ndarray, shape (n, 4)
        Turn of those axes, w first; any length but 0.
    opacity_logits : ndarray, shape (n,)
        ``opacity = 1 / (1 + exp(-logit))``.
    sh : ndarray, shape (n, k, 3)
        Spherical harmonics of the colour, k = 1, 4, 9 or 16; sRGB is ``0.5 + SH_0 * sh[:, 0]`` in
        every direction with k = 1.
    """

    means_m: AnyArray
    log_scales: AnyArray
    quats: AnyArray
    opacity_logits: AnyArray
    sh: AnyArray

    def __len__(self) -> int:
        return len(self.means_m)

    def __post_init__(self) -> None:
        count = len(self.means_m)
        wanted = {
            "means_m": (count, 3), "log_scales": (count, 3), "quats": (count, 4),
            "opacity_logits": (count,), "sh": (count, self.sh.shape[1], 3),
        }  # fmt: skip
        for name, shape in wanted.items():
            if getattr(self, name).shape != shape:
                raise ValueError(f"{name} is {getattr(self, name).shape}, not {shape}")
        if self.sh.shape[1] not in {1, 4, 9, 16}:
            raise ValueError(f"no degree of spherical harmonics has {self.sh.shape[1]} parts")

    def take(self, which: AnyArray) -> Splats:
        """Those that a mask or indices name, in that order."""
        return Splats(*(getattr(self, field.name)[which] for field in fields(self)))

    def as_type(self, dtype: type) -> Splats:
        """The same in another floating type, contiguous."""
        return Splats(
            *(np.ascontiguousarray(getattr(self, f.name), dtype=dtype) for f in fields(self))
        )

    def with_degree(self, degree: int) -> Splats:
        """The same with harmonics up to `degree`: more are zero, fewer cut off."""
        parts = (degree + 1) ** 2
        sh = np.zeros((len(self), parts, 3), dtype=self.sh.dtype)
        kept = min(parts, self.sh.shape[1])
        sh[:, :kept] = self.sh[:, :kept]
        return replace(self, sh=sh)

    def opacities(self) -> AnyArray:
        """Opacity of each, 0 to 1, shape (n,)."""
        with np.errstate(over="ignore"):  # a logit far below is an opacity of 0
            return np.asarray(1 / (1 + np.exp(-self.opacity_logits)))


def cropped(splats: Splats, region: Region, floor_m: float = 0.0) -> Splats:
    """Those whose middle lies in the region and above the floor."""
    means = splats.means_m.astype(float)
    return splats.take(region.contains(means) & (means[:, 2] > floor_m))


def checked(splats: Splats, where: str, before: int = 0) -> Splats:
    """The splats, were all their numbers such as can be drawn; `before` others came before them.

    Raises
    ------
    SplatError
        Some are not numbers, turned by nothing, or larger than a house; `where` names the file.
    """
    bad = _bad(splats)
    if bad.any():
        raise SplatError(
            f"{where} holds {int(bad.sum()):,} of {len(splats):,} splats with numbers that can't "
            f"be (the first is number {before + int(np.flatnonzero(bad)[0]) + 1}).",
            "Export it again from the program that made it.",
        )
    return splats


def _bad(splats: Splats) -> BoolArray:
    whole = np.ones(len(splats), dtype=bool)
    for field in fields(splats):
        values = getattr(splats, field.name).reshape(len(splats), -1)
        whole &= np.isfinite(values).all(axis=1)
    with np.errstate(invalid="ignore"):
        turned = np.linalg.norm(splats.quats.astype(float), axis=1) > 1e-8
        sized = (np.abs(splats.means_m) < 1e4).all(axis=1) & (splats.log_scales < 5).all(axis=1)
    return np.asarray(~(whole & turned & sized))


def thinned(splats: Splats, most: int) -> Splats:
    """At most `most` of them: those that cover most, by opacity times face, in their old order."""
    if len(splats) <= most:
        return splats
    largest = np.sort(splats.log_scales, axis=1)[:, 1:].sum(axis=1)
    weight = np.log(splats.opacities() + 1e-12) + largest
    return splats.take(np.sort(np.argpartition(-weight, most)[:most]))
