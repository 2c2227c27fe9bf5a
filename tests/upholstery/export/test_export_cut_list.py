"""The cut list: every piece with its size, and no cell that a spreadsheet would run."""

from __future__ import annotations

import csv
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stitchsketch_kernel.upholstery.export.cut_list import cell, write_cut_list


def rows(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_every_piece_has_its_line(pattern, marker, tmp_path):
    write_cut_list(tmp_path / "list.csv", replace(pattern, pieces=pattern.pieces[:1]), marker)
    (row,) = rows(tmp_path / "list.csv")
    assert row["piece"] == "IB" and row["quantity"] == "2" and row["mirrored"] == "half face down"
    assert (row["width_mm"], row["height_mm"]) == ("525.4", "475.4")
    assert (row["width_in"], row["height_in"]) == ('20 11/16"', '18 11/16"')
    assert (row["edge_within_mm"], row["width_within_mm"]) == ("1.2", "not known")
    assert row["check"] == ""
    assert row["fabric"] == "Wool <&>" and "on the bias" in row["notes"]


def test_a_piece_to_check_says_so(pattern, tmp_path):
    piece = replace(pattern.pieces[0], size_uncertainty_mm=(0.8, 5.4))
    write_cut_list(tmp_path / "list.csv", replace(pattern, pieces=(piece,)))
    (row,) = rows(tmp_path / "list.csv")
    assert (row["width_within_mm"], row["height_within_mm"]) == ("0.8", "5.4")
    assert row["check"] == "before cutting"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\n=", " =", "\x00="])
def test_no_name_is_a_formula(pattern, tmp_path, start):
    name = f'{start}HYPERLINK("http://x";"y")'
    piece = replace(pattern.pieces[0], name=name, notes=(name,))
    write_cut_list(tmp_path / "list.csv", replace(pattern, pieces=(piece,)))
    (row,) = rows(tmp_path / "list.csv")
    assert row["piece"].startswith("'") and row["notes"].startswith("'")


@given(st.text())
def test_no_text_is_a_formula_or_breaks_the_line(text):
    assert not cell(text).strip().startswith(("=", "+", "-", "@"))
    assert "\n" not in cell(text) and "\r" not in cell(text)
