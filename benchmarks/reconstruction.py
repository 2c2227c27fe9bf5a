"""Photos to mesh on rendered chairs, held against the truth: one row a scene.

    python benchmarks/reconstruction.py --looks rich plain --photos 40 --out FOLDER

Cameras, the surface of the cover above the legs (after the cameras are laid on the true ones), how
much of the cover has surface within 2 and 5 mm, and what each stage took. Bias is the mean signed
distance: above zero the mesh lies outside the truth.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from stitchsketch_kernel.domain.model import Mesh, Scale, SparseModel
from stitchsketch_kernel.pipeline import RunSettings, run
from stitchsketch_kernel.pipeline.artefacts import read_value
from stitchsketch_kernel.pipeline.record import read_record
from stitchsketch_kernel.pipeline.settings import parse_assignment
from stitchsketch_kernel.pipeline.stage import standard_stages
from stitchsketch_kernel.reconstruction.mesh_io import read_mesh
from stitchsketch_kernel.samples import LOOKS, Sample, build_sample, render_photos
from stitchsketch_kernel.samples.rays import distances, ray_scene
from stitchsketch_kernel.samples.sample import Ring, ring_views
from stitchsketch_kernel.samples.truth import camera_errors

UNTIL = 5
SAMPLES = 200_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--looks", nargs="+", default=list(LOOKS), choices=LOOKS)
    parser.add_argument("--photos", nargs="+", type=int, default=[40])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--set", dest="assignments", action="append", default=[])
    parser.add_argument(
        "--name", default="run", help="the run's folder: another for other settings"
    )
    given = parser.parse_args()
    values = dict(map(parse_assignment, given.assignments))
    for look in given.looks:
        for count in given.photos:
            scene = f"{look}-{count}"
            sample = scene_of(look, count)
            photos, folder = given.out / scene / "photos", given.out / scene / given.name
            render_photos(sample, photos)
            run(
                photos,
                folder,
                RunSettings(values=values, track=False),
                stages=standard_stages()[:UNTIL],
            )
            print(row(scene, sample, folder), flush=True)


def scene_of(look: str, count: int) -> Sample:
    """The armchair under a cover, photographed `count` times from three heights."""
    chair = build_sample("armchair").covered_with(look)
    low, middle = round(count * 12 / 32), round(count * 11 / 32)
    rings = (
        Ring(low, 17.0, 1.85),
        Ring(middle, 36.0, 1.80, 15.0),
        Ring(count - low - middle, 57.0, 1.85, 5.0),
    )
    camera, centre = chair.views[0].camera, np.array([0.0, 0.0, 0.36])
    return replace(chair, views=ring_views(f"armchair{count}", camera, centre, rings))


def row(scene: str, sample: Sample, folder: Path) -> str:
    stages = folder / "stages"
    model = read_value(stages / "03_scale" / "model.npz", SparseModel)
    scale = read_value(stages / "03_scale" / "scale.npz", Scale)
    errors = camera_errors(model.views, sample)
    path = next((stages / "05_mesh").glob("mesh*.ply"))
    mesh = read_mesh(path)
    vertices = errors.similarity.apply(mesh.vertices)
    off = signed_mm(cover_points(Mesh(vertices, mesh.faces)), sample)
    size = np.abs(off)
    gaps = gaps_mm(Mesh(vertices, mesh.faces), sample)
    record = read_record(folder)
    assert record is not None
    used = {one.name: one.figures.get("processor_s", np.nan) for one in record.stages}
    memory = max(one.figures.get("peak_memory_mb", 0) for one in record.stages)
    rms = float(np.sqrt((errors.centre_mm**2).mean()))
    off_percent = 100 * (1 / errors.similarity.scale - 1)
    return (
        f"{scene:12} cameras {len(errors.names)} rms {rms:.2f} mm, scale {off_percent:+.3f} "
        f"(said {scale.uncertainty_percent:.3f}) % | surface {size.mean():.2f} "
        f"{np.median(size):.2f} {np.percentile(size, 95):.2f} bias {off.mean():+.2f} mm | complete "
        f"{100 * (gaps < 2).mean():.1f} {100 * (gaps < 5).mean():.1f} % | processor s "
        + " ".join(f"{name} {seconds:.0f}" for name, seconds in used.items())
        + f" all {sum(used.values()):.0f} | {memory} MB"
    )


def cover_points(mesh: Mesh) -> np.ndarray:
    """Points of the mesh above the legs, as many a square metre everywhere."""
    corners = mesh.vertices[mesh.faces]
    return drawn(corners[corners[:, :, 2].min(axis=1) > 0.13])


def drawn(corners: np.ndarray) -> np.ndarray:
    rng = np.random.default_rng(1)
    areas = np.linalg.norm(
        np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1
    )
    of = rng.choice(len(corners), SAMPLES, p=areas / areas.sum())
    u, v = np.sqrt(rng.random(SAMPLES)), rng.random(SAMPLES)
    weights = np.column_stack([1 - u, u * (1 - v), u * v])
    return (weights[:, :, None] * corners[of]).sum(axis=1)


def signed_mm(points: np.ndarray, sample: Sample) -> np.ndarray:
    """Distance to the true surface, above zero outside of it."""
    import open3d

    mesh = sample.mesh
    scene = ray_scene(mesh.vertices, mesh.faces)
    hits = scene.compute_closest_points(open3d.core.Tensor(points.astype(np.float32)))
    nearest = hits["points"].numpy().astype(float)
    normals = hits["primitive_normals"].numpy()
    away = points - nearest
    sign = np.where((away * normals).sum(axis=1) >= 0, 1.0, -1.0)
    return 1000 * sign * np.linalg.norm(away, axis=1)


def gaps_mm(mesh: Mesh, sample: Sample) -> np.ndarray:
    """Distance of points of the true cover to the mesh."""
    true = sample.mesh
    corners = true.vertices[true.faces[sample.face_panel >= 0]]
    points = drawn(corners[corners[:, :, 2].min(axis=1) > 0.13])
    return 1000 * distances(ray_scene(mesh.vertices, mesh.faces), points)


if __name__ == "__main__":
    main()
