"""The real pieces of `reconstruction.py`, held against the depth that was measured with them.

Depth is no surface: a figure is the distance of measured points to the mesh, at the pixels of the
piece. "Surface" and bias are of the pixels whose rays meet the mesh (above zero: the mesh is
nearer to the camera), "complete" of all. `more` has the error of depth itself and the share of
pixels where the mesh's depth is within 5 % of what was measured.

- ``office-chair``: 18 phone photos, LiDAR of 192 x 256, good to about half a percent (5 to 7 mm
  here), within the masks that came with it; scale from one length (`tests/accuracy`).
- ``icl-armchair``: 53 frames of 640 x 480 without a mat, rendered with exact depth; the piece is
  what lies in a box. The run is without a scale, which is taken from the depth at its points;
  cameras are held against the trajectory that came with it, which is itself an estimate (frame
  100's exact depth, laid on the others by it, is 2.7 mm off, median).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from rendered import complete_figures, surface_figures

from stitchsketch_kernel.domain.model import Mesh, Scale, SparseModel
from stitchsketch_kernel.pipeline.artefacts import read_value
from stitchsketch_kernel.reconstruction.mesh_io import read_mesh
from stitchsketch_kernel.samples.against_depth import OfPiece, mesh_errors, sparse_ratios
from stitchsketch_kernel.samples.truth import align_similarity

REPOSITORY = Path(__file__).resolve().parent.parent
DATA = REPOSITORY.parent / "shared" / "data"
CHAIR, ARMCHAIR = DATA / "office_chair_lidar", DATA / "icl_white_armchair"
#: LiDAR is believed so near and so far, metres.
LIDAR_M, EXACT_M = (0.3, 4.0), (0.2, 6.0)
#: Seat, back and arms of the white armchair in the axes of its first frame (y down), metres.
ARMCHAIR_LOW, ARMCHAIR_HIGH = np.array([0.08, -0.46, 0.95]), np.array([0.75, 0.20, 1.92])
#: Depth that differs by less than this share is of the same thing.
SAME = 0.05
#: The office chair's seat and back by their heights above the floor, metres; LiDAR that is further
#: than this from the mesh's middle is not of the chair, and a surface so near to it is there.
SEAT_M, BACK_M, CHAIR_REACH_M, THERE_M = (0.42, 0.55), (0.7, 1.2), 0.42, 0.03


@dataclass(frozen=True)
class Piece:
    """A real piece: its photos, what is asked of its run, and what its row says."""

    photos: Path
    measured: Callable[[Path], dict[str, Any]]
    settings: dict[str, str] = field(default_factory=dict)
    lengths: Path | None = None


def office_chair(folder: Path) -> dict[str, Any]:
    """Figures of the office chair's run."""
    masks = {
        f"{int(path.stem.partition('_')[0])}.jpg": path for path in (CHAIR / "masks").glob("*.png")
    }

    def of_piece(name: str, points: np.ndarray) -> np.ndarray:
        mask = cv2.imread(str(masks[name]), cv2.IMREAD_GRAYSCALE)
        small = cv2.resize(mask, (192, 256), interpolation=cv2.INTER_AREA)
        # LiDAR mixes what lies beside an edge: a pixel of it is left out
        inner = cv2.erode((small > 250).astype(np.uint8), np.ones((3, 3), np.uint8))
        near = (points[:, 2] > LIDAR_M[0]) & (points[:, 2] < LIDAR_M[1])
        return (inner.ravel() > 0) & near

    model, scale = model_of(folder)
    depths = depths_in(CHAIR / "lidar_depth_mm")
    ratio = float(np.median(sparse_ratios(model, depths, LIDAR_M)))
    figures = against(folder, model, depths, of_piece, 1.0)
    mesh = mesh_of(folder)
    seat, back = (
        100 * (mesh_errors(mesh, model.views, depths, part, ratio).away_mm < 1000 * THERE_M).mean()
        for part in at_heights(of_piece, model, mesh, ratio)
    )
    figures["more"] += (
        f"; surface within {1000 * THERE_M:.0f} mm at {seat:.1f} % of the seat's pixels and "
        f"{back:.1f} % of the back's, the size being LiDAR's"
    )
    return {
        **figures,
        "photos": 18,
        "camera_rms_mm": None,
        "scale_off_percent": 100 * (1 / ratio - 1),
        "scale_said_percent": scale.uncertainty_percent,
    }


def armchair(folder: Path) -> dict[str, Any]:
    """Figures of the white armchair's run."""
    poses = trajectory(ARMCHAIR / "trajectory.log")

    def of_piece(name: str, points: np.ndarray) -> np.ndarray:
        pose = poses[int(name.partition(".")[0])]
        world = points @ pose[:3, :3].T + pose[:3, 3]
        return ((world > ARMCHAIR_LOW) & (world < ARMCHAIR_HIGH)).all(axis=1)

    model, _ = model_of(folder)
    depths = depths_in(ARMCHAIR / "depth_mm")
    scale = float(np.median(sparse_ratios(model, depths, EXACT_M)))
    own = np.array([view.centre for view in model.views])
    known = np.array([poses[int(view.name.partition(".")[0])][:3, 3] for view in model.views])
    apart = 1000 * np.linalg.norm(align_similarity(own, known).apply(own) - known, axis=1)
    return {
        **against(folder, model, depths, of_piece, scale),
        "photos": 53,
        "camera_rms_mm": float(np.sqrt((apart**2).mean())),
        "scale_off_percent": None,
        "scale_said_percent": None,
    }


def against(
    folder: Path,
    model: SparseModel,
    depths: dict[str, np.ndarray],
    of_piece: OfPiece,
    scale: float,
) -> dict[str, Any]:
    """What the mesh is off from the depth."""
    errors = mesh_errors(mesh_of(folder), model.views, depths, of_piece, scale)
    met = np.isfinite(errors.before_mm)
    share = np.abs(errors.before_mm) / (1000 * errors.depth_m)
    sign = np.where(errors.before_mm[met] >= 0, 1.0, -1.0)
    return {
        "placed": len(model.views),
        "bias_mm": float((sign * errors.away_mm[met]).mean()),
        **surface_figures(errors.away_mm[met]),
        **complete_figures(errors.away_mm),
        "more": f"depth off by {100 * float(np.median(share[met])):.2f} % (median), the same thing "
        f"at {100 * float((share < SAME).mean()):.1f} % of the pixels",
    }


def at_heights(of_piece: OfPiece, model: SparseModel, mesh: Mesh, scale: float) -> list[OfPiece]:
    """Which of a piece's measured points are of the office chair's seat, and which of its back."""
    views = {view.name: view for view in model.views}
    middle = (mesh.vertices.min(axis=0) + mesh.vertices.max(axis=0))[:2] / 2

    def of_part(name: str, points: np.ndarray, low: float, top: float) -> np.ndarray:
        view = views[name]
        world = (points / scale - view.translation) @ view.rotation
        across = np.abs(world[:, :2] - middle).max(axis=1)
        high = (world[:, 2] > low) & (world[:, 2] < top)
        return of_piece(name, points) & high & (across < CHAIR_REACH_M)

    return [partial(of_part, low=low, top=top) for low, top in (SEAT_M, BACK_M)]


def model_of(folder: Path) -> tuple[SparseModel, Scale]:
    """Cameras and scale of a run."""
    stage = folder / "stages" / "03_scale"
    return read_value(stage / "model.npz", SparseModel), read_value(stage / "scale.npz", Scale)


def mesh_of(folder: Path) -> Mesh:
    """The mesh of a run."""
    return read_mesh(next((folder / "stages" / "05_mesh").glob("mesh*.ply")))


def depths_in(folder: Path) -> dict[str, np.ndarray]:
    """Measured depth, metres, by the photos' names."""
    return {
        f"{path.stem}.jpg": cv2.imread(str(path), cv2.IMREAD_UNCHANGED) / 1000.0
        for path in sorted(folder.glob("*.png"))
    }


def trajectory(path: Path) -> list[np.ndarray]:
    """Camera to world (4, 4) of each frame: five lines a frame, the first its number."""
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = [line.split() for at, line in enumerate(lines) if at % 5]
    return list(np.array(rows, dtype=float).reshape(-1, 4, 4))


PIECES = {
    "office-chair": Piece(
        CHAIR / "images",
        office_chair,
        lengths=REPOSITORY / "tests" / "accuracy" / "office_chair" / "lengths.toml",
    ),
    "icl-armchair": Piece(ARMCHAIR / "images", armchair, {"ingest.max_side_px": "640"}),
}
