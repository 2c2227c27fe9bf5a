"""Trade names for panels, by where they are and which way they face.

A proposal: a person renames what is wrong. Left and right are those of somebody who sits.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

import numpy as np
import shapely

from stitchsketch_kernel.domain.arrays import FloatArray

#: Furniture that is lower than this share of its width is a cushion.
_CUSHION_FLATNESS = 0.45
#: Panels of one piece of furniture are no further apart than this (box to box).
_SAME_PIECE_M = 0.05
#: A wing begins above this share of the chair's height; arms begin at the seat or the floor.
_WING_BEGINS = 0.55
#: Panels whose normal rises by more than this lie flat.
_FLAT = 0.8
#: What fills less of the narrowest rectangle round it is round: a circle fills 0.79.
_ANGULAR = 0.85


@dataclass(frozen=True)
class PanelShape:
    """Where a panel is, which way it faces, how large it is.

    `middle_m`, `low_m`, `high_m` of its points; `normal` is the mean over its area, shorter than 1
    where it curves; `seen_share` as in `domain.panel.Panel`.
    """

    middle_m: FloatArray
    normal: FloatArray
    area_m2: float
    low_m: FloatArray
    high_m: FloatArray
    seen_share: float


def name_panels(shapes: dict[int, PanelShape], count: int) -> tuple[str, ...]:
    """A unique name for each label below `count`; labels without a shape get a number."""
    names = [f"P{one + 1}" for one in range(count)]
    for group in _pieces(shapes):
        own = {one: shapes[one] for one in group}
        for one, name in (_cushion(own) if _is_cushion(own) else _chair(own)).items():
            names[one] = name
    return _unique(names, shapes)


def usual_grain(shape: PanelShape, border_m: FloatArray) -> FloatArray:
    """Direction of the warp: up on upright panels, front to back on flat ones.

    A flat panel's front is one of its own sides (those of the narrowest rectangle round it, from
    above), the one that faces most along y; a round panel has none, and y itself is taken.

    Parameters
    ----------
    shape : PanelShape
    border_m : ndarray, shape (n, 3)
        The panel's outline.
    """
    normal = shape.normal / max(float(np.linalg.norm(shape.normal)), 1e-12)
    wish = np.array([0.0, 0.0, 1.0])
    if abs(normal[2]) >= _FLAT:
        wish = np.array([*_front_to_back(border_m[:, :2]), 0.0])
    grain = wish - normal * (wish @ normal)
    return np.asarray(grain / max(float(np.linalg.norm(grain)), 1e-12))


def _front_to_back(outline: FloatArray) -> FloatArray:
    """The side of the narrowest rectangle that is most along y, pointing to +y, shape (2,)."""
    y = np.array([0.0, 1.0])
    hull = shapely.convex_hull(shapely.MultiPoint(outline))
    box = shapely.minimum_rotated_rectangle(hull)
    if box.geom_type != "Polygon" or hull.area < _ANGULAR * box.area:
        return y
    corners = shapely.get_coordinates(box)
    sides = np.diff(corners[:3], axis=0)
    sides /= np.linalg.norm(sides, axis=1, keepdims=True)
    best = sides[int(np.argmax(np.abs(sides[:, 1])))]
    return np.asarray(best * np.sign(best @ y))


def _pieces(shapes: dict[int, PanelShape]) -> list[list[int]]:
    """Groups of panels that touch: one group a piece of furniture."""
    left = set(shapes)
    groups = []
    while left:
        group, edge = [], [left.pop()]
        while edge:
            one = edge.pop()
            group.append(one)
            near = {other for other in left if _gap(shapes[one], shapes[other]) < _SAME_PIECE_M}
            left -= near
            edge.extend(near)
        groups.append(sorted(group))
    return groups


def _gap(a: PanelShape, b: PanelShape) -> float:
    apart = np.maximum(np.maximum(a.low_m - b.high_m, b.low_m - a.high_m), 0)
    return float(np.linalg.norm(apart))


def _is_cushion(own: dict[int, PanelShape]) -> bool:
    low = np.min([shape.low_m for shape in own.values()], axis=0)
    high = np.max([shape.high_m for shape in own.values()], axis=0)
    size = high - low
    return bool(size[2] < _CUSHION_FLATNESS * max(size[0], size[1])) and len(own) <= 7


def _front(own: dict[int, PanelShape]) -> FloatArray:
    """Horizontal direction that the piece faces: away from what stands highest."""
    total = sum(shape.area_m2 for shape in own.values())
    middle = sum(shape.area_m2 * shape.middle_m for shape in own.values()) / total
    top = max(shape.high_m[2] for shape in own.values())
    bottom = min(shape.low_m[2] for shape in own.values())
    high = [s for s in own.values() if s.high_m[2] > bottom + 0.85 * (top - bottom)]
    back = sum(s.area_m2 * s.middle_m for s in high) / max(sum(s.area_m2 for s in high), 1e-12)
    front = np.asarray(middle - back)
    front[2] = 0.0
    upright = [s for s in own.values() if abs(s.normal[2]) < 0.5]
    if upright and np.linalg.norm(front) > 1e-6:
        # snap to the direction that a large panel faces
        unit = front / np.linalg.norm(front)
        best = max(upright, key=lambda s: float(s.normal @ unit) + 0.2 * s.area_m2)
        if best.normal @ unit > 0.8:
            front = np.array([best.normal[0], best.normal[1], 0.0])
    return np.asarray(front / max(float(np.linalg.norm(front)), 1e-12))


def _chair(own: dict[int, PanelShape]) -> dict[int, str]:
    front = _front(own)
    left = np.array([-front[1], front[0], 0.0])  # of somebody who sits, looking along `front`
    areas = np.array([shape.area_m2 for shape in own.values()])
    middle = areas @ np.array([shape.middle_m for shape in own.values()]) / areas.sum()
    sides = np.array([(shape.middle_m - middle) @ left for shape in own.values()])
    frame = _Frame(
        front,
        left,
        middle,
        float(np.abs(sides).max()),
        max(float(shape.high_m[2]) for shape in own.values()),
    )
    return _winged(own, {one: _chair_panel(shape, frame) for one, shape in own.items()}, frame)


def _winged(own: dict[int, PanelShape], names: dict[int, str], frame: _Frame) -> dict[int, str]:
    """Names with those of wings: what is called an arm begins above the arms, and is a wing's.

    The outside of a wing looks like the side of the back, and is told by its inside.
    """
    out = dict(names)
    for side in ("L", "R"):
        for one, name in names.items():
            if name in {f"IA-{side}", f"OA-{side}"} and (
                own[one].low_m[2] > _WING_BEGINS * frame.top_m
            ):
                out[one] = name.replace("A-", "W-")
        if f"IW-{side}" in out.values():
            out = {one: f"OW-{side}" if name == f"SB-{side}" else name for one, name in out.items()}
    return out


@dataclass(frozen=True)
class _Frame:
    """A chair's front, left, middle, half its width, and its height."""

    front: FloatArray
    left: FloatArray
    middle_m: FloatArray
    half_width_m: float
    top_m: float


def _chair_panel(shape: PanelShape, frame: _Frame) -> str:
    side = float((shape.middle_m - frame.middle_m) @ frame.left)
    aside = abs(side) > 0.5 * frame.half_width_m
    ahead, up = float(shape.normal @ frame.front), float(shape.normal[2])
    if max(abs(ahead), up) > 0.6:
        name = _facing(shape, frame, aside, up > 0.6, ahead > 0)
    elif float(shape.normal @ frame.left) * side > 0:
        behind = float((shape.middle_m - frame.middle_m) @ frame.front) < 0
        name = "SB" if behind and shape.low_m[2] > 0.45 * frame.top_m else "OA"
        aside = True
    else:
        name = "IA" if aside else "IB"
    return f"{name}-{'L' if side > 0 else 'R'}" if aside and name != "OB" else name


def _facing(shape: PanelShape, frame: _Frame, aside: bool, up: bool, ahead: bool) -> str:
    """The name of a panel that faces up, ahead or back."""
    if up:
        if shape.middle_m[2] > 0.85 * frame.top_m:
            return "TB"
        return "IA" if aside else "SEAT"
    if not ahead:
        return "OB"
    if aside:
        return "AF"
    return "IB" if shape.middle_m[2] > 0.5 * frame.top_m else "FB"


def _cushion(own: dict[int, PanelShape]) -> dict[int, str]:
    names = {}
    for one, shape in own.items():
        if shape.normal[2] > 0.6:
            names[one] = "CUSH"
        elif shape.normal[2] < -0.6:
            names[one] = "CUSH-bottom"
        else:
            names[one] = "BOX"
    return names


def _unique(names: list[str], shapes: dict[int, PanelShape]) -> tuple[str, ...]:
    """Number names that occur more than once, the largest panel first."""
    counts = Counter(names)
    order = sorted(range(len(names)), key=lambda i: -(shapes[i].area_m2 if i in shapes else 0))
    given: dict[str, int] = defaultdict(int)
    out = list(names)
    for i in order:
        if counts[names[i]] > 1:
            given[names[i]] += 1
            out[i] = f"{names[i]}-{given[names[i]]}"
    return tuple(out)
