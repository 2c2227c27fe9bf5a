"""A shop's rules: what they name replaces the package's, and nonsense is refused in words."""

from __future__ import annotations

import json

import pytest

from stitchsketch_kernel.domain.errors import SettingsError
from stitchsketch_kernel.domain.panel import EdgeKind
from stitchsketch_kernel.upholstery.pieces.rules import TradeRules, read_rules


def test_every_edge_kind_has_an_allowance():
    rules = TradeRules.default()
    assert {kind: rules.allowance(kind) for kind in EdgeKind} == {
        EdgeKind.SEWN: 12.7, EdgeKind.WELT: 12.7, EdgeKind.ZIP: 19.0, EdgeKind.STAPLE: 76.0,
        EdgeKind.TACK_STRIP: 25.0, EdgeKind.PULL_THROUGH: 76.0, EdgeKind.FOLD: 12.7,
    }  # fmt: skip


def test_a_shop_changes_only_what_it_names(tmp_path):
    path = tmp_path / "shop.json"
    path.write_text(json.dumps({"allowance_mm": {"staple": 60}, "notch_spacing_mm": 200}))
    rules = read_rules(path)
    assert rules.allowance(EdgeKind.STAPLE) == 60 and rules.notch_spacing_mm == 200
    assert rules.allowance(EdgeKind.SEWN) == 12.7
    assert TradeRules.default().allowance(EdgeKind.STAPLE) == 76


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "can't be read"),
        ("[]", "one JSON object"),
        ('{"schema": "other/1"}', "of kind 'other/1'"),
        ('{"notch_width_mm": 3}', "no rule called 'notch_width_mm'"),
        ('{"allowance_mm": {"stapled": 76}}', "no rule called 'stapled'"),
        ('{"allowance_mm": 12.7}', "must name edge kinds"),
        ('{"allowance_mm": {"sewn": -1}}', "allowance_mm of sewn is -1"),
        ('{"allowance_mm": {"sewn": NaN}}', "allowance_mm of sewn is nan"),
        ('{"allowance_mm": {"sewn": "1/2"}}', "allowance_mm of sewn is '1/2'"),
        ('{"allowance_mm": {"sewn": true}}', "allowance_mm of sewn is True"),
        ('{"mitre_limit": 0.5}', "mitre_limit is 0.5"),
    ],
)
def test_nonsense_is_refused_by_name(tmp_path, text, said):
    path = tmp_path / "shop.json"
    path.write_text(text)
    with pytest.raises(SettingsError, match=r"shop\.json") as error:
        read_rules(path)
    assert said in str(error.value)


def test_a_notch_is_never_deeper_than_half_the_allowance(tmp_path):
    path = tmp_path / "shop.json"
    path.write_text('{"allowance_mm": {"sewn": 8}}')
    rules = read_rules(path)
    assert rules.notch_depth(EdgeKind.SEWN) == 4
    assert rules.notch_depth(EdgeKind.STAPLE) == rules.notch_depth_mm
