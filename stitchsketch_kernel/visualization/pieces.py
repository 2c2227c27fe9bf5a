"""Flat pieces with their strain, names, grain and the length of each side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import PolyCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from PIL import Image

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.piece import FlatPanel
from stitchsketch_kernel.visualization.canvas import nice_length
from stitchsketch_kernel.visualization.charts import new_figure, picture_of, plain, shade
from stitchsketch_kernel.visualization.palette import INK, PAPER
from stitchsketch_kernel.visualization.strain import STRAIN_COLOURS, STRAIN_END_PERCENT

_WIDTH_PX, _GAP_MM = 1240, 70.0


def pieces_with_strain(flats: Sequence[FlatPanel], metric: bool = True) -> Image.Image:
    """All flat panels at one scale, coloured by strain, with the length of each side.

    Parameters
    ----------
    flats : sequence of FlatPanel
        Drawn right side up, the cloth's face seen, grain as it lies in the flat.
    metric : bool
        False: there is no scale, so no length is drawn.
    """
    if not flats:
        raise ValueError("a picture of pieces needs one at least")
    places, width_mm, height_mm = shelved(flats)
    # room below for the legend, which keeps its size whatever the pieces' shape
    scale = (_WIDTH_PX - 40) / width_mm
    height_px = round(height_mm * scale) + 150
    figure = new_figure(_WIDTH_PX, height_px)
    figure.set_layout_engine("none")
    axes = figure.add_axes((0, 130 / height_px, 1, 1 - 130 / height_px))
    axes.set_axis_off()
    norm = Normalize(0, STRAIN_END_PERCENT)
    for flat, offset in zip(flats, places, strict=True):
        _draw(axes, flat, offset, norm, 1 / scale if metric else None)
    axes.set_xlim(-20 / scale, width_mm + 20 / scale)
    axes.set_ylim(-height_mm - 10 / scale, 10 / scale)
    _rule(axes, width_mm, height_mm, scale, metric)
    _legend(figure, norm, height_px)
    return picture_of(figure)


def shelved(flats: Sequence[FlatPanel]) -> tuple[list[FloatArray], float, float]:
    """Where to draw each panel: the offset of each, and the width and height of all, in mm.

    In rows, tall panels first, with room for the lengths between them; y runs from 0 downwards.
    """
    sizes = [np.ptp(flat.uv_mm, axis=0) + _gap(flats) for flat in flats]
    area = float(sum(w * h for w, h in sizes))
    row_mm = max(*(float(w) for w, _ in sizes), 1.35 * float(np.sqrt(area)))
    places: list[FloatArray] = [np.zeros(2)] * len(flats)
    x = y = tall = widest = 0.0
    for index in sorted(range(len(flats)), key=lambda i: -sizes[i][1]):
        wide, high = sizes[index]
        if x and x + wide > row_mm:
            x, y, tall = 0.0, y + tall, 0.0
        low = flats[index].uv_mm.min(axis=0)
        gap = _gap(flats)
        places[index] = np.array([x + gap / 2, -y - high + gap / 2]) - low
        x, tall = x + wide, max(tall, high)
        widest = max(widest, x)
    return places, widest, y + tall


def _gap(flats: Sequence[FlatPanel]) -> float:
    return max(_GAP_MM, 0.1 * float(max(np.ptp(flat.uv_mm, axis=0).max() for flat in flats)))


def _draw(
    axes: Axes, flat: FlatPanel, offset: FloatArray, norm: Normalize, mm_per_px: float | None
) -> None:
    points = flat.uv_mm + offset
    faces = PolyCollection(list(points[flat.faces]), cmap=STRAIN_COLOURS, norm=norm, linewidths=0.3)
    faces.set_array(flat.strain_percent)
    faces.set_edgecolor("face")
    axes.add_collection(faces)
    outline = points[np.append(flat.boundary, flat.boundary[0])]
    axes.plot(outline[:, 0], outline[:, 1], color=shade(INK), linewidth=1.6)
    middle = _deepest(points, outline)
    for seam, vertices in flat.seam_vertices.items():
        if mm_per_px is None:
            break
        _draw_length(axes, points[vertices], flat.seam_length_mm(seam), middle, mm_per_px)
    _draw_grain(axes, flat, points, middle)
    label = {"boxstyle": "round,pad=0.25", "facecolor": "white", "edgecolor": shade(INK)}
    name = plain(flat.panel)
    axes.text(
        middle[0], middle[1], name, ha="center", va="center", fontsize=12, weight="bold", bbox=label
    )


def _draw_length(
    axes: Axes, line: FloatArray, length_mm: float, middle: FloatArray, mm_per_px: float
) -> None:
    # beside the middle of the side, outside, along it
    steps = np.linalg.norm(np.diff(line, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    at = np.array([np.interp(along[-1] / 2, along, line[:, k]) for k in (0, 1)])
    ahead = np.array([np.interp(along[-1] * 0.55, along, line[:, k]) for k in (0, 1)]) - at
    if not np.linalg.norm(ahead):
        return
    ahead /= np.linalg.norm(ahead)
    out = np.array([ahead[1], -ahead[0]])
    out = out if out @ (at - middle) > 0 else -out
    axes.plot(*line[[0, -1]].T, "o", color=shade(INK), markersize=3)
    angle = (np.rad2deg(np.arctan2(ahead[1], ahead[0])) + 90) % 180 - 90
    x, y = at + out * 13 * mm_per_px
    axes.text(
        x, y, f"{length_mm:.0f}", fontsize=10.5, color=shade(INK), rotation=angle,
        rotation_mode="anchor", ha="center", va="center",
    )  # fmt: skip


def _draw_grain(axes: Axes, flat: FlatPanel, points: FloatArray, middle: FloatArray) -> None:
    reach = 0.32 * float(np.ptp(points @ flat.grain_mm))
    style = {"arrowstyle": "-|>", "color": shade(INK), "lw": 1.2, "shrinkA": 0, "shrinkB": 0}
    head, tail = middle + reach * flat.grain_mm, middle - reach * flat.grain_mm
    axes.annotate("", xy=tuple(head), xytext=tuple(tail), arrowprops=style)


def _deepest(points: FloatArray, outline: FloatArray) -> FloatArray:
    # the vertex that is farthest from the outline: inside even where the piece is an L
    inner = points[:: max(1, len(points) // 1500)]
    rim = outline[:: max(1, len(outline) // 300)]
    gaps = np.linalg.norm(inner[:, None] - rim[None], axis=2).min(axis=1)
    box_middle = (outline.min(axis=0) + outline.max(axis=0)) / 2
    # among places about as deep, the one nearest the middle
    good = inner[gaps >= 0.85 * gaps.max()]
    return np.asarray(good[np.argmin(np.linalg.norm(good - box_middle, axis=1))])


def _rule(axes: Axes, width_mm: float, height_mm: float, scale: float, metric: bool) -> None:
    x, y, words = 0.0, -height_mm - 2 / scale, "size not known: no scale; arrow: grain"
    if metric:
        x = nice_length(width_mm * 0.25)
        words = f"{x:g} mm; lengths of the sides in mm; arrow: grain"
        axes.plot([0, x], [y, y], color=shade(INK), linewidth=2.5, marker="|", markersize=10)
    axes.text(x + 14 / scale, y, words, va="center", fontsize=11, color=shade(INK))


def _legend(figure: Figure, norm: Normalize, height_px: int) -> None:
    place = figure.add_axes((0.05, 58 / height_px, 0.9, 20 / height_px))
    mappable = ScalarMappable(norm=norm, cmap=STRAIN_COLOURS)
    bar = figure.colorbar(mappable, cax=place, orientation="horizontal", extend="max")
    bar.set_label("Strain of the cloth when sewn (%)", fontsize=12)
    bar.ax.tick_params(labelsize=11)
    figure.set_facecolor(shade(PAPER))
