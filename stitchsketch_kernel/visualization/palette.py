"""Colours and type that every picture shares: one look, safe for colour-blind eyes."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

import matplotlib as mpl
import numpy as np
from PIL import ImageFont

from stitchsketch_kernel.domain.arrays import FloatArray, ImageArray

Color: TypeAlias = tuple[int, int, int]

PAPER: Color = (250, 249, 246)
WHITE: Color = (255, 255, 255)
INK: Color = (31, 36, 43)
GREY: Color = (96, 103, 112)
PALE: Color = (205, 207, 210)
CLOTH: Color = (196, 186, 172)
BLUE: Color = (24, 95, 160)
GOOD: Color = (24, 112, 78)
WARN: Color = (168, 92, 0)
BAD: Color = (176, 32, 42)

#: Okabe & Ito's eight first (black left out), then Tol's "muted" and "light" that stay apart.
PANEL_COLORS: tuple[Color, ...] = (
    (86, 180, 233), (230, 159, 0), (0, 158, 115), (240, 228, 66), (204, 121, 167),
    (0, 114, 178), (213, 94, 0), (136, 204, 238), (153, 153, 51), (170, 68, 153),
    (187, 204, 51), (136, 34, 85), (238, 136, 102), (51, 34, 136), (221, 204, 119),
    (68, 170, 153),
)  # fmt: skip
#: Faces that belong to no panel.
NO_PANEL: Color = (222, 220, 216)


def panel_color(index: int) -> Color:
    """The colour of the panel of that index; repeats darker when the list is used up."""
    turn, place = divmod(index, len(PANEL_COLORS))
    shade = 0.82**turn
    r, g, b = PANEL_COLORS[place]
    return round(r * shade), round(g * shade), round(b * shade)


def ink_on(color: Color) -> Color:
    """Black or white, whichever reads better on `color` (W3C relative luminance)."""
    linear = (np.asarray(color) / 255) ** 2.2
    luminance = float(linear @ [0.2126, 0.7152, 0.0722])
    return INK if luminance > 0.22 else WHITE


def ramp(name: str, shares: FloatArray) -> ImageArray:
    """Colours (..., 3) of matplotlib's colour map `name` for shares 0 to 1; NaN becomes grey."""
    shares = np.asarray(shares, dtype=float)
    table = (mpl.colormaps[name](np.linspace(0, 1, 256))[:, :3] * 255 + 0.5).astype(np.uint8)
    colors = table[(np.clip(np.nan_to_num(shares), 0, 1) * 255 + 0.5).astype(int)]
    colors[~np.isfinite(shares)] = PALE
    return np.asarray(colors)


@lru_cache(maxsize=64)
def font(size_px: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    """DejaVu Sans, which matplotlib ships: the same letters on every machine."""
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    path = Path(mpl.get_data_path()) / "fonts" / "ttf" / name
    # Raqm, where it is installed, fails on control characters; the basic layout draws anything
    return ImageFont.truetype(path, size_px, layout_engine=ImageFont.Layout.BASIC)
