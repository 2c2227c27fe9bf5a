"""Depth maps to the mesh of the furniture.

A surface is kept only where points were seen near it; what Poisson's equation spans beyond that is
cut away, not handed on as if it had been measured.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import open3d as o3d
from scipy import ndimage
from scipy.spatial import cKDTree

from stitchsketch_kernel.domain.arrays import FloatArray, IntArray
from stitchsketch_kernel.domain.bounds import Within, require_allowed
from stitchsketch_kernel.domain.errors import MeshError
from stitchsketch_kernel.domain.model import Depth, Mesh, Region
from stitchsketch_kernel.domain.photo import View
from stitchsketch_kernel.domain.progress import Progress, Wait, part, silent
from stitchsketch_kernel.reconstruction.clean import clean_mesh, joined
from stitchsketch_kernel.reconstruction.coloring import color_vertices
from stitchsketch_kernel.reconstruction.fusion import Cloud, fuse
from stitchsketch_kernel.reconstruction.memory import free_bytes
from stitchsketch_kernel.reconstruction.surface_costs import SOLVED, likely_costs
from stitchsketch_kernel.reconstruction.surface_room import (
    SCALE,
    enough_for,
    octree_for,
    say_coarser,
)
from stitchsketch_kernel.reconstruction.surroundings.mirrors import SAY_IMAGE, is_image
from stitchsketch_kernel.reconstruction.votes import DepthStack

#: What lies within this many cells of a seen point was seen.
_NEAR_CELLS = 1.5
#: Points of this share of the usual weight are half sure: at edges patches match less well, but
#: what three views agree on is there.
_HALF_SURE = 0.12


@dataclass(frozen=True)
class SurfaceSettings:
    """How depth maps become a mesh. Lengths in millimetres (of the model's metres).

    Attributes
    ----------
    voxel_mm : float
        Points closer than this become one.
    cell_mm : float
        Size of the surface's finest cells.
    agree_mm : float
        Views whose surfaces are no further apart see the same.
    least_views : int
        That must see a point alike; 0: three, or two where there are fewer than 24 views.
    bridge_mm : float
        Holes are closed up to this far from seen points; beyond, they stay open, and so do the
        ends of what was seen.
    floor_mm : float
        What is lower than this is floor.
    least_share : float
        Parts smaller than this share of the largest are not furniture.
    edge_mm : float
        Mean edge of the mesh's triangles.
    """

    voxel_mm: Annotated[float, Within(0, above=True)] = 2.0
    cell_mm: Annotated[float, Within(0, above=True)] = 3.0
    agree_mm: Annotated[float, Within(0, above=True)] = 4.0
    least_views: Annotated[int, Within(0)] = 0
    bridge_mm: Annotated[float, Within(0, above=True)] = 12.0
    floor_mm: Annotated[float, Within(0)] = 12.0
    least_share: Annotated[float, Within(0, 1)] = 0.04
    edge_mm: Annotated[float, Within(0, above=True)] = 4.5

    def __post_init__(self) -> None:
        require_allowed(self)

    def least_views_of(self, count: int) -> int:
        """Views that must see a point alike, of so many."""
        return self.least_views or (3 if count >= 24 else 2)


def make_mesh(
    depths: Sequence[Depth],
    images: Mapping[str, Path],
    views: Sequence[View],
    region: Region,
    settings: SurfaceSettings | None = None,
    progress: Progress = silent,
    free: Callable[[], int] = free_bytes,
    sessions: int = 1,
) -> tuple[Mesh, tuple[str, ...]]:
    """Make the mesh of all furniture in the region.

    Parameters
    ----------
    depths : sequence of Depth
    images : mapping of str to Path
        The upright photo of each view.
    views : sequence of View
        With their lenses, for the colours.
    region : Region
    settings : SurfaceSettings, optional
    progress : Progress, optional
    free : callable
        Tells the bytes that may be taken.
    sessions : int
        Of more than one session each has lost its own floor before (`SessionDepths`): what is low
        in this world may be the underside.

    Returns
    -------
    mesh : Mesh
        With colours, and with confidence: 1 where many views agree, 0 where a hole was closed.
    doubts : tuple of str
        Sentences for the report: memory was short, or what a mirror shows was left out.

    Raises
    ------
    MeshError
        Nothing stands above the floor.
    ShortOfMemoryError
        The depth maps, or the coarsest surface, don't fit the memory.
    """
    settings = settings or SurfaceSettings()
    mm = 0.001
    with enough_for(depths):
        stack = DepthStack.of(depths)
        costs = likely_costs(stack, settings.voxel_mm * mm, settings.cell_mm * mm)
        fused, made = costs.ends()
        began = time.monotonic()
        cloud = fuse(
            depths,
            region,
            settings.voxel_mm * mm,
            settings.agree_mm * mm,
            settings.least_views_of(len(depths) // sessions),
            part(progress, 0, fused),
            stack,
        )
        del stack
    took_s = time.monotonic() - began
    bodies = _bodies(cloud, settings, settings.floor_mm if sessions == 1 else -np.inf)
    centres = np.array([view.centre for view in views])
    real = [one for i, one in enumerate(bodies)
            if not i or not is_image(one.points, bodies[0].points, centres)]  # fmt: skip
    doubts = [SAY_IMAGE] if len(real) < len(bodies) else []
    bodies = real
    meshes, cells_m = [], []
    until = np.cumsum([0, *(len(body.points) for body in bodies)])
    until = fused + (made - fused) * until / until[-1]
    for i, body in enumerate(bodies):
        share = part(progress, float(until[i]), float(until[i + 1]))
        seconds = costs.waits(len(body.points), took_s)
        note = f"surface {i + 1} of {len(bodies)}"
        octree = octree_for(body.points, settings.voxel_mm * mm, settings.cell_mm * mm, free)
        # open3d lets no other thread run meanwhile that could tell how far it is
        share(0.0, Wait(f"{note}, about {seconds:.0f} s", SOLVED, seconds))
        raw, spanned = _spanned(body, octree.depth)
        share(SOLVED, note)
        meshes.append(_cut_back(raw, spanned, settings))
        cells_m.append(octree.coarser_m)
    mesh = joined(meshes)
    mesh = color_vertices(mesh, images, views, part(progress, made, 1.0))
    progress(1.0, f"{len(mesh.faces)} triangles")
    doubts.append(say_coarser(max(cells_m), settings.cell_mm * mm))
    return mesh, tuple(doubt for doubt in doubts if doubt)


def _bodies(cloud: Cloud, settings: SurfaceSettings, floor_mm: float) -> list[Cloud]:
    """The cloud above the floor, apart where it is apart, the largest first, crumbs left out."""
    above = cloud.points[:, 2] > floor_mm * 0.001
    points = cloud.points[above]
    if len(points) < 1000:
        raise MeshError(
            "Nothing was found standing on the floor.",
            "Check that the mats lie flat on the floor that the piece stands on, and that the "
            "piece is in the middle of the photos.",
        )
    cell = max(6 * settings.voxel_mm * 0.001, 0.012)
    cells = np.floor((points - points.min(axis=0)) / cell).astype(int)
    grid = np.zeros(cells.max(axis=0) + 1, dtype=bool)
    grid[tuple(cells.T)] = True
    labels, _ = ndimage.label(grid, structure=np.ones((3, 3, 3)))
    label = labels[tuple(cells.T)]
    counts = np.bincount(label)
    large = np.flatnonzero(counts >= settings.least_share * counts.max())
    large = large[np.argsort(-counts[large])]
    normals, weights = cloud.normals[above], cloud.weights[above]
    return [Cloud(points[label == i], normals[label == i], weights[label == i]) for i in large]


def _spanned(body: Cloud, depth: int) -> tuple[Mesh, Cloud]:
    """Screened Poisson (Kazhdan and Hoppe 2013) over a body's points, and those that it spans."""
    pcd = o3d.geometry.PointCloud(o3d.utility.Vector3dVector(body.points))
    pcd.normals = o3d.utility.Vector3dVector(body.normals)
    pcd, kept = pcd.remove_statistical_outlier(nb_neighbors=20, std_ratio=3.0)
    # several threads give another mesh each time: the last digits of their sums, then decimation's
    # choices by them; one takes as much processor
    raw, _ = o3d.geometry.TriangleMesh.create_from_point_cloud_poisson(
        pcd, depth=depth, scale=SCALE, linear_fit=False, n_threads=1
    )
    mesh = Mesh(np.asarray(raw.vertices), np.asarray(raw.triangles))
    return mesh, Cloud(body.points[kept], body.normals[kept], body.weights[kept])


def _cut_back(raw: Mesh, body: Cloud, settings: SurfaceSettings) -> Mesh:
    """A raw surface cut back to what was seen, cleaned."""
    distance, nearest = cKDTree(body.points).query(raw.vertices, workers=-1)
    faces = _closed_where_seen(raw.vertices, raw.faces, distance, settings)
    confidence = _confidence(distance, body.weights[nearest], settings)
    return clean_mesh(
        Mesh(raw.vertices, faces.astype(np.int32), None, confidence),
        edge_mm=settings.edge_mm,
        least_share=settings.least_share,
    )


def _closed_where_seen(
    vertices: FloatArray, faces: IntArray, distance: FloatArray, settings: SurfaceSettings
) -> IntArray:
    """Faces near seen points, and those that close a hole between them.

    At the end of what was seen, closing would only make the piece longer than it is: what is far
    from seen points goes, and with it the rim of guesses that leads there.
    """
    bridge, near = settings.bridge_mm * 0.001, _NEAR_CELLS * settings.cell_mm * 0.001
    beyond = distance > bridge
    keep = ~beyond
    rim = np.flatnonzero(keep & (distance > near))
    if beyond.any() and len(rim):
        reach = 1.5 * max(bridge - near, near)
        to_end = cKDTree(vertices[beyond]).query(vertices[rim], distance_upper_bound=reach)[0]
        keep[rim[np.isfinite(to_end)]] = False
    return np.asarray(faces[keep[faces].all(axis=1)])


def _confidence(distance: FloatArray, weights: FloatArray, settings: SurfaceSettings) -> FloatArray:
    """0 where no point is near, near 1 where many views agree."""
    near = np.clip(1 - distance / (0.5 * settings.bridge_mm * 0.001), 0, 1)
    return np.asarray(near * weights / (weights + np.median(weights) * _HALF_SURE))
