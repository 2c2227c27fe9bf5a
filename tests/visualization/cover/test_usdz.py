"""The USDZ opens with OpenUSD, and the cloth is where the roll has it."""

from __future__ import annotations

import os
import zipfile

import numpy as np
import pytest

from stitchsketch_kernel.visualization.cover.cloths import ClothDesign, built_in
from stitchsketch_kernel.visualization.cover.usdz import can_write_usdz, write_usdz


@pytest.fixture
def package(table, tmp_path):
    if not can_write_usdz():
        if os.environ.get("CI"):
            pytest.fail("usd-core is missing, and in CI it must be there")
        pytest.skip("usd-core is not here")
    path = tmp_path / "a.usdz"
    write_usdz(path, table, built_in(ClothDesign("floral"), table.fabric))
    assert [one.name for one in tmp_path.iterdir()] == ["a.usdz"]
    return path


def test_it_opens_in_metres_with_its_textures(package, table):
    from pxr import Usd, UsdGeom

    stage = Usd.Stage.Open(str(package))
    assert UsdGeom.GetStageMetersPerUnit(stage) == 1.0
    meshes = [UsdGeom.Mesh(prim) for prim in stage.Traverse() if prim.IsA(UsdGeom.Mesh)]
    assert [mesh.GetPrim().GetDisplayName() for mesh in meshes] == ["TOP", "SHELF"]
    tile = built_in(ClothDesign("floral"), table.fabric)
    for mesh, panel in zip(meshes, table.panels, strict=True):
        assert np.array(mesh.GetPointsAttr().Get()) == pytest.approx(
            panel.points_m[:, [0, 2, 1]] * [1, 1, -1], abs=1e-6
        )
        st = np.array(UsdGeom.PrimvarsAPI(mesh).GetPrimvar("st").Get())
        off = st - tile.uv(panel.roll_mm, table.fabric)
        assert off == pytest.approx(np.tile(np.round(off[0]), (len(off), 1)), abs=1e-5)
    with zipfile.ZipFile(package) as inside:
        names = [one.filename for one in inside.infolist()]
        # uncompressed, as the format asks, the stage first
        assert all(one.compress_type == zipfile.ZIP_STORED for one in inside.infolist())
    assert names[0].endswith(".usdc") and sum(name.endswith(".png") for name in names) == 2


def test_it_is_what_openusd_calls_sound(package):
    from pxr import Usd, UsdValidation

    validators = UsdValidation.ValidationRegistry().GetOrLoadAllValidators()
    found = UsdValidation.ValidationContext(validators).Validate(Usd.Stage.Open(str(package)))
    errors = [one for one in found if one.GetType() == UsdValidation.ValidationErrorType.Error]
    assert [f"{one.GetName()}: {one.GetMessage()}" for one in errors] == []
