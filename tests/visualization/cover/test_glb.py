"""The GLB opens in an independent reader, with the cloth where the roll has it."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
import trimesh

from stitchsketch_kernel.domain.errors import ExportError
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.visualization.cover.cloths import ClothDesign, built_in
from stitchsketch_kernel.visualization.cover.glb import glb_of, write_glb


@pytest.fixture(scope="module")
def tile(table):
    return built_in(ClothDesign("floral"), table.fabric)


def opened(content: bytes) -> trimesh.Scene:
    return trimesh.load_scene(io.BytesIO(content), file_type="glb")


def test_it_opens_with_each_panel_by_its_name(table, tile):
    scene = opened(glb_of(table, tile, "Table"))
    assert set(scene.geometry) == {"TOP", "SHELF"}
    # y is up there: 0.5 m wide, 0.35 to 0.5 m high, and the front looks along +z
    assert scene.bounds == pytest.approx(np.array([[0, 0.35, -0.5], [0.5, 0.5, 0]]), abs=1e-6)


def test_the_cloth_is_the_rolls(table, tile):
    top = opened(glb_of(table, tile, "Table")).geometry["TOP"]
    panel = table.panels[0]
    # trimesh turns v up again, as OpenGL has it
    wanted = tile.uv(panel.roll_mm, table.fabric)
    off = np.asarray(top.visual.uv) - wanted
    assert off - off[0] == pytest.approx(0, abs=1e-5)
    assert off[0] == pytest.approx(np.round(off[0]), abs=1e-5)  # whole tiles
    image = np.asarray(top.visual.material.baseColorTexture.convert("RGB"))
    assert np.array_equal(image, tile.color)
    normals = np.asarray(top.vertex_normals)
    assert normals == pytest.approx(np.tile([0, 1, 0], (len(normals), 1)), abs=1e-6)


def test_legs_keep_their_colours(table, tile):
    leg = np.array([[0.0, 0, 0], [0.05, 0, 0], [0, 0.05, 0.05]])
    colors = np.array([[200, 100, 50]] * 3, dtype=np.uint8)
    bare = Mesh(leg, np.array([[0, 1, 2]], dtype=np.int32), colors)
    scene = opened(glb_of(replace(table, bare=bare), tile, "Table"))
    assert len(scene.geometry["as it was"].faces) == 1


def test_a_broken_mesh_is_refused_and_nothing_is_left(table, tile, tmp_path):
    panel = table.panels[0]
    points = panel.points_m.copy()
    points[3, 1] = np.nan
    broken = replace(table, panels=(replace(panel, points_m=points),))
    with pytest.raises(ExportError, match="TOP has points that are no numbers"):
        write_glb(tmp_path / "a.glb", broken, tile, "Table")
    assert list(tmp_path.iterdir()) == []
