"""How sure a length is that was measured between two places of a scan."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.spatial import cKDTree

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.domain.sureness import ScanErrors
from stitchsketch_kernel.domain.units import MM_PER_M
from stitchsketch_kernel.upholstery.geometry.ruler import LONGER, Measured, Place
from stitchsketch_kernel.upholstery.sure.draws import WITHIN
from stitchsketch_kernel.upholstery.sure.noise import Noise, surface_noise

#: Confidence above which photos saw a place (as in `measure`).
_SEEN = 0.2
#: A scan is never surer of a surface than this: the meshing's own error.
_LEAST_MM = 0.02
#: The surface's noise is looked at within this of a place: several patches' worth.
_ABOUT_MM = 70.0
#: Where a surface doesn't show its noise.
_USUAL = Noise(1.0, 3.0, 3.0)
#: The way's direction at its ends is taken over this.
_LEAVING_MM = 8.0


@dataclass(frozen=True)
class Ruled:
    """Half-widths of 95 % intervals, and whether photos saw both ends.

    Attributes
    ----------
    straight_mm, along_mm : float or None
        None where the scan has no scale, or there is no way along the surface.
    seen : bool
        False: an end lies where no photo saw the piece, and its ± says nothing of that.
    """

    straight_mm: float | None
    along_mm: float | None
    seen: bool


@dataclass
class RulerSureness:
    """Says the ± of lengths on one mesh; build once, ask often."""

    mesh: Mesh
    errors: ScanErrors
    _points_mm: FloatArray = field(init=False, repr=False)
    _tree: cKDTree = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._points_mm = self.mesh.vertices * MM_PER_M
        self._tree = cKDTree(self._points_mm)

    def of(self, a: Place, b: Place, measured: Measured) -> Ruled:
        """The ± of a length between two places.

        Beside the scale's share of the length: the slow bend between the ends
        (``2 bend^2 (1 - exp(-(d / reach)^2 / 2))``), the skin's offset where the surface faces
        along the length, and the surface's noise there. Roughness makes a way along the surface
        longer, by half the square of its slope, and so does how it is found.
        """
        seen = all(self._is_seen(place) for place in (a, b))
        errors = self.errors
        if not np.isfinite(errors.scale_percent):
            return Ruled(None, None, seen)
        noises = [self._noise(place) for place in (a, b)]
        normals = np.array([self._normal(place) for place in (a, b)])
        apart = b.point_m - a.point_m
        length = float(np.linalg.norm(apart))
        straight = np.tile(apart / max(length, 1e-12), (2, 1))
        bend = np.nan_to_num(errors.bend_mm) ** 2 * 2 * (
            1 - np.exp(-0.5 * (MM_PER_M * length / errors.bend_reach_mm) ** 2)
        )  # fmt: skip
        half = self._half(measured.straight_mm, straight, normals, noises, bend)
        if measured.along_mm is None:
            return Ruled(half, None, seen)
        leaving = _leaving(measured.path_m)
        along = self._half(measured.along_mm, leaving, normals, noises, bend)
        # what the mesh has no triangles for makes no way longer
        slope = np.mean([(one.sigma_mm / max(one.reach_mm, one.spacing_mm)) ** 2 for one in noises])
        return Ruled(half, along + float(0.5 * slope + LONGER) * measured.along_mm, seen)

    def _half(
        self,
        length_mm: float,
        directions: FloatArray,
        normals: FloatArray,
        noises: list[Noise],
        bend: float,
    ) -> float:
        facing = np.einsum("nk,nk->n", directions, normals)
        skin = (np.nan_to_num(self.errors.skin_mm) * (facing[1] - facing[0])) ** 2
        rough = sum(
            (one.sigma_mm * cosine) ** 2 for one, cosine in zip(noises, facing, strict=True)
        )
        scale = self.errors.scale_percent / 100 * length_mm
        return float(np.sqrt(scale**2 + WITHIN**2 * (bend + skin + rough)))

    def _is_seen(self, place: Place) -> bool:
        if self.mesh.confidence is None:
            return True
        return bool(self.mesh.confidence[self.mesh.faces[place.face]].min() > _SEEN)

    def _noise(self, place: Place) -> Noise:
        near = self._tree.query_ball_point(MM_PER_M * place.point_m, _ABOUT_MM)
        rng = np.random.default_rng(0)  # the same place tells the same figure
        found = surface_noise(self._points_mm[near], rng, _LEAST_MM)
        return _USUAL if found is None else found

    def _normal(self, place: Place) -> FloatArray:
        """Outwards, over the faces about the place."""
        near = self._tree.query(MM_PER_M * place.point_m, k=min(12, len(self._points_mm)))[1]
        about = np.isin(self.mesh.faces, near).any(axis=1)
        a, b, c = (self.mesh.vertices[self.mesh.faces[about, i]] for i in range(3))
        summed = np.cross(b - a, c - a).sum(axis=0)
        return np.asarray(summed / max(float(np.linalg.norm(summed)), 1e-12))


def _leaving(path_m: FloatArray) -> FloatArray:
    """Unit directions of a way at its two ends, both towards its end."""
    along = MM_PER_M * np.concatenate(
        [[0.0], np.cumsum(np.linalg.norm(np.diff(path_m, axis=0), axis=1))]
    )
    first = int(np.clip(np.searchsorted(along, _LEAVING_MM), 1, len(path_m) - 1))
    last = int(np.clip(np.searchsorted(along, along[-1] - _LEAVING_MM), 0, len(path_m) - 2))
    ends = np.array([path_m[first] - path_m[0], path_m[-1] - path_m[last]])
    return np.asarray(ends / np.maximum(np.linalg.norm(ends, axis=1, keepdims=True), 1e-12))
