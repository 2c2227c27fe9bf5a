"""A crowned box cushion as a scan shows it: a domed top, its seams rounded, noise; seams exact."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array, csr_array
from skimage.measure import marching_cubes

from stitchsketch_kernel.domain.arrays import FloatArray, IntArray
from stitchsketch_kernel.domain.model import Mesh

#: Half the length and width of the outline, the radius of its corners, the band's height, what the
#: top rises above it in its middle, what the cushion lies above the floor.
HALF_M = np.array([0.25, 0.225])
CORNER_M, BAND_M, CROWN_M, LIFT_M = 0.06, 0.10, 0.03, 0.05
#: Rounds of evening out the triangles.
_RELAXINGS = 5


@dataclass(frozen=True)
class CrownedCushion:
    """The scan and its truth.

    Attributes
    ----------
    mesh : Mesh
    top_seam_m, bottom_seam_m : ndarray, shape (k, 3)
        Where the dome (the flat bottom) and the upright band, both continued through the fillet,
        meet; closed, a point each mm, the first repeated.
    top_fold_m : ndarray, shape (k, 3)
        The same on the scan without noise: the middle of the fillet.
    """

    mesh: Mesh
    top_seam_m: FloatArray
    bottom_seam_m: FloatArray
    top_fold_m: FloatArray


def crowned_cushion(
    cell_m: float = 0.0028, fillet_m: float = 0.008, noise_m: float = 0.0005, seed: int = 0
) -> CrownedCushion:
    """Build the cushion.

    Parameters
    ----------
    cell_m : float
        Of the grid that it is meshed on; 2.8 mm make about 190,000 faces.
    fillet_m : float
        Radius that the scan rounds both seams by.
    noise_m : float
        Standard deviation of each coordinate of each vertex.
    seed : int
    """
    low = np.array([*(-HALF_M), LIFT_M]) - 0.01
    high = np.array([*HALF_M, LIFT_M + BAND_M + CROWN_M]) + 0.01
    axes = [np.arange(a, b, cell_m) for a, b in zip(low, high, strict=True)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    signed = _inside_out(grid, fillet_m)
    vertices, faces, _, _ = marching_cubes(signed, 0.0, spacing=(cell_m,) * 3)  # type: ignore[no-untyped-call]
    vertices = _relaxed(vertices + low, faces, fillet_m)
    noise = np.random.default_rng(seed).normal(0, noise_m, vertices.shape)
    mesh = Mesh(vertices + noise, faces.astype(np.int32))
    outline = _outline()
    rim = LIFT_M + BAND_M
    top = np.column_stack([outline, rim + _crown(outline[:, 0], outline[:, 1])])
    bottom = np.column_stack([outline, np.full(len(outline), LIFT_M)])
    return CrownedCushion(mesh, top, bottom, _on_scan(top, fillet_m))


def _on_scan(seam: FloatArray, fillet_m: float) -> FloatArray:
    """Where the scan lies below each point of the top seam, halfway between dome and band."""
    along = np.roll(seam[:-1, :2], -1, axis=0) - np.roll(seam[:-1, :2], 1, axis=0)
    along = np.vstack([along, along[:1]])
    band = np.column_stack([along[:, 1], -along[:, 0], np.zeros(len(seam))])
    x, y = (seam[:, :2] / HALF_M).T
    slope_x = 2 * CROWN_M * x / HALF_M[0] * (1 - y**2)
    slope_y = 2 * CROWN_M * y / HALF_M[1] * (1 - x**2)
    top = np.column_stack([slope_x, slope_y, np.ones(len(seam))])
    outward = sum(n / np.linalg.norm(n, axis=1, keepdims=True) for n in (top, band))
    outward = np.asarray(outward / np.linalg.norm(outward, axis=1, keepdims=True))
    low, high = np.zeros((len(seam), 1)), np.full((len(seam), 1), fillet_m)
    for _ in range(30):
        middle = (low + high) / 2
        outside = _inside_out(seam - middle * outward, fillet_m)[:, None] > 0
        low, high = np.where(outside, middle, low), np.where(outside, high, middle)
    return np.asarray(seam - low * outward)


def _relaxed(vertices: FloatArray, faces: IntArray, fillet_m: float) -> FloatArray:
    """Vertices moved along the surface to the middle of their neighbours: no slivers are left."""
    count = len(vertices)
    pairs = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    graph = csr_array(coo_array((np.ones(len(pairs)), tuple(pairs.T)), shape=(count, count)))
    neighbours = graph.sum(axis=1)[:, None]
    for _ in range(_RELAXINGS):
        vertices = (graph @ vertices) / neighbours
        away, slope = _slope(vertices, fillet_m)
        vertices = vertices - slope * (away / (slope**2).sum(axis=1))[:, None]
    return vertices


def on_cushion(points_m: FloatArray, fillet_m: float) -> tuple[FloatArray, FloatArray]:
    """Points (n, 3) near the cushion brought onto it, and its outward unit normals there."""
    for _ in range(8):
        away, slope = _slope(points_m, fillet_m)
        points_m = points_m - slope * (away / (slope**2).sum(axis=1))[:, None]
    slope = _slope(points_m, fillet_m)[1]
    return points_m, slope / np.linalg.norm(slope, axis=1, keepdims=True)


def _slope(points: FloatArray, fillet_m: float) -> tuple[FloatArray, FloatArray]:
    """The signed distance of points (n, 3) and its gradient."""
    away = _inside_out(points, fillet_m)
    ahead = [(_inside_out(points + one, fillet_m) - away) / 1e-5 for one in 1e-5 * np.eye(3)]
    return away, np.stack(ahead, axis=1)


def _crown(x: FloatArray, y: FloatArray) -> FloatArray:
    """What the top rises above the rim: a dome that is nowhere flat."""
    return np.asarray(CROWN_M * (1 - (x / HALF_M[0]) ** 2) * (1 - (y / HALF_M[1]) ** 2))


def _inside_out(points: FloatArray, fillet_m: float) -> FloatArray:
    """Signed distance (nearly: the dome is shallow), below 0 inside; a ball rounds both seams."""
    x, y, z = np.moveaxis(points, -1, 0)
    q = np.abs(points[..., :2]) - HALF_M + CORNER_M
    band = np.linalg.norm(np.maximum(q, 0), axis=-1) + np.minimum(q.max(axis=-1), 0) - CORNER_M
    top = z - (LIFT_M + BAND_M) - _crown(x, y)
    lids = np.maximum(top, LIFT_M - z)
    corner = np.maximum(np.stack([lids, band]) + fillet_m, 0)
    deep = np.minimum(np.maximum(lids, band), -fillet_m)
    return np.asarray(np.linalg.norm(corner, axis=0) + deep)


def _outline() -> FloatArray:
    """The rounded rectangle, counter-clockwise from above, a point each mm, closed."""
    angles = np.linspace(0, np.pi / 2, 1 + round(CORNER_M * np.pi / 2 / 0.001))
    arc = CORNER_M * np.column_stack([np.cos(angles), np.sin(angles)])
    inner = HALF_M - CORNER_M
    turns = [(inner, 0), ((-inner[0], inner[1]), 1), (-inner, 2), ((inner[0], -inner[1]), 3)]
    corners = []
    for middle, quarter in turns:
        c, s = [(1, 0), (0, 1), (-1, 0), (0, -1)][quarter]
        corners.append(np.asarray(middle) + arc @ np.array([[c, s], [-s, c]]))
    ring = np.vstack([*corners, corners[0][:1]])
    steps = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(ring, axis=0), axis=1))])
    at = np.linspace(0, steps[-1], round(steps[-1] / 0.001) + 1)
    return np.column_stack([np.interp(at, steps, ring[:, k]) for k in range(2)])
