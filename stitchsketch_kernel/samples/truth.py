"""How far a result is from the truth: cameras, surface, seams, panels; pieces in `outlines`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.model import Similarity
from stitchsketch_kernel.domain.panel import PanelMap
from stitchsketch_kernel.domain.photo import View
from stitchsketch_kernel.samples.outlines import dense_line, outline_distance_mm
from stitchsketch_kernel.samples.rays import distances, ray_scene
from stitchsketch_kernel.samples.sample import Sample

__all__ = [
    "CameraErrors",
    "PanelMatch",
    "align_rigid",
    "align_similarity",
    "camera_errors",
    "match_panels",
    "outline_distance_mm",
    "seam_distance_mm",
    "surface_distance_mm",
]

#: A found face farther than this from every true panel lies on none.
REACH_M = 0.02


@dataclass(frozen=True)
class CameraErrors:
    """Errors of the cameras that both know, after alignment.

    Attributes
    ----------
    names : tuple of str
    centre_mm, angle_deg : ndarray, shape (n,)
        Distance of the centres, angle between the orientations.
    similarity : Similarity
        From the found world to the true one.
    """

    names: tuple[str, ...]
    centre_mm: FloatArray
    angle_deg: FloatArray
    similarity: Similarity


@dataclass(frozen=True)
class PanelMatch:
    """The true panel that a found one lies on.

    Attributes
    ----------
    truth : str
        Name of the true panel.
    share_of_found : float
        Share of the found panel's area that lies on it.
    share_of_truth : float
        That area over the true panel's.
    """

    truth: str
    share_of_found: float
    share_of_truth: float


def align_similarity(a: FloatArray, b: FloatArray, with_scale: bool = True) -> Similarity:
    """The similarity (or rigid motion) that brings points `a` (n, 3) nearest to `b` (n, 3).

    Umeyama, "Least-squares estimation of transformation parameters between two point patterns",
    IEEE PAMI 13(4), 1991.

    Raises
    ------
    ValueError
        With fewer than three points, or points on one line.
    """
    if len(a) != len(b) or len(a) < 3:
        raise ValueError(f"three pairs of points are needed, not {len(a)} and {len(b)}")
    centre_a, centre_b = a.mean(axis=0), b.mean(axis=0)
    from_a, from_b = a - centre_a, b - centre_b
    if np.linalg.matrix_rank(from_a, tol=1e-9 * np.abs(from_a).max()) < 2:
        raise ValueError("points on one line do not fix an orientation")
    U, D, Vt = np.linalg.svd(from_b.T @ from_a / len(a))
    flip = np.ones(3)
    flip[2] = np.sign(np.linalg.det(U) * np.linalg.det(Vt))
    rotation = (U * flip) @ Vt
    scale = float((D * flip).sum() / (from_a**2).sum(axis=1).mean()) if with_scale else 1.0
    return Similarity(scale, rotation, centre_b - scale * rotation @ centre_a)


def align_rigid(a: FloatArray, b: FloatArray) -> Similarity:
    """The rigid motion that brings points `a` (n, 3) nearest to `b`; see `align_similarity`."""
    return align_similarity(a, b, with_scale=False)


def camera_errors(found: Iterable[View], sample: Sample, rigid: bool = False) -> CameraErrors:
    """Errors of found cameras against the sample's, paired by name.

    Parameters
    ----------
    rigid : bool
        False: the found world may have any scale. True: its scale is believed, and a wrong one
        shows as an error of the centres.
    """
    true = {view.name: view for view in sample.views}
    pairs = [(view, true[view.name]) for view in found if view.name in true]
    a = np.array([view.centre for view, _ in pairs]).reshape(-1, 3)
    b = np.array([view.centre for _, view in pairs]).reshape(-1, 3)
    similarity = align_similarity(a, b, with_scale=not rigid)
    moved = [similarity.apply_view(view) for view, _ in pairs]
    turns = [
        view.rotation @ other.rotation.T for view, (_, other) in zip(moved, pairs, strict=True)
    ]
    return CameraErrors(
        tuple(view.name for view, _ in pairs),
        1000 * np.linalg.norm(similarity.apply(a) - b, axis=1),
        np.array([_turn_deg(turn) for turn in turns]),
        similarity,
    )


def _turn_deg(rotation: FloatArray) -> float:
    # from the skew part: exact for small angles too, where arccos of the trace is not
    skew = rotation - rotation.T
    sine = np.linalg.norm([skew[2, 1], skew[0, 2], skew[1, 0]]) / 2
    return float(np.rad2deg(np.arctan2(sine, (np.trace(rotation) - 1) / 2)))


def surface_distance_mm(
    points_m: FloatArray, sample: Sample, to_truth: Similarity | None = None
) -> FloatArray:
    """Distance of points (n, 3) to the true visible surface (panels, piping, legs), shape (n,)."""
    points = points_m if to_truth is None else to_truth.apply(points_m)
    scene = ray_scene(sample.mesh.vertices, sample.mesh.faces)
    return np.asarray(1000.0 * distances(scene, points), dtype=np.float64)


def seam_distance_mm(
    points_m: FloatArray, sample: Sample, to_truth: Similarity | None = None
) -> FloatArray:
    """Distance of points (n, 3) to the nearest true seam line (sampled each mm), shape (n,)."""
    points = points_m if to_truth is None else to_truth.apply(points_m)
    lines = np.vstack([dense_line(seam.points_m, 0.001, closed=False) for seam in sample.seams])
    return np.asarray(1000.0 * cKDTree(lines).query(points)[0])


def match_panels(
    panel_map: PanelMap, sample: Sample, to_truth: Similarity | None = None
) -> dict[str, PanelMatch]:
    """For each found panel the true panel below most of its area.

    A face counts for the panel of the nearest true face (by centroids); one that is over 20 mm
    from every true panel counts for none, and a panel that lies mostly on none is left out.

    Parameters
    ----------
    to_truth : Similarity or None
        From the found world to the sample's (`CameraErrors.similarity`); None: the same world.
    """
    mesh = panel_map.mesh
    centroids = mesh.vertices[mesh.faces].mean(axis=1)
    areas = mesh.face_areas()
    if to_truth is not None:
        centroids, areas = to_truth.apply(centroids), areas * to_truth.scale**2
    on = np.flatnonzero(sample.face_panel >= 0)
    tree = cKDTree(sample.mesh.vertices[sample.mesh.faces[on]].mean(axis=1))
    _, nearest = tree.query(centroids, distance_upper_bound=REACH_M)
    owner = np.append(sample.face_panel[on], -1)[nearest]
    true_areas = np.bincount(sample.face_panel[on], weights=sample.mesh.face_areas()[on])
    matches = {}
    for panel in panel_map.panels:
        votes = np.bincount(
            owner[panel.faces] + 1, weights=areas[panel.faces], minlength=len(true_areas) + 1
        )
        best = int(np.argmax(votes))
        if best > 0:
            matches[panel.name] = PanelMatch(
                sample.panels[best - 1].name,
                float(votes[best] / votes.sum()),
                float(votes[best] / true_areas[best - 1]),
            )
    return matches
