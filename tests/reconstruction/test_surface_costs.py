"""What making a mesh takes, told beforehand."""

from dataclasses import replace

import numpy as np
import pytest

from stitchsketch_kernel.domain.model import Region
from stitchsketch_kernel.reconstruction.dense.pictures import world_points
from stitchsketch_kernel.reconstruction.surface import SurfaceSettings, make_mesh
from stitchsketch_kernel.reconstruction.surface_costs import likely_costs
from stitchsketch_kernel.reconstruction.votes import DepthStack

REGION = Region(np.array([-0.4, -0.4, -0.02]), np.array([0.4, 0.4, 0.65]))
FINE = SurfaceSettings(voxel_mm=4, cell_mm=6, edge_mm=8)


def test_fusing_weighs_more_the_more_photos_there_are(ball, ball_views):
    depths = [ball.depth(view) for view in ball_views]
    few = likely_costs(DepthStack.of(depths[:4]), 0.004)
    many = likely_costs(DepthStack.of(depths), 0.004)
    times = len(depths) / 4
    assert 1.2 * times < many.fusing / few.fusing < times * (len(depths) - 1) / 3
    assert many.surface == pytest.approx(few.surface, rel=0.2)
    assert few.ends()[0] < many.ends()[0] < many.ends()[1] < 1


def test_the_points_are_guessed_from_what_the_views_see(ball, ball_views):
    """Each view sees less than half of a ball."""
    depths = [above_the_floor(ball.depth(view)) for view in ball_views]
    costs = likely_costs(DepthStack.of(depths), 0.004)
    guessed = costs.surface / costs.point
    all_of_it = 4 * np.pi * ball.radius**2 / 0.004**2
    assert 0.5 * all_of_it < guessed < 2 * all_of_it


def test_coarser_cells_cost_less(ball, ball_views):
    """As measured on an armchair: in cells of 4 mm instead of 3, its surface took a third."""
    stack = DepthStack.of([ball.depth(view) for view in ball_views[:4]])
    fine, coarse = (likely_costs(stack, 0.004, cell_m) for cell_m in (0.003, 0.004))
    assert coarse.surface / fine.surface == pytest.approx((7.1 + 2.9) / (21.6 + 12.5), abs=0.1)
    assert coarse.fusing == fine.fusing
    assert coarse.waits(1000, 1.0) < 0.4 * fine.waits(1000, 1.0)


def test_a_mesh_tells_each_part_in_its_turn(ball, ball_views, ball_images):
    told = []
    depths = [ball.depth(view) for view in ball_views]
    make_mesh(
        depths, ball_images, ball_views, REGION, FINE,
        lambda share, note: told.append((share, note)),
    )  # fmt: skip
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    fused, made = likely_costs(DepthStack.of(depths), 0.004, 0.006).ends()
    of = {
        word: [share for share, note in told if note.startswith(word)]
        for word in ("comparing", "surface", "colours")
    }
    assert max(of["comparing"]) < fused
    assert fused <= min(of["surface"]) < max(of["surface"]) <= made <= min(of["colours"])


def above_the_floor(depth):
    z = depth.depth_m.copy()
    z[world_points(z, depth.view)[..., 2] < 0.01] = 0
    return replace(depth, depth_m=z)
