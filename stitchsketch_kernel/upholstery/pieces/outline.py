"""A flat panel's outline: split into edges where its seams end, and its grain line."""

from __future__ import annotations

import numpy as np
import shapely

from stitchsketch_kernel.domain.arrays import FloatArray, IntArray
from stitchsketch_kernel.domain.errors import PanelError
from stitchsketch_kernel.domain.panel import Seam
from stitchsketch_kernel.domain.piece import FlatPanel, PieceEdge
from stitchsketch_kernel.upholstery.pieces.rules import TradeRules

#: The grain line is drawn this share of the piece's height long.
_GRAIN_SHARE = 0.6


def edges_of(
    flat: FlatPanel, seams: dict[str, Seam], rules: TradeRules, simplify_mm: float
) -> tuple[PieceEdge, ...]:
    """The boundary split where seams end, counter-clockwise.

    Raises
    ------
    PanelError
        The seams do not cover the outline once; names the panel and the seam.
    """
    place = {int(vertex): index for index, vertex in enumerate(flat.boundary)}
    found: list[tuple[int, int, PieceEdge]] = []
    for key, vertices in flat.seam_vertices.items():
        seam = seams[key.rstrip("*")]
        at = _along_boundary(flat, key, vertices, place)
        forward = bool((at[1] - at[0]) % len(flat.boundary) == 1)
        order = vertices if forward else vertices[::-1]
        # a dart's legs come together so gently that thinned out they would cross
        is_dart = seam.left == seam.right
        line = _simplified(flat.uv_mm[order], 0.0 if is_dart else simplify_mm)
        start = int(at[0] if forward else at[-1])
        edge = PieceEdge(
            seam.id, seam.edge_kind, line, forward, rules.allowance(seam.edge_kind)
        )  # fmt: skip
        found.append((start, len(vertices) - 1, edge))
    found.sort(key=lambda one: one[0])
    for one, following in zip(found, [*found[1:], *found[:1]], strict=True):
        if (one[0] + one[1] - following[0]) % len(flat.boundary):
            raise PanelError(
                f"Panel {flat.panel}: its outline is not all seams; it has a gap or an overlap "
                f"between {one[2].seam} and {following[2].seam}.",
                "Draw the missing seam in the file of panels (--edits).",
            )
    if sum(steps for _, steps, _ in found) != len(flat.boundary):
        raise PanelError(
            f"Panel {flat.panel}: its seams do not run once round its outline.",
            "Draw them anew in the file of panels (--edits).",
        )
    return tuple(edge for _, _, edge in found)


def _along_boundary(
    flat: FlatPanel, key: str, vertices: IntArray, place: dict[int, int]
) -> IntArray:
    """Places of a seam's vertices on the boundary; they must be neighbours, all one way."""
    at = np.array([place.get(int(vertex), -1) for vertex in vertices], dtype=np.int32)
    steps = np.diff(at) % len(flat.boundary)
    if len(at) < 2 or (at < 0).any() or not (
        (steps == 1).all() or (steps == len(flat.boundary) - 1).all()
    ):  # fmt: skip
        raise PanelError(
            f"Panel {flat.panel}: seam {key} does not run along its outline.",
            "Move the seam in the file of panels (--edits).",
        )
    return at


def _simplified(line: FloatArray, tolerance_mm: float) -> FloatArray:
    """Douglas and Peucker; ends stay. A closed line is split at its far point, else it is lost."""
    if np.array_equal(line[0], line[-1]):
        far = int(np.argmax(np.linalg.norm(line - line[0], axis=1)))
        a, b = (_simplified(part, tolerance_mm) for part in (line[: far + 1], line[far:]))
        return np.vstack([a[:-1], b])
    kept = shapely.simplify(shapely.LineString(line), tolerance_mm, preserve_topology=False)
    return np.asarray(shapely.get_coordinates(kept))


def grain_line(sew: FloatArray) -> FloatArray:
    """A line along +y through the piece, the longest of a few that stay inside it."""
    polygon = shapely.Polygon(sew)
    (left, low), (right, high) = sew.min(axis=0), sew.max(axis=0)
    best: FloatArray = np.zeros((2, 2))
    for x in (left + right) / 2 + (right - left) * np.array([0, 0.1, -0.1, 0.2, -0.2, 0.3, -0.3]):
        upright = shapely.LineString([[x, low - 1], [x, high + 1]])
        for part in shapely.get_parts(shapely.intersection(polygon, upright)):
            ends = shapely.get_coordinates(part)
            # the middle one wins unless another is clearly longer
            if len(ends) > 1 and np.ptp(ends[:, 1]) > 1.2 * np.ptp(best[:, 1]):
                best = ends[np.argsort(ends[:, 1])][[0, -1]]
    middle, half = best.mean(axis=0), np.ptp(best[:, 1]) * _GRAIN_SHARE / 2
    return np.asarray(middle + np.array([[0, -half], [0, half]]))
