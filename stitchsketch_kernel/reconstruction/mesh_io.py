"""Meshes in files: binary PLY with colours and confidence, metres, z up."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from stitchsketch_kernel.disk.aside import write_bytes
from stitchsketch_kernel.domain.errors import MeshError
from stitchsketch_kernel.domain.model import Mesh

_MOST_HEADER_BYTES = 10_000
_FACE = np.dtype([("count", "u1"), ("corners", "<i4", 3)])


def write_mesh(path: Path, mesh: Mesh) -> None:
    """Write a mesh as binary PLY, aside first and then renamed.

    Vertices are doubles, so that reading gives back what was written to the last bit.
    """
    fields: list[tuple[str, str]] = [("x", "<f8"), ("y", "<f8"), ("z", "<f8")]
    if mesh.colors is not None:
        fields += [("red", "u1"), ("green", "u1"), ("blue", "u1")]
    if mesh.confidence is not None:
        fields.append(("confidence", "<f8"))
    vertices = np.empty(len(mesh.vertices), dtype=fields)
    for i, name in enumerate("xyz"):
        vertices[name] = mesh.vertices[:, i]
    if mesh.colors is not None:
        for i, name in enumerate(("red", "green", "blue")):
            vertices[name] = mesh.colors[:, i]
    if mesh.confidence is not None:
        vertices["confidence"] = mesh.confidence
    faces = np.empty(len(mesh.faces), dtype=_FACE)
    faces["count"], faces["corners"] = 3, mesh.faces
    names = {"<f8": "double", "u1": "uchar"}
    header = [
        "ply",
        "format binary_little_endian 1.0",
        "comment StitchSketch: metres, z up, floor at 0",
        f"element vertex {len(vertices)}",
        *(f"property {names[kind]} {name}" for name, kind in fields),
        f"element face {len(faces)}",
        "property list uchar int vertex_indices",
        "end_header",
    ]
    text = ("\n".join(header) + "\n").encode("ascii")
    write_bytes(path, text, vertices.tobytes(), faces.tobytes())


def read_mesh(path: Path) -> Mesh:
    """Read what `write_mesh` wrote.

    Raises
    ------
    MeshError
        The file is cut short or is not such a mesh.
    """
    content = path.read_bytes()
    end = content.find(b"end_header\n", 0, _MOST_HEADER_BYTES)
    lines = content[:end].decode("ascii", errors="replace").splitlines() if end > 0 else []
    if not lines or lines[0] != "ply" or "format binary_little_endian 1.0" not in lines:
        raise MeshError(f"{path.name} is not a mesh that StitchSketch wrote.", "Run mesh again.")
    kinds = {"double": "<f8", "uchar": "u1"}
    words = [line.split() for line in lines]
    fields = [(w[2], kinds[w[1]]) for w in words if w[0] == "property" and w[1] in kinds]
    counts = {w[1]: int(w[2]) for w in words if w[0] == "element"}
    row = np.dtype(fields)
    start = end + len(b"end_header\n")
    middle = start + counts["vertex"] * row.itemsize
    if len(content) != middle + counts["face"] * _FACE.itemsize:
        raise MeshError(f"The mesh {path.name} is cut short.", "Run the mesh stage again.")
    vertices = np.frombuffer(content[start:middle], dtype=row)
    faces = np.frombuffer(content[middle:], dtype=_FACE)
    present = set(row.names or ())
    return Mesh(
        np.column_stack([vertices[name] for name in "xyz"]).astype(float),
        faces["corners"].astype(np.int32),
        np.column_stack([vertices[name] for name in ("red", "green", "blue")])
        if "red" in present
        else None,
        vertices["confidence"].astype(float) if "confidence" in present else None,
    )
