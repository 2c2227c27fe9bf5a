"""How much a piece's cloth must give, place by place, to be laid over its outline."""

from __future__ import annotations

import numpy as np
import shapely
from PIL import Image
from scipy.spatial import cKDTree

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.piece import FlatPanel
from stitchsketch_kernel.visualization.palette import ramp

#: The colours' end; cloth that must give more than this needs a dart or another seam.
STRAIN_END_PERCENT = 5.0
STRAIN_COLOURS = "YlOrRd"


def strain_map(
    flat: FlatPanel, outline_mm: FloatArray, step_mm: float = 5.0
) -> tuple[Image.Image, tuple[float, float, float, float]]:
    """Colours of the strain inside an outline, clear outside, and where the picture lies.

    Parameters
    ----------
    flat : FlatPanel
    outline_mm : ndarray, shape (n, 2)
        In the flat panel's own coordinates: a piece's sew line.
    step_mm : float
        Of its pixels.

    Returns
    -------
    Image, tuple of float
        RGBA, its first row at the top; left, bottom, right and top in mm.
    """
    low, high = outline_mm.min(axis=0), outline_mm.max(axis=0)
    wide, tall = np.maximum(1, np.ceil((high - low) / step_mm)).astype(int)
    x, y = np.meshgrid(
        low[0] + (np.arange(wide) + 0.5) * step_mm,
        low[1] + (np.arange(tall)[::-1] + 0.5) * step_mm,
    )
    centres = flat.uv_mm[flat.faces].mean(axis=1)
    nearest = cKDTree(centres).query(np.column_stack([x.ravel(), y.ravel()]))[1]
    shares = flat.strain_percent[nearest].reshape(tall, wide) / STRAIN_END_PERCENT
    # a pixel that the outline cuts is drawn: the picture is clipped to the outline where it's shown
    near = shapely.Polygon(outline_mm).buffer(step_mm)
    inside = shapely.contains_xy(near, x, y)
    clear = np.where(inside, 255, 0).astype(np.uint8)
    picture = Image.fromarray(np.dstack([ramp(STRAIN_COLOURS, shares), clear]), "RGBA")
    left, bottom = (float(one) for one in low)
    return picture, (left, bottom, left + wide * step_mm, bottom + tall * step_mm)


def strain_legend(steps: int = 6) -> list[tuple[float, tuple[int, int, int]]]:
    """Percent and colour at even steps of the colours, from 0 to the end."""
    shares = np.linspace(0.0, 1.0, steps)
    colors = ramp(STRAIN_COLOURS, shares)
    return [
        (float(share * STRAIN_END_PERCENT), (int(r), int(g), int(b)))
        for share, (r, g, b) in zip(shares, colors, strict=True)
    ]
