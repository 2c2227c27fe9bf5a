"""What each stage will take of a run, by its photos and its engine."""

import pytest

from stitchsketch_kernel.pipeline.asked import FIRST_LOOK, RunSettings
from stitchsketch_kernel.pipeline.settings import resolve
from stitchsketch_kernel.pipeline.stage import standard_stages
from stitchsketch_kernel.pipeline.weights import likely_weights

STAGES = standard_stages()
PHOTOS_TO_MESH = ("ingest", "align", "scale", "densify", "mesh")


def weights(photos: int, megapixels: float, **values) -> dict[str, float]:
    settings = resolve(STAGES, {**RunSettings().values, **values})
    return likely_weights(STAGES, settings, photos, megapixels)


#: By the clock of two cores, from `benchmarks/README.md`.
@pytest.mark.parametrize(
    ("photos", "megapixels", "values", "took_s"),
    [
        (40, 1.23, {}, (5, 52, 8, 98, 56)),
        (40, 1.23, dict(FIRST_LOOK), (6, 39, 8, 34, 22)),
        (50, 4.32, {"densify.engine": "fast"}, (14, 107, 9, 43, 53)),
    ],
    ids=["high", "first look", "12 megapixels"],
)
def test_shares_of_the_time_are_as_measured(photos, megapixels, values, took_s):
    told = weights(photos, megapixels, **values)
    own = [told[name] for name in PHOTOS_TO_MESH]
    for share, took in zip(own, took_s, strict=True):
        assert share / sum(own) == pytest.approx(took / sum(took_s), abs=0.08)


def test_a_stage_of_which_nothing_is_known_keeps_its_own_weight():
    own = {stage.name: stage.weight for stage in STAGES}
    told = weights(40, 1.23)
    assert list(told) == list(own)
    assert {told[name] == own[name] for name in ("panels", "nest", "report")} == {True}
