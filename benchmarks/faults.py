"""What goes wrong in a real room, rendered: what a run makes of it, and what it says.

    python benchmarks/faults.py --out FOLDER

A box cushion, 20 photos of 640 x 480 from two heights. ``plain``: nothing else in the room.
``person``: somebody stands in five of the photos, each time at another place, before the cushion
in three of them. ``mirror``: a mirror 0.6 m from the cushion's middle, and a window by day.
``swapped``: 20 photos of the cushion and 20 of another one on the same mats.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
from rendered import points_on, signed_mm

from stitchsketch_kernel.domain.errors import StitchSketchError
from stitchsketch_kernel.domain.model import Mesh, Similarity, SparseModel
from stitchsketch_kernel.domain.photo import Camera
from stitchsketch_kernel.pipeline import RunSettings, run
from stitchsketch_kernel.pipeline.artefacts import read_value
from stitchsketch_kernel.pipeline.stage import standard_stages
from stitchsketch_kernel.reconstruction.mesh_io import read_mesh
from stitchsketch_kernel.samples import Sample, build_sample, render_photos
from stitchsketch_kernel.samples.cushion import box_cushion
from stitchsketch_kernel.samples.furniture import assemble
from stitchsketch_kernel.samples.rays import distances, ray_scene
from stitchsketch_kernel.samples.sample import Ring, ring_views
from stitchsketch_kernel.samples.surroundings import Pane, Passer, Surroundings
from stitchsketch_kernel.samples.truth import camera_errors

CAMERA = Camera(640, 480, 549.0, 549.0, 322.3, 237.5, k1=-0.08, k2=0.02)
MIDDLE = np.array([0.0, 0.0, 0.07])
#: In which photos somebody stands: before the cushion, behind it, in turn.
WITH_SOMEBODY = (2, 5, 8, 14, 17)
UNTIL = 5
LEAST_Z_M = 0.05


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", nargs="+", default=list(SCENES), choices=list(SCENES))
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    for name in given.scenes:
        photos, folder = given.out / name / "photos", given.out / name / "run"
        samples = SCENES[name]()
        for sample in samples:
            render_photos(sample, photos)
        stages = standard_stages()[:UNTIL]
        try:
            record = run(photos, folder, RunSettings(track=False), stages=stages)
        except StitchSketchError as error:
            print(f"{name:8} {error}", flush=True)
            continue
        said = [doubt for one in record.stages for doubt in one.figures.get("doubts", ())]
        print(f"{name:8} {row(samples[0], folder)}", *said, sep="\n    ", flush=True)


def plain() -> tuple[Sample, ...]:
    rings = (Ring(10, 26.0, 1.02), Ring(10, 46.0, 1.02, 18.0))
    return (replace(build_sample("cushion"), views=ring_views("cushion", CAMERA, MIDDLE, rings)),)


def person() -> tuple[Sample, ...]:
    (sample,) = plain()
    rng, passers = np.random.default_rng(5), []
    for turn, index in enumerate(WITH_SOMEBODY):
        view = sample.views[index]
        to_eye = view.centre[:2] / np.linalg.norm(view.centre[:2])
        at = to_eye * (0.55 if turn % 2 == 0 else -0.5)
        side = np.array([-at[1], at[0]]) / np.linalg.norm(at)
        at = at + side * rng.choice([-1, 1]) * rng.uniform(0.05, 0.22)
        passers.append(Passer(view.name, (float(at[0]), float(at[1])), float(rng.uniform(0, 360))))
    return (replace(sample, around=Surroundings(passers=tuple(passers))),)


def mirror() -> tuple[Sample, ...]:
    glass = Pane((-0.62, 0.0, 0.02), 0.0, 0.9, 0.9)
    window = Pane((0.0, -1.6, 0.3), 90.0, 1.6, 1.5)
    around = Surroundings(mirrors=(glass,), windows=(window,))
    return (replace(plain()[0], around=around),)


def swapped() -> tuple[Sample, ...]:
    """The cushion, and one of 85 % of its size, turned by 50 degrees, of other threads."""
    turn = np.deg2rad(50.0)
    c, s = np.cos(turn), np.sin(turn)
    yaw = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
    pose = Similarity(0.85, yaw, np.array([0.02, -0.01, 0.0]))
    rings = (Ring(10, 27.0, 1.02, 10.0), Ring(10, 45.0, 1.02, 28.0))
    views = ring_views("other", CAMERA, MIDDLE, rings)
    (one,) = plain()
    return one, replace(one, furniture=(assemble(box_cushion(), pose),), seed=99, views=views)


SCENES = {"plain": plain, "person": person, "mirror": mirror, "swapped": swapped}


def row(sample: Sample, folder: Path) -> str:
    """Cameras and the surface above the battens, against the truth."""
    stages = folder / "stages"
    model = read_value(stages / "03_scale" / "model.npz", SparseModel)
    errors = camera_errors(model.views, sample)
    mesh = read_mesh(next((stages / "05_mesh").glob("mesh*.ply")))
    vertices = errors.similarity.apply(mesh.vertices)
    off = np.abs(signed_mm(_above(Mesh(vertices, mesh.faces)), sample))
    covers = Mesh(sample.mesh.vertices, sample.mesh.faces[sample.face_panel >= 0])
    gaps = 1000 * distances(ray_scene(vertices, mesh.faces), _above(covers))
    rms = float(np.sqrt((errors.centre_mm**2).mean()))
    return (
        f"cameras {len(model.views)} of {len(sample.views)}, rms {rms:.2f} mm | surface "
        f"{off.mean():.2f} {np.median(off):.2f} {np.percentile(off, 95):.2f}, at most "
        f"{off.max():.1f} mm | complete {100 * (gaps < 2).mean():.1f} "
        f"{100 * (gaps < 5).mean():.1f} %"
    )


def _above(mesh: Mesh) -> np.ndarray:
    corners = mesh.vertices[mesh.faces]
    return points_on(corners[corners[:, :, 2].min(axis=1) > LEAST_Z_M])


if __name__ == "__main__":
    main()
