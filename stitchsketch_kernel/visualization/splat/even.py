"""How bright each photo is and how dark the lens makes its corners, from what several photos show.

A place of the surface has one colour; what photos differ by there is their exposure and where in
the picture it lies (Goldman, *Vignette and exposure calibration and compensation*, 2010). All
unknowns are in the logarithm of the brightness, and linear there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from stitchsketch_kernel.domain.arrays import AnyArray
from stitchsketch_kernel.domain.photo import View
from stitchsketch_kernel.visualization.splat.begin import spread
from stitchsketch_kernel.visualization.splat.light import Light, darkening
from stitchsketch_kernel.visualization.splat.photos import Scan, Target, targets
from stitchsketch_kernel.visualization.splat.sights import sampled, sights

#: Photos are looked at in this size, softened by this much, at so many places.
_LONG_SIDE_PX, _SOFT_PX, _PLACES = 320, 1.0, 12_000
#: Darker or brighter (sRGB 0 to 1) tells nothing: noise, or a highlight that is cut off.
_DARKEST, _BRIGHTEST = 0.06, 0.92
#: A photo looks at a place at least this straight (cosine).
_FACING = 0.35
#: What is off by more than so many times the usual counts ever less.
_HUBER, _ROUNDS = 1.5, 6
#: Before any photo is looked at the falloff is none, give or take this. So many neighbouring
#: places are wrong together (a seam that is off, a highlight) that they count as one. No lens
#: makes corners brighter: where the photos say so it is something else, and none is taken.
_PRIOR, _ALIKE = 0.5, 100
#: With fewer looks at places that another photo sees too nothing is said.
_LEAST = 500


@dataclass(frozen=True)
class _Looks:
    """Photos' brightness at places: one row a photo and place.

    Attributes
    ----------
    place, photo : ndarray of int, shape (k,)
    square : ndarray, shape (k,)
        Of the tangent off the axis.
    level : ndarray, shape (k, 3)
        Natural logarithm of red, green, blue.
    """

    place: AnyArray
    photo: AnyArray
    square: AnyArray
    level: AnyArray


def lit(scan: Scan, views: Sequence[View]) -> Scan:
    """The scan with what its photos say of their light; only those of `views` are asked.

    Raises
    ------
    PhotoError, SplatError
        As `targets` does.
    """
    seen_by = targets(replace(scan, light=Light()), views, _LONG_SIDE_PX)
    looks = _looked(scan, seen_by)
    if len(looks.place) < _LEAST:
        return replace(scan, light=Light())
    return replace(scan, light=_solved(looks, [target.view.name for target in seen_by]))


def _looked(scan: Scan, seen_by: Sequence[Target]) -> _Looks:
    mesh, rng = scan.mesh, np.random.default_rng(0)
    points, faces = spread(mesh, mesh.face_areas(), _PLACES, rng)
    normals = mesh.face_normals()[faces]
    rows = []
    for number, target in enumerate(seen_by):
        sight = sights(points, normals, target)
        soft = cv2.GaussianBlur(target.photo.astype(np.float32) / 255, (0, 0), _SOFT_PX)
        inner = cv2.erode((target.mask == 255).astype(np.uint8), np.ones((5, 5), np.uint8))
        color = sampled(soft, sight.u, sight.v)
        good = (sight.facing > _FACING) & (
            inner[np.rint(sight.v).astype(int), np.rint(sight.u).astype(int)] > 0
        )
        good &= (color.min(axis=1) > _DARKEST) & (color.max(axis=1) < _BRIGHTEST)
        lens = target.view.camera
        x, y = (sight.u + 0.5 - lens.cx) / lens.fx, (sight.v + 0.5 - lens.cy) / lens.fy
        square = (x**2 + y**2)[good].astype(float)
        rows.append((sight.rows[good], np.full(good.sum(), number), square, np.log(color[good])))
    place, photo, square, level = (np.concatenate(column) for column in zip(*rows, strict=True))
    shared = np.bincount(place, minlength=len(points))[place] > 1
    return _Looks(place[shared], photo[shared], square[shared], level[shared])


def _solved(looks: _Looks, names: Sequence[str]) -> Light:
    """Falloff by the colours' mean (Huber's fit), then each channel's exposure."""
    photos = np.eye(len(names))[looks.photo]
    lens = darkening(looks.square, 1.0)[:, None]
    prior = np.full(len(names), 1.0)
    design, level = np.hstack([photos, lens]), looks.level.mean(axis=1, keepdims=True)
    weight: AnyArray = np.ones(len(level))
    off, usual = level, np.inf
    for _ in range(_ROUNDS):
        found, off = _fitted(looks.place, weight, design, level, np.append(prior, _PRIOR), usual)
        usual = max(1.4826 * float(np.median(np.abs(off))), 1e-4)
        weight = 1 / np.maximum(1, np.abs(off[:, 0]) / (_HUBER * usual))
    falloff = max(0.0, float(found[-1, 0]))
    gains, _ = _fitted(looks.place, weight, photos, looks.level - falloff * lens, prior, usual)
    gains = np.exp(gains - gains.mean(axis=0))
    return Light(
        falloff,
        {
            name: (float(gain[0]), float(gain[1]), float(gain[2]))
            for name, gain in zip(names, gains, strict=True)
        },
    )


def _fitted(
    place: AnyArray, weight: AnyArray, design: AnyArray, level: AnyArray, prior: AnyArray,
    usual: float,
) -> tuple[AnyArray, AnyArray]:  # fmt: skip
    """What fits each column of `level` best, each place with a colour of its own; what is left.

    Parameters
    ----------
    prior : ndarray, shape (m,)
        What each unknown is 0, give or take.
    usual : float
        How much a look is off, which the prior is weighed by; infinite: not known, no prior.
    """
    X, y = _apart(place, weight, design), _apart(place, weight, level)
    told = usual**2 * _ALIKE
    unsure = np.diag(told / prior**2) if np.isfinite(told) else 1e-6 * np.eye(len(prior))
    pull = (X * weight[:, None]).T
    found = np.linalg.solve(pull @ X + unsure, pull @ y)
    return found, np.asarray(y - X @ found)


def _apart(place: AnyArray, weight: AnyArray, values: AnyArray) -> AnyArray:
    """Values less their weighted mean at each place, (k, m)."""
    total = np.bincount(place, weight)
    total[total == 0] = 1
    return np.column_stack(
        [column - (np.bincount(place, weight * column) / total)[place] for column in values.T]
    )
