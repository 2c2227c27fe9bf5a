"""The crowned cushion with tape stuck on it, to be photographed: where the tape lies is exact.

A ring along the rounded fold of its top, two lines up the band from the bottom's fold, one across
the dome where nothing folds, and one that turns a corner on the dome.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray, IntArray
from stitchsketch_kernel.domain.board import Board
from stitchsketch_kernel.domain.photo import Camera
from stitchsketch_kernel.imaging.boards import standard_mats
from stitchsketch_kernel.samples.crowned import (
    BAND_M,
    CROWN_M,
    HALF_M,
    LIFT_M,
    CrownedCushion,
    crowned_cushion,
    on_cushion,
)
from stitchsketch_kernel.samples.furniture import Furniture
from stitchsketch_kernel.samples.meshing import Patch, box_patch, ribbon_patch
from stitchsketch_kernel.samples.sample import PlacedMat, Ring, Sample, ring_views

#: The scan rounds the seams by this; tape stands so far off the cloth.
FILLET_M, TAPE_THICK_M = 0.008, 0.0002
_RIM_M = LIFT_M + BAND_M
#: Faces that rise by more than this are the dome's.
_FLAT = 0.7


@dataclass(frozen=True)
class TapedCushion:
    """The cushion, its photos' sample, and the truth.

    Attributes
    ----------
    cushion : CrownedCushion
        As a scan shows it, where the sample's cushion stands.
    sample : Sample
    lines_m : dict of str to ndarray, shape (k, 3)
        The middle of each tape on the cloth, a point each mm; ``ring`` is closed.
    width_m : float
    """

    cushion: CrownedCushion
    sample: Sample
    lines_m: dict[str, FloatArray]
    width_m: float

    @property
    def truth_m(self) -> FloatArray:
        """All points of all lines."""
        return np.vstack(list(self.lines_m.values()))


def taped_cushion(
    camera: Camera | None = None,
    rings: tuple[Ring, ...] | None = None,
    width_m: float = 0.006,
    colour: str = "blue",
    cell_m: float = 0.004,
    seed: int = 0,
    noise_m: float = 0.0005,
) -> TapedCushion:
    """Build it.

    Parameters
    ----------
    camera : Camera, optional
        Of all photos; 960 x 720 without one.
    rings : tuple of Ring, optional
        Where the photos are taken from; 28 without.
    width_m : float
        Of the tape.
    colour : {"blue", "orange"}
        Of the tape; orange is nearly the cloth's own hue.
    cell_m : float
        Of the grid that scan and photographed cushion are meshed on.
    seed : int
        Of the scan's noise.
    noise_m : float
    """
    camera = camera or Camera(960, 720, 824.0, 824.0, 483.5, 356.2, k1=-0.08, k2=0.02)
    rings = rings or (Ring(12, 24.0, 1.02), Ring(10, 42.0, 1.00, 15.0), Ring(6, 60.0, 1.02, 35.0))
    clean = crowned_cushion(cell_m, FILLET_M, 0.0)
    lines = {name: on_cushion(line, FILLET_M)[0] for name, line in _lines(clean).items()}
    ribbons = []
    for line in lines.values():
        points, normals = on_cushion(line, FILLET_M)
        ribbons.append(ribbon_patch(points, normals, width_m, TAPE_THICK_M, f"tape {colour}"))
    patches = (*_cloth(clean.mesh.vertices, clean.mesh.faces), *ribbons, _batten())
    views = ring_views("taped", camera, np.array([0.0, 0.0, 0.08]), rings)
    places = ((0.43, 0.10, 10), (-0.05, 0.42, 95), (-0.44, -0.05, 185), (0.08, -0.42, -80))
    boards: tuple[Board, ...] = standard_mats(len(places))
    mats = tuple(
        PlacedMat(board, (x, y), yaw) for board, (x, y, yaw) in zip(boards, places, strict=True)
    )
    sample = Sample("taped", (Furniture("taped", (), (), patches),), mats, views, seed=14)
    scan = crowned_cushion(cell_m, FILLET_M, noise_m, seed)
    return TapedCushion(scan, sample, lines, width_m)


def _lines(clean: CrownedCushion) -> dict[str, FloatArray]:
    """Near the cushion: what is brought onto it."""
    fold = clean.top_fold_m
    dome = _RIM_M + CROWN_M
    x, y = HALF_M
    low = LIFT_M + 0.001
    bend = np.array([[-x, -0.05, 0], [-0.12, -0.05, dome], [-0.12, y, 0]])
    return {
        "ring": fold,
        "left": _run(fold[_at(fold, (-x, 0.02))], (-x, 0.02, low)),
        "right": _run(fold[_at(fold, (x, -0.03))], (x, -0.03, low)),
        "across": _dipping(fold[_at(fold, (0.06, -y))], fold[_at(fold, (0.10, y))]),
        "bend": np.vstack(
            [
                _dipping(fold[_at(fold, bend[0, :2])], bend[1]),
                _dipping(bend[1], fold[_at(fold, bend[2, :2])])[1:],
            ]
        ),
    }


def _at(fold: FloatArray, place: tuple[float, float] | FloatArray) -> int:
    return int(np.argmin(np.linalg.norm(fold[:, :2] - np.asarray(place), axis=1)))


def _run(start: FloatArray, end: FloatArray | tuple[float, float, float]) -> FloatArray:
    """A straight line, a point each mm."""
    end = np.asarray(end)
    count = max(2, round(float(np.linalg.norm(end - start)) / 0.001) + 1)
    return np.asarray(start + np.linspace(0, 1, count)[:, None] * (end - start))


def _dipping(start: FloatArray, end: FloatArray) -> FloatArray:
    """A line that is straight from above, near enough to the dome to be brought onto it."""
    line = _run(start, end)
    x, y = line[:, 0] / HALF_M[0], line[:, 1] / HALF_M[1]
    crown = CROWN_M * (1 - x**2) * (1 - y**2)
    line[1:-1, 2] = _RIM_M + crown[1:-1]
    return line


def _cloth(vertices: FloatArray, faces: IntArray) -> tuple[Patch, ...]:
    """The cushion in parts that each lie on their own place of the cloth without stretch."""
    points, normals = on_cushion(vertices, FILLET_M)
    facing = normals[faces].mean(axis=1)
    side = np.argmax(np.abs(facing[:, :2]), axis=1)
    part = np.where(
        facing[:, 2] > _FLAT,
        4,
        np.where(facing[:, 2] < -_FLAT, 5, 2 * side + (facing[np.arange(len(faces)), side] > 0)),
    )
    plans = {0: (1, 2), 1: (1, 2), 2: (0, 2), 3: (0, 2), 4: (0, 1), 5: (0, 1)}
    patches = []
    for one, plan in plans.items():
        mine = faces[part == one]
        if len(mine):
            used, index = np.unique(mine, return_inverse=True)
            local = index.reshape(-1, 3).astype(np.int32)
            flat = 1000 * points[used][:, plan] + 700.0 * one
            patches.append(Patch(points[used], normals[used], flat, local, "cloth cushion"))
    return tuple(patches)


def _batten() -> Patch:
    """What it lies on."""
    x, y = HALF_M - 0.07
    return box_patch((-x, -y, 0.0), (x, y, LIFT_M), "wood", 0.02)
