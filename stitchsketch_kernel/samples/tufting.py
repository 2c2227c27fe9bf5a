"""Deep buttoned tufting: cloth drawn down to buttons in diamonds, with pleats between them.

A panel's own triangles are divided and moved along their normals, so that what is photographed and
what it is held against are the same surface. Towards the panel's outline the tufting runs out:
seams stay where they are drawn.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import shapely

from stitchsketch_kernel.domain.arrays import FloatArray, IntArray
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.samples.furniture import Furniture
from stitchsketch_kernel.samples.meshing import Patch, ball_patch, merge

#: Buttons in a row are so far apart, and rows half of this below each other, mm.
ACROSS_MM, DOWN_MM = 130.0, 170.0
#: How deep the pleats lie below the diamonds' middles, and the buttons below the pleats, mm.
PLEAT_MM, BUTTON_MM = 9.0, 16.0
#: A button draws the cloth down this far around.
DIMPLE_MM = 22.0
#: From the outline to where the tufting has its whole depth, mm.
FADE_MM = 55.0
#: A button: a dome so wide and so high (half of both are what `ball_patch` takes), metres.
BUTTON_RADIUS_M, BUTTON_HEIGHT_M = 0.010, 0.006
#: Each halving of the triangles' sides: 8 mm come to 2.
HALVINGS = 2


def tufted(furniture: Furniture, panel_name: str = "IB") -> Furniture:
    """The furniture with one panel tufted, or as it is where it has no such panel."""
    names = [panel.name for panel in furniture.panels]
    if panel_name not in names:
        return furniture
    panel = furniture.panel(panel_name)
    outline = shapely.Polygon(panel.outline_mm)
    patches = []
    for patch in furniture.patches:
        if patch.panel != panel_name:
            patches.append(patch)
            continue
        patches.append(_drawn_down(_finer(patch, HALVINGS), outline))
    middle = np.asarray(outline.centroid.coords)[0]
    buttons = [
        _button(at, panel.surface.world(at[None])[0], panel.surface.normals(at[None])[0], middle)
        for at in _button_places(outline)
    ]
    patches.append(merge(buttons, f"welt {furniture.name}"))
    # a tufted panel's cloth is cut larger and pleated: its flat is no pattern any more
    panels = tuple(
        replace(one, developable=False) if one.name == panel_name else one
        for one in furniture.panels
    )
    return replace(furniture, panels=panels, patches=tuple(patches))


def sunk_mm(flat_mm: FloatArray, middle_mm: FloatArray) -> FloatArray:
    """How deep tufting without an end lies below the cloth at flat points (n, 2), shape (n,)."""
    p, q = _diamonds(flat_mm, middle_mm)
    pleats = [(1 - 2 * np.abs(one - np.round(one))) ** 4 for one in (p, q)]
    pleat = 1 - (1 - pleats[0]) * (1 - pleats[1])
    corner = np.column_stack([np.round(p), np.round(q)])
    away = np.linalg.norm(flat_mm - _place(corner, middle_mm), axis=1)
    return np.asarray(PLEAT_MM * pleat + BUTTON_MM * np.exp(-((away / DIMPLE_MM) ** 2)))


def _diamonds(flat_mm: FloatArray, middle_mm: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Coordinates along the pleats' two directions: buttons where both are whole."""
    units = (flat_mm - middle_mm) / np.array([ACROSS_MM, DOWN_MM])
    across, down = units[:, 0], units[:, 1]
    return across + down, across - down


def _place(whole: FloatArray, middle_mm: FloatArray) -> FloatArray:
    """Flat points of `_diamonds`' coordinates (n, 2)."""
    p, q = whole.T
    units = np.column_stack([(p + q) / 2, (p - q) / 2])
    return np.asarray(units * np.array([ACROSS_MM, DOWN_MM]) + middle_mm)


def _share(flat_mm: FloatArray, outline: shapely.Polygon) -> FloatArray:
    """How much of the whole depth there is: 0 on the outline, 1 inside."""
    away = shapely.distance(outline.exterior, shapely.points(flat_mm))
    t = np.clip(away / FADE_MM, 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


def _button_places(outline: shapely.Polygon) -> FloatArray:
    """Flat points of the buttons: where the tufting has nearly its whole depth."""
    middle = np.asarray(outline.centroid.coords)[0]
    reach = np.arange(-12, 13)
    whole = np.stack(np.meshgrid(reach, reach), axis=-1).reshape(-1, 2).astype(float)
    places = _place(whole, middle)
    inside = shapely.contains_xy(outline, places) & (_share(places, outline) > 0.9)
    return np.asarray(places[inside])


def _drawn_down(patch: Patch, outline: shapely.Polygon) -> Patch:
    """The patch moved along its normals, with the normals of what comes out."""
    middle = np.asarray(outline.centroid.coords)[0]
    sunk = sunk_mm(patch.texture_mm, middle) * _share(patch.texture_mm, outline)
    vertices = patch.vertices - 0.001 * sunk[:, None] * patch.normals
    return replace(patch, vertices=vertices, normals=_vertex_normals(vertices, patch.faces))


def _button(at: FloatArray, world: FloatArray, normal: FloatArray, middle: FloatArray) -> Patch:
    """A dome at the bottom of the dimple at one flat point, flat along the cloth."""
    sphere = ball_patch(np.zeros(3), 1.0, "")
    along = normal[None] * (sphere.vertices @ normal)[:, None]
    flat = BUTTON_RADIUS_M * (sphere.vertices - along) + BUTTON_HEIGHT_M * along
    turned = (sphere.vertices - along) / BUTTON_RADIUS_M + along / BUTTON_HEIGHT_M
    turned /= np.linalg.norm(turned, axis=1, keepdims=True)
    deep = 0.001 * sunk_mm(at[None], middle)[0]
    centre = world - deep * normal
    return replace(
        sphere, vertices=centre + flat, normals=turned, texture_mm=1000 * sphere.vertices[:, :2]
    )


def _finer(patch: Patch, halvings: int) -> Patch:
    """Each triangle cut into four, as often as asked; new corners lie on the old sides."""
    columns = np.hstack([patch.vertices, patch.normals, patch.texture_mm])
    faces = patch.faces
    for _ in range(halvings):
        columns, faces = _halved(columns, faces)
    normals = columns[:, 3:6] / np.linalg.norm(columns[:, 3:6], axis=1, keepdims=True)
    return replace(
        patch, vertices=columns[:, :3], normals=normals, texture_mm=columns[:, 6:], faces=faces
    )


def _halved(columns: FloatArray, faces: IntArray) -> tuple[FloatArray, IntArray]:
    sides = np.sort(faces[:, [[0, 1], [1, 2], [2, 0]]], axis=-1).reshape(-1, 2)
    once, of = np.unique(sides, axis=0, return_inverse=True)
    ab, bc, ca = (of.reshape(-1, 3) + len(columns)).T
    a, b, c = faces.T
    corners = [[a, ab, ca], [ab, b, bc], [ca, bc, c], [ab, bc, ca]]
    divided = np.concatenate([np.column_stack(three) for three in corners])
    return np.vstack([columns, columns[once].mean(axis=1)]), divided.astype(np.int32)


def _vertex_normals(vertices: FloatArray, faces: IntArray) -> FloatArray:
    """Each vertex's mean of its faces' normals, by their areas."""
    mesh = Mesh(vertices, faces)
    of_faces = mesh.face_normals() * mesh.face_areas()[:, None]
    total = np.zeros_like(vertices)
    for corner in range(3):
        np.add.at(total, faces[:, corner], of_faces)
    return np.asarray(total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-15))
