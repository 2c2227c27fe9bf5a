"""The scenes of `reconstruction.py` that are rendered, and what a run of one is off."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from stitchsketch_kernel.domain.model import Mesh, Scale, SparseModel
from stitchsketch_kernel.pipeline import RunSettings
from stitchsketch_kernel.pipeline.artefacts import read_value
from stitchsketch_kernel.reconstruction.mesh_io import read_mesh
from stitchsketch_kernel.samples import Sample, build_sample
from stitchsketch_kernel.samples.captures import points_scale
from stitchsketch_kernel.samples.rays import distances, ray_scene
from stitchsketch_kernel.samples.sample import Ring, ring_views
from stitchsketch_kernel.samples.shooting import Shooting
from stitchsketch_kernel.samples.truth import camera_errors

SAMPLES = 200_000
#: Lower than this the chair is legs, metres.
LEGS_M = 0.13


@dataclass(frozen=True)
class Scene:
    """The armchair under a cover, photographed so often, in such a way."""

    look: str
    count: int = 40
    blur: bool = False
    dim: bool = False

    def __str__(self) -> str:
        parts = (self.look, str(self.count), Shooting(self.blur, self.dim).name)
        return "-".join(part for part in parts if part)


#: The whole table's.
SHOWN = (
    Scene("rich"),
    Scene("plain"),
    Scene("leather"),
    Scene("striped"),
    Scene("tufted"),
    Scene("plain", blur=True),
    Scene("plain", dim=True),
    Scene("plain", 12),
    Scene("plain", 20),
    Scene("plain", 80),
)


def scene_of(scene: Scene) -> Sample:
    """The sample of a scene: views from three heights."""
    chair = build_sample("armchair").covered_with(scene.look)
    chair = chair.shot(Shooting(scene.blur, scene.dim))
    count = scene.count
    low, middle = round(count * 12 / 32), round(count * 11 / 32)
    rings = (
        Ring(low, 17.0, 1.85),
        Ring(middle, 36.0, 1.80, 15.0),
        Ring(count - low - middle, 57.0, 1.85, 5.0),
    )
    camera, centre = chair.views[0].camera, np.array([0.0, 0.0, 0.36])
    return replace(chair, views=ring_views(f"armchair{count}", camera, centre, rings))


def settings_of(values: dict[str, str]) -> RunSettings:
    """What is asked of a run on rendered photos."""
    return RunSettings(values=values, track=False)


def measured(sample: Sample, folder: Path) -> dict[str, Any]:
    """The figures of a run's row."""
    stages = folder / "stages"
    model = read_value(stages / "03_scale" / "model.npz", SparseModel)
    scale = read_value(stages / "03_scale" / "scale.npz", Scale)
    errors = camera_errors(model.views, sample)
    mesh = read_mesh(next((stages / "05_mesh").glob("mesh*.ply")))
    mesh = Mesh(errors.similarity.apply(mesh.vertices), mesh.faces)
    off = signed_mm(cover_points(mesh), sample)
    return {
        "placed": len(errors.names),
        "photos": len(sample.views),
        "camera_rms_mm": float(np.sqrt((errors.centre_mm**2).mean())),
        "size_off_percent": 100 * (1 / points_scale(model, sample) - 1),
        "scale_off_percent": 100 * (1 / errors.similarity.scale - 1),
        "scale_said_percent": scale.uncertainty_percent,
        "bias_mm": float(off.mean()),
        **surface_figures(np.abs(off)),
        **complete_figures(gaps_mm(mesh, sample)),
    }


def surface_figures(size_mm: np.ndarray) -> dict[str, float]:
    """Mean, median and 95 % of what the surface is off."""
    return {
        "surface_mean_mm": float(size_mm.mean()),
        "surface_median_mm": float(np.median(size_mm)),
        "surface_p95_mm": float(np.percentile(size_mm, 95)),
    }


def complete_figures(gaps: np.ndarray) -> dict[str, float]:
    """The share of the truth's points that have surface near, percent."""
    return {f"complete_{mm}mm_percent": 100 * float((gaps < mm).mean()) for mm in (2, 5)}


def cover_points(mesh: Mesh) -> np.ndarray:
    """Points of the mesh above the legs, as many a square metre everywhere."""
    corners = mesh.vertices[mesh.faces]
    return points_on(corners[corners[:, :, 2].min(axis=1) > LEGS_M])


def points_on(corners: np.ndarray) -> np.ndarray:
    """Points on triangles (n, 3, 3), by their areas."""
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
    points = points_on(corners[corners[:, :, 2].min(axis=1) > LEGS_M])
    return 1000 * distances(ray_scene(mesh.vertices, mesh.faces), points)
