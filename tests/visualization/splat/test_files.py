"""PLY and SPZ: read back, by us and by a reader that isn't ours; bad files refused in words."""

from __future__ import annotations

import gzip
import importlib.util
import struct
import tracemalloc
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import zstandard
from scipy.spatial.transform import Rotation

from stitchsketch_kernel.domain.errors import SplatError
from stitchsketch_kernel.visualization.splat import ply, spz
from stitchsketch_kernel.visualization.splat.ply import read_ply, write_ply
from stitchsketch_kernel.visualization.splat.spz import read_spz, write_spz
from stitchsketch_kernel.visualization.splat.turn import TO_RUB, harmonics, turned

_SPEC = importlib.util.spec_from_file_location(
    "splat_scenes", Path(__file__).with_name("conftest.py")
)
scenes = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(scenes)


def axes(quats):
    return Rotation.from_quat(quats, scalar_first=True).as_matrix()


@contextmanager
def measured_memory():
    """The most bytes that were taken at once."""
    peaks = []
    tracemalloc.start()
    try:
        yield lambda: peaks[0]
    finally:
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()


@pytest.mark.parametrize("degree", [0, 1, 2, 3])
def test_ply_gives_back_every_number(tmp_path, degree):
    splats = scenes.some_splats(50, degree).as_type(np.float32)
    write_ply(tmp_path / "a.ply", splats)
    again = read_ply(tmp_path / "a.ply")
    for name in ("means_m", "log_scales", "quats", "opacity_logits", "sh"):
        np.testing.assert_array_equal(getattr(again, name), getattr(splats, name))


@pytest.mark.parametrize("degree", [0, 1, 2, 3])
def test_spz_gives_back_what_its_bits_hold(tmp_path, degree):
    splats = scenes.some_splats(200, degree)
    # colours' waves are held from -1 to 1
    splats = replace(splats, sh=np.clip(splats.sh, -0.5, 0.5)).as_type(np.float32)
    write_spz(tmp_path / "a.spz", splats)
    again = read_spz(tmp_path / "a.spz")
    assert np.abs(again.means_m - splats.means_m).max() < 0.5 / 4096 + 1e-6
    assert np.abs(again.log_scales - splats.log_scales).max() <= 1 / 32 + 1e-5
    assert np.abs(axes(again.quats) - axes(splats.quats)).max() < 0.01
    assert np.abs(again.opacities() - splats.opacities()).max() < 0.003
    assert np.abs(again.sh[:, 0] - splats.sh[:, 0]).max() < 0.014
    if degree:
        assert np.abs(again.sh[:, 1:] - splats.sh[:, 1:]).max() < 0.25  # 4 bits, turned


# the other reader asks numba for threads, which warns of what open3d brought
@pytest.mark.filterwarnings("ignore:The TBB threading layer")
def test_another_reader_reads_ours(tmp_path):
    import gsply

    splats = scenes.some_splats(100, 1).as_type(np.float32)
    write_ply(tmp_path / "a.ply", splats)
    write_spz(tmp_path / "a.spz", splats)
    ply = gsply.plyread(str(tmp_path / "a.ply"))
    np.testing.assert_allclose(ply.means, splats.means_m, atol=1e-6)
    np.testing.assert_allclose(ply.sh0.reshape(-1, 3), splats.sh[:, 0], atol=1e-6)
    from gsply.spz import read_spz as theirs

    spz = theirs(str(tmp_path / "a.spz"))
    there = turned(splats, TO_RUB)
    np.testing.assert_allclose(spz.means, there.means_m, atol=0.5 / 4096 + 1e-6)
    np.testing.assert_allclose(axes(spz.quats), axes(there.quats), atol=0.01)
    np.testing.assert_allclose(spz.scales, there.log_scales, atol=1 / 32 + 1e-5)


def test_a_turn_takes_colours_along():
    rng = np.random.default_rng(3)
    splats = scenes.some_splats(20, 3)
    R = Rotation.random(random_state=4).as_matrix()
    d = rng.normal(size=(20, 3))
    d /= np.linalg.norm(d, axis=1, keepdims=True)
    before = np.einsum("nk,nkc->nc", harmonics(d, 3), splats.sh)
    after = np.einsum("nk,nkc->nc", harmonics(d @ R.T, 3), turned(splats, R).sh)
    np.testing.assert_allclose(after, before, atol=1e-9)


def test_a_number_that_is_none_is_refused_in_words(tmp_path):
    splats = scenes.some_splats(30, 0).as_type(np.float32)
    write_ply(tmp_path / "a.ply", splats)
    content = bytearray((tmp_path / "a.ply").read_bytes())
    content[-4:] = struct.pack("<f", float("nan"))
    (tmp_path / "a.ply").write_bytes(content)
    with pytest.raises(SplatError, match=r"1 of 30 splats .* number 30"):
        read_ply(tmp_path / "a.ply")
    splats.means_m[3, 1] = np.inf
    for write, name in ((write_ply, "b.ply"), (write_spz, "b.spz")):
        with pytest.raises(SplatError, match="can't be"):
            write(tmp_path / name, splats)
        assert not list(tmp_path.glob("*b.*"))


def test_too_many_are_thinned_to_those_that_show_most(tmp_path):
    splats = scenes.some_splats(3000, 0).as_type(np.float32)
    splats.log_scales[::3] += 3
    splats.opacity_logits[::3] = 5
    for write, read, name in ((write_ply, read_ply, "a.ply"), (write_spz, read_spz, "a.spz")):
        write(tmp_path / name, splats)
        kept = read(tmp_path / name, most=1000)
        assert len(kept) == 1000
        assert kept.opacities().min() > 0.98


def test_files_that_are_none_are_refused(tmp_path):
    splats = scenes.some_splats(30, 0).as_type(np.float32)
    write_ply(tmp_path / "a.ply", splats)
    write_spz(tmp_path / "a.spz", splats)
    short = tmp_path / "short.ply"
    short.write_bytes((tmp_path / "a.ply").read_bytes()[:-9])
    with pytest.raises(SplatError, match="cut short"):
        read_ply(short)
    mesh = tmp_path / "mesh.ply"
    mesh.write_bytes(
        b"ply\nformat binary_little_endian 1.0\nelement vertex 0\nproperty float x\nend_header\n"
    )
    with pytest.raises(SplatError, match="no splats"):
        read_ply(mesh)
    many = tmp_path / "many.ply"
    head = (tmp_path / "a.ply").read_bytes().replace(b"vertex 30", b"vertex 90000000")
    many.write_bytes(head)
    with pytest.raises(SplatError, match="more than the 40,000,000"):
        read_ply(many)
    broken = tmp_path / "broken.spz"
    broken.write_bytes((tmp_path / "a.spz").read_bytes()[:-40])
    with pytest.raises(SplatError, match="damaged"):
        read_spz(broken)
    bomb = tmp_path / "bomb.spz"
    bomb.write_bytes(
        gzip.compress(struct.pack("<IIIBBBB", 0x5053474E, 3, 4_000_000_000, 0, 12, 0, 0))
    )
    with pytest.raises(SplatError, match="4,000,000,000 splats"):
        read_spz(bomb)


def changed(source: Path, target: Path, old: bytes, new: bytes) -> Path:
    content = source.read_bytes()
    assert old in content
    target.write_bytes(content.replace(old, new))
    return target


def test_headers_that_lie_are_refused_in_words(tmp_path):
    good = tmp_path / "a.ply"
    write_ply(good, scenes.some_splats(30, 1).as_type(np.float32))
    long = changed(good, tmp_path / "long.ply", b"vertex 30", b"vertex " + 5000 * b"9")
    with pytest.raises(SplatError, match="not laid out as splats"):
        read_ply(long)
    gap = changed(good, tmp_path / "gap.ply", b"float f_rest_4\n", b"float f_rest_x\n")
    with pytest.raises(SplatError, match="parts of colour"):
        read_ply(gap)
    huge = changed(good, tmp_path / "huge.ply", b"float nx\n", b"double nx\n")
    with pytest.raises(SplatError, match="cut short"):
        read_ply(huge)


def test_numbers_beyond_all_measure_are_refused_in_words(tmp_path):
    names = [
        "x", "y", "z", "f_dc_0", "f_dc_1", "f_dc_2", "opacity", "scale_0", "scale_1", "scale_2",
        "rot_0", "rot_1", "rot_2", "rot_3",
    ]  # fmt: skip
    rows = np.ones((3, 14))
    head = ["ply", "format binary_little_endian 1.0", "element vertex 3"]
    head += [f"property double {name}" for name in names]
    path = tmp_path / "a.ply"
    for value in (1e300, -1e300):
        rows[2, 6] = value
        path.write_bytes(("\n".join(head) + "\nend_header\n").encode() + rows.tobytes())
        with pytest.raises(SplatError, match="number 3"):
            read_ply(path)
    rows[2, 6] = -1e30  # a number, and as good as nothing
    path.write_bytes(("\n".join(head) + "\nend_header\n").encode() + rows.tobytes())
    assert read_ply(path).opacities()[2] == 0


def test_a_huge_file_is_thinned_block_by_block(tmp_path, monkeypatch):
    """Ten million splats are 2.4 GB at their finest: they never lie in memory all at once."""
    splats = scenes.some_splats(30_000, 3).as_type(np.float32)
    whole = sum(getattr(splats, f.name).nbytes for f in fields(splats))
    for write, read, share in ((write_ply, read_ply, 0.5), (write_spz, read_spz, 1.0)):
        write(tmp_path / "a", splats)
        monkeypatch.setattr(ply, "_BLOCK", 1000)
        with measured_memory() as peak:
            kept = read(tmp_path / "a", most=3001)
        assert len(kept) == 3001
        assert peak() < share * whole  # SPZ's own bytes are unpacked at once
        monkeypatch.setattr(ply, "_BLOCK", 7000)
        assert len(read(tmp_path / "a", most=3)) == 3


def test_the_number_of_a_bad_splat_is_that_in_the_file(tmp_path, monkeypatch):
    write_ply(tmp_path / "a.ply", scenes.some_splats(30, 0).as_type(np.float32))
    content = bytearray((tmp_path / "a.ply").read_bytes())
    content[-4:] = struct.pack("<f", float("nan"))
    (tmp_path / "a.ply").write_bytes(content)
    monkeypatch.setattr(ply, "_BLOCK", 8)
    with pytest.raises(SplatError, match="number 30"):
        read_ply(tmp_path / "a.ply")


def test_a_packed_part_that_grows_beyond_what_it_says_is_refused(tmp_path):
    """Zstandard believes a frame's own size: some bytes would fill the memory."""
    bomb = zstandard.ZstdCompressor().compress(bytes(30_000_000))
    sizes = [9 * 3, 3, 9, 9, 12, 0]
    head = struct.pack("<IIIBBBBI12x", 0x5053474E, 4, 3, 0, 12, 0, 6, 32)
    table = b"".join(struct.pack("<QQ", len(bomb), size) for size in sizes)
    (tmp_path / "a.spz").write_bytes(head + table + bomb)
    with measured_memory() as peak, pytest.raises(SplatError, match="more than it says"):
        read_spz(tmp_path / "a.spz")
    assert peak() < 1_000_000


def test_a_packed_file_beyond_all_reason_is_not_read(tmp_path):
    path = tmp_path / "huge.spz"
    with path.open("wb") as file:
        file.truncate(spz._MOST_BYTES + 1)  # a hole: it takes no room
    with pytest.raises(SplatError, match="are read"):
        read_spz(path)
