"""Where the cameras stood, the points they found, and how well the scale fits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from PIL import Image

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.model import Scale, SparseModel
from stitchsketch_kernel.domain.photo import View
from stitchsketch_kernel.visualization.charts import (
    dressed,
    new_figure,
    picture_of,
    plain,
    shade,
)
from stitchsketch_kernel.visualization.palette import BAD, BLUE, GREY, INK, WARN

#: A chart of more points than this is no clearer.
_POINTS = 20_000
#: More bars than this don't fit; the largest residuals are shown.
_BARS = 40
METHODS = {
    "mat": "the printed mats",
    "board": "a board of tags",
    "two_points": "known lengths",
    "none": "nothing: there is no scale",
}


def cameras_and_cloud(model: SparseModel, scale: Scale | None = None) -> Image.Image:
    """The points and the cameras from above and from the side.

    Parameters
    ----------
    model : SparseModel
        In metres when `scale` is metric.
    scale : Scale, optional
        Without it, or with method ``none``, the axes carry no unit.
    """
    unit = "m" if scale is not None and scale.is_metric else "no unit: not scaled"
    figure = new_figure(1240, 620)
    above, side = figure.subplots(1, 2)
    low, high = _limits(model)
    size = 0.05 * float(np.linalg.norm(high - low))
    for axes, (i, j), title in ((above, (0, 1), "From above"), (side, (0, 2), "From the side")):
        _draw_cloud(axes, model, i, j)
        _draw_frusta(axes, model.views, i, j, size)
        axes.set_xlim(low[i], high[i])
        axes.set_ylim(low[j], high[j])
        axes.set_aspect("equal", adjustable="datalim")
        axes.set_xlabel(f"{'xyz'[i]} ({unit})")
        axes.set_ylabel(f"{'xyz'[j]} ({unit})")
        dressed(axes, title)
    figure.suptitle(plain(_placed(model)), x=0.01, ha="left", fontsize=13, color=shade(GREY))
    return picture_of(figure)


def scale_residuals(
    labels: Sequence[str], residuals_mm: FloatArray, scale: Scale | None = None
) -> Image.Image:
    """How far each known distance or tag is from where the scale puts it.

    Parameters
    ----------
    labels : sequence of str
    residuals_mm : ndarray, shape (n,)
        Signed or not.
    scale : Scale, optional
        Then the statement of the scale stands above.
    """
    values = np.asarray(residuals_mm, dtype=float)
    if len(labels) != len(values):
        raise ValueError(f"{len(labels)} labels for {len(values)} residuals")
    order = np.arange(len(values))
    if len(values) > _BARS:
        order = np.sort(np.argsort(-np.abs(values))[:_BARS])
    figure = new_figure(1000, int(150 + 26 * max(len(order), 3)))
    axes = figure.subplots()
    shown = values[order]
    typical = float(np.sqrt(np.mean(values**2))) if len(values) else 0.0
    far = np.abs(shown) > max(3 * typical, 1e-9)
    colors = [shade(WARN) if is_far else shade(BLUE) for is_far in far]
    axes.barh(np.arange(len(shown)), shown, color=colors, height=0.7)
    axes.set_yticks(np.arange(len(shown)), [plain(labels[int(i)]) for i in order])
    axes.invert_yaxis()
    axes.axvline(0, color=shade(INK), linewidth=1)
    axes.grid(axis="x", color="#e4e4e2")
    axes.set_axisbelow(True)
    axes.set_xlabel("residual (mm)")
    more = f" (the {_BARS} largest of {len(values)})" if len(order) < len(values) else ""
    dressed(axes, f"{scale_statement(scale)}{more}" if scale else f"Residuals of the scale{more}")
    if scale is not None and not scale.is_metric:
        axes.title.set_color(shade(BAD))
    return picture_of(figure)


def scale_statement(scale: Scale) -> str:
    """How the scale is known and how surely, in a few words."""
    if not scale.is_metric:
        return "No scale: lengths are not known"
    sure = (
        f"± {scale.uncertainty_percent:.2f} % (± {scale.uncertainty_percent * 10:.1f} mm on 1 m)"
        if np.isfinite(scale.uncertainty_percent)
        else "how surely is not known"
    )
    return f"Scale from {METHODS[scale.method]}: {sure}"


def _placed(model: SparseModel) -> str:
    words = f"{len(model.views)} photos placed, {len(model.points)} points"
    if np.isfinite(model.reprojection_px):
        words += f", {model.reprojection_px:.2f} px mean error"
    if model.left_out:
        words += f"; not placed: {', '.join(model.left_out[:4])}"
        words += f" and {len(model.left_out) - 4} more" if len(model.left_out) > 4 else ""
    return words


def _limits(model: SparseModel) -> tuple[FloatArray, FloatArray]:
    # all cameras, and the points without the few that lie far out
    spread = [np.array([view.centre for view in model.views]).reshape(-1, 3)]
    if len(model.points):
        spread.append(np.percentile(model.points, [3, 97], axis=0))
    both = np.concatenate(spread)
    if not len(both):
        return -np.ones(3), np.ones(3)
    low, high = both.min(axis=0), both.max(axis=0)
    margin = 0.08 * max(float((high - low).max()), 1e-9)
    return low - margin, high + margin


def _draw_cloud(axes: Axes, model: SparseModel, i: int, j: int) -> None:
    step = max(1, -(-len(model.points) // _POINTS))
    points, colors = model.points[::step], model.colors[::step] / 255.0 * 0.85
    axes.scatter(points[:, i], points[:, j], s=2.5, c=colors, linewidths=0, rasterized=True)


def _draw_frusta(axes: Axes, views: Sequence[View], i: int, j: int, size: float) -> None:
    lines = [line[:, [i, j]] for view in views for line in _frustum(view, size)]
    axes.add_collection(LineCollection(lines, colors=shade(BLUE), linewidths=0.9, alpha=0.85))
    centres = np.array([view.centre for view in views]).reshape(-1, 3)
    axes.scatter(centres[:, i], centres[:, j], s=12, color=shade(BLUE), zorder=3)


def _frustum(view: View, size: float) -> list[FloatArray]:
    # the picture's frame at the distance `size`, and its four rays
    width, height = view.camera.width_px, view.camera.height_px
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=float)
    rays = np.linalg.solve(view.camera.matrix, np.column_stack([corners, np.ones(4)]).T).T
    rays *= size / np.linalg.norm(rays, axis=1).mean()
    world = rays @ view.rotation + view.centre
    return [np.vstack([world, world[:1]]), *(np.stack([view.centre, end]) for end in world)]
