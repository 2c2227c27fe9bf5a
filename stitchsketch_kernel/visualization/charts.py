"""What all charts drawn with matplotlib share: one look, and a picture at the end."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from stitchsketch_kernel.visualization.canvas import one_line
from stitchsketch_kernel.visualization.palette import GREY, INK, PALE, PAPER, Color

_DPI = 100


def shade(color: Color) -> str:
    """A colour as matplotlib and CSS write it."""
    return "#{:02x}{:02x}{:02x}".format(*color)


def new_figure(width_px: int, height_px: int) -> Figure:
    """An empty figure on our paper; not known to pyplot, so nothing is left behind."""
    figure = Figure(
        figsize=(width_px / _DPI, height_px / _DPI),
        dpi=_DPI,
        layout="constrained",
        facecolor=shade(PAPER),
    )
    FigureCanvasAgg(figure)
    return figure


def dressed(axes: Axes, title: str) -> Axes:
    """Axes in our colours and type."""
    axes.set_title(title, loc="left", fontsize=14, fontweight="bold", color=shade(INK), pad=10)
    axes.set_facecolor("white")
    axes.tick_params(labelsize=11, colors=shade(INK), length=3)
    for side in axes.spines.values():
        side.set_color(shade(PALE))
    axes.xaxis.label.set(fontsize=12, color=shade(GREY))
    axes.yaxis.label.set(fontsize=12, color=shade(GREY))
    return axes


def picture_of(figure: Figure) -> Image.Image:
    """The figure as an RGB picture."""
    canvas = figure.canvas
    if not isinstance(canvas, FigureCanvasAgg):
        raise TypeError("the figure was not made by new_figure")
    canvas.draw()  # type: ignore[no-untyped-call]  # matplotlib types these two not yet
    pixels = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    return Image.fromarray(pixels[..., :3].copy())


def plain(text: str) -> str:
    r"""`text` for matplotlib, which would read ``$`` as the beginning of a formula."""
    return one_line(text).replace("$", r"\$")
