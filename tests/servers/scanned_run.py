"""A run's folder as it is once its surface is there: a crowned cushion that no photo was taken of.

Its stages are sealed as a run seals them: a run that follows it takes them over, and computes what
comes after them.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from laid_run import SCALE
from PIL import Image

from stitchsketch_kernel.domain.model import SparseModel
from stitchsketch_kernel.domain.photo import Camera, Photo, View
from stitchsketch_kernel.imaging.photos import PhotoSet
from stitchsketch_kernel.pipeline.artefacts import write_value
from stitchsketch_kernel.pipeline.asked import RunSettings, sound
from stitchsketch_kernel.pipeline.context import FIGURES
from stitchsketch_kernel.pipeline.files import write_json
from stitchsketch_kernel.pipeline.folder import hold_folder
from stitchsketch_kernel.pipeline.keys import stage_keys
from stitchsketch_kernel.pipeline.record import new_record
from stitchsketch_kernel.pipeline.stage import earlier_folders, standard_stages
from stitchsketch_kernel.projects.records import Status
from stitchsketch_kernel.reconstruction.mesh_io import write_mesh
from stitchsketch_kernel.samples.crowned import crowned_cushion

#: Those that are there; what follows is computed by whoever takes the run on.
SCANNED = ("ingest", "align", "scale", "densify", "mesh")
_SIZE_PX = (640, 480)


def some_photos(folder: Path, count: int = 3) -> list[Path]:
    """Pictures, so that the scan has photos."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{k}.jpg" for k in range(count)]
    for k, path in enumerate(paths):
        Image.new("RGB", _SIZE_PX, (90, 100 + k, 120)).save(path)
    return paths


def scanned_run(folder: Path, photos: list[Path], name: str, values: dict[str, Any]) -> Path:
    """Write it; returns the folder.

    Parameters
    ----------
    folder : Path
    photos : list of Path
        In one folder that has no others.
    name : str
        Of the piece.
    values : dict
        Settings of the run, by name.
    """
    stages = standard_stages()
    asked = RunSettings(values=values, name=name, track=False)
    known = sound(photos[0].parent, asked, stages)
    keys = stage_keys(stages, known.of_groups, known.files)
    record = new_record(folder, name, photos[0].parent, stages, keys)
    record.settings = known.given
    with hold_folder(folder) as held:
        held.prepare()
        for stage in stages:
            if stage.name not in SCANNED:
                continue
            earlier = earlier_folders(stage, stages)
            job = {
                "stage": stage.name, "module": stage.module, "groups": dict(stage.settings),
                "settings": {one: asdict(known.of_groups[one]) for one in stage.settings},
                "earlier": earlier, "files": {one: known.files[one] for one in stage.files},
            }  # fmt: skip
            aside = held.begin(stage, job)
            _leave(stage.name, aside, photos)
            write_json(aside / FIGURES, _FIGURES[stage.name])
            held.finish(stage, aside, keys[stage.name], 1.0, earlier)
            record.stage(stage.name).status = Status.COMPLETED
        record.status = Status.COMPLETED
        record.save()
    return folder


_FIGURES: dict[str, dict[str, Any]] = {
    "ingest": {"photos": 3, "left_out": 0},
    "align": {"placed": 3, "photos": 3},
    "scale": {"uncertainty_percent": 0.1},
    "densify": {"views": 3, "known_share": 0.4},
    "mesh": {"faces": 40_000, "size_m": [0.5, 0.45, 0.13]},
}


def _leave(stage: str, folder: Path, photos: list[Path]) -> None:
    """What the later stages read of one."""
    if stage == "ingest":
        taken = tuple(
            Photo(one.name, one, *_SIZE_PX, None, hashlib.sha256(one.read_bytes()).hexdigest(), "")
            for one in photos
        )
        write_value(folder / "photos.npz", PhotoSet(taken, ()))
    if stage in {"align", "scale"}:
        write_value(folder / "model.npz", _model(photos))
    if stage == "scale":
        write_value(folder / "scale.npz", SCALE)
    if stage == "mesh":
        write_mesh(folder / "mesh.ply", crowned_cushion(0.006).mesh)


def _model(photos: list[Path]) -> SparseModel:
    """Cameras above it, and points that each sees within half a pixel."""
    camera = Camera(*_SIZE_PX, 700.0, 700.0, 320.0, 240.0)
    down = np.diag([1.0, -1.0, -1.0])
    views = tuple(
        View(one.name, camera, down, -down @ np.array([0.2 * k - 0.2, 0.0, 1.3]))
        for k, one in enumerate(photos)
    )
    points = np.random.default_rng(1).uniform([-0.2, -0.2, 0.1], [0.2, 0.2, 0.16], (200, 3))
    seen = (np.arange(len(photos), dtype=np.int32),) * len(points)
    return SparseModel(views, points, np.full((200, 3), 120, np.uint8), seen, (), 0.5)
