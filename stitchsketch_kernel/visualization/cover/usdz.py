"""The covered furniture as a USDZ package, which phones of one maker show in the room (AR).

Written by OpenUSD's own library (`usd-core`), which is an extra. USD's plain surface
(UsdPreviewSurface) knows no sheen: cloth looks duller there than in the GLB.
"""

from __future__ import annotations

import shutil
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from stitchsketch_kernel.disk.aside import written_aside
from stitchsketch_kernel.domain.errors import ExportError
from stitchsketch_kernel.domain.prototype import ClothTile, DressedPanel, Prototype
from stitchsketch_kernel.visualization.cover.glb import Y_UP
from stitchsketch_kernel.visualization.cover.scene import linear, vertex_normals


def can_write_usdz() -> bool:
    """Whether OpenUSD's library is here."""
    return find_spec("pxr") is not None


def write_usdz(path: Path, prototype: Prototype, tile: ClothTile) -> None:
    """Write the package; one that was there is replaced only by a whole one.

    Raises
    ------
    ExportError
        OpenUSD could not pack it.
    StorageError
        There is no room.
    """
    from pxr import Sdf, UsdUtils

    with written_aside(path) as aside, tempfile.TemporaryDirectory() as folder:
        inside = Path(folder)
        Image.fromarray(tile.color).save(inside / "cloth.png")
        Image.fromarray(tile.normal).save(inside / "weave.png")
        _write_stage(inside / "cover.usdc", prototype, tile)
        packed = inside / "cover.usdz"
        if not UsdUtils.CreateNewUsdzPackage(
            Sdf.AssetPath(str(inside / "cover.usdc")), str(packed)
        ):
            raise ExportError(f"{path.name} could not be packed.", "Take the GLB instead.")
        shutil.copyfile(packed, aside)


def _write_stage(path: Path, prototype: Prototype, tile: ClothTile) -> None:
    from pxr import Usd, UsdGeom

    stage = Usd.Stage.CreateNew(str(path))
    UsdGeom.SetStageUpAxis(stage, UsdGeom.Tokens.y)
    UsdGeom.SetStageMetersPerUnit(stage, 1.0)
    root = UsdGeom.Xform.Define(stage, "/Cover")
    stage.SetDefaultPrim(root.GetPrim())
    cloth = _cloth(stage, tile)
    for number, panel in enumerate(prototype.cloth):
        _panel(stage, f"/Cover/panel_{number}", panel, tile, prototype, cloth)
    if prototype.bare is not None:
        bare = prototype.bare
        mesh = _mesh(stage, "/Cover/bare", bare.vertices, bare.faces)
        if bare.colors is not None:
            colors = mesh.CreateDisplayColorPrimvar(UsdGeom.Tokens.vertex)
            colors.Set(_vectors(linear(bare.colors)))
    stage.GetRootLayer().Save()


def _panel(
    stage: Any, place: str, panel: DressedPanel, tile: ClothTile, prototype: Prototype, cloth: Any
) -> None:
    from pxr import Sdf, UsdGeom, UsdShade, Vt

    mesh = _mesh(stage, place, panel.points_m, panel.faces)
    mesh.GetPrim().SetDisplayName(panel.panel)
    uv = tile.uv(panel.roll_mm, prototype.fabric)
    uv = (uv - np.floor(uv.min(axis=0))).astype(np.float32)
    places = UsdGeom.PrimvarsAPI(mesh).CreatePrimvar(
        "st", Sdf.ValueTypeNames.TexCoord2fArray, UsdGeom.Tokens.vertex
    )
    places.Set(Vt.Vec2fArray.FromNumpy(np.ascontiguousarray(uv)))
    UsdShade.MaterialBindingAPI.Apply(mesh.GetPrim()).Bind(cloth)


def _mesh(stage: Any, place: str, points: Any, faces: Any) -> Any:
    from pxr import UsdGeom, Vt

    mesh = UsdGeom.Mesh.Define(stage, place)
    mesh.CreatePointsAttr(_vectors(points @ Y_UP.T))
    mesh.CreateFaceVertexIndicesAttr(Vt.IntArray.FromNumpy(np.ascontiguousarray(faces.ravel())))
    mesh.CreateFaceVertexCountsAttr(
        Vt.IntArray.FromNumpy(np.full(len(faces), 3, dtype=np.int32))
    )  # fmt: skip
    mesh.CreateNormalsAttr(_vectors(vertex_normals(points, faces) @ Y_UP.T))
    mesh.SetNormalsInterpolation(UsdGeom.Tokens.vertex)
    mesh.CreateSubdivisionSchemeAttr(UsdGeom.Tokens.none)
    mesh.CreateDoubleSidedAttr(True)
    return mesh


def _vectors(rows: Any) -> Any:
    from pxr import Vt

    return Vt.Vec3fArray.FromNumpy(np.ascontiguousarray(rows, dtype=np.float32))


def _cloth(stage: Any, tile: ClothTile) -> Any:
    from pxr import Sdf, UsdShade

    kinds = Sdf.ValueTypeNames
    material = UsdShade.Material.Define(stage, "/Cover/Cloth")
    surface = UsdShade.Shader.Define(stage, "/Cover/Cloth/Surface")
    surface.CreateIdAttr("UsdPreviewSurface")
    surface.CreateInput("roughness", kinds.Float).Set(float(tile.roughness))
    surface.CreateInput("metallic", kinds.Float).Set(0.0)
    reader = UsdShade.Shader.Define(stage, "/Cover/Cloth/Places")
    reader.CreateIdAttr("UsdPrimvarReader_float2")
    reader.CreateInput("varname", kinds.String).Set("st")
    places = reader.CreateOutput("result", kinds.Float2)
    for name, file, space, kind in (
        ("diffuseColor", "./cloth.png", "sRGB", kinds.Color3f),
        ("normal", "./weave.png", "raw", kinds.Normal3f),
    ):
        texture = UsdShade.Shader.Define(stage, f"/Cover/Cloth/{name}")
        texture.CreateIdAttr("UsdUVTexture")
        texture.CreateInput("file", kinds.Asset).Set(file)
        texture.CreateInput("sourceColorSpace", kinds.Token).Set(space)
        texture.CreateInput("st", kinds.Float2).ConnectToSource(places)
        for wrap in ("wrapS", "wrapT"):
            texture.CreateInput(wrap, kinds.Token).Set("repeat")
        if name == "normal":
            texture.CreateInput("scale", kinds.Float4).Set((2.0, 2.0, 2.0, 2.0))
            texture.CreateInput("bias", kinds.Float4).Set((-1.0, -1.0, -1.0, -1.0))
        surface.CreateInput(name, kind).ConnectToSource(texture.CreateOutput("rgb", kinds.Float3))
    material.CreateSurfaceOutput().ConnectToSource(surface.CreateOutput("surface", kinds.Token))
    return material
