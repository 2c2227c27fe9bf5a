"""The mesh from four sides: as it looks, how surely it was seen, and cut into panels."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image

from stitchsketch_kernel.domain.arrays import FloatArray, ImageArray, IntArray
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.domain.panel import PanelMap
from stitchsketch_kernel.domain.tape import TapeFound
from stitchsketch_kernel.domain.units import MM_PER_M
from stitchsketch_kernel.visualization.canvas import (
    captioned,
    legend,
    pills_apart,
    scale_bar,
    tiled,
)
from stitchsketch_kernel.visualization.eyes import ParallelEye, fitting_unit
from stitchsketch_kernel.visualization.front import front_of
from stitchsketch_kernel.visualization.palette import NO_PANEL, PAPER, panel_color, ramp
from stitchsketch_kernel.visualization.render import Line, Scene

_TILE = (640, 480)
#: A panel is named where it fills this many pixels of a tile.
_LABEL_PX = 900


def mesh_four_sides(
    mesh: Mesh, metric: bool = True, front_m: FloatArray | None = None
) -> Image.Image:
    """The mesh in its own colours from three sides and above, at one scale.

    Parameters
    ----------
    mesh : Mesh
    metric : bool
        False: its unit is not known, so no scale bar is drawn.
    front_m : ndarray, shape (3,), optional
        Direction out of the furniture's front. Without it the sides are numbered, not named.
    """
    return four_sides(mesh, mesh.colors, metric=metric, front_m=front_m)


def confidence_four_sides(
    mesh: Mesh, metric: bool = True, front_m: FloatArray | None = None
) -> Image.Image:
    """How surely each place was seen, dark (a guess) to yellow (seen well by many photos).

    Raises
    ------
    ValueError
        If the mesh carries no confidence.
    """
    if mesh.confidence is None:
        raise ValueError("the mesh carries no confidence")
    colors = ramp("viridis", np.asarray(mesh.confidence, dtype=float))
    sheet = four_sides(mesh, colors, metric=metric, front_m=front_m)
    ticks = ((0.0, "a guess"), (0.5, "seen"), (1.0, "seen well"))
    return _below(sheet, legend((sheet.width, 84), "viridis", ticks, "How surely it was seen"))


def panels_four_sides(panel_map: PanelMap, metric: bool = True) -> Image.Image:
    """Panels in colours with their names, seams as dark lines; front known from IB or FB."""
    colors = panel_colors(panel_map)
    owner = panel_map.face_panel()
    names = [panel.name for panel in panel_map.panels]
    lines = [Line(seam.points_m, width_px=1.6) for seam in panel_map.seams]
    return four_sides(
        panel_map.mesh, colors, lines, metric, front_of(panel_map), (owner, names)
    )  # fmt: skip


def tape_four_sides(mesh: Mesh, tape: TapeFound, metric: bool = True) -> Image.Image:
    """The mesh in its own colours with the lines of tape that were found, light on dark."""
    lines = []
    for width, colour in ((4.0, (20, 20, 20)), (1.6, (255, 255, 255))):
        lines += [Line(line.points_m, colour, width) for line in tape.lines]
    return four_sides(mesh, mesh.colors, lines, metric)


def panel_colors(panel_map: PanelMap) -> ImageArray:
    """One colour for each face, shape (m, 3): its panel's, pale where there is no cloth."""
    table = [panel_color(index) for index in range(len(panel_map.panels))]
    return np.array([*table, NO_PANEL], dtype=np.uint8)[panel_map.face_panel()]


def four_sides(
    mesh: Mesh,
    colors: ImageArray | None = None,
    lines: Sequence[Line] = (),
    metric: bool = True,
    front_m: FloatArray | None = None,
    regions: tuple[IntArray, Sequence[str]] | None = None,
) -> Image.Image:
    """Two three-quarter views, the back and the top on one sheet, all at one scale.

    Parameters
    ----------
    mesh : Mesh
    colors : ndarray of uint8, optional
        For each vertex or each face.
    lines : sequence of Line
        Drawn where they are seen.
    metric : bool
        Whether its unit is the metre: only then a scale bar is drawn.
    front_m : ndarray, shape (3,), optional
        Level direction out of the front; without it the sides are numbered.
    regions : tuple of (owner, names), optional
        For each face the index of its name, -1 for none; named on the pictures.
    """
    scene = Scene(mesh)
    looks = _looks(front_m)
    unit = _common_unit(mesh, [direction for _, direction in looks])
    tiles = []
    for caption, direction in looks:
        eye = ParallelEye.looking(mesh, direction, _TILE, unit)
        rendering = scene.render(eye, colors, lines)
        tile = Image.fromarray(rendering.image)
        if regions is not None:
            pills_apart(tile, region_labels(rendering.face, *regions), 17)
        if metric:
            scale_bar(tile, unit)
        tiles.append(captioned(tile, caption))
    return tiled(tiles, columns=2, title=_sizes(mesh) if metric else "Size not known: no scale")


def region_labels(
    face: IntArray, owner: IntArray, names: Sequence[str]
) -> list[tuple[tuple[float, float], str]]:
    """For each region that shows, the pixel deepest inside it, and its name; big ones first.

    Parameters
    ----------
    face : ndarray of int32, shape (h, w)
        `Rendering.face`.
    owner : ndarray of int32, shape (m,)
        For each face the index into `names`, -1 for none.
    """
    seen = np.where(face >= 0, owner[face], -1)
    found = []
    for index, name in enumerate(names):
        mask = (seen == index).astype(np.uint8)
        if mask.sum() < _LABEL_PX:
            continue
        found.append((int(mask.sum()), (_middle_of(mask), name)))
    return [label for _, label in sorted(found, key=lambda pair: -pair[0])]


def _middle_of(mask: ImageArray) -> tuple[float, float]:
    # deep inside the region, and among such places near its centre
    depth = cv2.distanceTransform(np.pad(mask, 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
    deep = np.argwhere(depth >= 0.8 * depth.max())
    centre = np.argwhere(mask).mean(axis=0)
    y, x = deep[np.argmin(np.linalg.norm(deep - centre, axis=1))]
    return float(x), float(y)


def _looks(front_m: FloatArray | None) -> list[tuple[str, FloatArray]]:
    # from the eye to the furniture; the sides are seen a little from above
    named = front_m is not None
    front = np.array([0.0, -1.0, 0.0]) if front_m is None else np.asarray(front_m)
    azimuth = np.arctan2(front[1], front[0])
    turns = (-35.0, 55.0, 180.0) if named else (-35.0, 85.0, 205.0)
    captions = (
        ("Front and right, as one sits", "Front and left, as one sits", "Back")
        if named
        else ("Side 1", "Side 2", "Side 3")
    )
    looks = []
    for caption, turn in zip(captions, turns, strict=True):
        angle, lift = azimuth + np.deg2rad(turn), np.deg2rad(22.0)
        out = [np.cos(lift) * np.cos(angle), np.cos(lift) * np.sin(angle), np.sin(lift)]
        looks.append((caption, -np.array(out)))
    return [*looks, ("Top", np.array([0.0, 0.0, -1.0]))]


def _common_unit(mesh: Mesh, directions: Sequence[FloatArray]) -> float:
    eyes = [ParallelEye.looking(mesh, direction, _TILE, 1.0) for direction in directions]
    return fitting_unit(mesh, [(eye.right, eye.up) for eye in eyes], (_TILE[0], _TILE[1] - 70))


def _sizes(mesh: Mesh) -> str:
    wide, deep, tall = np.ptp(mesh.vertices, axis=0) * MM_PER_M
    return f"x {wide:.0f} mm · y {deep:.0f} mm · height {tall:.0f} mm"


def _below(top: Image.Image, bottom: Image.Image) -> Image.Image:
    sheet = Image.new("RGB", (top.width, top.height + bottom.height), PAPER)
    sheet.paste(top, (0, 0))
    sheet.paste(bottom, (0, top.height))
    return sheet
