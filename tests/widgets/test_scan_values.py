"""What a person answers in *New scan*: believed where it is sound, and a run's settings of it."""

from __future__ import annotations

import pytest
from stitchsketch_widgets.scan_values import (
    beginning,
    faults,
    settings_of,
    sound_values,
    values_of,
)

from stitchsketch_kernel.domain.errors import SettingsError
from stitchsketch_kernel.pipeline.asked import FIRST_LOOK


def test_answers_become_a_runs_settings_and_back():
    values = {
        **beginning(), "cloth": "Linen", "width_mm": 1380.0, "nap": True, "repeat_up_mm": 320.0,
        "tape_colour": "blue", "tape_mm": 6.0, "bar_mm": 200.1,
    }  # fmt: skip
    settings = settings_of(values)
    assert settings == {
        "scale.bar_measured_mm": 200.1, "fabric.name": "Linen", "fabric.width_mm": 1380.0,
        "fabric.repeat_vertical_mm": 320.0, "fabric.nap": True, "seams.tape_colour": "blue",
        "seams.tape_width_mm": 6.0,
    }  # fmt: skip
    assert {**beginning(), **values_of(settings)} == values
    assert settings_of({**values, "scale_by": "length"}).keys() == settings.keys() - {
        "scale.bar_measured_mm"
    }


def test_a_first_look_is_asked_for_and_known_again():
    values = {**beginning(), "cloth": "Linen", "first_look": True}
    settings = settings_of(values)
    assert settings == {"fabric.name": "Linen", **FIRST_LOOK}
    assert {**beginning(), **values_of(settings)} == values
    assert "first_look" not in values_of({"densify.engine": "fast"})
    assert settings_of({**values, "first_look": False}) == {"fabric.name": "Linen"}


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"bar_mm": 195.0}, "bar_mm"),
        ({"width_mm": -3.0}, "width_mm"),
        ({"repeat_up_mm": float("inf")}, "repeat_up_mm"),
        ({"scale_by": "length"}, "length_mm"),
        ({"scale_by": "length", "length_mm": 500.0}, "marks"),
        ({"scale_by": "length", "length_mm": 500.0, "marks": {"a": {"1": [1, 2]}}}, "marks"),
    ],
)
def test_a_wrong_answer_is_named(given, name):
    assert list(faults("size", {**beginning(), **given})) == [name]


def test_a_cloth_that_cannot_be_is_said_before_the_run():
    with pytest.raises(SettingsError, match="can't have"):
        settings_of({**beginning(), "width_mm": 10.0})


@pytest.mark.parametrize(
    "given",
    [{"__class__": "x"}, {"width_mm": "1e3"}, {"width_mm": True}, {"marks": {"a": {"p": ["x"]}}}],
)
def test_answers_of_other_kinds_are_not_believed(given):
    values = sound_values(given)
    assert values in ({}, {"marks": {"a": {}, "b": {}}})
