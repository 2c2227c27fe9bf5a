"""Splats as SPZ, Niantic's packed format: a tenth of the PLY.

After its description and source at github.com/nianticlabs/spz. Written is version 3, which all
readers know; versions 2, 3 and 4 are read. SPZ has y up: splats are turned on the way.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from pathlib import Path

import numpy as np

from stitchsketch_kernel.disk.aside import write_bytes
from stitchsketch_kernel.domain.arrays import AnyArray
from stitchsketch_kernel.domain.errors import SplatError
from stitchsketch_kernel.visualization.splat.ply import MOST_READ, in_blocks
from stitchsketch_kernel.visualization.splat.splats import (
    MOST_SPLATS,
    Splats,
    checked,
)
from stitchsketch_kernel.visualization.splat.turn import TO_RUB, turned

_MAGIC, _VERSION, _FRACTION_BITS = 0x5053474E, 3, 12
_LEGACY = struct.Struct("<IIIBBBB")
_HEADER = struct.Struct("<IIIBBBBI12x")
_COLOR = 0.15
_PARTS = {0: 0, 1: 3, 2: 8, 3: 15}
#: Bits kept of the first band of harmonics and of the others, as Niantic's writer does.
_BITS_1, _BITS_REST = 5, 4
#: A larger file isn't opened: as many splats as are read, packed by nothing.
_MOST_BYTES = MOST_READ * 65 + 1000


def write_spz(path: Path, splats: Splats) -> None:
    """Write splats, aside first and then renamed.

    Middles are rounded to 0.24 mm, sizes to 6 %.

    Raises
    ------
    SplatError
        Some of their numbers can't be, or they lie further than 2 km from the origin.
    """
    checked(splats, "What was to be written")
    there = turned(splats, TO_RUB)
    fixed = np.rint(there.means_m.astype(float) * (1 << _FRACTION_BITS)).astype(np.int64)
    if len(fixed) and np.abs(fixed).max() >= 1 << 23:
        raise SplatError("Splats lie more than 2 km away.", "Cut them to the furniture.")
    degree = round(np.sqrt(there.sh.shape[1])) - 1
    body = b"".join(
        [
            _bytes_24(fixed),
            _byte(255 * there.opacities()),
            _byte(there.sh[:, 0] * (_COLOR * 255) + 127.5),
            _byte((there.log_scales + 10) * 16),
            _smallest_three(there.quats),
            _packed_sh(there.sh[:, 1:]),
        ]
    )
    head = _LEGACY.pack(_MAGIC, _VERSION, len(there), degree, _FRACTION_BITS, 0, 0)
    write_bytes(path, gzip.compress(head + body, 6, mtime=0))


def read_spz(path: Path, most: int = MOST_SPLATS) -> Splats:
    """Splats of a file, with z up; more than `most` are thinned.

    Raises
    ------
    SplatError
        It is no such file, damaged, too large, or of a version that is not known.
    """
    if path.stat().st_size > _MOST_BYTES:
        raise SplatError(
            f"{path.name} has {path.stat().st_size:,} bytes; up to {_MOST_BYTES:,} are read.",
            "Thin it in the program that made it, or cut it to the furniture.",
        )
    content = path.read_bytes()
    try:
        return _unpacked(content, most)
    except (ValueError, struct.error, EOFError, OSError, zlib.error, IndexError) as error:
        if isinstance(error, SplatError):
            raise SplatError(f"{path.name}: {error.what}", error.todo) from error
        raise SplatError(
            f"{path.name} is no SPZ file, or damaged ({error}).", "Copy or export it again."
        ) from error


def _bytes_24(fixed: AnyArray) -> bytes:
    return bytes(fixed.astype("<i4").view(np.uint8).reshape(-1, 4)[:, :3].tobytes())


def _byte(values: AnyArray) -> bytes:
    return bytes(np.clip(np.rint(values), 0, 255).astype(np.uint8).tobytes())


def _smallest_three(quats: AnyArray) -> bytes:
    """The three smaller of x, y, z, w with 10 bits each, and which is left out."""
    q = quats[:, [1, 2, 3, 0]].astype(float)
    q /= np.linalg.norm(q, axis=1, keepdims=True)
    largest = np.abs(q).argmax(axis=1)
    q *= np.where(np.take_along_axis(q, largest[:, None], 1) < 0, -1, 1)
    packed = largest.astype(np.uint32)
    for k in range(4):
        size = np.minimum(511, np.abs(q[:, k]) * np.sqrt(2) * 511 + 0.5).astype(np.uint32)
        word = (packed << 10) | ((q[:, k] < 0).astype(np.uint32) << 9) | size
        packed = np.where(largest == k, packed, word).astype(np.uint32)
    return bytes(packed.astype("<u4").tobytes())


def _packed_sh(rest: AnyArray) -> bytes:
    steps = np.full(rest.shape[1], 1 << (8 - _BITS_REST))
    steps[:3] = 1 << (8 - _BITS_1)
    steps = steps[None, :, None]
    whole = np.rint(rest * 128).astype(np.int64) + 128
    return bytes(np.clip((whole + steps // 2) // steps * steps, 0, 255).astype(np.uint8).tobytes())


def _legacy(content: bytes) -> tuple[int, int, int, int, list[AnyArray]]:
    """Version, count, degree, bits and the six streams of one gzip stream."""
    # a header before all is unpacked: a small file may claim to be a large one
    opened = zlib.decompressobj(31)
    head = opened.decompress(content, _LEGACY.size)
    magic, version, count, degree, bits, _, _ = _LEGACY.unpack(head)
    _known(magic, version, count, degree, (2, 3))
    sizes = _sizes(version, count, degree)
    body = opened.decompress(opened.unconsumed_tail, sum(sizes) + 1)
    if len(body) != sum(sizes):
        raise ValueError(f"{len(body):,} bytes where {sum(sizes):,} should be")
    flat = np.frombuffer(body, dtype=np.uint8)
    return version, count, degree, bits, np.split(flat, np.cumsum(sizes)[:-1])


def _streams(content: bytes) -> tuple[int, int, int, int, list[AnyArray]]:
    import zstandard

    magic, version, count, degree, bits, _, many, at = _HEADER.unpack(content[: _HEADER.size])
    _known(magic, version, count, degree, (4,))
    sizes = _sizes(version, count, degree)
    here, streams = at + 16 * many, []
    for number in range(min(many, len(sizes))):
        packed, size = struct.unpack_from("<QQ", content, at + 16 * number)
        if size != sizes[number]:
            raise ValueError(f"part {number + 1} has {size:,} bytes, not {sizes[number]:,}")
        frame = content[here : here + packed]
        try:
            # what a frame says of itself is believed by the decoder, beyond any limit
            if zstandard.frame_content_size(frame) not in {-1, size}:
                raise ValueError(f"part {number + 1} unpacks to more than it says")
            part = zstandard.ZstdDecompressor().decompress(frame, max_output_size=max(size, 1))
        except zstandard.ZstdError as error:
            raise ValueError(str(error)) from error
        if len(part) != size:
            raise ValueError(f"part {number + 1} is cut short")
        streams.append(np.frombuffer(part, dtype=np.uint8))
        here += packed
    while len(streams) < len(sizes) and sizes[len(streams)] == 0:
        streams.append(np.zeros(0, np.uint8))
    if len(streams) < len(sizes):
        raise ValueError("parts are missing")
    return version, count, degree, bits, streams


def _known(magic: int, version: int, count: int, degree: int, versions: tuple[int, ...]) -> None:
    if magic != _MAGIC:
        raise ValueError("it doesn't begin as one")
    if version not in versions or degree not in _PARTS:
        raise SplatError(
            f"it is of version {version} with degree {degree}, which is not read here.",
            "Export it again as version 3 with harmonics of degree 3 or less.",
        )
    if count > MOST_READ or count == 0:
        raise SplatError(
            f"it holds {count:,} splats; between 1 and {MOST_READ:,} are read.",
            "Thin it in the program that made it, or cut it to the furniture.",
        )


def _sizes(version: int, count: int, degree: int) -> list[int]:
    turn = 3 if version == 2 else 4
    return [9 * count, count, 3 * count, 3 * count, turn * count, 3 * _PARTS[degree] * count]


def _unpacked(content: bytes, most: int) -> Splats:
    packed = _legacy(content) if content[:2] == b"\x1f\x8b" else _streams(content)
    version, count, degree, bits, streams = packed
    if bits > 23:
        raise ValueError(f"coordinates of {bits} bits")
    rows = [stream.reshape(count, -1) for stream in streams]

    def block(part: slice) -> Splats:
        made = _splats(version, degree, bits, [one[part] for one in rows])
        return checked(turned(made, TO_RUB.T), "it", part.start)

    return in_blocks(block, count, most)


def _splats(version: int, degree: int, bits: int, parts: list[AnyArray]) -> Splats:
    count = len(parts[0])
    wide = np.zeros((3 * count, 4), dtype=np.uint8)
    wide[:, 1:] = parts[0].reshape(-1, 3)
    means = (wide.view("<i4")[:, 0] >> 8).reshape(count, 3) / float(1 << bits)
    share = np.clip(parts[1][:, 0].astype(float) / 255, 1e-4, 1 - 1e-4)
    color = (parts[2] / 255.0 - 0.5) / _COLOR
    scales = parts[3] / 16.0 - 10
    rest = (parts[5].reshape(count, _PARTS[degree], 3).astype(float) - 128) / 128
    sh = np.concatenate([color[:, None], rest], axis=1)
    turns = parts[4].reshape(-1)
    quats = _first_three(turns) if version == 2 else _three(turns)
    return Splats(means, scales, quats, np.log(share / (1 - share)), sh).as_type(np.float32)


def _first_three(packed: AnyArray) -> AnyArray:
    xyz = packed.reshape(-1, 3) / 127.5 - 1
    w = np.sqrt(np.maximum(0, 1 - (xyz**2).sum(axis=1)))
    return np.column_stack([w, xyz])


def _three(packed: AnyArray) -> AnyArray:
    words = np.ascontiguousarray(packed).view("<u4").astype(np.int64)
    largest = words >> 30
    q = np.zeros((len(words), 4))
    for k in (3, 2, 1, 0):
        value = (words & 511) / 511 / np.sqrt(2) * np.where(words & 512, -1, 1)
        here = largest != k
        q[here, k] = value[here]
        words = np.where(here, words >> 10, words)
    left = np.sqrt(np.maximum(0, 1 - (q**2).sum(axis=1)))
    q[np.arange(len(q)), largest] = left
    return q[:, [3, 0, 1, 2]]
