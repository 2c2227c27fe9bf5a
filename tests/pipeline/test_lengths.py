"""Known lengths from a file, and marks in copies that ingest made smaller."""

from __future__ import annotations

from pathlib import Path

import pytest

from stitchsketch_kernel.domain.errors import SettingsError
from stitchsketch_kernel.domain.photo import Photo
from stitchsketch_kernel.pipeline.lengths import in_copies, read_lengths

GOOD = """
[[lengths]]
mm = 812.5
a = { "1.jpg" = [1200, 800], "4.jpg" = [310, 912] }
b = { "1.jpg" = [2200, 893], "4.jpg" = [1507.5, 920] }
"""
TAKEN = {"1.jpg": (4000, 3000), "4.jpg": (3000, 4000)}


def photos() -> list[Photo]:
    sizes = {"1.jpg": (2400, 1800), "4.jpg": (3000, 4000)}
    return [Photo(n, Path(n), *size, None, "", "") for n, size in sizes.items()]


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "lengths.toml"
    path.write_text(text)
    return path


def test_marks_are_moved_into_the_smaller_copy(tmp_path):
    (known,) = in_copies(read_lengths(written(tmp_path, GOOD)), photos(), TAKEN)
    assert known.length_mm == 812.5
    assert known.a.pixels == {"1.jpg": (720.0, 480.0), "4.jpg": (310.0, 912.0)}
    assert known.b.pixels["4.jpg"] == (1507.5, 920.0)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("812.5", '"812"', "812"),
        ("812.5", "0", "0 mm"),
        ("mm =", "inch =", "length 1 needs mm"),
        (', "4.jpg" = [310, 912]', "", "fewer than two"),
        ("[310, 912]", "[310]", "point a"),
        ("[[lengths]]", "[[length]]", "no lengths"),
        ("[[lengths]]", "[[lengths", "can't be read"),
    ],
)
def test_a_wrong_file_is_told(tmp_path, old, new, said):
    with pytest.raises(SettingsError, match=said):
        read_lengths(written(tmp_path, GOOD.replace(old, new, 1)))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [('"4.jpg" = [310', '"5.jpg" = [310', "5.jpg"), ("310, 912", "310, 4912", "outside")],
)
def test_a_mark_that_can_not_be_is_told(tmp_path, old, new, said):
    lengths = read_lengths(written(tmp_path, GOOD.replace(old, new, 1)))
    with pytest.raises(SettingsError, match=said):
        in_copies(lengths, photos(), TAKEN)
