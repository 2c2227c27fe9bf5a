"""What several stages read of earlier ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, overload

import numpy as np

if TYPE_CHECKING:
    from stitchsketch_kernel.domain.arrays import BoolArray
    from stitchsketch_kernel.domain.model import Depth, Mesh, Motion, Scale, SparseModel
    from stitchsketch_kernel.domain.panel import PanelMap
    from stitchsketch_kernel.domain.piece import FlatPanel
    from stitchsketch_kernel.domain.sureness import ScanErrors, Sureness
    from stitchsketch_kernel.pipeline.context import StageContext


class KeptDepths(Sequence["Depth"]):
    """Depth maps in files, each read when it is asked for: 200 would take 2 GB."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths = tuple(paths)

    def __len__(self) -> int:
        return len(self.paths)

    @overload
    def __getitem__(self, which: int) -> Depth: ...
    @overload
    def __getitem__(self, which: slice) -> KeptDepths: ...
    def __getitem__(self, which: int | slice) -> Depth | KeptDepths:
        """A map, or fewer of them that are still in their files."""
        from stitchsketch_kernel.domain.model import Depth
        from stitchsketch_kernel.pipeline.artefacts import read_value

        if isinstance(which, slice):
            return KeptDepths(self.paths[which])
        return read_value(self.paths[which], Depth)


def depths_of(folder: Path) -> KeptDepths:
    """The depth maps that the densify stage kept in its folder, in the views' order."""
    return KeptDepths(sorted((folder / "depths").glob("*.npz")))


def found_masks(folder: Path) -> dict[str, BoolArray]:
    """The masks that the densify stage found and kept in its folder, by the photos' names."""
    from PIL import Image

    found = {}
    for path in sorted((folder / "masks").glob("*.png")):
        with Image.open(path) as image:
            found[path.stem] = np.asarray(image) > 127
    return found


def scale_of(context: StageContext) -> Scale:
    """The scale that the scale stage found."""
    from stitchsketch_kernel.domain.model import Scale

    return context.read("scale", "scale", Scale)


def sureness_of(context: StageContext, panels: PanelMap, flats: Sequence[FlatPanel]) -> Sureness:
    """How sure the seams and pieces are, from the scale, the cameras and the surface."""
    from stitchsketch_kernel.domain.model import SparseModel
    from stitchsketch_kernel.pipeline.two_sessions import motion_of
    from stitchsketch_kernel.upholstery.sure.measure import how_sure

    model = context.read("scale", "model", SparseModel)
    return how_sure(panels, flats, errors_of(scale_of(context), model, motion_of(context)))


def errors_of(scale: Scale, model: SparseModel, motion: Motion | None) -> ScanErrors:
    """What a scan may be off by as a whole; between two sessions by their motion, too."""
    from stitchsketch_kernel.domain.sureness import ScanErrors
    from stitchsketch_kernel.reconstruction.bend import bend_mm, skin_mm

    bend = bend_mm(model)
    if motion is not None:
        bend = float(np.hypot(bend, motion.sigma_mm))
    return ScanErrors(scale.uncertainty_percent, bend, skin_mm=skin_mm(model))


def mesh_name(context: StageContext) -> str:
    """The mesh's file: its very name says when its size isn't known."""
    return "mesh.ply" if scale_of(context).is_metric else "mesh_unscaled.ply"


def mesh_of(context: StageContext) -> Mesh:
    """The mesh that the mesh stage kept."""
    from stitchsketch_kernel.reconstruction.mesh_io import read_mesh

    return read_mesh(context.folder_of("mesh") / mesh_name(context))
