"""Splats as PLY: the layout of Kerbl et al. (2023), which every splat viewer opens."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np

from stitchsketch_kernel.disk.aside import write_bytes
from stitchsketch_kernel.domain.arrays import AnyArray
from stitchsketch_kernel.domain.errors import SplatError
from stitchsketch_kernel.visualization.splat.splats import (
    MOST_SPLATS,
    Splats,
    checked,
    thinned,
)

_MOST_HEADER_BYTES = 20_000
_KINDS = {
    "float": "f4", "float32": "f4", "double": "f8", "float64": "f8", "uchar": "u1", "uint8": "u1",
    "char": "i1", "int8": "i1", "short": "i2", "int16": "i2", "ushort": "u2", "uint16": "u2",
    "int": "i4", "int32": "i4", "uint": "u4", "uint32": "u4",
}  # fmt: skip
#: Without these it is a PLY of something else.
_NEEDED = (
    "x", "y", "z", "f_dc_0", "f_dc_1", "f_dc_2", "opacity", "scale_0", "scale_1", "scale_2",
    "rot_0", "rot_1", "rot_2", "rot_3",
)  # fmt: skip
#: A file of more splats than this isn't even thinned: it fills no memory here.
MOST_READ = 40_000_000
#: Splats that are read at once.
_BLOCK = 500_000
#: Longer numbers of splats are no numbers.
_MOST_DIGITS = 12


def write_ply(path: Path, splats: Splats) -> None:
    """Write splats, aside first and then renamed; metres, z up.

    Raises
    ------
    SplatError
        Some of their numbers can't be.
    """
    checked(splats, "What was to be written")
    rest = splats.sh.shape[1] - 1
    names = [
        "x", "y", "z", "nx", "ny", "nz", "f_dc_0", "f_dc_1", "f_dc_2",
        *(f"f_rest_{k}" for k in range(3 * rest)), "opacity", "scale_0", "scale_1", "scale_2",
        "rot_0", "rot_1", "rot_2", "rot_3",
    ]  # fmt: skip
    count = len(splats)
    # red's parts first, then green's, then blue's
    others = splats.sh[:, 1:].transpose(0, 2, 1).reshape(count, 3 * rest)
    table = np.concatenate(
        [
            splats.means_m, np.zeros((count, 3)), splats.sh[:, 0], others,
            splats.opacity_logits[:, None], splats.log_scales, splats.quats,
        ],
        axis=1,
    ).astype("<f4")  # fmt: skip
    header = [
        "ply", "format binary_little_endian 1.0", "comment StitchSketch: metres, z up, floor at 0",
        f"element vertex {count}", *(f"property float {name}" for name in names), "end_header",
    ]  # fmt: skip
    write_bytes(path, ("\n".join(header) + "\n").encode("ascii"), table.tobytes())


def read_ply(path: Path, most: int = MOST_SPLATS) -> Splats:
    """Splats of a file, ours or another program's; more than `most` are thinned.

    Raises
    ------
    SplatError
        It is no such file, cut short, too large, or holds numbers that can't be.
    """
    with path.open("rb") as file:
        kind, count = _header(path, file.read(_MOST_HEADER_BYTES))
        start, row = kind
        if count > MOST_READ:
            raise SplatError(
                f"{path.name} holds {count:,} splats, more than the {MOST_READ:,} that are read.",
                "Thin it in the program that made it, or cut it to the furniture.",
            )
        if path.stat().st_size < start + count * row.itemsize:
            raise SplatError(
                f"{path.name} is cut short: it should hold {count:,} splats.", "Copy it again."
            )
    rows = np.memmap(path, dtype=row, mode="r", offset=start, shape=(count,)) if count else (
        np.zeros(0, dtype=row)
    )  # fmt: skip
    if not count:
        raise SplatError(f"{path.name} holds no splats.", "Export it again.")
    return in_blocks(lambda part: _splats(rows[part], path.name, part.start), count, most)


def in_blocks(read: Callable[[slice], Splats], count: int, most: int) -> Splats:
    """What `read` gives for block after block, at most `most` in all.

    Each block is thinned before the next is read: a huge file never lies in memory whole.
    """
    ends = [*range(0, count, _BLOCK), count]
    blocks = [slice(begin, end) for begin, end in itertools.pairwise(ends)]
    return joined(
        [thinned(read(one), most * one.stop // count - most * one.start // count) for one in blocks]
    )


def joined(parts: list[Splats]) -> Splats:
    """All of them, in order."""
    return Splats(
        *(
            np.concatenate([getattr(one, name) for one in parts])
            for name in ("means_m", "log_scales", "quats", "opacity_logits", "sh")
        )
    )


def _header(path: Path, head: bytes) -> tuple[tuple[int, np.dtype], int]:
    """Where the rows begin and what they are, and how many there are."""
    end = head.find(b"end_header")
    lines = head[: max(end, 0)].decode("ascii", "replace").split("\n")
    words = [line.split() for line in lines if line.strip()]
    if end < 0 or not words or words[0] != ["ply"]:
        raise SplatError(f"{path.name} is no PLY file.", "Give a PLY or SPZ of splats.")
    order = next((w[1] for w in words if w[0] == "format" and len(w) > 1), "")
    elements = [w for w in words if w[0] == "element"]
    properties = [w for w in words if w[0] == "property"]
    names = [w[-1] for w in properties]
    if (
        order not in {"binary_little_endian", "binary_big_endian"}
        or len(elements) != 1
        or elements[0][1:2] != ["vertex"]
        or len(elements[0]) != 3
        or not elements[0][2].isdigit()
        or len(elements[0][2]) > _MOST_DIGITS
        or any(len(w) != 3 or w[1] not in _KINDS for w in properties)
        or len(set(names)) != len(names)
    ):
        raise SplatError(
            f"{path.name} is not laid out as splats are.", "Export it as a binary PLY of splats."
        )
    lacking = [name for name in _NEEDED if name not in names]
    if lacking:
        raise SplatError(
            f"{path.name} is a PLY without {', '.join(lacking)}: a mesh or cloud, no splats.",
            "Give a PLY of splats.",
        )
    sign = "<" if order == "binary_little_endian" else ">"
    row = np.dtype([(w[2], sign + _KINDS[w[1]]) for w in properties])
    return (head.find(b"\n", end) + 1, row), int(elements[0][2])


def _splats(rows: AnyArray, name: str, before: int) -> Splats:
    def columns(*names: str) -> AnyArray:
        with np.errstate(over="ignore"):  # what is too large is no number then, and refused
            return np.column_stack([rows[one] for one in names]).astype(np.float32)

    others = [one for one in rows.dtype.names or () if one.startswith("f_rest_")]
    rest = len(others) // 3
    ordered = [f"f_rest_{k}" for k in range(3 * rest)]
    if len(others) % 3 or rest not in {0, 3, 8, 15} or set(others) != set(ordered):
        raise SplatError(
            f"{name} has {len(others)} parts of colour that change with direction: no degree has.",
            "Export it again.",
        )
    sh = np.zeros((len(rows), 1 + rest, 3), dtype=np.float32)
    sh[:, 0] = columns("f_dc_0", "f_dc_1", "f_dc_2")
    if rest:
        sh[:, 1:] = columns(*ordered).reshape(-1, 3, rest).transpose(0, 2, 1)
    made = Splats(
        columns("x", "y", "z"), columns("scale_0", "scale_1", "scale_2"),
        columns("rot_0", "rot_1", "rot_2", "rot_3"), columns("opacity")[:, 0], sh,
    )  # fmt: skip
    return checked(made, name, before)
