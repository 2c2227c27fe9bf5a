"""A box cushion, 500 x 450 x 100 mm, with a top crowned one way, on two wooden battens."""

from __future__ import annotations

import numpy as np

from stitchsketch_kernel.domain.panel import EdgeKind
from stitchsketch_kernel.samples.design import Curve, Design, SeamDesign, Solid, upright
from stitchsketch_kernel.samples.profile import Arc, Profile
from stitchsketch_kernel.samples.surfaces import Extrusion, Surface

WIDTH_M, DEPTH_M, BORDER_M, CROWN_M = 0.500, 0.450, 0.100, 0.018
#: The battens lift it, so that the welt round the bottom is seen.
LIFT_M = 0.045

_YZX = np.eye(3)[[1, 2, 0]]


def box_cushion(spacing_m: float = 0.007) -> Design:
    """The design: CUSH on top, BOX-F, BOX-R, BOX-L round it and ZIP at the back."""
    x, y = WIDTH_M / 2, DEPTH_M / 2
    low, high = LIFT_M, LIFT_M + BORDER_M
    # from the front to the back: the warp runs towards the back
    top = Profile((Arc.bulging((y, high), (-y, high), CROWN_M),))
    reach = high + 2 * CROWN_M
    crown = Extrusion.facing(top, _YZX, (0, 0, 1))
    surfaces: dict[str, Surface] = {
        "CUSH": crown,
        "BOX-F": upright("y", y, low, reach, 1),
        "BOX-R": upright("x", x, low, reach, 1),
        "ZIP": upright("y", -y, low, reach, -1),
        "BOX-L": upright("x", -x, low, reach, -1),
    }
    top_seams = (
        SeamDesign(Curve.rib(crown, x), ("CUSH", "BOX-R"), EdgeKind.WELT),
        SeamDesign(Curve.rib(crown, -x), ("CUSH", "BOX-L"), EdgeKind.WELT),
        SeamDesign(Curve.line((-x, y, high), (x, y, high)), ("CUSH", "BOX-F"), EdgeKind.WELT),
        SeamDesign(Curve.line((-x, -y, high), (x, -y, high)), ("CUSH", "ZIP"), EdgeKind.WELT),
    )
    return Design("cushion", surfaces, top_seams + _sides(x, y, low, high), _battens(), spacing_m)


def _sides(x: float, y: float, low: float, high: float) -> tuple[SeamDesign, ...]:
    # plain seams at the four corners, the welt of the unseen bottom below
    corners = [(x, y), (-x, y), (-x, -y), (x, -y)]
    bands = ["BOX-F", "BOX-L", "ZIP", "BOX-R"]
    seams = []
    for index, band in enumerate(bands):
        here, there = corners[index], corners[(index + 1) % 4]
        before = bands[index - 1]
        kind = EdgeKind.SEWN
        seams.append(SeamDesign(Curve.line((*here, low), (*here, high)), (before, band), kind))
        seams.append(SeamDesign(Curve.line((*here, low), (*there, low)), (band,), EdgeKind.WELT))
    return tuple(seams)


def _battens() -> tuple[Solid, ...]:
    inset_x, inset_y, width = WIDTH_M / 2 - 0.07, DEPTH_M / 2 - 0.06, 0.05
    cover = Solid(
        (-WIDTH_M / 2 + 0.002, -DEPTH_M / 2 + 0.002, LIFT_M),
        (WIDTH_M / 2 - 0.002, DEPTH_M / 2 - 0.002, LIFT_M + 0.004),
        "lining",
    )
    battens = (
        Solid((-inset_x, y - width / 2, 0.0), (inset_x, y + width / 2, LIFT_M), "wood")
        for y in (-inset_y + width / 2, inset_y - width / 2)
    )
    return (cover, *battens)
