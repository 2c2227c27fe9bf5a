"""The marker's picture shows the cloth's repeat, and its title what matching costs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from stitchsketch_kernel.domain.marker import MatchLevel, PhaseMatch, Zone
from stitchsketch_kernel.visualization.marker import lattice_points, marker_picture, marker_title


@pytest.mark.parametrize("half_drop", [False, True])
def test_motifs_lie_on_the_repeat(marker, half_drop):
    fabric = replace(
        marker.fabric, repeat_vertical_mm=300.0, repeat_horizontal_mm=200.0, half_drop=half_drop,
        motif_along_mm=40.0, motif_across_mm=70.0,
    )  # fmt: skip
    points = lattice_points(replace(marker, fabric=fabric, used_length_mm=1000.0))
    wanted = {
        (float(x), 70.0 + 200 * row)
        for row in range(7)
        for x in np.arange(-260 + (150 if half_drop and row % 2 else 0), 1000, 300)
        if x >= 0
    }
    assert {(x, y) for x, y in points.tolist()} == {(x, y) for x, y in wanted if y <= 1370}


@pytest.mark.parametrize(
    "change",
    [
        {"repeat_vertical_mm": 300.0, "repeat_horizontal_mm": 200.0},
        {"repeat_vertical_mm": 300.0},
        {"repeat_horizontal_mm": 200.0},
    ],
)
def test_the_repeat_is_drawn(marker, pattern, change):
    plain = np.asarray(marker_picture(marker, pattern))
    fabric = replace(marker.fabric, **change)
    drawn = np.asarray(marker_picture(replace(marker, fabric=fabric), pattern))
    assert (plain != drawn).any()
    zones = (Zone(10, 10, 100, 100),)
    assert (np.asarray(marker_picture(replace(marker, zones=zones), pattern)) != plain).any()


def test_the_title_tells_what_matches_and_what_it_costs(marker):
    assert "match" not in marker_title(marker)
    seams = (PhaseMatch("S", "A", 0, "B", 0, 0.1, 0.2, True),
             PhaseMatch("T", "A", 0, "B", 0, 9.0, 9.0, False))  # fmt: skip
    full = replace(
        marker, match=MatchLevel.ALL, matches=seams, plain_length_mm=marker.used_length_mm / 1.25
    )
    assert marker_title(full).endswith("1 of 2 places match, +25 % for it")
