"""A folded sheet: two plane panels that meet in a seam, with whatever noise is wanted.

The smallest thing that has a seam, its exact place, and a flat piece on each side of it.
"""

from __future__ import annotations

import numpy as np

from stitchsketch_kernel.domain.arrays import IntArray
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.domain.panel import EdgeKind, Panel, PanelMap, Seam

_STEP_MM, _WIDE_MM = 5.0, 100.0


def _round_half(index: IntArray) -> IntArray:
    """The open sides of a half sheet: from the fold's start to its end."""
    return np.concatenate([index[::-1, 0], index[0, 1:], index[1:, -1]])


def folded_sheet(
    fold_deg: float = 90.0,
    noise_mm: float = 0.2,
    long_mm: float = 300.0,
    lip_mm: float = 0.0,
    blind: bool = False,
    scatter_mm: float = 0.4,
    seed: int = 0,
) -> PanelMap:
    """Panels A (left of the fold) and B, each 100 mm wide, the fold along y.

    Parameters
    ----------
    fold_deg : float
        How far the sheet turns at the fold.
    noise_mm : float
        Standard deviation of each point's height.
    long_mm : float
        Length of the fold.
    lip_mm : float
        How far A stands off beside the fold.
    blind : bool
        Nobody saw B beside the fold.
    scatter_mm : float
        Of the seams' points, as the seams say it.
    seed : int
    """
    rng = np.random.default_rng(seed)
    across = np.arange(-_WIDE_MM, _WIDE_MM + 1, _STEP_MM)
    along = np.arange(0, long_mm + 1, _STEP_MM)
    x, y = (one.ravel() for one in np.meshgrid(across, along, indexing="ij"))
    half = np.deg2rad(fold_deg) / 2
    z = -np.abs(x) * np.sin(half) + lip_mm * np.exp(-np.abs(x) / 10) * (x < 0)
    points = np.column_stack([x * np.cos(half), y, z])
    on_seam = (x == 0) | (np.abs(x) == _WIDE_MM) | (y == 0) | (y == along[-1])
    points[~on_seam, 2] += rng.normal(0, noise_mm, int((~on_seam).sum()))
    index = np.arange(len(points), dtype=np.int32).reshape(len(across), len(along))
    a, b, c, d = (
        index[:-1, :-1].ravel(), index[1:, :-1].ravel(), index[1:, 1:].ravel(),
        index[:-1, 1:].ravel(),
    )  # fmt: skip
    faces = np.concatenate([np.column_stack([a, b, c]), np.column_stack([a, c, d])])
    left = x[faces].mean(axis=1) < 0
    middle = len(across) // 2
    lines = {
        "FOLD": (index[middle], "A", "B"),
        "END-A": (_round_half(index[: middle + 1]), "A", None),
        "END-B": (_round_half(index[middle:][::-1]), "B", None),
    }
    seams = tuple(
        Seam(id_, points[run] / 1000, one, other, EdgeKind.SEWN, run.astype(np.int32), scatter_mm)
        for id_, (run, one, other) in lines.items()
    )
    confidence = np.where(blind & (x > 0) & (x < 60), 0.0, 1.0)
    up = np.array([0.0, 1.0, 0.0])
    mine = [np.flatnonzero(one).astype(np.int32) for one in (left, ~left)]
    panels = (Panel("A", mine[0], up), Panel("B", mine[1], up))
    return PanelMap(Mesh(points / 1000, faces.astype(np.int32), None, confidence), panels, seams)
