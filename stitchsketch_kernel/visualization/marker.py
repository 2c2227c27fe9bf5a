"""The marker: pieces as they lie on the roll, with a ruler along it."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Polygon, Rectangle
from PIL import Image

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.marker import Marker, MatchLevel, Placement
from stitchsketch_kernel.domain.piece import Pattern, Piece
from stitchsketch_kernel.domain.units import inches_from_mm
from stitchsketch_kernel.visualization.charts import (
    dressed,
    new_figure,
    picture_of,
    plain,
    shade,
)
from stitchsketch_kernel.visualization.palette import BAD, GREY, INK, PALE, panel_color


def marker_picture(marker: Marker, pattern: Pattern) -> Image.Image:
    """The roll from above: its length to the right, its usable width upwards.

    Parameters
    ----------
    marker : Marker
    pattern : Pattern
        Holds every piece that is placed.
    """
    length, width = marker.used_length_mm, marker.fabric.usable_width_mm
    height_px = int(np.clip(1140 * width / max(length, 1.0), 300, 720)) + 130
    figure = new_figure(1240, height_px)
    axes = figure.subplots()
    _draw_roll(axes, marker)
    _draw_repeat(axes, marker)
    for placement in marker.placements:
        index, piece = _piece(pattern, placement.piece)
        _draw_piece(axes, piece, placement, shade(panel_color(index)))
    axes.set_xlim(-0.02 * length, 1.04 * length)
    axes.set_ylim(-0.04 * width, 1.08 * width)
    axes.set_aspect("equal")
    axes.set_xlabel("along the roll (mm)")
    axes.set_ylabel("across (mm)")
    dressed(axes, "")
    title = plain(marker_title(marker))
    figure.suptitle(title, x=0.01, ha="left", fontsize=13, weight="bold", color=shade(INK))
    return picture_of(figure)


def marker_title(marker: Marker) -> str:
    """Cloth, usable width, used length in metres and yards, and how full it lies."""
    usable = marker.fabric.usable_width_mm
    return (
        f"{marker.fabric.name}: {marker.used_length_mm / 1000:.2f} m ({marker.yardage:.2f} yd) "
        f"of {usable:.0f} mm ({inches_from_mm(usable):.1f} in) usable width, "
        f"{100 * marker.density:.0f} % used{_matched(marker)}"
    )


def _matched(marker: Marker) -> str:
    if marker.match is MatchLevel.NONE:
        return ""
    good = sum(one.matched for one in marker.matches)
    extra = "" if marker.extra_percent is None else f", {marker.extra_percent:+.0f} % for it"
    return f"; {good} of {len(marker.matches)} places match{extra}"


def lattice_points(marker: Marker) -> FloatArray:
    """Where motifs' middles lie on the used cloth, shape (n, 2), millimetres; none: (0, 2)."""
    fabric = marker.fabric
    along, over = fabric.repeat_vertical_mm, fabric.repeat_horizontal_mm
    if along <= 0 or over <= 0:
        return np.zeros((0, 2))
    length, width = marker.used_length_mm, fabric.usable_width_mm
    rows = np.arange(
        np.ceil(-fabric.motif_across_mm / over),
        np.floor((width - fabric.motif_across_mm) / over) + 1,
    )
    drops = along / 2 * (rows % 2) if fabric.half_drop else np.zeros_like(rows)
    start = np.mod(fabric.motif_along_mm + drops, along)
    x = start[:, None] + along * np.arange(int(length // along) + 1)
    y = np.broadcast_to((fabric.motif_across_mm + over * rows)[:, None], x.shape)
    points = np.column_stack([x.ravel(), y.ravel()])
    return np.asarray(points[points[:, 0] <= length])


def placed_outline(piece: Piece, placement: Placement) -> FloatArray:
    """The cut line on the roll, shape (n, 2), millimetres."""
    return placement.apply(piece.cut_line_mm)


def _piece(pattern: Pattern, name: str) -> tuple[int, Piece]:
    for index, piece in enumerate(pattern.pieces):
        if piece.name == name:
            return index, piece
    raise ValueError(f"the marker places {name!r}, which is no piece of the pattern")


def _draw_roll(axes: Axes, marker: Marker) -> None:
    length, width = marker.used_length_mm, marker.fabric.usable_width_mm
    axes.add_patch(
        Rectangle((0, 0), 1.04 * length, width, facecolor="#f1efe9", edgecolor=shade(PALE))
    )
    for y in (0.0, width):
        axes.axhline(y, color=shade(GREY), linewidth=1, linestyle=(0, (6, 3)))
    axes.axvline(length, color=shade(BAD), linewidth=1.8)
    axes.text(
        length, 1.02 * width, f"cut at {length:.0f} mm ", ha="right", va="bottom",
        fontsize=11, color=shade(BAD),
    )  # fmt: skip
    axes.text(
        0, 1.02 * width, f"usable width {width:.0f} mm", va="bottom", fontsize=11,
        color=shade(GREY),
    )  # fmt: skip


def _draw_repeat(axes: Axes, marker: Marker) -> None:
    """The motifs' middles, or lines where the pattern repeats one way; and the zones."""
    fabric, grey = marker.fabric, shade(GREY)
    points = lattice_points(marker)
    if len(points):
        axes.plot(*points.T, linestyle="", marker="+", markersize=7, color=grey)
    elif fabric.repeat_vertical_mm > 0:
        first = fabric.motif_along_mm % fabric.repeat_vertical_mm
        for x in np.arange(first, marker.used_length_mm, fabric.repeat_vertical_mm):
            axes.axvline(x, color=grey, linewidth=0.6, zorder=0.5)
    elif fabric.repeat_horizontal_mm > 0:
        first = fabric.motif_across_mm % fabric.repeat_horizontal_mm
        for y in np.arange(first, fabric.usable_width_mm, fabric.repeat_horizontal_mm):
            axes.axhline(y, color=grey, linewidth=0.6, zorder=0.5)
    for zone in marker.zones:
        corner = (zone.x_mm, zone.y_mm)
        axes.add_patch(
            Rectangle(
                corner, zone.length_mm, zone.width_mm, facecolor="none", hatch="xx",
                edgecolor=shade(BAD),
            )
        )  # fmt: skip


def _draw_piece(axes: Axes, piece: Piece, placement: Placement, color: str) -> None:
    outline = placed_outline(piece, placement)
    axes.add_patch(
        Polygon(outline, closed=True, facecolor=color, alpha=0.55, edgecolor=shade(INK), lw=1.2)
    )
    sew = placement.apply(piece.sew_line_mm)
    axes.add_patch(
        Polygon(sew, closed=True, fill=False, edgecolor=shade(INK), lw=0.6, linestyle=(0, (4, 2)))
    )
    tail, head = placement.apply(piece.grain_mm)
    style = {"arrowstyle": "-|>", "color": shade(INK), "lw": 1.0, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", xy=tuple(head), xytext=tuple(tail), arrowprops=style)
    wide, tall = np.ptp(outline, axis=0)
    x, y = (outline.min(axis=0) + outline.max(axis=0)) / 2
    # under the grain arrow would be unreadable: a white ground
    label = {"boxstyle": "round,pad=0.2", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}
    axes.text(
        x, y, plain(copy_name(piece, placement)), ha="center", va="center", fontsize=10.5,
        rotation=90 if tall > 2.2 * wide else 0, bbox=label,
    )  # fmt: skip


def copy_name(piece: Piece, placement: Placement) -> str:
    """The piece's name with its copy's number, and whether it lies face down."""
    number = f" {placement.copy + 1}/{piece.quantity}" if piece.quantity > 1 else ""
    return f"{piece.name}{number}{' (face down)' if placement.flipped else ''}"
