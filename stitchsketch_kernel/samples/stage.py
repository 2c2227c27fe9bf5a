"""The room round the furniture, lit once: triangles, textures and light as arrays to shade from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any

import numpy as np

from stitchsketch_kernel.domain.arrays import AnyArray, FloatArray, IntArray
from stitchsketch_kernel.imaging.mat import draw_board, drawn_extent_mm
from stitchsketch_kernel.samples import cloth
from stitchsketch_kernel.samples.atlas import Atlas, pack
from stitchsketch_kernel.samples.furniture import Furniture
from stitchsketch_kernel.samples.lighting import LAMPS, lit, seen_from
from stitchsketch_kernel.samples.looks import Maker, gloss_of, makers_of
from stitchsketch_kernel.samples.meshing import Patch, grid_patch
from stitchsketch_kernel.samples.rays import ray_scene
from stitchsketch_kernel.samples.sample import PlacedMat, Sample
from stitchsketch_kernel.samples.surroundings import Surroundings

#: The room reaches this far from the origin, and its walls this high, metres.
ROOM_M, WALL_M = 3.0, 2.5
PAPER_MARGIN_MM = 24.0
MAT_PX_PER_MM = 4.0
#: How much light white paper and black ink send back.
PAPER, INK = 0.82, 0.035

MATERIALS = (
    "floor",
    "wall",
    "lining",
    "wood",
    "cloth armchair",
    "welt armchair",
    "cloth cushion",
    "welt cushion",
    "tape blue",
    "tape orange",
    "shirt",
    "trousers",
    "skin",
    "mirror",
    "window",
)
FLOOR, MIRROR, WINDOW = (MATERIALS.index(name) for name in ("floor", "mirror", "window"))


@dataclass(frozen=True)
class Stage:
    """All that a picture is computed from.

    Attributes
    ----------
    rays : open3d RaycastingScene
    texture_mm : ndarray of float32, shape (n, 2)
    light : ndarray of float32, shape (n, 3)
        Irradiance at each vertex, white paper in the lamp's light being about 1.
    faces : ndarray of int32, shape (m, 3)
    face_material : ndarray of int32, shape (m,)
        Into `MATERIALS`.
    face_normal : ndarray of float32, shape (m, 3)
    atlas : Atlas
        The materials' textures, then one for each mat.
    mats : ndarray, shape (k, 7)
        Origin x and y, cosine and sine of the yaw, print scale; the drawn
        sheet's left and top, mm.
    normals : ndarray of float32, shape (n, 3)
        At the vertices, outwards.
    gloss : ndarray, shape (materials,)
        Share of a lamp's light that a material mirrors, seen straight on.
    lamps : ndarray of float32, shape (n, lamps)
        How much of each lamp a vertex of a glossy material sees.
    """

    rays: Any
    texture_mm: AnyArray
    light: AnyArray
    faces: IntArray
    face_material: IntArray
    face_normal: AnyArray
    atlas: Atlas
    mats: FloatArray
    normals: AnyArray
    gloss: FloatArray
    lamps: AnyArray


def stage_of(sample: Sample, view: str = "") -> Stage:
    """The lit room of a sample with its mats, as that view sees it; the last ones are kept.

    Without a view nobody walks through.
    """
    return _stage_of(sample, sample.around.seen_in(view))


@lru_cache(maxsize=2)
def _stage_of(sample: Sample, around: Surroundings) -> Stage:
    room = _lit_room(sample.furniture, sample.seed, sample.look, around)
    if not sample.mats:
        return room
    return replace(
        room,
        atlas=room.atlas.with_more(pack([_mat_texture(mat) for mat in sample.mats])),
        mats=np.array([_mat_row(mat) for mat in sample.mats]),
    )


@lru_cache(maxsize=2)
def _lit_room(
    furniture: tuple[Furniture, ...], seed: int, look: str, around: Surroundings
) -> Stage:
    # seconds of work that does not depend on views and mats
    pieces = (patch for piece in furniture for patch in piece.patches)
    patches = [*_room(), *pieces, *around.patches()]
    vertices = np.vstack([patch.vertices for patch in patches])
    normals = np.vstack([patch.normals for patch in patches])
    faces, material = _indexed(patches)
    scene = ray_scene(vertices, faces)
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    normal = np.cross(b - a, c - a)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-15)
    gloss = np.array([gloss_of(look, name) for name in MATERIALS])
    return Stage(
        rays=scene,
        texture_mm=_textures(patches, seed),
        light=lit(scene, vertices, normals),
        faces=faces,
        face_material=material,
        face_normal=normal.astype(np.float32),
        atlas=pack(_materials(seed, {patch.material for patch in patches}, look)),
        mats=np.empty((0, 7)),
        normals=normals.astype(np.float32),
        gloss=gloss,
        lamps=_lamps_seen(scene, vertices, normals, gloss, faces, material),
    )


def _lamps_seen(
    scene: Any,
    vertices: FloatArray,
    normals: FloatArray,
    gloss: FloatArray,
    faces: IntArray,
    material: IntArray,
) -> AnyArray:
    # only where something mirrors: it takes seconds
    seen = np.zeros((len(vertices), len(LAMPS)), dtype=np.float32)
    glossy = np.unique(faces[gloss[material] > 0])
    if len(glossy):
        seen[glossy] = seen_from(scene, vertices[glossy], normals[glossy])
    return seen


def _indexed(patches: list[Patch]) -> tuple[IntArray, IntArray]:
    offsets = np.cumsum([0, *(len(patch.vertices) for patch in patches[:-1])])
    faces = [patch.faces + offset for patch, offset in zip(patches, offsets, strict=True)]
    material = [np.full(len(patch.faces), MATERIALS.index(patch.material)) for patch in patches]
    return np.vstack(faces).astype(np.int32), np.concatenate(material).astype(np.int32)


def _textures(patches: list[Patch], seed: int) -> AnyArray:
    # each panel is cut from its own place of the cloth
    rng = np.random.default_rng(seed)
    places = rng.uniform(0, 2000, (len(patches), 2))
    moved = [
        patch.texture_mm + (place if patch.panel else 0.0)
        for patch, place in zip(patches, places, strict=True)
    ]
    return np.vstack(moved).astype(np.float32)


def _room() -> list[Patch]:
    near = np.arange(-1.6, 1.6001, 0.02)
    far = np.linspace(1.6, ROOM_M, 8)[1:]
    stops = np.concatenate([-far[::-1], near, far]) + ROOM_M
    x, y, z = np.eye(3)
    low = np.array([-ROOM_M, -ROOM_M, 0.0])
    floor = grid_patch(low, x, y, "floor", (stops, stops))
    wide, high = np.linspace(0, 2 * ROOM_M, 25), np.linspace(0, WALL_M, 11)
    corners = (
        (low, y),
        (low + 2 * ROOM_M * y, x),
        (low + 2 * ROOM_M * (x + y), -y),
        (low + 2 * ROOM_M * x, -x),
    )
    walls = [
        _hung(grid_patch(corner, along, z, "wall", (wide, high)), storey)
        for storey, (corner, along) in enumerate(corners)
    ]
    return [floor, *walls]


def _hung(wall: Patch, storey: int) -> Patch:
    # each wall shows its own strip of the plaster: equal walls would match each other's photos
    return replace(wall, texture_mm=wall.texture_mm + np.array([0.0, 1000 * WALL_M * storey]))


def _materials(seed: int, used: set[str], look: str) -> list[cloth.Texture]:
    # in the order of MATERIALS; what is not used is not worth its seconds
    makers: dict[str, Maker] = {
        "floor": cloth.parquet,
        "wall": cloth.plaster,
        "wood": cloth.wood,
        **makers_of(look),
        "tape blue": partial(cloth.piping, colour=(0.05, 0.23, 0.62)),
        "tape orange": partial(cloth.piping, colour=(0.80, 0.33, 0.05)),
        "shirt": partial(cloth.fabric, colour=(0.10, 0.13, 0.24), motif=(0.24, 0.28, 0.36)),
        "trousers": partial(cloth.piping, colour=(0.05, 0.05, 0.055)),
        "skin": partial(cloth.piping, colour=(0.50, 0.31, 0.23)),
    }
    return [
        makers[name](seed + index) if name in used and name in makers else cloth.lining()
        for index, name in enumerate(MATERIALS)
    ]


def _mat_texture(mat: PlacedMat) -> cloth.Texture:
    drawn = draw_board(mat.board, MAT_PX_PER_MM, PAPER_MARGIN_MM) / 255.0
    return cloth.Texture(cloth.coded(INK + (PAPER - INK) * drawn), 1 / MAT_PX_PER_MM)


def _mat_row(mat: PlacedMat) -> list[float]:
    left, _, _, top = drawn_extent_mm(mat.board, PAPER_MARGIN_MM)
    yaw = np.deg2rad(mat.yaw_deg)
    return [*mat.origin_m, float(np.cos(yaw)), float(np.sin(yaw)), mat.print_scale, left, top]
