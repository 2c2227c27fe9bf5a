"""A run's scan as its splats are trained on it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from stitchsketch_kernel.domain.errors import RunError, ScaleError
from stitchsketch_kernel.pipeline.artefacts import read_value
from stitchsketch_kernel.pipeline.record import read_record

if TYPE_CHECKING:
    from stitchsketch_kernel.visualization.splat.photos import Scan


def scan_of(run: Path) -> Scan:
    """What splats are made of, from a run's folder.

    Raises
    ------
    RunError
        The folder holds no run with a mesh.
    ScaleError
        The scan's size is not known.
    """
    from stitchsketch_kernel.domain.model import Region, Scale, SparseModel
    from stitchsketch_kernel.imaging.photos import PhotoSet
    from stitchsketch_kernel.reconstruction.mesh_io import read_mesh
    from stitchsketch_kernel.visualization.splat.photos import Scan

    stages = run / "stages"
    if read_record(run) is None or not (stages / "05_mesh").is_dir():
        raise RunError(
            f"{run} holds no run with a mesh.", "Give the folder that 'stitchsketch run' made."
        )
    if not read_value(stages / "03_scale" / "scale.npz", Scale).is_metric:
        raise ScaleError(
            "The scan's size is not known, and splats are in metres.",
            "Run it again with mats, a board or a measured length.",
        )
    photos = read_value(stages / "01_ingest" / "photos.npz", PhotoSet).photos
    model = read_value(stages / "03_scale" / "model.npz", SparseModel)
    return Scan(
        model.views,
        {photo.name: photo.path for photo in photos},
        read_mesh(stages / "05_mesh" / "mesh.ply"),
        read_value(stages / "04_densify" / "region.npz", Region),
    )


def pixel_m(scan: Scan, long_side_px: int) -> float:
    """How wide a pixel of the pictures is on the furniture, the median of the views."""
    middle = (scan.region.low_m + scan.region.high_m) / 2
    wide = []
    for view in scan.views:
        lens = view.camera
        shrunk = min(1.0, long_side_px / max(lens.width_px, lens.height_px))
        wide.append(float(np.linalg.norm(view.centre - middle)) / (lens.fx * shrunk))
    return float(np.median(wide))
