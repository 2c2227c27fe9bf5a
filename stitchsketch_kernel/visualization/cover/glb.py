"""The covered furniture as one GLB file: glTF 2.0, metres, y up, opened by AR viewers and shops.

https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html; sheen by KHR_materials_sheen.
"""

from __future__ import annotations

import io
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from stitchsketch_kernel.disk.aside import written_aside
from stitchsketch_kernel.domain.arrays import AnyArray, ImageArray
from stitchsketch_kernel.domain.errors import ExportError
from stitchsketch_kernel.domain.prototype import ClothTile, Prototype
from stitchsketch_kernel.visualization.cover.scene import linear, vertex_normals

_FLOAT, _UINT = 5126, 5125
_VERTICES, _INDICES = 34962, 34963
_REPEAT, _LINEAR, _MIPMAPS = 10497, 9729, 9987
#: z up to y up.
Y_UP = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])


def write_glb(path: Path, prototype: Prototype, tile: ClothTile, name: str) -> None:
    """Write the file; one that was there is replaced only by a whole one.

    Raises
    ------
    ExportError
        A point of the mesh is no number: nothing could open the file.
    StorageError
        There is no room.
    """
    content = glb_of(prototype, tile, name)
    with written_aside(path) as aside:
        aside.write_bytes(content)


def glb_of(prototype: Prototype, tile: ClothTile, name: str) -> bytes:
    """The file's content; a node a panel, named as the panel."""
    file = _File()
    cloth = file.cloth(tile, prototype.fabric.name)
    for panel in prototype.cloth:
        if not (np.isfinite(panel.points_m).all() and np.isfinite(panel.roll_mm).all()):
            raise ExportError(
                f"Panel {panel.panel} has points that are no numbers.",
                "Run it again from the panels.",
            )
        uv = tile.uv(panel.roll_mm, prototype.fabric)
        # whole tiles off, so that float32 keeps a hundredth of a millimetre; v runs down here
        uv = uv - np.floor(uv.min(axis=0))
        attributes = {
            "POSITION": file.array(panel.points_m @ Y_UP.T, _VERTICES),
            "NORMAL": file.array(vertex_normals(panel.points_m, panel.faces) @ Y_UP.T, _VERTICES),
            "TEXCOORD_0": file.array(np.column_stack([uv[:, 0], 1 - uv[:, 1]]), _VERTICES),
        }
        file.node(panel.panel, attributes, file.array(panel.faces, _INDICES), cloth)
    if prototype.bare is not None:
        bare = prototype.bare
        attributes = {
            "POSITION": file.array(bare.vertices @ Y_UP.T, _VERTICES),
            "NORMAL": file.array(vertex_normals(bare.vertices, bare.faces) @ Y_UP.T, _VERTICES),
        }
        if bare.colors is not None:
            attributes["COLOR_0"] = file.array(linear(bare.colors), _VERTICES)
        file.node("as it was", attributes, file.array(bare.faces, _INDICES), file.plain())
    return file.content(name)


class _File:
    """Buffers, and the JSON that tells what is in them."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._views: list[dict[str, Any]] = []
        self._accessors: list[dict[str, Any]] = []
        self._meshes: list[dict[str, Any]] = []
        self._nodes: list[dict[str, Any]] = []
        self._materials: list[dict[str, Any]] = []
        self._images: list[dict[str, Any]] = []

    def array(self, values: AnyArray, target: int) -> int:
        """Keep rows of floats, or the indices of faces."""
        indices = target == _INDICES
        flat = values.ravel().astype("<u4") if indices else values.astype("<f4")
        accessor: dict[str, Any] = {
            "bufferView": self._view(flat.tobytes(), target),
            "componentType": _UINT if indices else _FLOAT,
            "count": len(flat),
            "type": "SCALAR" if indices else f"VEC{flat.shape[1]}",
        }
        if not indices:
            accessor["min"] = flat.min(axis=0).astype(float).tolist()
            accessor["max"] = flat.max(axis=0).astype(float).tolist()
        self._accessors.append(accessor)
        return len(self._accessors) - 1

    def cloth(self, tile: ClothTile, name: str) -> int:
        """The cloth as a material."""
        material: dict[str, Any] = {
            "name": name,
            "doubleSided": True,
            "pbrMetallicRoughness": {
                "baseColorTexture": {"index": self._image(tile.color)},
                "metallicFactor": 0.0,
                "roughnessFactor": tile.roughness,
            },
            "normalTexture": {"index": self._image(tile.normal)},
        }
        if tile.sheen > 0:
            material["extensions"] = {
                "KHR_materials_sheen": {
                    "sheenColorFactor": [tile.sheen] * 3,
                    "sheenRoughnessFactor": 0.5,
                }
            }
        self._materials.append(material)
        return len(self._materials) - 1

    def plain(self) -> int:
        """What has its own colours."""
        rough = {"metallicFactor": 0.0, "roughnessFactor": 0.9}
        self._materials.append({"name": "as it was", "pbrMetallicRoughness": rough})
        return len(self._materials) - 1

    def node(self, name: str, attributes: dict[str, int], faces: int, material: int) -> None:
        """A part of the furniture."""
        primitive = {"attributes": attributes, "indices": faces, "material": material}
        self._meshes.append({"name": name, "primitives": [primitive]})
        self._nodes.append({"name": name, "mesh": len(self._meshes) - 1})

    def content(self, name: str) -> bytes:
        """The whole file."""
        root = {"name": name, "children": list(range(len(self._nodes)))}
        tree: dict[str, Any] = {
            "asset": {"version": "2.0", "generator": "StitchSketch"},
            "scene": 0,
            "scenes": [{"nodes": [len(self._nodes)]}],
            "nodes": [*self._nodes, root],
            "meshes": self._meshes,
            "materials": self._materials,
            "accessors": self._accessors,
            "bufferViews": self._views,
            "buffers": [{"byteLength": len(self._bytes)}],
            "images": self._images,
            "textures": [{"source": i, "sampler": 0} for i in range(len(self._images))],
            "samplers": [
                {
                    "wrapS": _REPEAT, "wrapT": _REPEAT, "magFilter": _LINEAR,
                    "minFilter": _MIPMAPS,
                }
            ],
        }  # fmt: skip
        if any("extensions" in one for one in self._materials):
            tree["extensionsUsed"] = ["KHR_materials_sheen"]
        text = json.dumps(tree, allow_nan=False).encode()
        text += b" " * (-len(text) % 4)
        size = 12 + 8 + len(text) + 8 + len(self._bytes)
        return b"".join(
            [
                struct.pack("<4sII", b"glTF", 2, size),
                struct.pack("<I4s", len(text), b"JSON"), text,
                struct.pack("<I4s", len(self._bytes), b"BIN\0"), bytes(self._bytes),
            ]
        )  # fmt: skip

    def _view(self, content: bytes, target: int | None = None) -> int:
        view: dict[str, Any] = {
            "buffer": 0, "byteOffset": len(self._bytes), "byteLength": len(content),
        }  # fmt: skip
        if target is not None:
            view["target"] = target
        self._bytes += content + b"\0" * (-len(content) % 4)
        self._views.append(view)
        return len(self._views) - 1

    def _image(self, pixels: ImageArray) -> int:
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "PNG")
        self._images.append({"bufferView": self._view(buffer.getvalue()), "mimeType": "image/png"})
        return len(self._images) - 1
