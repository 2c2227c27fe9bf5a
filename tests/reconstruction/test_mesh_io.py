"""A mesh comes back from its file as it was, or not at all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from stitchsketch_kernel.domain.errors import MeshError
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.reconstruction.mesh_io import read_mesh, write_mesh

HEIGHTS = st.floats(-1e6, 1e6, allow_nan=False)


def mesh_of(vertices: np.ndarray, colors: bool = True, confidence: bool = True) -> Mesh:
    n = len(vertices)
    faces = np.array([[i, (i + 1) % n, (i + 2) % n] for i in range(n)], dtype=np.int32)
    return Mesh(
        vertices,
        faces,
        (np.arange(3 * n, dtype=np.uint8) * 7).reshape(n, 3) if colors else None,
        np.linspace(0, 1, n) if confidence else None,
    )


@given(arrays(float, (6, 3), elements=HEIGHTS), st.booleans(), st.booleans())
def test_what_is_written_is_read_to_the_last_bit(tmp_path_factory, vertices, colors, confidence):
    path = tmp_path_factory.mktemp("mesh") / "mesh.ply"
    mesh = mesh_of(vertices, colors, confidence)
    write_mesh(path, mesh)
    again = read_mesh(path)
    for name in ("vertices", "faces", "colors", "confidence"):
        before, after = getattr(mesh, name), getattr(again, name)
        assert (before is None) == (after is None)
        assert before is None or (np.array_equal(before, after) and before.dtype == after.dtype)


def test_another_program_reads_it(tmp_path):
    import open3d as o3d

    mesh = mesh_of(np.random.default_rng(0).random((8, 3)))
    write_mesh(tmp_path / "mesh.ply", mesh)
    other = o3d.io.read_triangle_mesh(str(tmp_path / "mesh.ply"))
    assert np.allclose(np.asarray(other.vertices), mesh.vertices)
    assert np.array_equal(np.asarray(other.triangles), mesh.faces)
    assert np.allclose(np.asarray(other.vertex_colors) * 255, mesh.colors)


@pytest.mark.parametrize("cut", [1, 200, 5000])
def test_a_file_cut_short_is_refused(tmp_path, cut):
    path = tmp_path / "mesh.ply"
    write_mesh(path, mesh_of(np.zeros((300, 3))))
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(MeshError, match=r"mesh\.ply"):
        read_mesh(path)


@pytest.mark.parametrize("content", [b"", b"solid cube", b"ply\nformat ascii 1.0\nend_header\n"])
def test_another_kind_of_file_is_refused(tmp_path, content):
    path = tmp_path / "mesh.ply"
    path.write_bytes(content)
    with pytest.raises(MeshError, match="not a mesh"):
        read_mesh(path)


def test_a_full_disk_leaves_the_older_file_alone(small_disk):
    path = small_disk / "mesh.ply"
    write_mesh(path, mesh_of(np.zeros((3, 3))))
    before = path.read_bytes()
    with pytest.raises(OSError, match="No space"):
        write_mesh(path, mesh_of(np.ones((60_000, 3))))
    assert path.read_bytes() == before
    assert [other.name for other in small_disk.iterdir()] == ["mesh.ply"]
