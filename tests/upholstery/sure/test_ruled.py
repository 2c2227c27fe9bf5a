"""The ruler's ± on repeated scans of an exact shape: it holds, and isn't uselessly wide."""

from __future__ import annotations

import numpy as np
import pytest

from stitchsketch_kernel.domain.model import Mesh, Similarity
from stitchsketch_kernel.domain.sureness import ScanErrors
from stitchsketch_kernel.samples.furniture import assemble
from stitchsketch_kernel.samples.gable import gabled_box
from stitchsketch_kernel.samples.scanned import ScanFaults, scanned
from stitchsketch_kernel.upholstery.geometry.ruler import Place, SurfaceRuler
from stitchsketch_kernel.upholstery.sure.ruled import RulerSureness

#: Rays that meet the box's sides and its roof.
RIGHT, LEFT, DOWN = (np.array(one, dtype=float) for one in ((-1, 0, 0), (1, 0, 0), (0, 0, -1)))
FAULTS = ScanFaults(noise_mm=0.3, scale_percent=0.3)


@pytest.fixture(scope="module")
def gable():
    return assemble(gabled_box(60.0, 0.012), Similarity(1.0, np.eye(3), np.zeros(3)))


def measured(mesh: Mesh, errors: ScanErrors, rays):
    ruler = SurfaceRuler(mesh)
    a, b = (ruler.hit(np.array(origin, dtype=float), direction) for origin, direction in rays)
    found = ruler.between(a, b)
    return found, RulerSureness(mesh, errors).of(a, b, found)


def pairs_of(mesh: Mesh, label, names) -> tuple[list, list]:
    """Corners of the mesh across the box, and on one slope of its roof, away from its folds."""

    def inside(name: str, k: int):
        own = mesh.faces[label == names.index(name)]
        corners = mesh.vertices[own].reshape(-1, 3)
        low, high = corners.min(axis=0), corners.max(axis=0)
        span = np.where(high - low > 0.05, high - low, 1.0)
        share = (mesh.vertices[own[:, 0]] - low) / span
        good = ((share > 0.25) & (share < 0.75))[:, span < 1.0].all(axis=1)
        return own[good, 0][:: max(1, good.sum() // 6)][k]

    across = [(inside("SIDE-L", k), inside("SIDE-R", -1 - k)) for k in range(2)]
    return across, [(inside("TOP-R", k), inside("TOP-R", -1 - k)) for k in range(2)]


def test_the_truth_lies_within_as_often_as_is_said(gable):
    """Between the same corners in each scan; on the exact shape both lengths are known."""
    errors = ScanErrors(FAULTS.scale_percent, FAULTS.bend_mm, skin_mm=FAULTS.skin_mm)
    exact = scanned(gable, ScanFaults(0.0, 4.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0), 0)
    across, level = pairs_of(exact.mesh, exact.label, exact.names)
    shares = {"straight": [], "along": []}
    for seed in range(8):
        mesh = scanned(gable, FAULTS, seed).mesh
        ruler, sureness = SurfaceRuler(mesh), RulerSureness(mesh, errors)
        for pairs, what in ((across, "straight"), (level, "along")):
            for corners in pairs:
                faces = [int(np.flatnonzero((mesh.faces == one).any(axis=1))[0]) for one in corners]
                a, b = (Place(f, mesh.vertices[one]) for f, one in zip(faces, corners, strict=True))
                found = ruler.between(a, b)
                sure = sureness.of(a, b, found)
                true = 1000 * np.linalg.norm(np.diff(exact.mesh.vertices[list(corners)], axis=0))
                off = getattr(found, f"{what}_mm") - true
                if sure.seen:
                    shares[what].append(abs(off) / getattr(sure, f"{what}_mm"))
    for found in shares.values():
        assert len(found) > 10
        assert (np.array(found) <= 1).mean() >= 0.8
        assert np.percentile(found, 95) > 0.3


def test_a_scan_that_is_further_off_than_it_says_falls_out(gable):
    mesh = scanned(gable, FAULTS, 3).mesh
    large = Mesh(1.03 * mesh.vertices, mesh.faces, None, mesh.confidence)
    found, sure = measured(
        large, ScanErrors(0.3, 0.2, skin_mm=0.25), (((1, 0, 0.13), RIGHT), ((-1, 0, 0.13), LEFT))
    )
    assert abs(found.straight_mm - 520) > sure.straight_mm


def test_a_longer_way_is_less_sure_by_the_scales_share(gable):
    mesh = scanned(gable, ScanFaults(noise_mm=0.0, holes=0), 0).mesh
    told = []
    for reach in (0.05, 0.15):
        rays = (((0.1, -reach, 1), DOWN), ((0.1, reach, 1), DOWN))
        told.append(measured(mesh, ScanErrors(1.0, skin_mm=0.0), rays)[1].straight_mm)
    assert told == pytest.approx([1.0, 3.0], rel=0.1)


def test_without_a_scale_no_figure_is_told(gable):
    rays = (((0.1, 0, 1), DOWN), ((0.1, 0.1, 1), DOWN))
    _, sure = measured(gable.mesh, ScanErrors(float("nan")), rays)
    assert (sure.straight_mm, sure.along_mm, sure.seen) == (None, None, True)


def test_an_end_that_no_photo_saw_is_told(gable):
    mesh = gable.mesh
    confidence = (mesh.vertices[:, 1] > 0).astype(float)
    mesh = Mesh(mesh.vertices, mesh.faces, None, confidence)
    for y, seen in ((0.15, True), (-0.15, False)):
        rays = (((0.1, 0.1, 1), DOWN), ((0.1, y, 1), DOWN))
        assert measured(mesh, ScanErrors(0.1), rays)[1].seen is seen
