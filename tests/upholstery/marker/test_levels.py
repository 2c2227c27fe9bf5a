"""What matching costs is told for each level; one that can't be had stops no other."""

from __future__ import annotations

from stitchsketch_kernel.domain.marker import Fabric, MatchLevel
from stitchsketch_kernel.upholstery.marker.levels import cost_of_levels
from stitchsketch_kernel.upholstery.marker.nest import NestSettings
from stitchsketch_kernel.upholstery.pieces.make import make_pattern

QUICK = NestSettings(seconds=1, workers=1)


def test_each_level_has_its_marker_and_its_matches(cushion, shapes):
    pattern = make_pattern("cushion", *cushion, scale=shapes.scale)
    fabric = Fabric("Damask", 1400.0, 1370.0, True, 40.0, "EUR", 343.0, 300.0)
    levels = (MatchLevel.NONE, MatchLevel.VISIBLE)
    plain, seen = cost_of_levels(pattern, fabric, QUICK, levels=levels)
    assert (plain.level, plain.matched, plain.marker.matches) == (MatchLevel.NONE, 0, ())
    assert seen.marker.match is MatchLevel.VISIBLE
    assert 0 < seen.matched == sum(one.matched for one in seen.marker.matches)
    assert seen.marker.used_length_mm > plain.marker.used_length_mm


def test_a_level_that_can_not_be_had_is_told(cushion, shapes):
    """A cloth with a motif so near its edge that no cushion lies centred on one."""
    pattern = make_pattern("cushion", *cushion, scale=shapes.scale)
    fabric = Fabric("Medallion", 600.0, 560.0, True, 0.0, "EUR", 900.0, 560.0, motif_across_mm=20.0)
    plain, motifs = cost_of_levels(
        pattern, fabric, QUICK, levels=(MatchLevel.NONE, MatchLevel.MOTIFS)
    )
    assert plain.marker is not None
    assert motifs.marker is None
    assert "can't lie on a motif" in motifs.why
