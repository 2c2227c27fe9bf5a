"""Scans of exact shapes: only as wrong as they are asked to be, and another for each seed."""

from __future__ import annotations

import numpy as np
import pytest

from stitchsketch_kernel.domain.model import Similarity
from stitchsketch_kernel.samples.furniture import assemble
from stitchsketch_kernel.samples.gable import HALF_X, HALF_Y, gabled_box
from stitchsketch_kernel.samples.rays import distances, ray_scene
from stitchsketch_kernel.samples.scanned import ScanFaults, scanned

NO_FAULTS = ScanFaults(0.0, 4.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0)


@pytest.fixture(scope="module")
def gable():
    return assemble(gabled_box(50.0, 0.012), Similarity(1.0, np.eye(3), np.zeros(3)))


def off_mm(gable, scan):
    scene = ray_scene(gable.mesh.vertices, gable.mesh.faces)
    return 1000 * distances(scene, scan.mesh.vertices)


def test_the_gable_is_exact(gable):
    slope = HALF_X / np.cos(np.deg2rad(25))
    assert gable.panel("TOP-R").area_mm2 == pytest.approx(1e6 * slope * 2 * HALF_Y)
    assert gable.seam("TOP-R/TOP-L").length_mm == pytest.approx(400)
    assert all(panel.developable for panel in gable.panels)


def test_without_faults_only_folds_are_rounded(gable):
    scan = scanned(gable, NO_FAULTS, 0)
    off = off_mm(gable, scan)
    assert np.median(off) < 1e-3 and off.max() < 6
    assert [scan.names[one] for one in np.unique(scan.label)] == [p.name for p in gable.panels]


def test_noise_is_as_large_as_asked(gable):
    scan = scanned(gable, ScanFaults(0.5, 4.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0), 0)
    off = off_mm(gable, scan)
    assert 0.3 < np.median(off) / 0.6745 < 0.7


def test_each_seed_is_another_scan(gable):
    one, same, other = (scanned(gable, ScanFaults(), seed).mesh.vertices for seed in (1, 1, 2))
    assert np.array_equal(one, same) and not np.allclose(one, other, atol=1e-4)


def test_holes_are_guesses_and_say_so(gable):
    scan = scanned(gable, ScanFaults(0.0, 4.0, 0.0, 0.0, 0.0, 0.0, 0.0, 3), 5)
    assert (scan.mesh.confidence == 0).any() and (scan.mesh.confidence == 1).mean() > 0.8
