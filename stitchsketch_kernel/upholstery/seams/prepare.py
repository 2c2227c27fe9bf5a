"""A scan made ready for panels: mended, its features and the proposal found and named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from stitchsketch_kernel.domain.arrays import IntArray
from stitchsketch_kernel.domain.bounds import Within, require_allowed
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.domain.progress import Progress, silent
from stitchsketch_kernel.domain.tape import TapeLine
from stitchsketch_kernel.upholstery.seams.correct import Ground
from stitchsketch_kernel.upholstery.seams.features import Features, find_features
from stitchsketch_kernel.upholstery.seams.naming import PanelShape, name_panels
from stitchsketch_kernel.upholstery.seams.segment import SegmentSettings, seen_faces, segment
from stitchsketch_kernel.upholstery.seams.taped import walls_of, without_tint
from stitchsketch_kernel.upholstery.seams.whole import made_whole


@dataclass(frozen=True)
class PanelSettings:
    """How panels are proposed; see `SegmentSettings`.

    Attributes
    ----------
    crease_deg : float
        A turn of the surface by more is a seam.
    reach_mm : float
        Piping is taken to be this wide to each side, so that short gaps in it are closed.
    least_area_cm2 : float
        Smaller regions are no panels.
    least_seen : float
        Regions that photos saw less of (0 to 1) are no panels.
    """

    crease_deg: Annotated[float, Within(5, 120)] = 28.0
    reach_mm: Annotated[float, Within(0, above=True)] = 7.0
    least_area_cm2: Annotated[float, Within(0, above=True)] = 60.0
    least_seen: Annotated[float, Within(0, 1)] = 0.35

    def __post_init__(self) -> None:
        require_allowed(self)


@dataclass(frozen=True)
class Prepared:
    """A mesh ready to be corrected, and what its proposal left out."""

    ground: Ground
    notes: tuple[str, ...]


def prepared(
    mesh: Mesh,
    settings: PanelSettings | None,
    keeps: bool,
    progress: Progress = silent,
    tape: tuple[TapeLine, ...] = (),
) -> Prepared:
    """Mend the mesh, find its features and, where that is kept, the proposal; divide by tape."""
    settings = settings or PanelSettings()
    progress(0.0, "looking for creases and piping")
    mesh = without_tint(made_whole(mesh), tape)
    features = find_features(mesh)
    progress(0.3, "panels")
    if not keeps:
        none = np.full(len(mesh.faces), -1, dtype=np.int32)
        walls = walls_of(mesh, features, none, tape)
        return Prepared(Ground(mesh, features, none, (), tape, walls), ())
    label, notes = segment(
        mesh,
        features,
        SegmentSettings(
            settings.crease_deg, settings.reach_mm, settings.least_area_cm2, settings.least_seen
        ),
    )
    walls = walls_of(mesh, features, label, tape)
    label = walls.base
    count = int(label.max(initial=-1)) + 1
    shapes = {one: panel_shape(mesh, features, label, one) for one in range(count)}
    names = name_panels(shapes, count)
    return Prepared(Ground(mesh, features, label, names, tape, walls), notes)


def panel_shape(mesh: Mesh, features: Features, label: IntArray, one: int) -> PanelShape:
    """Where the panel `one` is, which way it faces, how much of it was seen."""
    mine = label == one
    area = features.areas[mine]
    middle = area @ features.centres[mine] / area.sum()
    normal = area @ features.normals[mine] / area.sum()
    seen = float(area[seen_faces(mesh)[mine]].sum() / area.sum())
    corners = mesh.vertices[mesh.faces[mine]].reshape(-1, 3)
    return PanelShape(
        middle, normal, float(area.sum()), corners.min(axis=0), corners.max(axis=0), seen
    )
