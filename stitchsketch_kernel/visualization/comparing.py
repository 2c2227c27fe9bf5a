"""Two runs beside each other: figures in a table, surfaces by their distance, pieces laid over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from PIL import Image

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.domain.piece import Pattern, Piece
from stitchsketch_kernel.visualization.canvas import legend
from stitchsketch_kernel.visualization.charts import dressed, new_figure, picture_of, plain, shade
from stitchsketch_kernel.visualization.palette import BAD, BLUE, ramp
from stitchsketch_kernel.visualization.panels import _below, four_sides

#: Surfaces further apart than this don't show the same place: one of them has a hole there.
FAR_MM = 20.0
_LEAST_LIMIT_MM = 0.5
_COLUMNS, _TILE_PX, _STEP_MM = 4, 340, 2.0
#: What a stage has cost, which says nothing of what it found.
_COSTS = frozenset({"compute_s", "processor_s", "peak_memory_mb"})


@dataclass(frozen=True)
class FigureRow:
    """A figure of a stage in both runs; None where a run hasn't it."""

    stage: str
    name: str
    first: Any
    second: Any

    @property
    def differs(self) -> bool:
        """Whether the runs found something else."""
        return bool(self.first != self.second)


def figures_beside(
    first: Mapping[str, Mapping[str, Any]], second: Mapping[str, Mapping[str, Any]]
) -> list[FigureRow]:
    """Plain figures (numbers, words, yes or no) of all stages, by stage and name.

    What computing them took is left out.

    Parameters
    ----------
    first, second : mapping of str to mapping
        Each stage's figures, in the order of the stages.
    """
    stages = list(dict.fromkeys([*first, *second]))
    rows = []
    for stage in stages:
        a, b = first.get(stage, {}), second.get(stage, {})
        rows += [
            FigureRow(stage, name, a.get(name), b.get(name))
            for name in dict.fromkeys([*a, *b])
            if name not in _COSTS
            and all(isinstance(one.get(name), (int, float, str, type(None))) for one in (a, b))
        ]
    return rows


def signed_distances_mm(mesh: Mesh, other: Mesh) -> FloatArray:
    """How far each vertex of `mesh` lies outside of `other`'s surface; inside is below 0.

    Outside is where the nearest face of `other` looks. NaN beyond `FAR_MM`.

    Returns
    -------
    ndarray, shape (n,)
    """
    import open3d as o3d

    scene = o3d.t.geometry.RaycastingScene()
    scene.add_triangles(
        o3d.core.Tensor.from_numpy(np.ascontiguousarray(other.vertices, dtype=np.float32)),
        o3d.core.Tensor.from_numpy(np.ascontiguousarray(other.faces, dtype=np.uint32)),
    )
    asked = np.ascontiguousarray(mesh.vertices, dtype=np.float32)
    found = scene.compute_closest_points(o3d.core.Tensor.from_numpy(asked))
    away = np.asarray(mesh.vertices) - found["points"].numpy()
    sign = np.sign(np.einsum("ij,ij->i", away, found["primitive_normals"].numpy()))
    distances = 1000 * np.linalg.norm(away, axis=1) * np.where(sign < 0, -1.0, 1.0)
    return np.asarray(np.where(np.abs(distances) > FAR_MM, np.nan, distances))


def distance_four_sides(mesh: Mesh, other: Mesh, limit_mm: float = 0.0) -> Image.Image:
    """`mesh` in colours of its signed distance to `other`: red outside, blue inside of it.

    Parameters
    ----------
    mesh, other : Mesh
        In metres, in one frame.
    limit_mm : float
        Where the colours end; 0: at 95 % of the distances.
    """
    distances = signed_distances_mm(mesh, other)
    known = np.abs(distances[np.isfinite(distances)])
    usual = float(np.percentile(known, 95)) if len(known) else 0.0
    limit = limit_mm or max(usual, _LEAST_LIMIT_MM)
    sheet = four_sides(mesh, ramp("coolwarm", 0.5 + distances / (2 * limit)))
    ticks = ((0.0, f"-{limit:.1f} mm"), (0.5, "the same"), (1.0, f"{limit:.1f} mm"))
    return _below(sheet, legend((sheet.width, 84), "coolwarm", ticks, "Outside of the other run"))


def pieces_overlaid(
    first: Pattern, second: Pattern, names: tuple[str, str] = ("first", "second")
) -> Image.Image:
    """The sew lines of pieces that both have, one over the other, grain up."""
    pairs = paired(first, second)
    rows = max(1, -(-len(pairs) // _COLUMNS))
    figure = new_figure(_COLUMNS * _TILE_PX, rows * _TILE_PX)
    places = np.atleast_1d(figure.subplots(rows, _COLUMNS, squeeze=False)).ravel()
    for axes in places[len(pairs) :]:
        axes.set_axis_off()
    for axes, (a, b) in zip(places, pairs, strict=False):
        one, two = _upright(a), _upright(b)
        # the wider one below is seen beside the other where they agree
        drawn = zip((one, two), (BLUE, BAD), (3.2, 1.2), names, strict=True)
        for line, colour, wide, label in drawn:
            closed = np.vstack([line, line[:1]])
            axes.plot(*closed.T, color=shade(colour), linewidth=wide, label=plain(label))
        dressed(axes, plain(f"{a.name}: {outline_off_mm(a, b):.1f} mm"))
        axes.set_aspect("equal")
    if pairs:
        places[0].legend(fontsize=9, loc="best")
    return picture_of(figure)


def paired(first: Pattern, second: Pattern) -> list[tuple[Piece, Piece]]:
    """The pieces of one name in both patterns, in the first one's order."""
    known = {piece.name: piece for piece in second.pieces}
    return [(one, known[one.name]) for one in first.pieces if one.name in known]


def outline_off_mm(first: Piece, second: Piece) -> float:
    """95 % of the first one's sew line lies within this of the second one's, grain on grain."""
    line = shapely.LinearRing(_upright(first))
    places = line.interpolate(np.arange(0.0, line.length, _STEP_MM))
    other = shapely.LinearRing(_upright(second))
    return float(np.percentile(shapely.distance(places, other), 95))


def _upright(piece: Piece) -> FloatArray:
    """The sew line with its grain up and its middle at 0."""
    along = piece.grain_mm[1] - piece.grain_mm[0]
    along = along / np.linalg.norm(along)
    turned = piece.sew_line_mm @ np.array([[along[1], along[0]], [-along[0], along[1]]])
    middle = shapely.Polygon(turned).centroid
    return np.asarray(turned - [middle.x, middle.y])
