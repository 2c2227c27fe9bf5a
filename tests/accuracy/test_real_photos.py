"""Real photo sets: what a phone, a carpet and a white armchair do to the pipeline."""

from __future__ import annotations

import cv2
import numpy as np

from stitchsketch_kernel.imaging.photos import PhotoSettings, read_photos
from stitchsketch_kernel.pipeline.record import Status
from stitchsketch_kernel.reconstruction.align import align
from stitchsketch_kernel.samples.against_depth import sparse_ratios


def lidar_ratio(run, shared_data) -> np.ndarray:
    """LiDAR's depth over the model's, at the sparse points of each photo (median a photo)."""
    folder = shared_data / "office_chair_lidar" / "lidar_depth_mm"
    depths = {
        f"{path.stem}.jpg": cv2.imread(str(path), cv2.IMREAD_UNCHANGED) / 1000.0
        for path in folder.glob("*.png")
    }
    ratios = sparse_ratios(run.model, depths, within_m=(0.3, 4.0))
    assert len(ratios) == len(run.model.views)
    return ratios


def test_every_photo_of_the_office_chair_is_placed(office_chair_run):
    assert len(office_chair_run.model.views) == 18
    assert office_chair_run.model.left_out == ()


def test_the_office_chair_is_metric(office_chair_run, shared_data):
    scale = office_chair_run.scale
    assert scale.method == "two_points"
    off_percent = 100 * abs(np.median(lidar_ratio(office_chair_run, shared_data)) - 1)
    # LiDAR itself is good to about half a percent
    assert off_percent < 1.0
    assert scale.uncertainty_percent < 1.0


def test_the_office_chairs_seat_can_be_cut(office_chair_run):
    assert office_chair_run.record.status == Status.COMPLETED
    seat = next(flat for flat in office_chair_run.flats if flat.panel == "SEAT")
    width, depth = np.ptp(seat.uv_mm[seat.boundary], axis=0)
    # the seat of a task chair: no narrower than a person, no wider than its arms
    assert 380 < width < 620
    assert 350 < depth < 620
    patterns = office_chair_run.folder / "patterns"
    assert {p.suffix for p in patterns.iterdir()} >= {".json", ".svg", ".pdf", ".dxf", ".plt"}


def test_every_frame_of_the_white_armchair_is_placed(shared_data, tmp_path):
    photos = read_photos(
        shared_data / "icl_white_armchair" / "images",
        tmp_path,
        settings=PhotoSettings(max_side_px=640),
    )
    model = align(photos.photos, tmp_path / "align")
    assert len(model.views) == 53
    assert model.left_out == ()
