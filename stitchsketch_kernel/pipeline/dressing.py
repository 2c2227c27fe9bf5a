"""A run's furniture in up to four fabrics as a screen shows it, light enough to be sent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray, ImageArray, IntArray
from stitchsketch_kernel.domain.errors import SettingsError, StorageError
from stitchsketch_kernel.domain.marker import Marker
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.domain.piece import FlatPanel
from stitchsketch_kernel.domain.progress import Progress, part
from stitchsketch_kernel.domain.prototype import Prototype
from stitchsketch_kernel.pipeline.artefacts import read_value, write_value
from stitchsketch_kernel.pipeline.cover import MOST_FABRICS
from stitchsketch_kernel.pipeline.cover_run import CoveredRun
from stitchsketch_kernel.pipeline.files import disk_in_words
from stitchsketch_kernel.pipeline.looks import Look

#: Beside the files for the customer; a page that is opened again shows it at once.
FOLDER, DRESSED = "cover", "shown.npz"
_TRIANGLE_MM = 11.0


@dataclass(frozen=True)
class Worn:
    """The furniture in one fabric.

    Attributes
    ----------
    look : Look
        With the marker that it was laid by.
    marker : Marker
    uv : ndarray of float32, shape (n, 2)
        Of `Dressed.points_m`, in the fabric's tile; v runs up.
    tile : ndarray of uint8, shape (h, w, 3)
    undressed : tuple of str
        Panels that no piece on the marker is cut for.
    """

    look: Look
    marker: Marker
    uv: FloatArray
    tile: ImageArray
    undressed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dressed:
    """The furniture in its fabrics, all on the same triangles.

    Attributes
    ----------
    points_m : ndarray of float32, shape (n, 3)
    faces : ndarray of int32, shape (m, 3)
    bare : Mesh or None
        What gets no cloth, with welts of a cloth of their own.
    worn : tuple of Worn
    """

    points_m: FloatArray
    faces: IntArray
    bare: Mesh | None
    worn: tuple[Worn, ...]


@dataclass(frozen=True)
class Dress:
    """The work of dressing a run's furniture, for a process of its own.

    Attributes
    ----------
    run : Path
        A finished run's folder.
    looks : tuple of Look
        The fabrics, four at most.
    seconds : int
        How long to search for the marker of each that has none.
    """

    run: Path
    looks: tuple[Look, ...]
    seconds: int = 10

    def go(self, progress: Progress) -> Dressed:
        """The furniture in its fabrics, kept in the run's folder, too.

        Raises
        ------
        StitchSketchError
            As `pipeline.cover.cover`.
        """
        from stitchsketch_kernel.upholstery.prototype.carry import redressed, thinned

        if not 1 <= len(self.looks) <= MOST_FABRICS:
            raise SettingsError(f"From one to {MOST_FABRICS} fabrics are shown side by side.")
        run = CoveredRun(self.run)
        first: tuple[Prototype, Prototype] | None = None
        worn = []
        for number, look in enumerate(self.looks):
            count = len(self.looks)
            here = part(progress, number / count, (number + 1) / count)
            here(0.0, look.fabric.name)
            marker = run.marker_for(look, self.seconds, part(here, 0.0, 0.8))
            full = run.dressed(look, marker)
            thin = redressed(*first[::-1], full) if first else thinned(full, _TRIANGLE_MM)
            first = first or (full, thin)
            worn.append(_worn(replace(look, marker=marker), marker, thin))
        assert first is not None
        thin = first[1]
        starts = np.cumsum([0, *(len(panel.points_m) for panel in thin.cloth)])
        faces = [panel.faces + at for panel, at in zip(thin.cloth, starts, strict=False)]
        points = np.vstack([panel.points_m for panel in thin.cloth])
        shown = Dressed(
            points.astype(np.float32), np.vstack(faces).astype(np.int32), thin.bare, tuple(worn)
        )
        place = self.run / FOLDER
        with disk_in_words(place):
            place.mkdir(exist_ok=True)
            write_value(place / DRESSED, shown)
        return shown


def shown_before(run: Path) -> Dressed | None:
    """What was shown of a run last; None where nothing was, or it can't be read any more."""
    path = run / FOLDER / DRESSED
    try:
        return read_value(path, Dressed) if path.is_file() else None
    except (StorageError, TypeError, AttributeError, ImportError):  # as another version kept it
        return None


def strain_of(flats: tuple[FlatPanel, ...]) -> tuple[FloatArray, IntArray, FloatArray]:
    """What the cloth must give on the furniture.

    Returns
    -------
    points_m : ndarray, shape (n, 3)
    faces : ndarray of int32, shape (m, 3)
    percent : ndarray, shape (n,)
        At each point, the mean of its faces'.
    """
    points, faces, percent, count = [], [], [], 0
    for flat in flats:
        own = np.zeros(len(flat.surface_mm))
        many = np.bincount(flat.faces.ravel(), minlength=len(own))
        for corner in range(3):
            own += np.bincount(flat.faces[:, corner], flat.strain_percent, minlength=len(own))
        points.append(flat.surface_mm / 1000.0)
        faces.append(flat.faces + count)
        percent.append(own / np.maximum(many, 1))
        count += len(own)
    return np.vstack(points), np.vstack(faces).astype(np.int32), np.concatenate(percent)


def _worn(look: Look, marker: Marker, thin: Prototype) -> Worn:
    fabric = marker.fabric
    tile = look.tile(fabric)
    uv = []
    for panel in thin.cloth:
        here = tile.uv(panel.roll_mm, fabric)
        uv.append(here - np.floor(here.min(axis=0)))
    return Worn(look, marker, np.vstack(uv).astype(np.float32), tile.color, thin.undressed)
