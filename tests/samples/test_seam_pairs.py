"""Found seams are compared with the true ones that are the same lines, and with no others."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from stitchsketch_kernel.domain.model import Similarity
from stitchsketch_kernel.samples.cushion import box_cushion
from stitchsketch_kernel.samples.furniture import assemble
from stitchsketch_kernel.samples.seam_pairs import paired_seams


@pytest.fixture(scope="module")
def cushion():
    return assemble(box_cushion(0.02), Similarity(1.0, np.eye(3), np.zeros(3)))


def as_found(cushion):
    """Its own seams, as panels of other names have them."""
    names = {f"P-{panel.name}": panel.name for panel in cushion.panels}
    seams = [
        SimpleNamespace(id=one.id, left=f"P-{one.left}", right=one.right and f"P-{one.right}")
        for one in cushion.seams
    ]
    return seams, names


def ids(pairs):
    return {(found.id, true.id) for found, true in pairs}


def test_each_seam_is_paired_with_itself(cushion):
    seams, names = as_found(cushion)
    assert ids(paired_seams(seams, names, cushion.seams)) == {(s.id, s.id) for s in cushion.seams}


def test_the_end_of_a_panel_that_is_cut_off_from_a_neighbour_is_another_line(cushion):
    seams, names = as_found(cushion)
    apart = [seam for seam in seams if seam.id != "BOX-R/BOX-F"]
    paired = ids(paired_seams(apart, names, cushion.seams))
    left = {s.id for s in cushion.seams} - {"BOX-R/BOX-F", "BOX-R/-", "BOX-F/-"}
    assert paired == {(one, one) for one in left}


def test_a_seam_in_two_parts_is_paired_with_none(cushion):
    seams, names = as_found(cushion)
    twice = [*seams, next(seam for seam in seams if seam.id == "CUSH/ZIP")]
    assert ("CUSH/ZIP", "CUSH/ZIP") not in ids(paired_seams(twice, names, cushion.seams))


def test_a_panel_in_two_parts_has_no_seams_to_compare(cushion):
    seams, names = as_found(cushion)
    names["P-more"] = "ZIP"
    paired = ids(paired_seams(seams, names, cushion.seams))
    assert paired and not any("ZIP" in found for found, _ in paired)
