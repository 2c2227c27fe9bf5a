"""What is kept comes back to the last bit, from wherever the folder went."""

from __future__ import annotations

import json
import shutil
import zipfile
from dataclasses import fields, is_dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from stitchsketch_kernel.domain.board import TagSighting
from stitchsketch_kernel.domain.errors import StorageError
from stitchsketch_kernel.domain.marker import Fabric, Marker, Placement
from stitchsketch_kernel.domain.model import Depth, Mesh, Scale, Similarity, SparseModel
from stitchsketch_kernel.domain.panel import EdgeKind, Panel, PanelMap, Seam
from stitchsketch_kernel.domain.photo import Camera, Photo, View
from stitchsketch_kernel.domain.piece import FlatPanel, Notch, Pattern, Piece, PieceEdge, SeamPair
from stitchsketch_kernel.pipeline.artefacts import read_value, write_value

rng = np.random.default_rng(7)
view = View("a.jpg", Camera(640, 480, 500.1, 500.2, 320, 240, 0.1), np.eye(3), rng.random(3))
mesh = Mesh(rng.random((4, 3)), np.array([[0, 1, 2]], np.int32), confidence=rng.random(4))
line = rng.random((5, 2))
tracks = tuple(np.arange(k % 5 + 1, dtype=np.int32) for k in range(100))
index = np.arange(3, dtype=np.int32)
VALUES = [
    SparseModel((view,), rng.random((100, 3)), np.ones((100, 3), np.uint8), tracks, ("b.jpg",)),
    Scale("mat", 0.1 + 0.2, 0.3, float("nan"), 4, ("A note ± 2.",)),
    Similarity(1 / 3, np.eye(3), rng.random(3)),
    Depth(view, rng.random((4, 6)).astype(np.float32), np.zeros((4, 6), np.float32)),
    PanelMap(
        mesh,
        (Panel("SEAT", index, np.array([0, 1.0, 0]), 0.5),),
        (Seam("S01", rng.random((3, 3)), "SEAT", None, EdgeKind.WELT, index),),
    ),
    (FlatPanel("SEAT", line, mesh.faces, index, rng.random((5, 3)), rng.random(1), index,
               np.array([0, 1.0]), {"S01": index, "S01*": index[:0]}),),
    Pattern(
        "chair",
        (Piece("SEAT", line, line, (PieceEdge("S01", EdgeKind.ZIP, line, True, 12.7),),
               (Notch("S01", 0.5, line[0], line[1]),), line[:2], internal_mm=(line, line[:2])),),
        (SeamPair("S01", EdgeKind.ZIP, "SEAT", None, 1.25, None),), "mat", 0.02),
    Marker(Fabric("wool", 1400, 1370), (Placement("SEAT", 0, 1 / 7, 2, 90, True),), 9, 5, 0.5),
    tuple(TagSighting("a.jpg", "DICT_4X4_50", k, rng.random((4, 2)), rng.random(2))
          for k in range(40)),
    {"a.jpg": (640, 480)}, (), tracks[:3],
]  # fmt: skip


def same(a: object, b: object) -> bool:
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if type(a) is not type(b):
        return False
    if is_dataclass(a):
        return all(same(getattr(a, f.name), getattr(b, f.name)) for f in fields(a))
    if isinstance(a, tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    return a == b or (a != a and b != b)  # NaN stays NaN


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_every_value_comes_back_to_the_last_bit(tmp_path, value):
    write_value(tmp_path / "kept.npz", value)
    assert same(read_value(tmp_path / "kept.npz", type(value)), value)


@given(hnp.arrays(st.sampled_from([np.float64, np.float32, np.int32, np.uint8, np.bool_]),
                  hnp.array_shapes(min_dims=1, max_dims=3, min_side=0)))  # fmt: skip
def test_any_array_comes_back_to_the_last_bit(tmp_path_factory, array):
    path = tmp_path_factory.mktemp("array") / "kept.npz"
    write_value(path, (array,))
    assert same(read_value(path, tuple), (array,))


def test_the_same_value_gives_the_same_bytes(tmp_path):
    for name in ("a.npz", "b.npz"):
        write_value(tmp_path / name, VALUES[0])
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_photos_are_found_where_the_folder_went(tmp_path):
    there = tmp_path / "there"
    there.mkdir()
    photo = Photo("a.jpg", there / "upright" / "a.jpg", 2, 2, None, "0" * 64, "k")
    write_value(there / "photo.npz", photo)
    shutil.move(there, tmp_path / "here")
    found = read_value(tmp_path / "here" / "photo.npz", Photo)
    assert found.path == tmp_path / "here" / "upright" / "a.jpg"


def damaged(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def foreign(path: Path) -> None:
    tree = {"@": "of", "type": "pathlib:Path", "fields": {}}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("value.json", json.dumps(tree))


@pytest.mark.parametrize("harm", [damaged, foreign, Path.unlink])
def test_a_harmed_file_is_told(tmp_path, harm):
    path = tmp_path / "kept.npz"
    write_value(path, VALUES[0])
    harm(path)
    with pytest.raises(StorageError, match="missing or damaged"):
        read_value(path, SparseModel)


def test_another_kind_of_value_is_told(tmp_path):
    write_value(tmp_path / "kept.npz", VALUES[1])
    with pytest.raises(StorageError, match="no SparseModel"):
        read_value(tmp_path / "kept.npz", SparseModel)
