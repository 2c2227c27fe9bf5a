"""The search's tables, made of a job: every outline as it may lie, and what forbids what."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.marker import Placement
from stitchsketch_kernel.upholstery.marker.columns import (
    Columns,
    Forbidden,
    columns_of,
    forbidden,
    union,
)
from stitchsketch_kernel.upholstery.marker.copies import Copy
from stitchsketch_kernel.upholstery.marker.job import Job
from stitchsketch_kernel.upholstery.marker.layings import Tables

#: Column widths, and how many columns all shapes may have together: tables grow by its square.
_LEAST_STEP_MM, _MOST_STEP_MM, _MOST_COLUMNS = 2.0, 10.0, 22_000
#: Outlines lose points that lie this near to straight, and are grown by as much before.
_COARSE_MM = 0.1
#: Added to the separation, so that rounding can't eat into it.
_SPARE_MM = 0.01


@dataclass(frozen=True)
class _Shape:
    """A copy at a turn, moved `shift_mm` along the roll: bare outline, and grown for others."""

    bare: shapely.Polygon
    grown: Columns
    touching: Columns
    shift_mm: float


def make_tables(job: Job, loose: Sequence[Copy]) -> Tables:
    """Tables for laying `loose` copies round the pinned ones and the walls of a job."""
    step, period = _step(job, loose)
    shapes: dict[tuple[str, bool, int, float], int] = {}
    made: list[_Shape] = []
    turns = len(job.room.turns_deg)
    size = (len(loose), turns)
    shape, sign = np.full(size, -1), np.ones(size, np.int64)
    column, across = np.zeros(size, np.int64), np.zeros(size)
    component = np.full(len(loose), -1)
    of = {key: at for at, one in enumerate(job.components) for key in one.offsets_mm}
    for at, copy in enumerate(loose):
        component[at] = of.get(copy.key, -1)
        for turn in range(turns):
            shift = 0.0
            if component[at] >= 0:
                if turn and not _opposite(job):
                    continue
                own = job.components[component[at]]
                wanted = own.offsets_mm[copy.key] + (0 if own.root_mm is None else own.root_mm)
                along, across[at, turn] = job.room.phase(wanted, turn)
                sign[at, turn] = -1 if turn else 1
                if period:
                    column[at, turn] = math.floor(along / step + 1e-9)
                    shift = round(along - column[at, turn] * step, 9)
            key = (copy.piece.name, copy.flipped, turn, shift)
            if key not in shapes:
                shapes[key] = len(made)
                made.append(_shape(job, copy, job.room.turns_deg[turn], shift, step))
            shape[at, turn] = shapes[key]
    pairs, walls = _pairs([one.grown for one in made]), _walls(job, made, step)
    flat, first, begin, count = _flat([*pairs, *walls])
    upper = np.triu_indices(len(made))
    squares = []
    for values in (first, begin, count):
        square = np.zeros((len(made), len(made)), np.int64)
        square[upper] = values[: len(pairs)]
        squares.append(square)
    bounds = np.array([one.bare.bounds for one in made])
    ends = [job.walls] if job.walls is not None else []
    ends += [shapely.Polygon(_outline(job, one)) for one in job.pinned]
    wall_end = max((geometry.bounds[2] for geometry in ends), default=0.0)
    total = float(np.ptp(bounds[:, ::2], axis=1)[shape.max(axis=1)].sum())
    total += wall_end + 2 * (len(loose) + 2) * (period * step + 100)
    return Tables(
        squares[0],
        squares[1],
        squares[2], first[len(pairs) :], begin[len(pairs) :], count[len(pairs) :],
        flat.start, flat.low_mm, flat.high_mm,
        np.ceil(-bounds[:, 0] / step - 1e-7).astype(np.int64),
        np.array([one.shift_mm for one in made]), bounds[:, 2],
        -bounds[:, 1], job.room.fabric.usable_width_mm - bounds[:, 3],
        shape, sign, column, across, component,
        step, period, job.room.fabric.half_drop, job.room.fabric.repeat_horizontal_mm,
        math.ceil(min(total, job.length_mm) / step), float(job.length_mm),
    )  # fmt: skip


def _opposite(job: Job) -> bool:
    turns = job.room.turns_deg
    return len(turns) == 2 and round(turns[1] - turns[0]) == 180


def _step(job: Job, loose: Sequence[Copy]) -> tuple[float, int]:
    """Column width, and the repeat along the roll in columns: an even number of them."""
    sizes = {copy.piece.name: float(np.ptp(copy.piece.cut_line_mm, axis=0).max()) for copy in loose}
    total = sum(sizes[copy.piece.name] for copy in loose) * len(job.room.turns_deg)
    step = float(np.clip(total / _MOST_COLUMNS, _LEAST_STEP_MM, _MOST_STEP_MM))
    repeat = job.room.fabric.repeat_vertical_mm
    if not repeat or not job.components:
        return step, 0
    period = 2 * max(1, round(repeat / step / 2))
    return repeat / period, period


def _shape(job: Job, copy: Copy, turn_deg: float, shift_mm: float, step_mm: float) -> _Shape:
    outline = copy.turned(copy.piece.cut_line_mm, turn_deg) + np.array([shift_mm, 0.0])
    bare = shapely.Polygon(outline)
    # walls are kept to from outside, so the outline itself must stand for the piece
    return _Shape(
        bare,
        columns_of(_grown(bare, job.separation_mm), step_mm),
        columns_of(bare.buffer(_SPARE_MM), step_mm),
        shift_mm,
    )


def _grown(outline: shapely.Polygon, separation_mm: float) -> shapely.Polygon:
    """Half the separation all round, with fewer points, nowhere inside that."""
    wide = outline.buffer((separation_mm + _SPARE_MM) / 2 + _COARSE_MM, quad_segs=16)
    return shapely.Polygon(shapely.simplify(wide, _COARSE_MM).exterior)


def _pairs(columns: Sequence[Columns]) -> list[Forbidden]:
    """For each i <= j where j may not lie because of i, in the order of `numpy.triu_indices`."""
    return [forbidden(a, b) for i, a in enumerate(columns) for b in columns[i:]]


def _walls(job: Job, shapes: Sequence[_Shape], step_mm: float) -> list[Forbidden]:
    """For each shape where it may not lie because of walls and pinned copies."""
    still = [
        columns_of(_grown(shapely.Polygon(_outline(job, one)), job.separation_mm), step_mm)
        for one in job.pinned
    ]
    walls = [] if job.walls is None else [columns_of(one, step_mm) for one in _parts(job.walls)]
    return [
        union(
            [forbidden(one, shape.grown) for one in still]
            + [forbidden(one, shape.touching) for one in walls]
        )
        for shape in shapes
    ]


def _parts(geometry: shapely.Geometry) -> list[shapely.Polygon]:
    parts = shapely.get_parts(geometry)
    return [one for one in parts if shapely.get_dimensions(one) == 2 and not one.is_empty]


def _outline(job: Job, placement: Placement) -> FloatArray:
    copy = next(one for one in job.copies if one.key == (placement.piece, placement.copy))
    return placement.apply(copy.piece.cut_line_mm)


def _flat(tables: Sequence[Forbidden]) -> tuple[Forbidden, np.ndarray, np.ndarray, np.ndarray]:
    """All tables one after the other; first shift, beginning and number of columns of each."""
    count = np.array([len(one.start) - 1 for one in tables], np.int64)
    filled = np.array([len(one.low_mm) for one in tables], np.int64)
    base = np.concatenate([[0], np.cumsum(filled)])[:-1]
    start = np.concatenate([one.start + at for one, at in zip(tables, base, strict=True)])
    begin = np.concatenate([[0], np.cumsum(count + 1)])[:-1]
    low, high = (
        np.concatenate([getattr(one, name) for one in tables]) for name in ("low_mm", "high_mm")
    )
    first = np.array([one.first for one in tables], np.int64)
    return Forbidden(0, start.astype(np.int64), low, high), first, begin.astype(np.int64), count
