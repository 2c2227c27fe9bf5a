"""Line drawings that go into the page itself: small pieces and the marker."""

from __future__ import annotations

from html import escape

import cv2
import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.marker import Marker
from stitchsketch_kernel.domain.piece import Pattern, Piece
from stitchsketch_kernel.visualization.charts import shade
from stitchsketch_kernel.visualization.marker import copy_name, placed_outline
from stitchsketch_kernel.visualization.palette import panel_color

#: Outlines are drawn to this many millimetres: for eyes, never to cut from.
_SIMPLE_MM = 0.5


def piece_svg(piece: Piece, index: int) -> str:
    """A small drawing of the piece: cut line, sew line and grain.

    `index` is its place in the pattern and gives its colour.
    """
    low, high = piece.cut_line_mm.min(axis=0), piece.cut_line_mm.max(axis=0)
    wide, tall = high - low
    pad = 0.04 * float(max(wide, tall))
    box = f"{-pad:.0f} {-pad:.0f} {wide + 2 * pad:.0f} {tall + 2 * pad:.0f}"
    pen = float(max(wide, tall)) / 110
    cut = _path(_from_top(piece.cut_line_mm, low, high))
    sew = _path(_from_top(piece.sew_line_mm, low, high))
    tail, head = _from_top(piece.grain_mm, low, high)
    grain = f"M{_pair(tail)}L{_pair(head)}{_arrow_head(tail, head, pen * 6)}"
    label = f"Outline of {escape(piece.name)}"
    return (
        f'<svg class="piece" viewBox="{box}" role="img" aria-label="{label}">'
        f'<path d="{cut}" fill="{shade(panel_color(index))}" fill-opacity=".45" stroke="#1f242b" '
        f'stroke-width="{pen:.1f}"/>'
        f'<path d="{sew}" fill="none" stroke="#1f242b" stroke-width="{pen * 0.6:.1f}" '
        f'stroke-dasharray="{pen * 4:.1f} {pen * 2:.1f}"/>'
        f'<path d="{grain}" fill="none" stroke="#1f242b" stroke-width="{pen:.1f}"/></svg>'
    )


def marker_svg(marker: Marker, pattern: Pattern) -> str:
    """The roll with its pieces, its length to the right, every piece with its name.

    Raises
    ------
    ValueError
        If the marker places a piece that the pattern doesn't have.
    """
    length, width = marker.used_length_mm, marker.fabric.usable_width_mm
    numbers = {piece.name: index for index, piece in enumerate(pattern.pieces)}
    top, foot = 0.03 * width, 0.09 * width
    letters = max(width, length * 0.4) / 42
    parts = [_roll(length, width), _ruler(length, width, letters)]
    for placement in marker.placements:
        if placement.piece not in numbers:
            raise ValueError(f"the marker places {placement.piece!r}, no piece of the pattern")
        index = numbers[placement.piece]
        piece = pattern.pieces[index]
        outline = placed_outline(piece, placement)
        outline = np.column_stack([outline[:, 0], width - outline[:, 1]])
        parts.append(_placed(outline, copy_name(piece, placement), index, letters))
    box = f"{-0.01 * length:.0f} {-top:.0f} {1.03 * length:.0f} {width + top + foot:.0f}"
    label = f"Marker on {escape(marker.fabric.name)}, {length:.0f} mm long"
    opening = f'<svg class="marker" viewBox="{box}" role="img" aria-label="{label}">'
    return f"{opening}{''.join(parts)}</svg>"


def _placed(outline: FloatArray, name: str, index: int, letters: float) -> str:
    wide, tall = np.ptp(outline, axis=0)
    x, y = (outline.min(axis=0) + outline.max(axis=0)) / 2
    turned = tall > 1.5 * wide
    room = max(wide, tall) if turned else wide
    size = min(letters, 1.5 * room / max(len(name), 1), 0.8 * min(wide, tall))
    turn = f' transform="rotate(-90 {x:.1f} {y:.1f})"' if turned else ""
    return (
        f'<path d="{_path(outline)}" fill="{shade(panel_color(index))}" fill-opacity=".55" '
        f'stroke="#1f242b" stroke-width="2.5"/>'
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:.0f}" text-anchor="middle" '
        f'dominant-baseline="central"{turn}>{escape(name)}</text>'
    )


def _roll(length: float, width: float) -> str:
    return (
        f'<rect x="0" y="0" width="{length:.1f}" height="{width:.1f}" fill="#f1efe9" '
        f'stroke="#606770" stroke-width="2" stroke-dasharray="14 8"/>'
        f'<path d="M{length:.1f} {-0.02 * width:.1f}V{1.02 * width:.1f}" stroke="#b0202a" '
        f'stroke-width="5"/>'
    )


def _ruler(length: float, width: float, letters: float) -> str:
    # a tick each 100 mm, a number each 500
    y, parts = width * 1.015, []
    for at in range(0, int(length) + 1, 100):
        tall = letters * (0.7 if at % 500 == 0 else 0.35)
        parts.append(f'<path d="M{at} {y:.1f}v{tall:.1f}" stroke="#1f242b" stroke-width="3"/>')
        if at % 500 == 0:
            anchor = "start" if at == 0 else "middle"
            parts.append(
                f'<text x="{at}" y="{y + letters * 1.7:.1f}" font-size="{letters:.0f}" '
                f'text-anchor="{anchor}">{at}{" mm" if at == 0 else ""}</text>'
            )
    return "".join(parts)


def _from_top(points: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    # y upwards to y downwards
    return np.column_stack([points[:, 0] - low[0], high[1] - points[:, 1]])


def _path(line: FloatArray) -> str:
    return "M" + "L".join(_pair(point) for point in _thinned(line)) + "Z"


def _pair(point: FloatArray) -> str:
    return f"{point[0]:.1f} {point[1]:.1f}"


def _thinned(line: FloatArray) -> FloatArray:
    if len(line) < 8:
        return line
    # OpenCV's Douglas-Peucker wants float32
    thin = cv2.approxPolyDP(line.astype(np.float32)[:, None], _SIMPLE_MM, True)[:, 0]
    return np.asarray(thin, dtype=float) if len(thin) >= 3 else line


def _arrow_head(tail: FloatArray, head: FloatArray, size: float) -> str:
    ahead = (head - tail) / max(float(np.linalg.norm(head - tail)), 1e-9)
    side = np.array([-ahead[1], ahead[0]])
    left, right = (head - size * (ahead + bend * side) for bend in (-0.45, 0.45))
    return f"M{_pair(left)}L{_pair(head)}L{_pair(right)}"
