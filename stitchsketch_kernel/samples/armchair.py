"""A club chair: lumbar back, rolled arms, bowed front, crowned seat, all but the seat developable.

The sitter looks along +y, his right hand is at +x. Everything is drawn for the right-hand side
and mirrored; every panel but SEAT is a profile of lines and arcs drawn out along a line.
"""

from __future__ import annotations

import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.model import Similarity
from stitchsketch_kernel.domain.panel import EdgeKind
from stitchsketch_kernel.samples.design import Curve, Design, SeamDesign, Solid, upright
from stitchsketch_kernel.samples.profile import Arc, Line, Profile
from stitchsketch_kernel.samples.surfaces import Crown, Extrusion, Surface

BOTTOM, SEAT, TOP = 0.12, 0.42, 0.86  # heights
INNER, ROLL, BACK_HALF = 0.26, 0.07, 0.31  # inside of the arms, their roll, half the back's width
ROLL_Z = 0.55  # height of the roll's axis
FRONT, REAR = 0.40, -0.40
LUMBAR_Y, HEAD_Y = -0.16, -0.29  # the inside back at the seat and at its top
LUMBAR_SAG, TOP_SAG, BOW, CROWN = 0.022, 0.018, 0.05, 0.035
ROLL_END = np.pi / 4  # the roll ends this far above its outermost line
OUTER = INNER + ROLL + ROLL * float(np.cos(ROLL_END))
OUTER_Z = ROLL_Z + ROLL * float(np.sin(ROLL_END))

_YZX, _XZY, _XYZ = np.eye(3)[[1, 2, 0]], np.eye(3)[[0, 2, 1]], np.eye(3)


def armchair(spacing_m: float = 0.008) -> Design:
    """The design, 0.76 wide, 0.85 deep and 0.88 m high, on four short legs."""
    inside_back = Profile((Arc.bulging((LUMBAR_Y, SEAT), (HEAD_Y, TOP), LUMBAR_SAG),))
    back_top = Profile((Arc.bulging((HEAD_Y, TOP), (REAR, TOP), TOP_SAG),))
    bow = Profile((Arc.bulging((INNER, FRONT), (-INNER, FRONT), BOW),))
    arm = Profile(
        (
            Line((INNER, SEAT), (INNER, ROLL_Z)),
            Arc((INNER + ROLL, ROLL_Z), ROLL, np.pi, -(np.pi - ROLL_END)),
        )
    )
    ib = Extrusion.facing(inside_back, _YZX, (0, 1, 0))
    tb = Extrusion.facing(back_top, _YZX, (0, 0, 1))
    fb = Extrusion.facing(bow, _XYZ, (0, 1, 0), along="v")
    ia = Extrusion.facing(arm, _XZY, (-1, 0, 0))
    right: dict[str, Extrusion] = {
        "IA-R": ia,
        "OA-R": upright("x", OUTER, BOTTOM, OUTER_Z, 1),
        "AF-R": upright("y", FRONT, BOTTOM, ROLL_Z + ROLL, 1),
        "SB-R": upright("x", BACK_HALF, ROLL_Z, TOP + TOP_SAG, 1),
    }
    surfaces: dict[str, Surface] = {
        "IB": ib,
        "OB": upright("y", REAR, BOTTOM, TOP, -1),
        "TB": tb,
        "SEAT": Crown(INNER, LUMBAR_Y, bow, SEAT, CROWN, Similarity(1.0, np.eye(3), np.zeros(3))),
        "FB": fb,
        **right,
        **{name.replace("-R", "-L"): surface.mirrored() for name, surface in right.items()},
    }
    seams = _middle_seams(fb)
    for seam in (*_arm_seams(ia, ib), *_back_seams(ib, tb)):
        seams += [seam, seam.mirrored()]
    return Design("armchair", surfaces, tuple(seams), _below(), spacing_m)


def _middle_seams(fb: Extrusion) -> list[SeamDesign]:
    # across the chair, the same for both sides; the bow's profile starts at the right arm
    welt = EdgeKind.WELT
    return [
        SeamDesign(
            Curve.line((-INNER, LUMBAR_Y, SEAT), (INNER, LUMBAR_Y, SEAT)),
            ("SEAT", "IB"),
            EdgeKind.PULL_THROUGH,
        ),
        SeamDesign(Curve.rib(fb, SEAT), ("SEAT", "FB"), welt),
        SeamDesign(Curve.rib(fb, BOTTOM), ("FB",), welt),
        SeamDesign(
            Curve.line((-BACK_HALF, HEAD_Y, TOP), (BACK_HALF, HEAD_Y, TOP)), ("IB", "TB"), welt
        ),
        SeamDesign(Curve.line((-BACK_HALF, REAR, TOP), (BACK_HALF, REAR, TOP)), ("TB", "OB"), welt),
        SeamDesign(Curve.line((-OUTER, REAR, BOTTOM), (OUTER, REAR, BOTTOM)), ("OB",), welt),
    ]


def _arm_seams(ia: Extrusion, ib: Extrusion) -> list[SeamDesign]:
    welt, pull = EdgeKind.WELT, EdgeKind.PULL_THROUGH
    crest = _roll_length_at(ia, BACK_HALF)
    foot, outer = (OUTER, FRONT, BOTTOM), (OUTER, FRONT, OUTER_Z)
    return [
        SeamDesign(
            Curve.line((INNER, LUMBAR_Y, SEAT), (INNER, FRONT, SEAT)), ("IA-R", "SEAT"), pull
        ),
        SeamDesign(_roll_on_back(ia, ib, crest), ("IA-R", "IB"), pull),
        SeamDesign(_crest_line(ia, ib, crest), ("IA-R", "SB-R"), pull),
        SeamDesign(Curve.rib(ia, REAR, crest), ("IA-R", "OB"), welt),
        SeamDesign(Curve.rib(ia, FRONT), ("IA-R", "AF-R"), welt),
        SeamDesign(Curve.line((OUTER, REAR, OUTER_Z), outer), ("IA-R", "OA-R"), welt),
        SeamDesign(Curve.line((OUTER, REAR, BOTTOM), (OUTER, REAR, OUTER_Z)), ("OA-R", "OB"), welt),
        SeamDesign(Curve.line(foot, outer), ("OA-R", "AF-R"), welt),
        SeamDesign(Curve.line((INNER, FRONT, BOTTOM), (INNER, FRONT, SEAT)), ("AF-R", "FB"), welt),
        SeamDesign(Curve.line((OUTER, REAR, BOTTOM), foot), ("OA-R",), welt),
        SeamDesign(Curve.line(foot, (INNER, FRONT, BOTTOM)), ("AF-R",), welt),
    ]


def _back_seams(ib: Extrusion, tb: Extrusion) -> list[SeamDesign]:
    welt, x = EdgeKind.WELT, BACK_HALF
    crest_z = _crest_z()
    start = _back_length_at(ib, np.array([crest_z]))[0]
    return [
        SeamDesign(Curve.rib(ib, x, float(start)), ("IB", "SB-R"), welt),
        SeamDesign(Curve.rib(tb, x), ("TB", "SB-R"), welt),
        SeamDesign(Curve.line((x, REAR, crest_z), (x, REAR, TOP)), ("SB-R", "OB"), welt),
    ]


def _crest_z() -> float:
    # height of the roll where the back's side stands on it
    return ROLL_Z + float(np.sqrt(ROLL**2 - (BACK_HALF - INNER - ROLL) ** 2))


def _roll_length_at(ia: Extrusion, x: float) -> float:
    return float(ia.profile.nearest(np.array([[x, _crest_z()]]))[0])


def _back_length_at(ib: Extrusion, z: FloatArray) -> FloatArray:
    # profile length of the inside back at height z; its one arc bulges forwards
    arc = ib.profile.parts[0]
    assert isinstance(arc, Arc)
    angle = np.arcsin((z - arc.centre[1]) / arc.radius)
    return np.asarray((angle - arc.begin) * arc.radius)


def _roll_on_back(ia: Extrusion, ib: Extrusion, crest: float) -> Curve:
    # inside arm and inside back are cylinders at right angles: along the arm's profile, at the
    # depth that the back has at that height
    def at(t: FloatArray) -> FloatArray:
        xz = ia.profile.at(t * crest)
        yz = ib.profile.at(_back_length_at(ib, xz[:, 1]))
        return np.column_stack([xz[:, 0], yz[:, 0], xz[:, 1]])

    return Curve(at)


def _crest_line(ia: Extrusion, ib: Extrusion, crest: float) -> Curve:
    z = _crest_z()
    y = float(ib.profile.at(_back_length_at(ib, np.array([z])))[0, 0])
    return Curve.line((BACK_HALF, REAR, z), (BACK_HALF, y, z))


def _below() -> tuple[Solid, ...]:
    # a dust cover just inside the bottom welt, and four legs
    half, inset = OUTER - 0.002, 0.075
    cover = Solid((-half, REAR + 0.002, BOTTOM), (half, FRONT - 0.002, BOTTOM + 0.004), "lining")
    legs = (
        Solid((x - 0.022, y - 0.022, 0.0), (x + 0.022, y + 0.022, BOTTOM), "wood")
        for x in (-OUTER + inset, OUTER - inset)
        for y in (REAR + inset, FRONT - inset)
    )
    return (cover, *legs)
