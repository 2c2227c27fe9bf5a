"""COLMAP's mapper and bundle adjustment so that the same photos give the same cameras, bit for bit.

Sums that several threads share come out a little different each time, and where the mapper tries
several pairs of photos to begin from, whichever is ready first is taken. One thread takes no more
processor; matching, which takes most of the time, keeps all cores, for its pairs have nothing to do
with each other.
"""

from __future__ import annotations

from typing import Any

import pycolmap

#: Of more photos than this all are adjusted each time that there are so many times as many as the
#: last time; COLMAP's 1.1 makes 40 adjustments of 200 photos, two thirds of the time.
_MANY, _MORE = 60, 1.3


def mapping_options(seed: int, count: int = 0) -> Any:
    """COLMAP's options for placing `count` photos, all random choices from `seed`."""
    options = pycolmap.IncrementalPipelineOptions()
    if count > _MANY:
        options.ba_global_frames_ratio = options.ba_global_points_ratio = _MORE
    for part in (options, options.mapper):
        part.num_threads = 1
        part.random_seed = seed
    options.triangulation.random_seed = seed
    return options


def adjust(model: Any, principal_point: bool = False) -> None:
    """Bundle adjustment of all cameras and points of a `pycolmap.Reconstruction`, in place.

    Parameters
    ----------
    model : pycolmap.Reconstruction
    principal_point : bool
        Whether the principal point is refined, too.
    """
    options = pycolmap.BundleAdjustmentOptions()
    options.refine_principal_point = principal_point
    options.print_summary = False
    options.ceres.solver_options.num_threads = 1
    pycolmap.bundle_adjustment(model, options)
