"""Furniture as a scan shows it, without photos: its exact triangles with the errors of real scans.

For repeated scans of one shape: what takes minutes from photos takes a blink here. Folds are
rounded, the skin lies a little off, cloth beside a fold is carried away by it, noise hangs together
over a few millimetres, bumps over a hand's breadth, the cameras bend the whole, the scale is off by
what it says, places that nobody saw are guesses, and open ends are ragged.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.spatial import cKDTree

from stitchsketch_kernel.domain.arrays import FloatArray, IntArray
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.samples.furniture import Furniture

_WAVES = 200
#: Bumps of a hand's breadth, as a share of the noise.
_BUMP_MM, _BUMP_SHARE = 60.0, 0.25
#: Cloth within about this of a fold is carried off by it.
_BESIDE_MM = 10.0
#: Holes: how large, and how far what fills them may be off.
_HOLE_MM, _HOLE_OFF_MM = 25.0, 1.5
#: Rounds of evening out that round folds and corners.
_ROUNDS = 2


@dataclass(frozen=True)
class ScanFaults:
    """What is wrong with a scan: standard deviations, drawn anew for each.

    Attributes
    ----------
    noise_mm, noise_reach_mm : float
        Of the surface along its normal, and how far it hangs together.
    skin_mm : float
        How far the whole surface lies outside or inside.
    beside_mm : float
        How far cloth right beside a fold is carried off, alike all round in half of it.
    bend_mm : float
        Of each coordinate, over 300 mm.
    scale_percent : float
        Half-width of the scale's 95 % interval.
    ragged_mm : float
        Of open ends, along the surface.
    holes : int
    """

    noise_mm: float = 0.4
    noise_reach_mm: float = 4.0
    skin_mm: float = 0.25
    beside_mm: float = 0.4
    bend_mm: float = 0.2
    scale_percent: float = 0.1
    ragged_mm: float = 0.6
    holes: int = 2


@dataclass(frozen=True)
class Scanned:
    """A scan and which true panel each face is of (into `names`)."""

    mesh: Mesh
    label: IntArray
    names: tuple[str, ...]


def scanned(furniture: Furniture, faults: ScanFaults, seed: int) -> Scanned:
    """Scan the panels of a piece of furniture (no piping, no legs).

    Parameters
    ----------
    furniture : Furniture
        Its triangles are the scan's: assemble it with a spacing of 4 to 8 mm.
    faults : ScanFaults
    seed : int
        Another scan for each.
    """
    rng = np.random.default_rng(seed)
    vertices, faces, label = _welded(furniture)
    seams = 1000 * np.concatenate([seam.points_m for seam in furniture.seams])
    two = 1000 * np.concatenate([seam.points_m for seam in furniture.seams if seam.right])
    points, rim = 1000 * vertices, _open(faces)
    smooth = _evened(points, faces, rim)
    normals = _normals(smooth, faces)
    spread = np.exp(-cKDTree(two).query(points)[0] / _BESIDE_MM)
    panel = np.zeros(len(points), dtype=int)
    panel[faces.ravel()] = np.repeat(label, 3)
    lean = rng.normal(0, faults.beside_mm) * np.sqrt(0.5) + np.sqrt(0.5) * rng.normal(
        0, faults.beside_mm, label.max() + 1
    )
    off = rng.normal(0, faults.skin_mm) + lean[panel] * spread
    off += faults.noise_mm * _field(smooth, faults.noise_reach_mm, rng)
    off += faults.noise_mm * _BUMP_SHARE * _field(smooth, _BUMP_MM, rng)
    confidence = np.ones(len(points))
    for middle in smooth[rng.integers(0, len(points), faults.holes)]:
        near = np.linalg.norm(smooth - middle, axis=1)
        confidence[near < _HOLE_MM] = 0.0
        off += rng.normal(0, _HOLE_OFF_MM) * np.exp(-((near / _HOLE_MM) ** 2))
    moved = smooth + off[:, None] * normals
    moved += faults.bend_mm * np.column_stack([_field(points, 300.0, rng) for _ in range(3)])
    inwards = _inwards(smooth, faces, rim, seams)
    moved[rim] += faults.ragged_mm * _field(smooth[rim], 20.0, rng)[:, None] * inwards
    middle = points.mean(axis=0)
    scale = 1 + rng.normal(0, faults.scale_percent / 100 / 1.96)
    mesh = Mesh((middle + scale * (moved - middle)) / 1000, faces, None, confidence)
    return Scanned(mesh, label, tuple(one.name for one in furniture.panels))


def _welded(furniture: Furniture) -> tuple[FloatArray, IntArray, IntArray]:
    """The panels' triangles, joined along their seams; and each face's panel."""
    mine = furniture.face_panel >= 0
    corners = furniture.mesh.vertices[furniture.mesh.faces[mine]].reshape(-1, 3)
    _, first, index = np.unique(
        np.round(corners, 8), axis=0, return_index=True, return_inverse=True
    )
    return corners[first], index.reshape(-1, 3).astype(np.int32), furniture.face_panel[mine]


def _graph(faces: IntArray, count: int) -> csr_array:
    pairs = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    both = np.concatenate([pairs, pairs[:, ::-1]])
    graph = csr_array(coo_array((np.ones(len(both)), tuple(both.T)), shape=(count, count)))
    graph.data[:] = 1.0
    return graph


def _open(faces: IntArray) -> IntArray:
    """Vertices on edges with one face only."""
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    once, counts = np.unique(edges, axis=0, return_counts=True)
    return np.unique(once[counts == 1])


def _evened(points: FloatArray, faces: IntArray, held: IntArray) -> FloatArray:
    graph = _graph(faces, len(points))
    neighbours = np.asarray(graph.sum(axis=1)).ravel()[:, None]
    out = points
    for _ in range(_ROUNDS):
        even = (out + (graph @ out) / neighbours) / 2
        even[held] = points[held]
        out = even
    return out


def _normals(points: FloatArray, faces: IntArray) -> FloatArray:
    a, b, c = (points[faces[:, i]] for i in range(3))
    across = np.cross(b - a, c - a)
    normals = np.zeros_like(points)
    for corner in range(3):
        np.add.at(normals, faces[:, corner], across)
    return np.asarray(normals / np.linalg.norm(normals, axis=1, keepdims=True))


def _inwards(points: FloatArray, faces: IntArray, rim: IntArray, seams: FloatArray) -> FloatArray:
    """Unit directions from each point of the rim into the surface."""
    away = cKDTree(seams).query(points)[0]
    graph = _graph(faces, len(points))
    weights = graph.multiply(away[None, :]).tocsr()[rim]
    total = np.maximum(np.asarray(weights.sum(axis=1)).ravel()[:, None], 1e-9)
    into = (weights @ points) / total - points[rim]
    return np.asarray(into / np.maximum(np.linalg.norm(into, axis=1, keepdims=True), 1e-9))


def _field(points: FloatArray, reach: float, rng: np.random.Generator) -> FloatArray:
    """A smooth random field of unit variance: plane waves of random direction and phase."""
    turn = points @ rng.normal(0, 1 / reach, (3, _WAVES)) + rng.uniform(0, 2 * np.pi, _WAVES)
    return np.asarray(np.sqrt(2 / _WAVES) * np.cos(turn).sum(axis=1))
