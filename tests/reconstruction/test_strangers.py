"""A photo in which something hides the piece is told; shadows, light and bad meshes are not."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import open3d as o3d
import pytest

from stitchsketch_kernel.domain.model import Mesh, Region, Scale
from stitchsketch_kernel.imaging.photos import PhotoSet
from stitchsketch_kernel.pipeline.artefacts import write_value
from stitchsketch_kernel.pipeline.context import StageContext
from stitchsketch_kernel.pipeline.stages import mesh as mesh_stage
from stitchsketch_kernel.reconstruction.coloring import color_vertices
from stitchsketch_kernel.reconstruction.mesh_io import read_mesh
from stitchsketch_kernel.reconstruction.surface import SurfaceSettings, make_mesh
from stitchsketch_kernel.reconstruction.surroundings.strangers import (
    Hidden,
    find_hidden,
    recolored,
    say_hidden,
)

ODD = "04.png"


@pytest.fixture(scope="module")
def scene(ball, ball_images, ball_views):
    """The ball's mesh with the photos' colours, and the photos' exact depth."""
    sphere = o3d.geometry.TriangleMesh.create_sphere(ball.radius, 60)
    vertices = np.asarray(sphere.vertices) + ball.centre
    mesh = Mesh(vertices, np.asarray(sphere.triangles).astype(np.int32))
    mesh = color_vertices(mesh, ball_images, ball_views)
    return mesh, [ball.depth(view) for view in ball_views]


@pytest.fixture
def look(scene, ball_images, ball_views, tmp_path):
    """What is found when `change` is done to one photo, and its depth is lost there or not."""

    def find(change, loses_depth=True):
        mesh, depths = scene
        images, changed = dict(ball_images), []
        for exact in depths:
            depth, name = exact, exact.view.name
            if name == ODD:
                picture = cv2.imread(str(images[name]))
                other = change(picture.copy())
                images[name] = tmp_path / name
                cv2.imwrite(str(images[name]), other)
                if loses_depth:
                    there = (other == picture).all(axis=2)
                    depth = replace(depth, depth_m=np.where(there, depth.depth_m, 0))
            changed.append(depth)
        return find_hidden(mesh, changed, images, ball_views)

    return find


def a_leg(picture):
    """Dark trousers before the right half of the ball."""
    picture[:, 330:420] = (40, 30, 30)
    return picture


def test_a_person_before_the_piece_is_told_with_what_she_hides(look):
    (found,) = look(a_leg)
    assert found.photo == ODD
    assert 0.25 < found.share < 0.75
    said = say_hidden([found])
    assert f"{ODD} ({found.share:.0%})" in said and "in the photo " in said


def test_her_clothes_leave_no_colour_on_the_mesh(scene, ball_images, ball_views, tmp_path):
    clean, _ = scene
    spoilt = a_leg(cv2.imread(str(ball_images[ODD])))
    images = {**ball_images, ODD: tmp_path / ODD}
    cv2.imwrite(str(images[ODD]), spoilt)
    stained = color_vertices(clean, images, ball_views)

    def off(mesh):
        return np.abs(mesh.colors.astype(int) - clean.colors).max(axis=1)

    washed = recolored(stained, images, ball_views, [Hidden(ODD, 0.3)])
    stain = off(stained) > 6
    assert stain.sum() > 100
    assert off(washed)[stain].mean() < 0.5 * off(stained)[stain].mean()
    # what she alone would have shown keeps what there is
    first = recolored(stained, images, ball_views, [Hidden(view.name, 0.3) for view in ball_views])
    assert np.array_equal(first.colors, stained.colors)
    assert recolored(stained, images, ball_views, ()) is stained


def test_where_nobody_stands_nobody_is_told(look):
    assert look(lambda picture: picture) == ()
    assert say_hidden(()) == ""


def test_a_shadow_that_the_photo_sees_through_is_no_person(look):
    assert look(lambda p: np.where(a_leg(p.copy()) != p, p // 3, p), loses_depth=False) == ()


def test_a_brighter_photo_is_no_person(look):
    assert look(lambda p: cv2.convertScaleAbs(p, alpha=1.25)) == ()


def test_depth_that_is_lost_without_another_colour_is_no_person(look):
    assert look(lambda p: np.clip(p.astype(int) + 1, 0, 255).astype(np.uint8)) == ()


def test_a_part_that_no_photo_finds_where_the_mesh_has_it_is_the_meshs_fault(
    scene, ball, ball_images, ball_views
):
    """A net that is seen through, say: other colours from everywhere, and no depth."""
    mesh, depths = scene
    colors = np.where(mesh.vertices[:, :1] > 0, 0, mesh.colors).astype(np.uint8)
    lost = [
        replace(one, depth_m=np.where(ball.seen(one.view)[0][..., 0] > 0, 0, one.depth_m))
        for one in depths
    ]
    assert find_hidden(replace(mesh, colors=colors), lost, ball_images, ball_views) == ()


def test_the_stage_of_the_mesh_names_her_and_leaves_her_out_of_its_colours(
    ball, ball_views, ball_images, ball_photos, tmp_path
):
    spoilt = tmp_path / ODD
    picture = cv2.imread(str(ball_images[ODD]))
    cv2.imwrite(str(spoilt), a_leg(picture.copy()))
    images, depths = {**ball_images, ODD: spoilt}, []
    for exact in (ball.depth(view) for view in ball_views):
        there = (cv2.imread(str(images[exact.view.name])) == picture).all(axis=2)
        lost = exact.view.name == ODD
        depths.append(replace(exact, depth_m=np.where(there, exact.depth_m, 0)) if lost else exact)
    stages = tmp_path / "stages"
    region = Region(np.array([-0.4, -0.4, -0.02]), np.array([0.4, 0.4, 0.65]))
    photos = tuple(replace(one, path=images[one.name]) for one in ball_photos)
    for stage, name, value in (
        ("ingest", "photos", PhotoSet(photos, ())),
        ("scale", "model", ball.model(ball_views, 400)),
        ("scale", "scale", Scale("mat", 1.0, 0.1, 0.1, 8)),
        ("densify", "region", region),
        *(("densify", f"depths/{i:04d}", depth) for i, depth in enumerate(depths)),
    ):
        path = stages / stage / f"{name}.npz"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_value(path, value)
    settings = {"voxel_mm": 4, "cell_mm": 5, "edge_mm": 8}
    job = {
        "stage": "mesh",
        "groups": dict(mesh_stage.SETTINGS),
        "settings": {"mesh": settings},
        "earlier": {name: name for name in mesh_stage.INPUTS},
        "files": {},
    }
    (stages / "mesh").mkdir()
    figures = mesh_stage.compute(StageContext(stages / "mesh", job))
    (doubt,) = figures["doubts"]
    assert f"before the piece in the photo {ODD}" in doubt
    kept = read_mesh(stages / "mesh" / "mesh.ply")
    stained, _ = make_mesh(depths, images, ball_views, region, SurfaceSettings(**settings))
    assert len(kept.vertices) == len(stained.vertices)
    assert (np.abs(kept.colors.astype(int) - stained.colors).max(axis=1) > 6).sum() > 100
