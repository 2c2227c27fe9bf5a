"""Panels laid flat as cloth is: stiff along warp and weft, soft in shear, seams of true length.

For each face ``J`` maps the surface's own plane to the flat, where +x is the weft and +y the warp.
The threads' lengths on the furniture are the columns of its inverse: the weft is stretched by
``|J_y| / det J``, the warp by ``|J_x| / det J``, and they meet at a right angle turned by
``asin(-J_x . J_y / (|J_x| |J_y|))`` (``J_x``, ``J_y`` the rows), which is what
``C = (J J^T)^-1`` tells in the grain's axes.
The sum over area of ``stretch^2 + stiffness * shear^2``, with large ones weighed more, is made
small by Gauss and Newton's steps (Levenberg's damping), with the border's lengths held by bars
over short stretches of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csc_array, csr_array, diags_array, vstack
from scipy.sparse.linalg import splu

from stitchsketch_kernel.domain.arrays import BoolArray, FloatArray, IntArray
from stitchsketch_kernel.upholstery.flat.cloth import Cloth, Fit

#: What the border's lengths weigh beside the cloth, and what the grain's direction does.
_BARS, _GRAIN = 30.0, 3.0
#: Stretch and shear from which on more of them costs more than its square.
_MUCH_STRAIN, _MUCH_SHEAR = 0.004, 0.07
#: No face is pressed to less than this share of its area on the way.
_LEAST_AREA = 0.2
_HALVINGS, _MOST_DAMPING = 8, 1.0


@dataclass(frozen=True)
class Threads:
    """What each face's cloth does: shapes (m,). `area` is the surface's, as a share of all."""

    weft: FloatArray
    warp: FloatArray
    shear: FloatArray
    area: FloatArray

    @property
    def strain_percent(self) -> FloatArray:
        """The larger of both threads' stretches, percent."""
        return np.asarray(100 * np.maximum(np.abs(self.weft), np.abs(self.warp)))

    @property
    def shear_deg(self) -> FloatArray:
        """How far the threads' angle is from a right one."""
        return np.asarray(np.degrees(np.arcsin(np.clip(np.abs(self.shear), 0, 1))))

    def fit(self, held: BoolArray | None = None) -> Fit:
        """How hard the cloth is pressed, on some of the faces or all; shape (m,)."""
        strain, shear, area = self.strain_percent, self.shear_deg, self.area
        if held is not None:
            strain, shear, area = strain[held], shear[held], area[held]
        if not len(area):
            return Fit(0.0, 0.0, 0.0)
        order = np.argsort(strain)
        share = np.cumsum(area[order]) / area.sum()
        high = min(int(np.searchsorted(share, 0.95)), len(order) - 1)
        return Fit(float(strain[order][high]), float(strain.max()), float(shear.max()))


class Sheet:
    """A disk-like surface that is to be laid flat.

    Parameters
    ----------
    surface : ndarray, shape (n, 3)
    faces : ndarray of int32, shape (m, 3)
    bars : sequence of ndarray of int32
        Stretches of the border, each a run of vertices whose length is kept; may be none.
    grain : ndarray, shape (3,), optional
        Direction of the warp; without it the flat may turn.
    """

    def __init__(
        self,
        surface: FloatArray,
        faces: IntArray,
        bars: list[IntArray],
        grain: FloatArray | None = None,
    ) -> None:
        self.faces, self.count = faces, len(surface)
        a, b, c = (surface[faces[:, i]] for i in range(3))
        along, area2, slopes = _slopes(b - a, c - a)
        self._slopes = slopes
        self.area = area2 / area2.sum()
        none = np.zeros((0, 2), dtype=np.int32)
        self._steps = np.concatenate([none, *[np.column_stack([r[:-1], r[1:]]) for r in bars]])
        lengths = np.linalg.norm(surface[self._steps[:, 1]] - surface[self._steps[:, 0]], axis=1)
        which = np.repeat(np.arange(len(bars)), np.array([len(r) - 1 for r in bars], dtype=int))
        self._sum = csr_array(
            (np.ones(len(which)), (which, np.arange(len(which)))), shape=(len(bars), len(which))
        )
        self._length = self._sum @ lengths
        self._heavy = _BARS * np.sqrt(self._length / max(self._length.sum(), 1e-12))
        self._turn = None if grain is None else self._grain_row(along, b - a, c - a, grain)

    def _grain_row(
        self, along: FloatArray, ab: FloatArray, ac: FloatArray, grain: FloatArray
    ) -> FloatArray:
        """What gives the mean x of the grain in the flat, which shall be 0."""
        up = np.cross(ab, ac)
        across = np.cross(up / np.linalg.norm(up, axis=1)[:, None], along)
        local = np.column_stack([along @ grain, across @ grain])
        weights = np.einsum("mi,mij->mj", local, self._slopes) * self.area[:, None]
        row = np.bincount(self.faces.ravel(), weights.ravel(), minlength=self.count)
        return np.asarray(_GRAIN * np.concatenate([row, np.zeros(self.count)]))

    def threads(self, flat: FloatArray) -> Threads:
        """What the cloth does when it is cut as `flat`, shape (n, 2)."""
        return self._measured(flat)[2]

    def lengths(self, flat: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Of each bar, in the flat and on the surface."""
        step = flat[self._steps[:, 1]] - flat[self._steps[:, 0]]
        return np.asarray(self._sum @ np.linalg.norm(step, axis=1)), self._length

    def _measured(self, flat: FloatArray) -> tuple[FloatArray, FloatArray, Threads, FloatArray]:
        corners = flat[self.faces]
        jx = np.einsum("mij,mj->mi", self._slopes, corners[:, :, 0])
        jy = np.einsum("mij,mj->mi", self._slopes, corners[:, :, 1])
        det = jx[:, 0] * jy[:, 1] - jx[:, 1] * jy[:, 0]
        nx, ny = np.linalg.norm(jx, axis=1), np.linalg.norm(jy, axis=1)
        threads = Threads(ny / det - 1, nx / det - 1, -(jx * jy).sum(axis=1) / (nx * ny), self.area)
        return jx, jy, threads, det

    def _energy(self, flat: FloatArray, weights: tuple[FloatArray, ...]) -> float:
        _, _, threads, det = self._measured(flat)
        if det.min() <= _LEAST_AREA:
            return np.inf
        parts = (threads.weft, threads.warp, threads.shear)
        inner = sum((self.area * w * one**2).sum() for w, one in zip(weights, parts, strict=True))
        have, want = self.lengths(flat)
        turned = 0.0 if self._turn is None else float(self._turn @ flat.T.ravel()) ** 2
        return float(inner + ((self._heavy * (have / want - 1)) ** 2).sum() + turned)

    def laid(
        self, flat: FloatArray, cloth: Cloth, rounds: int, power: float = 4.0, still: float = 1e-5
    ) -> FloatArray:
        """The flat, as the cloth lies best, from one that has no face turned over.

        Parameters
        ----------
        flat : ndarray, shape (n, 2)
            Where to begin.
        cloth : Cloth
        rounds : int
            At most.
        power : float
            Of strain where there is much of it: 2 keeps its mean small, more its largest.
        still : float
            It has settled when nothing moves by more than this share of its size.
        """
        damping, size = 1e-6, float(np.ptp(flat, axis=0).max())
        for _ in range(rounds):
            threads = self.threads(flat)
            weights = _weights(threads, cloth.shear_stiffness, power)
            J, r = self._linear(flat, weights)
            H, g = csc_array(J.T @ J), J.T @ r
            energy = self._energy(flat, weights)
            step, found, damping = self._step(flat, H, g, energy, weights, damping)
            if step is None:
                break
            moved = float(np.abs(step - flat).max())
            flat = step
            if moved < still * size or energy - found < 1e-5 * energy:
                break
        return flat

    def _step(
        self,
        flat: FloatArray,
        H: csc_array,
        g: FloatArray,
        energy: float,
        weights: tuple[FloatArray, ...],
        damping: float,
    ) -> tuple[FloatArray | None, float, float]:
        scale = float(H.diagonal().mean())
        while damping <= _MOST_DAMPING:
            solver = splu(
                csc_array(H + diags_array(np.full(2 * self.count, damping * scale))),
                permc_spec="MMD_AT_PLUS_A",
                diag_pivot_thresh=0.0,
                options={"SymmetricMode": True},
            )
            move = -self._solved(solver.solve, g, flat).reshape(2, -1).T
            for halved in range(_HALVINGS):
                moved = flat + move / 2**halved
                found = self._energy(moved, weights)
                if found < energy:
                    return moved, found, max(damping / 3, 1e-9)
            damping *= 10
        return None, energy, damping

    def _solved(
        self, solve: Callable[[FloatArray], FloatArray], g: FloatArray, flat: FloatArray
    ) -> FloatArray:
        """The step with the grain's row as well, which is dense (Sherman and Morrison)."""
        t = self._turn
        if t is None:
            return solve(g)
        y, z = solve(g + t * float(t @ flat.T.ravel())), solve(t)
        return np.asarray(y - z * (t @ y) / (1 + t @ z))

    def _linear(
        self, flat: FloatArray, weights: tuple[FloatArray, ...]
    ) -> tuple[csr_array, FloatArray]:
        """The residuals and how they change with all x, then all y."""
        jx, jy, threads, det = self._measured(flat)
        nx, ny = np.linalg.norm(jx, axis=1), np.linalg.norm(jy, axis=1)
        det_x = np.column_stack([jy[:, 1], -jy[:, 0]])
        det_y = np.column_stack([-jx[:, 1], jx[:, 0]])
        shear = threads.shear
        slopes = (
            (_by(-ny / det**2, det_x), _by(1 / (ny * det), jy) - _by(ny / det**2, det_y)),
            (_by(1 / (nx * det), jx) - _by(nx / det**2, det_x), _by(-nx / det**2, det_y)),
            (
                _by(-1 / (nx * ny), jy) - _by(shear / nx**2, jx),
                _by(-1 / (nx * ny), jx) - _by(shear / ny**2, jy),
            ),
        )
        blocks, residuals = [], []
        parts = (threads.weft, threads.warp, shear)
        for value, (to_x, to_y), weight in zip(parts, slopes, weights, strict=True):
            root = np.sqrt(self.area * weight)
            both = [np.einsum("mi,mij->mj", one, self._slopes) for one in (to_x, to_y)]
            blocks.append(np.hstack(both) * root[:, None])
            residuals.append(value * root)
        m = len(self.faces)
        columns = np.repeat(np.hstack([self.faces, self.faces + self.count]), 3, axis=0)
        cloth = csr_array(
            (np.stack(blocks, axis=1).ravel(), columns.ravel(), np.arange(0, 18 * m + 1, 6)),
            shape=(3 * m, 2 * self.count),
        )
        bars, off = self._bars(flat)
        rows, values = [cloth, bars], [np.stack(residuals, axis=1).ravel(), off]
        return csr_array(vstack(rows)), np.concatenate(values)

    def _bars(self, flat: FloatArray) -> tuple[csr_array, FloatArray]:
        a, b = self._steps.T
        step = flat[b] - flat[a]
        length = np.linalg.norm(step, axis=1)
        unit = step / length[:, None]
        values = np.column_stack([-unit[:, 0], unit[:, 0], -unit[:, 1], unit[:, 1]])
        columns = np.column_stack([a, b, a + self.count, b + self.count])
        single = csr_array(
            (values.ravel(), columns.ravel(), np.arange(0, 4 * len(a) + 1, 4)),
            shape=(len(a), 2 * self.count),
        )
        weigh = diags_array(self._heavy / self._length)
        return csr_array(weigh @ self._sum @ single), self._heavy * (
            self._sum @ length / self._length - 1
        )


def _slopes(ab: FloatArray, ac: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Each face's first axis, twice its area, and the slopes of its corners' hats (m, 2, 3)."""
    x1 = np.linalg.norm(ab, axis=1)
    along = ab / x1[:, None]
    x2 = (ac * along).sum(axis=1)
    y2 = np.linalg.norm(ac - x2[:, None] * along, axis=1)
    slopes = np.zeros((len(ab), 2, 3))
    slopes[:, 0, 1], slopes[:, 1, 1], slopes[:, 1, 2] = 1 / x1, -x2 / (x1 * y2), 1 / y2
    slopes[:, :, 0] = -slopes[:, :, 1] - slopes[:, :, 2]
    return along, x1 * y2, slopes


def _weights(threads: Threads, stiffness: float, power: float) -> tuple[FloatArray, ...]:
    def more(value: FloatArray, much: float) -> FloatArray:
        return np.asarray((1 + (value / much) ** 2) ** ((power - 2) / 2))

    return (
        more(threads.weft, _MUCH_STRAIN),
        more(threads.warp, _MUCH_STRAIN),
        stiffness * more(threads.shear, _MUCH_SHEAR),
    )


def _by(factor: FloatArray, rows: FloatArray) -> FloatArray:
    return np.asarray(factor[:, None] * rows)
