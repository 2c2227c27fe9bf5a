"""Settings by name, as a person types them."""

from __future__ import annotations

import pytest

from stitchsketch_kernel.domain.errors import SettingsError
from stitchsketch_kernel.pipeline.runner import RunSettings
from stitchsketch_kernel.pipeline.settings import parse_assignment, read_settings, resolve
from stitchsketch_kernel.pipeline.stage import STAGE_MODULES, stage_of


@pytest.fixture(scope="module")
def stages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("none")
    names = ("ingest", "align", "scale")
    return [stage_of(m, folder) for m in STAGE_MODULES if m.endswith(names)]


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("align.max_features", "8192", 8192),
        ("align.max_features", 8192, 8192),
        ("align.min_share", "0.4", 0.4),
        ("align.matching", "sequential", "sequential"),
        ("ingest.skip_broken", "true", True),
        ("scale.bar_measured_mm", 200, 200.0),
    ],
)
def test_a_value_comes_as_its_type(stages, name, value, kept):
    group, _, field = name.partition(".")
    found = getattr(resolve(stages, {name: value})[group], field)
    assert (found, type(found)) == (kept, type(kept))


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("align.max_feature", 1, "Did you mean align.max_features"),
        ("aling.overlap", 1, "Did you mean align.overlap"),
        ("align.max_features", "many", "whole number"),
        ("align.max_features", 4096.5, "whole number"),
        ("align.max_features", True, "whole number"),
        ("align.min_share", "NaN", "a number"),
        ("align.matching", "vocabulary", "auto, exhaustive or sequential"),
        ("ingest.skip_broken", "yes", "true or false"),
        ("align.max_features", 10, "256"),
    ],
)
def test_what_does_not_fit_is_told(stages, name, value, said):
    with pytest.raises(SettingsError, match=said):
        resolve(stages, {name: value})


def test_files_hold_groups_or_dotted_names(tmp_path):
    toml, json = tmp_path / "s.toml", tmp_path / "s.json"
    toml.write_text("[align]\nmax_features = 8192\n")
    json.write_text('{"align.max_features": 8192}')
    assert read_settings(toml) == read_settings(json) == {"align.max_features": 8192}


def test_what_is_typed_comes_before_the_fabrics_file(tmp_path):
    fabric = tmp_path / "wool.toml"
    fabric.write_text('name = "wool"\nwidth_mm = 1300\n')
    request = RunSettings(values={"fabric.width_mm": 1200}, fabric=fabric)
    assert request.all_settings() == {"fabric.name": "wool", "fabric.width_mm": 1200}


@pytest.mark.parametrize("text", ["align.max_features", "=3", ""])
def test_no_setting_is_told(text):
    with pytest.raises(SettingsError, match="not a setting"):
        parse_assignment(text)
