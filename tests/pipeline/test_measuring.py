"""Lengths on a finished run between spots of photos; its size held against mats."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from laid_run import SCALE, cushion_mesh, laid_run

from stitchsketch_kernel.cli import main
from stitchsketch_kernel.domain.board import Board, TagSighting
from stitchsketch_kernel.domain.errors import MeshError, RunError, ScaleError, SettingsError
from stitchsketch_kernel.domain.model import Scale, SparseModel
from stitchsketch_kernel.domain.photo import Camera, Photo, View
from stitchsketch_kernel.imaging.boards import standard_mats
from stitchsketch_kernel.imaging.drawing import tag_dictionary
from stitchsketch_kernel.imaging.photos import PhotoSet
from stitchsketch_kernel.pipeline.artefacts import write_value
from stitchsketch_kernel.pipeline.files import read_json, write_json
from stitchsketch_kernel.pipeline.measuring import check_size, measure

#: The copy that the run made is half as large as the photo.
CAMERA, TAKEN = Camera(1280, 960, 1100.0, 1100.0, 646.0, 474.0, -0.05), (2560, 1920)
OWN = "DICT_4X4_50"


def looking(name: str, turn: float) -> View:
    eye = np.array([1.2 * np.sin(turn), -1.2 * np.cos(turn), 1.1])
    forward = -eye / np.linalg.norm(eye)
    right = np.cross(forward, [0, 0, 1.0])
    right /= np.linalg.norm(right)
    rotation = np.array([right, np.cross(forward, right), forward])
    return View(name, CAMERA, rotation, -rotation @ eye)


VIEWS = tuple(looking(f"IMG_{k}.jpg", turn) for k, turn in enumerate((0.0, 0.5, 1.0, 1.5)))


def lying(board: Board, corner, size: float = 1.0) -> np.ndarray:
    """Its centres on the floor beside the cushion, metres."""
    return np.column_stack([board.centres_mm * size / 1000, np.zeros(len(board.tag_ids))]) + corner


def sightings_of(board: Board, points: np.ndarray) -> list[TagSighting]:
    return [
        TagSighting(view.name, board.dictionary, tag, np.tile(pixel, (4, 1)), pixel)
        for view in VIEWS
        for tag, pixel in zip(board.tag_ids, view.pixels_from_world(points.copy()), strict=True)
    ]


def photo_of(view: View, points: np.ndarray, side_m: float, path) -> Photo:
    """A picture that shows a board's tags, and nothing else."""
    picture = np.full((960, 1280), 230, np.uint8)
    for tag, centre in enumerate(points):
        tile = np.pad(tag_dictionary(OWN).generateImageMarker(tag, 60), 10, constant_values=255)
        half = side_m / 2 * 80 / 60
        corners = centre + half * np.array([[-1, 1, 0], [1, 1, 0], [1, -1, 0], [-1, -1, 0]])
        seen = view.pixels_from_world(corners).astype(np.float32) - 0.5
        square = np.array([[0, 0], [79, 0], [79, 79], [0, 79]], np.float32)
        turned = cv2.getPerspectiveTransform(square, seen)
        tag_seen = cv2.warpPerspective(tile, turned, (1280, 960), flags=cv2.INTER_AREA)
        where = cv2.warpPerspective(np.full_like(tile, 255), turned, (1280, 960)) > 127
        picture[where] = tag_seen[where]
    cv2.imwrite(str(path), picture)
    return Photo(view.name, path, 1280, 960, 1100.0, view.name, "one")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A run of the cushion with four views, two mats and a board of the shop's own beside it."""
    folder = laid_run(tmp_path_factory.mktemp("measured"), nested=False)
    stages = folder / "stages"
    model = SparseModel(VIEWS, np.zeros((0, 3)), np.zeros((0, 3), np.uint8), ())
    write_value(stages / "03_scale" / "model.npz", model)
    ingest, align = stages / "01_ingest", stages / "02_align"
    ingest.mkdir(), align.mkdir()
    mats = standard_mats(2)
    seen = sightings_of(mats[0], lying(mats[0], [-0.5, -0.4, 0]))
    seen += sightings_of(mats[1], lying(mats[1], [0.3, -0.5, 0], 1.004))
    write_value(align / "sightings.npz", tuple(seen))
    job = read_json(stages / "03_scale" / "job.json")
    kind = "stitchsketch_kernel.reconstruction.scale:ScaleSettings"
    job |= {"groups": {"scale": kind}, "settings": {"scale": {}}, "files": {"boards": None}}
    write_json(stages / "03_scale" / "job.json", job)
    points = lying(own_board(), [-0.2, -0.6, 0], 1.01)
    photos = tuple(photo_of(view, points, 0.05, ingest / view.name) for view in VIEWS)
    write_value(ingest / "photos.npz", PhotoSet(photos, ()))
    write_value(ingest / "taken_px.npz", {view.name: TAKEN for view in VIEWS})
    return folder


def own_board() -> Board:
    grid = np.array([[70.0 * i, -70.0 * j] for j in range(2) for i in range(3)])
    return Board("the shop's board", OWN, tuple(range(6)), grid, 50.0)


BOARD = """name = "the shop's board"
dictionary = "{dictionary}"
ids = [0, 1, 2, 3, 4, 5]
tag_side_mm = 50
grid = {{ rows = 2, columns = 3, pitch_mm = 70 }}
"""


def on_top(x: float, y: float) -> np.ndarray:
    """A corner of the cushion's mesh on its top, near a place."""
    vertices = cushion_mesh().vertices
    high = vertices[vertices[:, 2] > 0.08]
    return high[np.argmin(np.linalg.norm(high[:, :2] - [x, y], axis=1))]


def spot(view: View, point: np.ndarray) -> str:
    x, y = 2 * view.pixels_from_world(point[None].copy())[0]
    return f"{view.name}:{x:.3f},{y:.3f}"


def typed(point: np.ndarray) -> str:
    return ",".join(f"{1000 * x:.3f}" for x in point)


def test_spots_of_two_photos_and_places_in_mm_tell_the_same_length(folder):
    a, b = on_top(-0.15, 0.0), on_top(0.15, 0.02)
    spots = (spot(VIEWS[0], a), spot(VIEWS[1], b))
    for taken in measure(folder, [spots, (typed(a), typed(b))]):
        assert taken.straight_mm == pytest.approx(1000 * np.linalg.norm(b - a), abs=0.05)
        # the top is domed: the cloth is longer than the line
        assert taken.straight_mm + 0.2 < taken.along_mm < 1.03 * taken.straight_mm
        assert 0.3 < taken.straight_sure_mm < 3
        assert taken.along_sure_mm > 0.3


@pytest.mark.parametrize(
    ("place", "error", "says"),
    [
        ("IMG_9.jpg:1,2", SettingsError, "IMG_9.jpg is not among the photos"),
        ("IMG_0.jpg:2600,2", SettingsError, "outside the photo .2560 x 1920"),
        ("IMG_0.jpg:3,2", MeshError, "no surface of the piece at IMG_0.jpg:3,2"),
        ("0,0,400", MeshError, r"surface is \d+ mm away from 0,0,400"),
        ("0,0", SettingsError, "'0,0' isn't understood"),
        ("0,0,nan", SettingsError, "isn't understood"),
        ("IMG_0.jpg:1,x", SettingsError, "isn't understood"),
    ],
)
def test_what_is_no_place_is_said(folder, place, error, says):
    with pytest.raises(error, match=says):
        measure(folder, [(typed(on_top(0, 0)), place)])


def test_without_a_size_no_length_is_told(tmp_path):
    run = laid_run(tmp_path, nested=False)
    unknown = Scale("none", 1.0, float("nan"), float("nan"), 0)
    write_value(run / "stages" / "03_scale" / "scale.npz", unknown)
    mesh = run / "stages" / "05_mesh" / "mesh.ply"
    mesh.rename(mesh.with_name("mesh_unscaled.ply"))
    with pytest.raises(ScaleError, match=r"size of the scan in .* is not known"):
        measure(run, [("0,0,100", "50,0,100")])
    with pytest.raises(ScaleError, match="The size of the scan"):
        check_size(run)


def test_a_run_without_a_mesh_is_told(tmp_path):
    with pytest.raises(RunError, match="has not come to the stage mesh"):
        measure(tmp_path, [("0,0,1", "0,0,2")])


def test_each_mat_is_held_against_the_other(folder):
    first, second = check_size(folder)
    assert (first.mat, first.against) == ("mat 1", ("mat 2",))
    assert second.off_percent == pytest.approx(0.4, abs=0.02)
    assert first.off_percent == pytest.approx(-0.4, abs=0.02)


def test_a_board_that_gave_no_size_is_found_in_the_photos_and_held_against_it(folder, tmp_path):
    file = tmp_path / "own.toml"
    file.write_text(BOARD.format(dictionary=OWN))
    (check,) = check_size(folder, file)
    assert (check.mat, check.tags) == ("the shop's board", 6)
    assert check.off_percent == pytest.approx(1.0, abs=0.1)  # it lies there one per cent too large
    assert not check.holds


def test_mats_can_not_judge_themselves(folder, tmp_path):
    file = tmp_path / "same.toml"
    file.write_text(BOARD.format(dictionary="DICT_APRILTAG_36h11"))
    with pytest.raises(SettingsError, match="gave this run its size"):
        check_size(folder, file)


def test_a_board_that_no_photo_shows_is_told(folder, tmp_path):
    file = tmp_path / "other.toml"
    file.write_text(BOARD.format(dictionary="DICT_5X5_50"))
    with pytest.raises(ScaleError, match=r"No board of other.toml was seen well"):
        check_size(folder, file)


def test_the_command_says_it_in_lines(folder, tmp_path, capsys):
    a, b = (spot(VIEWS[0], on_top(x, 0.0)) for x in (-0.1, 0.1))
    assert main(["measure", str(folder), "--between", a, b]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"{a} to {b}: ")
    assert "mm (" in said
    assert "straight, " in said
    assert "along the surface." in said
    assert main(["measure", str(folder)]) == 0
    assert "mat 2 (12 tags) against mat 1: +0.4" in capsys.readouterr().out
    assert main(["measure", str(folder), "--between", f"={typed(on_top(-0.1, 0))}", "0,0,900"]) == 2
    assert "mm away from 0,0,900" in capsys.readouterr().err


def test_one_mat_says_that_there_is_nothing_to_check_by(folder, tmp_path, capsys):
    alone = laid_run(tmp_path, nested=False)
    for name in ("01_ingest", "02_align", "03_scale"):
        (alone / "stages" / name).mkdir(exist_ok=True)
        for file in (folder / "stages" / name).glob("*.[nj]*"):
            (alone / "stages" / name / file.name).write_bytes(file.read_bytes())
    (only,) = standard_mats(1)
    seen = sightings_of(only, lying(only, [-0.5, -0.4, 0]))
    write_value(alone / "stages" / "02_align" / "sightings.npz", tuple(seen))
    assert main(["measure", str(alone)]) == 0
    assert "one mat at most" in capsys.readouterr().out
    assert SCALE.is_metric
