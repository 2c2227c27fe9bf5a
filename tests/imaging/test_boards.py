"""Boards: our mats, and board files that say what is wrong with them."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stitchsketch_kernel.domain.errors import SettingsError
from stitchsketch_kernel.imaging.boards import read_board_file, standard_mats, write_board_file

GRID = {
    "dictionary": "DICT_4X4_50",
    "first_id": 3,
    "tag_side_mm": 50,
    "grid": {"rows": 2, "columns": 3, "gap_mm": 12.5},
}
DISTANCE = {"dictionary": "DICT_APRILTAG_36h11", "a": 3, "b": 17, "mm": 812.5}


def file_of(tmp_path, content, name="board.json"):
    text = content if isinstance(content, str) else json.dumps(content)
    (tmp_path / name).write_text(text)
    return tmp_path / name


def changed(**fields):
    return {key: value for key, value in {**GRID, **fields}.items() if value is not ...}


def test_each_mat_has_tags_of_its_own():
    ids = [tag_id for mat in standard_mats(48) for tag_id in mat.tag_ids]
    assert len(set(ids)) == 48 * 12
    assert standard_mats(2)[1].tag_ids == tuple(range(12, 24))


def test_both_papers_carry_the_same_grid():
    a4, letter = standard_mats(2, "A4"), standard_mats(2, "Letter")
    assert np.array_equal(a4[1].centres_mm, letter[1].centres_mm)


@pytest.mark.parametrize(("count", "paper"), [(0, "A4"), (49, "A4"), (4, "A5")])
def test_mats_that_cannot_be_are_refused(count, paper):
    with pytest.raises(SettingsError):
        standard_mats(count, paper)


def test_the_standard_mats_come_back_from_their_file(tmp_path):
    write_board_file(tmp_path / "mats.json", standard_mats(3))
    for back, mat in zip(
        read_board_file(tmp_path / "mats.json").boards, standard_mats(3), strict=True
    ):
        assert (back.name, back.dictionary, back.tag_ids) == (mat.name, mat.dictionary, mat.tag_ids)
        assert np.array_equal(back.centres_mm, mat.centres_mm)


def test_a_grid_runs_row_by_row_from_the_upper_left(tmp_path):
    (board,) = read_board_file(file_of(tmp_path, GRID)).boards
    assert board.tag_ids == (3, 4, 5, 6, 7, 8)
    assert board.centres_mm.tolist() == [
        [-62.5, 31.25], [0, 31.25], [62.5, 31.25], [-62.5, -31.25], [0, -31.25], [62.5, -31.25],
    ]  # fmt: skip


def test_toml_with_two_boards_and_a_distance(tmp_path):
    path = file_of(
        tmp_path,
        """
        [[boards]]
        name = "left"
        dictionary = "DICT_4X4_50"
        ids = [4, 2]
        tag_side_mm = 30
        centres_mm = [[0, 0], [80.5, 0]]
        [[boards]]
        dictionary = "DICT_5X5_50"
        ids = [4, 2]
        tag_side_mm = 30
        grid = { rows = 1, columns = 2, pitch_mm = 100 }
        [[distances]]
        dictionary = "DICT_4X4_50"
        a = 9
        b = 17
        mm = 812.5
        """,
        "boards.toml",
    )
    file = read_board_file(path)
    assert [board.name for board in file.boards] == ["left", "board 2"]
    assert file.boards[1].centres_mm.tolist() == [[-50, 0], [50, 0]]
    assert file.distances[0].distance_mm == 812.5


def test_distances_alone_are_enough(tmp_path):
    file = read_board_file(file_of(tmp_path, {"distances": [DISTANCE]}))
    assert (file.boards, file.distances[0].tag_b) == ((), 17)


FAULTS = [
    (changed(dictionary="DICT_9X9"), "dictionary is 'DICT_9X9'"),
    (changed(dictionary=...), "dictionary is missing"),
    (changed(tag_side_mm="50"), "tag_side_mm is '50'"),
    (changed(tag_side_mm=-5), "tag_side_mm is '-5'"),
    (changed(tag_side_mm=True), "tag_side_mm is 'True'"),
    (changed(first_id=45), "first_id is '45'"),
    (changed(first_id=..., ids=[1, 2]), "ids names 2 tags, but there are 6 places"),
    (changed(first_id=..., ids=[1, 2, 3, 4, 5, 5]), "ids is wrong"),
    (changed(first_id=..., ids=[1, 2, 3, 4, 5, 50]), "ids is wrong"),
    (changed(first_id=...), "ids is missing"),
    (changed(grid={"rows": 0, "columns": 3, "gap_mm": 5}), "grid.rows is '0'"),
    (changed(grid={"rows": 2, "colums": 3, "gap_mm": 5}), r"grid.colums .* Did you mean columns"),
    (changed(grid={"rows": 2, "columns": 3}), "grid.gap_mm and pitch_mm"),
    (changed(grid=[2, 3]), "grid is not a table"),
    (changed(centres_mm=[[0, 0]]), "grid and centres_mm"),
    (changed(grid={"rows": 2, "columns": 3, "pitch_mm": 40}), "tags overlap"),
    (changed(grid=..., centres_mm=[[0, 0], [1, "x"]]), "centres_mm is not a list of places"),
    (changed(sides=4), "sides is not a field"),
    ({"boards": [GRID, changed(name="other")]}, r"tag 3 is on board 1 and on other"),
    ({"boards": GRID}, "boards is not a list"),
    ({"boards": []}, "boards is empty"),
    ({"distances": [{**DISTANCE, "b": 3}]}, r"distances\[0\].b is 3, the same tag"),
    ({"distances": [{**DISTANCE, "mm": 0.8125}]}, r"distances\[0\].mm is '0.8125'"),
    ("{nonsense", "can't be read"),
    ('{"tag_side_mm": NaN}', "grid and centres_mm"),
    ("[]", "can't be read|holds no table"),
    ("[" * 100_000, "can't be read"),
]


@pytest.mark.parametrize(("content", "words"), FAULTS)
def test_a_faulty_file_is_named_with_its_field(tmp_path, content, words):
    with pytest.raises(SettingsError, match=words) as raised:
        read_board_file(file_of(tmp_path, content))
    assert raised.value.what.startswith("board.json")
    assert raised.value.todo


def test_a_missing_file_is_said(tmp_path):
    with pytest.raises(SettingsError, match=r"none.json can't be opened"):
        read_board_file(tmp_path / "none.json")


values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=6,
)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys([*GRID, "boards", "distances"], values)))
def test_no_file_fails_but_in_words(tmp_path_factory, content):
    path = file_of(tmp_path_factory.mktemp("boards"), {**GRID, **content})
    try:
        read_board_file(path)
    except SettingsError as error:
        assert error.todo
