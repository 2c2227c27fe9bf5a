"""A box with a gabled top, 520 x 400 mm: all panels plane, one fold shallow, for exact truths."""

from __future__ import annotations

import numpy as np

from stitchsketch_kernel.domain.panel import EdgeKind
from stitchsketch_kernel.samples.design import Curve, Design, SeamDesign, upright
from stitchsketch_kernel.samples.profile import Line, Profile
from stitchsketch_kernel.samples.surfaces import Extrusion, Surface

HALF_X, HALF_Y, LOW, EAVES = 0.26, 0.20, 0.05, 0.22

_XZY = np.eye(3)[[0, 2, 1]]


def gabled_box(fold_deg: float = 50.0, spacing_m: float = 0.007) -> Design:
    """The design: TOP-L and TOP-R meet in the ridge, four sides stand below.

    Parameters
    ----------
    fold_deg : float
        How far the two halves of the top turn at the ridge.
    spacing_m : float
    """
    x, y = HALF_X, HALF_Y
    ridge = EAVES + x * float(np.tan(np.deg2rad(fold_deg / 2)))
    slope = Profile((Line((x, EAVES), (0.0, ridge)),))
    right = Extrusion.facing(slope, _XZY, (0, 0, 1))
    surfaces: dict[str, Surface] = {
        "TOP-R": right,
        "TOP-L": right.mirrored(),
        "FRONT": upright("y", y, LOW, ridge, 1),
        "BACK": upright("y", -y, LOW, ridge, -1),
        "SIDE-R": upright("x", x, LOW, EAVES, 1),
        "SIDE-L": upright("x", -x, LOW, EAVES, -1),
    }
    sewn = EdgeKind.SEWN
    seams = [SeamDesign(Curve.line((0, -y, ridge), (0, y, ridge)), ("TOP-R", "TOP-L"), sewn)]
    for end, name in ((y, "FRONT"), (-y, "BACK")):
        foot = Curve.line((x * np.sign(end), end, LOW), (-x * np.sign(end), end, LOW))
        seams.append(SeamDesign(foot, (name,), sewn))
        rake = SeamDesign(Curve.line((x, end, EAVES), (0, end, ridge)), ("TOP-R", name), sewn)
        post = SeamDesign(Curve.line((x, end, LOW), (x, end, EAVES)), ("SIDE-R", name), sewn)
        seams += [rake, rake.mirrored(), post, post.mirrored()]
    eaves = SeamDesign(Curve.line((x, -y, EAVES), (x, y, EAVES)), ("TOP-R", "SIDE-R"), sewn)
    base = SeamDesign(Curve.line((x, -y, LOW), (x, y, LOW)), ("SIDE-R",), sewn)
    seams += [eaves, eaves.mirrored(), base, base.mirrored()]
    return Design("gable", surfaces, tuple(seams), (), spacing_m)
