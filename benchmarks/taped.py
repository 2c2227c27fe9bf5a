"""Seams from coloured tape in rendered photos: millimetres from the truth, and seconds.

    python benchmarks/taped.py [--scans 3] [--colour blue] [--run FOLDER]

A crowned cushion with 6 mm tape (a ring on the rounded fold, two lines up the band, one across the
dome where nothing folds, one with a corner), 28 photos of 960 x 720, true cameras, a scan 0.5 mm
rough. Lines: as triangulated. Seams: as the panels have them. Truth: the tape's middle on the
cushion, every 0.1 mm. "Within ±": the share of each line's points that its ± holds. With the folder
of a run of those photos, cameras and mesh are its own.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from stitchsketch_kernel.domain.model import Mesh, SparseModel
from stitchsketch_kernel.domain.photo import View
from stitchsketch_kernel.domain.tape import TapeSettings, tape_rgb
from stitchsketch_kernel.imaging.photos import load_image
from stitchsketch_kernel.imaging.tags import find_tags
from stitchsketch_kernel.imaging.tape import find_tape, paper_white
from stitchsketch_kernel.pipeline.artefacts import read_value
from stitchsketch_kernel.reconstruction.mesh_io import read_mesh
from stitchsketch_kernel.reconstruction.taped import on_mesh, widest_px
from stitchsketch_kernel.samples.outlines import dense_line
from stitchsketch_kernel.samples.photos import render_photos
from stitchsketch_kernel.samples.taped import TapedCushion, taped_cushion
from stitchsketch_kernel.samples.truth import align_rigid
from stitchsketch_kernel.upholstery.seams.propose import propose_panels
from stitchsketch_kernel.upholstery.seams.tape_lines import tape_lines

WIDTH_MM = 6.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scans", type=int, default=3)
    parser.add_argument("--colour", default="blue")
    parser.add_argument("--photos", type=Path, default=Path("taped-photos"))
    parser.add_argument("--run", type=Path, help="a run of those photos")
    given = parser.parse_args()
    truth = taped_cushion(colour=given.colour, cell_m=0.0028)
    render_photos(truth.sample, given.photos)
    print(
        f"{'':26}{'RMS mm':>8}{'mean':>7}{'95 %':>7}{'worst':>7}{'within ±':>10}"
        f"{'missed mm':>11}{'seconds':>9}"
    )
    if given.run:
        model = read_value(next(given.run.glob("stages/*_scale")) / "model.npz", SparseModel)
        mesh = read_mesh(next(given.run.glob("stages/*_mesh")) / "mesh.ply")
        measure("the run", truth, given.photos, mesh, model.views, given.colour)
        return
    for seed in range(given.scans):
        scan = taped_cushion(colour=given.colour, cell_m=0.0028, seed=seed).cushion.mesh
        measure(f"scan {seed + 1}", truth, given.photos, scan, truth.sample.views, given.colour)


def measure(
    what: str,
    truth: TapedCushion,
    photos: Path,
    mesh: Mesh,
    views: tuple[View, ...],
    colour: str,
) -> None:
    """Find, fuse, place; tell each step."""
    known = {view.name: view for view in truth.sample.views}
    centres = [
        np.array([v.centre for v in some]) for some in (views, [known[v.name] for v in views])
    ]
    to_truth = align_rigid(*centres)
    lines = [dense_line(line, 0.0001, closed=False) for line in truth.lines_m.values()]
    tree = cKDTree(np.vstack(lines))
    begun = time.perf_counter()
    widest, found = widest_px(mesh, views, WIDTH_MM), []
    spent_on_tags = 0.0
    for view in views:
        image = load_image(photos / view.name)
        now = time.perf_counter()
        tags = find_tags(view.name, image)
        spent_on_tags += time.perf_counter() - now  # a run has found them already
        white = paper_white(image, tags)
        found.append(find_tape(view.name, image, tape_rgb(colour), widest, white))
    seconds = time.perf_counter() - begun - spent_on_tags
    print(f"{what}: {len(mesh.faces)} faces; tape in {len(views)} photos: {seconds:.1f} s")
    begun = time.perf_counter()
    tape = tape_lines(on_mesh(mesh, views, found, WIDTH_MM), TapeSettings(colour, WIDTH_MM))
    seconds = time.perf_counter() - begun
    held = [
        1000 * tree.query(to_truth.apply(line.points_m))[0] < line.within_mm for line in tape.lines
    ]
    points = [line.points_m for line in tape.lines]
    share = f"{np.concatenate(held).mean():.0%}" if held else "-"
    tell(f"  {len(points)} lines", points, share, to_truth, tree, seconds)
    begun = time.perf_counter()
    panels = propose_panels(mesh, tape=tape.lines)
    seconds = time.perf_counter() - begun
    sewn = [seam.points_m for seam in panels.seams if seam.right]
    tell(f"  {len(sewn)} seams, {len(panels.panels)} panels", sewn, "", to_truth, tree, seconds)
    for note in (*tape.notes, *panels.notes):
        print(f"    {note}")


def tell(what, points, share, to_truth, tree, seconds) -> None:
    if not points:
        print(f"{what:26}")
        return
    moved = to_truth.apply(np.vstack(points))
    off = 1000 * tree.query(moved)[0]
    missed = (cKDTree(moved).query(tree.data)[0] > 0.005).sum() * 0.1
    print(
        f"{what:26}{np.sqrt((off**2).mean()):8.2f}{off.mean():7.2f}{np.percentile(off, 95):7.2f}"
        f"{off.max():7.2f}{share:>10}{missed:11.0f}{seconds:9.1f}"
    )


if __name__ == "__main__":
    main()
