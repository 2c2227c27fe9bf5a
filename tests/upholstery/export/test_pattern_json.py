"""pattern.json reads back to the same bits, and says where a wrong one is wrong."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass, replace

import jsonschema
import numpy as np
import pytest

from stitchsketch_kernel.domain.errors import ExportError, SettingsError, StorageError
from stitchsketch_kernel.domain.marker import (
    Fabric,
    Marker,
    MatchLevel,
    PhaseMatch,
    Placement,
    Zone,
)
from stitchsketch_kernel.upholstery.export.pattern_json import (
    pattern_schema,
    read_pattern_json,
    write_pattern_json,
)
from stitchsketch_kernel.upholstery.pieces.make import make_pattern


def assert_same(a, b) -> None:
    """Equal to the last bit, NaN equal to NaN, and of the same types."""
    assert type(a) is type(b)
    if is_dataclass(a):
        for field in fields(a):
            assert_same(getattr(a, field.name), getattr(b, field.name))
    elif isinstance(a, tuple):
        assert len(a) == len(b)
        for one, other in zip(a, b, strict=True):
            assert_same(one, other)
    elif isinstance(a, np.ndarray):
        assert a.dtype == b.dtype and a.tobytes() == b.tobytes() and a.shape == b.shape
    else:
        assert a == b or (a != a and b != b)


@pytest.fixture
def pattern(cushion, shapes):
    made = make_pattern('Cushion, "ünïque"', *cushion, scale=shapes.scale)
    odd = replace(
        made.pieces[0],
        cut_line_mm=made.pieces[0].cut_line_mm * (1 / 3) + np.pi,
        uncertainty_mm=float("nan"),
        strain_percent=(float("nan"), 0.1 + 0.2),
        internal_mm=(np.array([[0.1, 0.2], [1e-17, 3.0]]),),
        size_uncertainty_mm=(1 / 3, float("nan")),
    )
    sure = replace(made.seams[0], length_uncertainty_mm=0.8 / 3, place_uncertainty_mm=0.1)
    return replace(
        made, pieces=(odd, *made.pieces[1:]), seams=(sure, *made.seams[1:]), check_mm=2.5
    )


@pytest.fixture
def marker(pattern):
    fabric = Fabric("Wool", 1400.0, 1370.0, True, 48.5, "EUR")
    placed = (Placement("TOP", 0, 1 / 3, 2 / 3, -90.0, False),)
    return Marker(fabric, placed, 1234.5678901234567, 5.0, 0.7)


def test_it_reads_back_to_the_same_bits(tmp_path, pattern, marker):
    path = tmp_path / "pattern.json"
    write_pattern_json(path, pattern, marker)
    read, laid = read_pattern_json(path)
    assert_same(read, pattern)
    assert_same(laid, marker)
    write_pattern_json(path, pattern)
    assert read_pattern_json(path)[1] is None


def test_a_pattern_from_before_seams_had_their_uncertainty_reads_too(tmp_path, pattern):
    path = tmp_path / "pattern.json"
    write_pattern_json(path, pattern)
    data = json.loads(path.read_text(encoding="utf-8"))
    del data["check_mm"]
    for one in data["pieces"]:
        del one["size_uncertainty_mm"]
    for one in data["seams"]:
        del one["length_uncertainty_mm"], one["place_uncertainty_mm"]
    path.write_text(json.dumps(data), encoding="utf-8")
    read, _ = read_pattern_json(path)
    assert read.check_mm == 5.0
    assert np.isnan(
        [read.seams[0].length_uncertainty_mm, *read.pieces[0].size_uncertainty_mm]
    ).all()


def test_a_matched_marker_reads_back_and_one_from_before_matching_too(tmp_path, pattern, marker):
    path = tmp_path / "pattern.json"
    fabric = replace(
        marker.fabric, repeat_vertical_mm=343.0, repeat_horizontal_mm=1 / 3, half_drop=True
    )
    seams = (
        PhaseMatch("S01", "TOP", 0, "BOX-F", 1, 1 / 7, 2.5, True),
        PhaseMatch("", "TOP", 0, None, 0, 3.0, 3.0, False),
    )
    zones = (Zone(1 / 3, 2.0, 3.0, 4.0, 5.0),)
    full = replace(
        marker, fabric=fabric, match=MatchLevel.VISIBLE, matches=seams, plain_length_mm=999.5,
        zones=zones,
    )  # fmt: skip
    write_pattern_json(path, pattern, full)
    assert_same(read_pattern_json(path)[1], full)
    write_pattern_json(path, pattern, marker)
    data = json.loads(path.read_text(encoding="utf-8"))
    for name in ("match", "matches", "plain_length_mm", "zones"):
        del data["marker"][name]
    for name in ("repeat_vertical_mm", "half_drop", "motif_along_mm"):
        del data["marker"]["fabric"][name]
    path.write_text(json.dumps(data), encoding="utf-8")
    assert_same(read_pattern_json(path)[1], marker)


def test_it_is_by_its_published_schema(tmp_path, pattern, marker):
    path = tmp_path / "pattern.json"
    write_pattern_json(path, pattern, marker)
    jsonschema.validate(json.loads(path.read_text(encoding="utf-8")), pattern_schema())


def test_an_unscaled_pattern_says_so(tmp_path, pattern):
    path = tmp_path / "pattern.json"
    write_pattern_json(path, replace(pattern, scale_method="none"))
    data = json.loads(path.read_text(encoding="utf-8"))
    assert data["units"] == "unscaled" and data["scale"]["method"] == "none"
    data["units"] = "mm"
    path.write_text(json.dumps(data))
    with pytest.raises(SettingsError, match=r"scale"):
        read_pattern_json(path)


def spoil(data, *path, value):
    for step in path[:-1]:
        data = data[step]
    data[path[-1]] = value


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("schema",), "stitchsketch-pattern/2", "$.schema"),
        (("pieces", 1, "quantity"), 0, "$.pieces[1].quantity"),
        (("pieces", 0, "edges", 0, "edge_kind"), "glued", "$.pieces[0].edges[0].edge_kind"),
        (("pieces", 0, "grain_mm"), [[0, 0]], "$.pieces[0].grain_mm"),
        (("pieces", 0, "cut_line_mm", 2), [1, 2, 3], "$.pieces[0].cut_line_mm[2]"),
        (("extra",), 1, "'extra' was unexpected"),
        (("pieces", 1, "name"), "BOX-F", "BOX-F is there twice"),
        (("marker", "placements", 0, "piece"), "SOFA", "SOFA is there twice, or is laid"),
    ],
)
def test_a_wrong_file_is_told_where(tmp_path, pattern, marker, path, value, said):
    file = tmp_path / "pattern.json"
    write_pattern_json(file, pattern, marker)
    data = json.loads(file.read_text(encoding="utf-8"))
    spoil(data, *path, value=value)
    file.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(SettingsError, match=r"pattern\.json") as error:
        read_pattern_json(file)
    assert said in str(error.value)


@pytest.mark.parametrize("text", ["", "{", '{"a": NaN}', "\ud800"])
def test_no_json_is_refused(tmp_path, text):
    path = tmp_path / "pattern.json"
    path.write_bytes(text.encode("utf-8", errors="surrogatepass"))
    with pytest.raises(SettingsError, match="can't be read"):
        read_pattern_json(path)


def test_a_point_that_is_no_number_is_not_written(tmp_path, pattern):
    path = tmp_path / "pattern.json"
    broken = replace(pattern.pieces[0], sew_line_mm=np.full((4, 2), np.nan))
    with pytest.raises(ExportError, match=r"pieces\[0\]\.sew_line_mm"):
        write_pattern_json(path, replace(pattern, pieces=(broken,)))
    assert not list(tmp_path.iterdir())


def test_a_full_disk_leaves_the_older_file(small_disk, pattern):
    path = small_disk / "pattern.json"
    write_pattern_json(path, pattern)
    before = path.read_bytes()
    (small_disk / "filler").write_bytes(bytes(2**20 - 2 * len(before)))
    long = replace(pattern, notes=("x" * 2**20,))
    with pytest.raises(StorageError, match="the disk is full"):
        write_pattern_json(path, long)
    assert path.read_bytes() == before
    assert sorted(p.name for p in small_disk.iterdir()) == ["filler", "pattern.json"]
