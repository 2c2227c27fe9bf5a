"""One cushion photographed standing and turned over, rendered: the motion, and the merged surface.

    python benchmarks/sessions.py --out FOLDER

A box cushion on its battens, 24 photos of 640 x 480 from two heights; then it lies on its top,
turned by 25 degrees and shifted on the same mats, which lie still, and 24 photos more show its
underside. ``--looks`` other covers: on plain cloth too few spots are found again, which the run
says. ``--alone`` runs the first session by itself, to compare. Fast engine.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from rendered import complete_figures, points_on, surface_figures

from stitchsketch_kernel.domain.errors import StitchSketchError
from stitchsketch_kernel.domain.model import Mesh, Motion, Region, Scale, Similarity, SparseModel
from stitchsketch_kernel.domain.photo import Camera
from stitchsketch_kernel.pipeline import RunSettings, run
from stitchsketch_kernel.pipeline.artefacts import read_value
from stitchsketch_kernel.pipeline.stage import standard_stages
from stitchsketch_kernel.reconstruction.mesh_io import read_mesh
from stitchsketch_kernel.reconstruction.sessions.points import of_piece
from stitchsketch_kernel.samples import LOOKS, Sample, build_sample, render_photos
from stitchsketch_kernel.samples.cushion import BORDER_M, CROWN_M, LIFT_M, box_cushion
from stitchsketch_kernel.samples.furniture import assemble
from stitchsketch_kernel.samples.rays import cast, distances, ray_scene
from stitchsketch_kernel.samples.sample import Ring, ring_views
from stitchsketch_kernel.samples.stage import stage_of
from stitchsketch_kernel.samples.truth import align_rigid

CAMERA = Camera(640, 480, 549.0, 549.0, 322.3, 237.5, k1=-0.08, k2=0.02)
MIDDLE = np.array([0.0, 0.0, 0.07])
UNTIL = 5
#: Of the cushion as it stands: its underside is the lining and what is below it, the battens.
UNDER_M = LIFT_M + 0.005


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--looks", nargs="+", default=["rich"], choices=list(LOOKS))
    parser.add_argument("--alone", action="store_true")
    parser.add_argument("--until", type=int, default=UNTIL, help="the last stage's number")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    for look in given.looks:
        standing, turned, true = scene(look)
        photos, folder = given.out / look / "photos", given.out / look / "run"
        render_photos(standing, photos)
        if given.alone:
            folder = given.out / look / "alone"
        else:
            render_photos(turned, photos / "turned")
        values = {"densify.engine": "fast"} if given.until > 3 else {}
        settings = RunSettings(values=values, track=False)
        source = _alone(photos, given.out / look) if given.alone else photos
        try:
            run(source, folder, settings, stages=standard_stages()[: given.until])
        except StitchSketchError as error:
            print(f"{look:8} {error}", flush=True)
        stages = folder / "stages"
        if (stages / "03_scale" / "motion.npz").exists():
            print(f"{look:8} {motion_row(stages, standing, turned, true)}", flush=True)
        if (stages / "05_mesh").exists():
            print(f"{look:8} {surface_row(stages, standing)}", flush=True)


def scene(look: str, per_ring: int = 12) -> tuple[Sample, Sample, Similarity]:
    """The cushion as it stands and turned over, and the motion from there back."""
    sample = build_sample("cushion").covered_with(look)
    low, high = Ring(per_ring, 17.0, 0.98), Ring(per_ring, 40.0, 1.0, 15.0)
    standing = replace(sample, views=ring_views("stand", CAMERA, MIDDLE, (low, high)))
    over = _yaw(25.0) @ np.diag([1.0, -1.0, -1.0])
    pose = Similarity(1.0, over, np.array([0.03, -0.02, LIFT_M + BORDER_M + CROWN_M + 0.0005]))
    low, high = Ring(per_ring, 16.0, 0.98, 10.0), Ring(per_ring, 41.0, 1.0, 25.0)
    turned = replace(
        standing,
        furniture=(assemble(box_cushion(), pose),),
        views=ring_views("turn", CAMERA, MIDDLE, (low, high)),
    )
    turn = _yaw(12.0) @ over.T  # it stands turned by 12 degrees
    return standing, turned, Similarity(1.0, turn, -turn @ pose.translation)


def motion_row(stages: Path, standing: Sample, turned: Sample, true: Similarity) -> str:
    """How far the motion puts the turned piece off, as found from spots and by the surfaces.

    The truth is told in each session's own world by the piece itself: by where the true cameras
    see what the found ones do.
    """
    found = read_value(stages / "03_scale" / "motion.npz", Motion)
    own = [read_value(stages / "03_scale" / f"{at}own.npz", SparseModel) for at in ("", "turned/")]
    if (stages / "04_densify" / "regions.npz").exists():
        regions = read_value(stages / "04_densify" / "regions.npz", tuple)
    else:
        regions = (Region(np.array([-0.4, -0.4, 0.0]), np.array([0.4, 0.4, 0.3])),) * 2
    here, there = (
        piece_frame(model, region, sample)
        for model, region, sample in zip(own, regions, (standing, turned), strict=True)
    )
    points = found.second_m
    goal = true.apply(there.apply(points))
    rows = [
        f"{len(points)} spots, {found.residual_mm:.2f} mm apart, said ± {1.96 * found.sigma_mm:.2f}"
    ]
    kept = [("spots", found)]
    if (stages / "05_mesh" / "motion.npz").exists():
        kept.append(("surfaces", read_value(stages / "05_mesh" / "motion.npz", Motion)))
    for name, motion in kept:
        off = 1000 * (here.apply(motion.similarity.apply(points)) - goal)
        turn = (here.rotation @ motion.similarity.rotation) @ (true.rotation @ there.rotation).T
        angle = np.rad2deg(np.arccos(np.clip((np.trace(turn) - 1) / 2, -1, 1)))
        rows.append(
            f"by {name}: {np.sqrt((off**2).mean()):.2f} mm in each direction (mean "
            f"{' '.join(f'{one:+.2f}' for one in off.mean(axis=0))}), {angle:.3f} degrees"
        )
    return " | ".join(rows)


def piece_frame(model: SparseModel, region: Region, sample: Sample) -> Similarity:
    """The rigid motion from a session's world to the sample's, by points of the piece."""
    names = {view.name: view for view in sample.views}
    piece = of_piece(model.points, region)
    found, true = [], []
    for number, view in enumerate(model.views):
        mine = [i for i in np.flatnonzero(piece) if number in model.point_views[i]]
        if not mine:
            continue
        real = names[view.name.removeprefix("turned-")]
        pixels = view.pixels_from_world(model.points[mine])
        rays = np.empty((len(mine), 6), dtype=np.float32)
        rays[:, :3] = real.centre
        rays[:, 3:] = real.camera.rays_from_pixels(pixels) @ real.rotation
        depth, _, _ = cast(stage_of(sample, real.name).rays, rays)
        seen = np.isfinite(depth)
        found.append(model.points[mine][seen])
        true.append((rays[:, :3] + depth[:, None] * rays[:, 3:])[seen].astype(float))
    a, b = np.concatenate(found), np.concatenate(true)
    for _ in range(6):  # a point at an edge may lie anywhere behind it
        fit = align_rigid(a, b)
        off = np.linalg.norm(fit.apply(a) - b, axis=1)
        kept = off < max(0.001, 3 * float(np.median(off)))
        a, b = a[kept], b[kept]
    return align_rigid(a, b)


def surface_row(stages: Path, standing: Sample) -> str:
    """The mesh against the true surface: all of it, then its underside apart."""
    model = read_value(stages / "03_scale" / "model.npz", SparseModel)
    scale = read_value(stages / "03_scale" / "scale.npz", Scale)
    two = (stages / "03_scale" / "own.npz").exists()
    own = read_value(stages / "03_scale" / "own.npz", SparseModel) if two else model
    region = Region(np.array([-0.4, -0.4, 0.0]), np.array([0.4, 0.4, 0.3]))
    frame = piece_frame(own, region, standing)
    mesh = read_mesh(next((stages / "05_mesh").glob("mesh*.ply")))
    mesh = Mesh(frame.apply(mesh.vertices), mesh.faces)
    found = points_on(mesh.vertices[mesh.faces])
    off = signed_mm(found, standing)
    true = standing.mesh
    wanted = points_on(true.vertices[true.faces])
    wanted = wanted[_to_be_seen(wanted, standing)]
    gaps = 1000 * distances(ray_scene(mesh.vertices, mesh.faces), wanted)
    rows = [f"± {scale.uncertainty_percent:.2f} %, {len(mesh.faces)} faces"]
    for name, mine, theirs in (
        ("all", np.ones(len(found), bool), np.ones(len(wanted), bool)),
        ("above", found[:, 2] > UNDER_M, wanted[:, 2] > UNDER_M),
        ("underside", found[:, 2] <= UNDER_M, wanted[:, 2] <= UNDER_M),
    ):
        rows.append(f"{name}: {_told(off[mine], gaps[theirs])}")
    return " | ".join(rows)


def _told(off: np.ndarray, gaps: np.ndarray) -> str:
    complete: dict[str, Any] = complete_figures(gaps)
    if not len(off):
        return f"nothing, complete {' '.join(f'{one:.1f}' for one in complete.values())} %"
    sizes = surface_figures(np.abs(off))
    return (
        f"{' '.join(f'{one:.2f}' for one in sizes.values())} mm, bias {off.mean():+.2f}, complete "
        f"{' '.join(f'{one:.1f}' for one in complete.values())} %"
    )


def signed_mm(points: np.ndarray, sample: Sample) -> np.ndarray:
    """Distance to the true surface, above zero outside of it."""
    import open3d

    scene_ = ray_scene(sample.mesh.vertices, sample.mesh.faces)
    hits = scene_.compute_closest_points(open3d.core.Tensor(points.astype(np.float32)))
    away = points - hits["points"].numpy().astype(float)
    side = (away * hits["primitive_normals"].numpy()).sum(axis=1)
    return np.asarray(1000 * np.where(side >= 0, 1.0, -1.0) * np.linalg.norm(away, axis=1))


def _to_be_seen(points: np.ndarray, sample: Sample) -> np.ndarray:
    """Points from which one gets out, up or down: the rest lies between cushion and batten."""
    rng = np.random.default_rng(2)
    scene_ = ray_scene(sample.mesh.vertices, sample.mesh.faces)
    out = np.zeros(len(points), bool)
    ways = rng.normal(0, 1, (24, 3))
    for way in ways / np.linalg.norm(ways, axis=1, keepdims=True):
        rays = np.empty((len(points), 6), dtype=np.float32)
        rays[:, :3], rays[:, 3:] = points + 0.0005 * way, way
        out |= ~np.isfinite(cast(scene_, rays)[0])
    return out


def _alone(photos: Path, folder: Path) -> Path:
    """The first session's photos in a folder by themselves."""
    alone = folder / "first"
    alone.mkdir(exist_ok=True)
    for path in photos.glob("*.jpg"):
        if not (alone / path.name).exists():
            (alone / path.name).hardlink_to(path)
    return alone


def _yaw(degrees: float) -> np.ndarray:
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


if __name__ == "__main__":
    main()
