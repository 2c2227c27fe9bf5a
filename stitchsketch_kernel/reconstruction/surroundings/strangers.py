"""What stood before the piece in single photos: a person who walked through, a hand, a dog.

It is in no mesh, for no two photos agree on it. But it hides the piece: a photo that shows another
colour than all others over a hand's breadth or more, and knows no depth there, was spoilt.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from scipy import ndimage

from stitchsketch_kernel.domain.arrays import BoolArray, FloatArray, IntArray
from stitchsketch_kernel.domain.model import Depth, Mesh
from stitchsketch_kernel.domain.photo import View
from stitchsketch_kernel.reconstruction.coloring import UNSEEN_GREY, color_vertices, vertex_normals
from stitchsketch_kernel.reconstruction.dense.pictures import colour

#: Colours are compared over patches of this size.
_PATCH_M = 0.03
#: Photos are looked at this small: their finest texture is none of a patch's colour.
_LOOK_PX = 480
#: Grey levels that a patch differs by, in any channel, once the photo is as bright as the others.
_OTHER_COLOUR = 26.0
#: A part is hidden when it is so much of what the photo shows of the piece ...
_LEAST_SHARE = 0.1
#: ... and no more of it than this has depth that lies on the surface within so many metres: a
#: shadow or the shine of a lamp changes the colour, but the photo still matches others there.
_MOST_KNOWN, _SAME_M = 0.4, 0.012
#: A patch's surface is known to a view that knows this share of it; it is sound where so many
#: views know it, in number and of those that see it, and where no more of them find it odd.
_KNOWN, _LEAST_VIEWS, _SOUND, _ODD = 0.5, 2, 0.5, 0.4
_FACING, _LIFT_M = 0.35, 0.004
_NAMED = 8


@dataclass(frozen=True)
class Hidden:
    """A photo in which something hides a part of the piece, and the share that it hides."""

    photo: str
    share: float


def find_hidden(
    mesh: Mesh, depths: Iterable[Depth], images: Mapping[str, Path], views: Sequence[View]
) -> tuple[Hidden, ...]:
    """The photos in which something stands before the piece.

    Parameters
    ----------
    mesh : Mesh
        Metres, with the colours that all photos give.
    depths : iterable of Depth
    images : mapping of str to Path
        The upright photo of each view.
    views : sequence of View
        With their lenses.
    """
    assert mesh.colors is not None
    lenses = {view.name: view for view in views}
    cells = np.floor(mesh.vertices / _PATCH_M).astype(int)
    cells -= cells.min(axis=0)
    _, patch = np.unique(cells, axis=0, return_inverse=True)
    at = np.zeros((int(patch.max()) + 1, 3), int)
    at[patch.ravel()] = cells
    look = _Look(mesh, vertex_normals(mesh), patch.ravel().astype(np.int64), len(at))
    names = []
    looks = []
    for depth in depths:
        names.append(depth.view.name)
        looks.append(look.at_photo(lenses[names[-1]], images[names[-1]], depth))
    if not looks:
        return ()
    seen, off, known = (np.array(which) for which in zip(*looks, strict=True))
    # what no depth knows, or what looks otherwise from everywhere, is the mesh's own fault
    times = seen.sum(axis=0)
    sound = (known.sum(axis=0) >= np.maximum(_LEAST_VIEWS, _SOUND * times)) & (
        off.sum(axis=0) <= _ODD * times
    )
    found = []
    for i, name in enumerate(names):
        there = np.flatnonzero(seen[i])
        hidden = seen[i] & off[i] & sound
        share = _largest(at, hidden, known[i]) / max(len(there), 1)
        if share >= _LEAST_SHARE:
            found.append(Hidden(name, share))
    return tuple(sorted(found, key=lambda one: -one.share))


def recolored(
    mesh: Mesh, images: Mapping[str, Path], views: Sequence[View], hidden: Sequence[Hidden]
) -> Mesh:
    """The mesh with colours of the other photos alone, wherever one of them sees it."""
    spoilt = {one.photo for one in hidden}
    if not spoilt:
        return mesh
    again = color_vertices(mesh, images, [view for view in views if view.name not in spoilt])
    assert mesh.colors is not None and again.colors is not None
    seen = (again.colors != UNSEEN_GREY).any(axis=1, keepdims=True)
    return replace(mesh, colors=np.where(seen, again.colors, mesh.colors))


def say_hidden(hidden: Sequence[Hidden]) -> str:
    """A sentence for the report; empty where nothing is hidden."""
    if not hidden:
        return ""
    names = ", ".join(f"{one.photo} ({one.share:.0%})" for one in hidden[:_NAMED])
    more = f" and {len(hidden) - _NAMED} more" if len(hidden) > _NAMED else ""
    what = "photo" if len(hidden) == 1 else "photos"
    return (
        f"Something stands before the piece in the {what} {names}{more}: it is in no mesh, but it "
        "hides that share of what the photo would show. Where the surface there is coarse or "
        "missing, take those photos again."
    )


@dataclass(frozen=True)
class _Look:
    """The mesh in so many patches: `patch` (n,) of each vertex."""

    mesh: Mesh
    normals: FloatArray
    patch: IntArray
    patches: int

    def at_photo(
        self, view: View, image: Path, depth: Depth
    ) -> tuple[BoolArray, BoolArray, BoolArray]:
        """Patches that the view sees, that have another colour there, and that its depth knows."""
        rows = self._seen(view)
        count = np.bincount(self.patch[rows], minlength=self.patches)
        small = min(1.0, _LOOK_PX / max(view.camera.width_px, view.camera.height_px))
        camera = view.camera.scaled(small)
        picture = cv2.cvtColor(colour(image, camera), cv2.COLOR_BGR2RGB)
        pixels = view.pixels_from_world(self.mesh.vertices[rows]) * small
        u, v = np.clip(pixels.astype(int), 0, [camera.width_px - 1, camera.height_px - 1]).T
        off = self._other_colour(rows, picture[v, u].astype(float))
        sure = np.bincount(
            self.patch[rows], _knows(depth, self.mesh.vertices[rows]), self.patches
        ) / np.maximum(count, 1)
        return count > 0, off & (count > 0), sure > _KNOWN

    def _seen(self, view: View) -> IntArray:
        """The vertices that the view sees, were nothing else in the room."""
        o3d: Any = import_module("open3d")
        points = self.mesh.vertices
        towards = view.centre - points
        away = np.linalg.norm(towards, axis=1)
        facing = (self.normals * towards).sum(axis=1) > _FACING * away
        pixels = np.nan_to_num(view.pixels_from_world(points), nan=-1.0)
        size = (view.camera.width_px, view.camera.height_px)
        rows = np.flatnonzero(facing & (pixels > 0).all(axis=1) & (pixels < size).all(axis=1))
        start = points[rows] + _LIFT_M * self.normals[rows]
        rays = np.hstack([start, towards[rows] / away[rows, None]]).astype(np.float32)
        hit = self._scene.test_occlusions(o3d.core.Tensor(rays)).numpy()
        return np.asarray(rows[~hit])

    @cached_property
    def _scene(self) -> Any:
        o3d: Any = import_module("open3d")
        scene = o3d.t.geometry.RaycastingScene()
        vertices = np.ascontiguousarray(self.mesh.vertices, np.float32)
        faces = np.ascontiguousarray(self.mesh.faces, np.uint32)
        scene.add_triangles(o3d.core.Tensor(vertices), o3d.core.Tensor(faces))
        return scene

    def _other_colour(self, rows: IntArray, taken: FloatArray) -> BoolArray:
        """Which patches have another colour in the photo than in all photos, shape (m,)."""
        assert self.mesh.colors is not None
        usual = self.mesh.colors[rows].astype(float)
        gain = (
            float(np.median(taken.sum(axis=1) / np.maximum(usual.sum(axis=1), 1)))
            if len(rows)
            else 1.0
        )
        count = np.maximum(np.bincount(self.patch[rows], minlength=self.patches), 1)
        off = [
            np.bincount(self.patch[rows], one, self.patches) / count
            for one in (taken / max(gain, 0.2) - usual).T
        ]
        return np.asarray(np.abs(off).max(axis=0) > _OTHER_COLOUR)


def _knows(depth: Depth, points: FloatArray) -> FloatArray:
    """1 where the view's own depth lies on the surface at a point, shape (n,)."""
    camera = depth.view.camera
    local = points @ depth.view.rotation.T + depth.view.translation
    u, v = np.floor(camera.pixels_from_rays(local)).astype(int).T
    inside = (u >= 0) & (v >= 0) & (u < camera.width_px) & (v < camera.height_px)
    found = np.zeros(len(points))
    found[inside] = depth.depth_m[v[inside], u[inside]]
    return np.asarray(np.abs(found - local[:, 2]) < _SAME_M, dtype=float)


def _largest(at: IntArray, hidden: BoolArray, known: BoolArray) -> int:
    """Patches of the largest hidden part that hangs together and of which little is known."""
    grid = np.zeros(at.max(axis=0) + 1, dtype=bool)
    grid[tuple(at[hidden].T)] = True
    part, count = ndimage.label(grid, structure=np.ones((3, 3, 3)))
    of = part[tuple(at[hidden].T)]
    sizes = np.bincount(of, minlength=count + 1)
    sure = np.bincount(of, known[hidden], count + 1)
    return int(sizes[sure <= _MOST_KNOWN * sizes].max(initial=0))
