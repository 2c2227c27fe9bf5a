"""A panel meshed with darts and laid flat as cloth: coarsely to try them, finely to cut."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from stitchsketch_kernel.domain.arrays import BoolArray, FloatArray, IntArray
from stitchsketch_kernel.domain.cloth import Cloth, Fit
from stitchsketch_kernel.upholstery.flat.grain import turned
from stitchsketch_kernel.upholstery.flat.reference import Reference
from stitchsketch_kernel.upholstery.flat.slit import SlitMesh, slit_mesh
from stitchsketch_kernel.upholstery.flat.woven import STAGES, Sheet, Threads
from stitchsketch_kernel.upholstery.geometry.lattice import lattice_within
from stitchsketch_kernel.upholstery.geometry.unroll import signed_areas, unroll

#: Inner points of the coarse mesh that darts are tried on.
_COARSE = 600
#: A dart is open where its legs are further apart.
OPEN_MM = 0.15
#: Open to this share of its length, a dart is as long as it should be; to less than the second,
#: it is none.
_OPEN, _TOO_SHORT = 0.93, 0.15
_SETTLING = 4
#: Steps of the cloth to where it lies best, at most; trials need not come so near to it.
_ROUNDS, _TRIED_ROUNDS = 25, 12
#: Darts that leave this many times too much strain over most of the panel are tried no further.
_HOPELESS = 2.0
#: Cloth that passes its limits by less than this may yet keep them when it settles further, as long
#: as that gains this share.
_NEARLY, _PATIENT = 1.6, 1e-3


@dataclass(frozen=True)
class Dart:
    """Where a dart runs, in the reference flat.

    Attributes
    ----------
    mouth : int
        The border's point where it opens.
    line : ndarray, shape (k, 2)
        From the mouth to the apex.
    """

    mouth: int
    line: FloatArray

    def lengthened(self, share: float) -> Dart:
        """Longer by a share of its length, straight on, or shorter by as much."""
        if share < 0:
            along = _along(self.line)
            at = np.linspace(0, along[-1] * (1 + share), len(self.line))
            line = np.column_stack([np.interp(at, along, self.line[:, i]) for i in (0, 1)])
            return Dart(self.mouth, line)
        step = self.line[-1] - self.line[-2]
        more = self.line[-1] + step * (len(self.line) - 1) * share
        return Dart(self.mouth, np.vstack([self.line, more]))


@dataclass(frozen=True)
class Trial:
    """Darts that were tried, and how the cloth lies with them."""

    darts: tuple[Dart, ...]
    fit: Fit
    excess: float


@dataclass(frozen=True)
class Laid:
    """A panel laid flat with its darts.

    Attributes
    ----------
    mesh : SlitMesh
        Its points come from the panel's border, its other points in order, and the darts.
    surface, flat : ndarray, shapes (n, 3) and (n, 2)
    threads : Threads
    lengths : tuple of ndarray
        Of short stretches of the border: in the flat, and on the surface.
    fit : Fit
        How hard the cloth is pressed where its limits count.
    """

    mesh: SlitMesh
    surface: FloatArray
    flat: FloatArray
    threads: Threads
    lengths: tuple[FloatArray, FloatArray]
    fit: Fit

    @property
    def flipped(self) -> int:
        """Faces that lie face down."""
        return int((signed_areas(self.flat, self.mesh.faces) <= 0).sum())

    @property
    def overlaps(self) -> bool:
        """Whether the outline, with its darts open, crosses itself."""
        return not shapely.Polygon(self.flat[self.mesh.border]).is_valid

    def open_share(self, dart: int) -> float:
        """How far a dart is open from its mouth, as a share of its length; its legs close beyond.

        0 where they lie over each other from the mouth on: cloth is short there, not too much.
        """
        into, back = self.mesh.legs[dart]
        a, b = self.flat[into], self.flat[back[::-1]]
        along = np.gradient((a + b) / 2, axis=0)
        # the border goes in and out with the cloth on its left, and the gap on its right
        gap = along[:, 1] * (b - a)[:, 0] - along[:, 0] * (b - a)[:, 1]
        wide = gap > OPEN_MM * np.linalg.norm(along, axis=1)
        shut = np.flatnonzero(~wide[:-1])
        return float(shut[0] / (len(wide) - 1)) if len(shut) else 1.0


def tried(
    panel: Reference, cloth: Cloth, darts: tuple[Dart, ...], patient: bool = False
) -> Trial | None:
    """How a cloth lies on a coarse mesh of the panel with these darts; None where they meet.

    None also where the flat would lie over itself. `patient` is as in `coarse_fit`.
    """
    step = panel.step(_COARSE)
    kept = panel.coarse_border(step, [dart.mouth for dart in darts])
    outline = panel.outline[kept]
    place = {int(one): i for i, one in enumerate(kept)}
    slits = [(place[dart.mouth], stepped(dart.line, step)) for dart in darts]
    mesh = slit_mesh(outline, lattice_within(outline, step), slits)
    fit = None if mesh is None else coarse_fit(panel, cloth, mesh, panel.sewn[kept], patient)
    return None if fit is None else Trial(darts, fit, cloth.excess(fit))


def coarse_fit(
    panel: Reference, cloth: Cloth, mesh: SlitMesh, sewn: BoolArray, patient: bool = False
) -> Fit | None:
    """How hard a cloth is pressed on a mesh of the panel or of a part of it.

    Parameters
    ----------
    panel : Reference
    cloth : Cloth
    mesh : SlitMesh
        In the reference flat.
    sewn : ndarray of bool
        For each step of the border as the mesh was given it.
    patient : bool
        Whether to go on where it nearly keeps its limits.

    Returns
    -------
    Fit or None
        None where the flat would lie over itself.
    """
    surface = panel.lifted(mesh.flat)
    flat = unroll(surface, mesh.faces, 30)
    flat = turned(flat, surface, mesh.faces, panel.grain)
    sheet = Sheet(surface, mesh.faces, bars(mesh, sewn), panel.grain)
    flat = sheet.laid(flat, cloth, _TRIED_ROUNDS, stages=STAGES[:1])
    rough = sheet.threads(flat).fit(judged(panel, mesh)).strain_percent
    if rough < _HOPELESS * cloth.strain_percent:
        flat = sheet.laid(flat, cloth, _TRIED_ROUNDS, stages=STAGES[1:])
    if patient:
        flat = _gone_on(sheet, flat, cloth, judged(panel, mesh))
    if not shapely.Polygon(flat[mesh.border]).is_valid:
        return None
    return sheet.threads(flat).fit(judged(panel, mesh))


def _gone_on(sheet: Sheet, flat: FloatArray, cloth: Cloth, held: BoolArray) -> FloatArray:
    """The flat where the cloth nearly keeps its limits, settled until it does or can't.

    Shear grows slowly: round after round gains little, and all of them together a third.
    """
    excess = cloth.excess(sheet.threads(flat).fit(held))
    while 1 < excess < _NEARLY:
        on = sheet.laid(flat, cloth, _ROUNDS, gain=_PATIENT, stages=STAGES[-1:])
        before, excess = excess, cloth.excess(sheet.threads(on).fit(held))
        if excess > (1 - _PATIENT) * before:
            break
        flat = on
    return flat


def laid_with_darts(panel: Reference, cloth: Cloth, trial: Trial) -> Laid | None:
    """The whole panel with a trial's darts, begun from how it unrolls with them cut open.

    Returns
    -------
    Laid or None
        None where the panel's own points leave a dart no room.
    """
    inner = np.setdiff1d(np.arange(len(panel.flat)), panel.border)
    step = panel.step(len(inner))
    slits = [(dart.mouth, stepped(dart.line, step)) for dart in trial.darts]
    mesh = slit_mesh(panel.outline, panel.flat[inner], slits)
    if mesh is None:
        return None
    vertices = np.concatenate([panel.border, inner])
    known = mesh.source < len(vertices)
    surface = np.empty((len(mesh.flat), 3))
    surface[known] = panel.surface[vertices[mesh.source[known]]]
    if not known.all():
        surface[~known] = panel.lifted(mesh.flat[~known])
    sheet = Sheet(surface, mesh.faces, bars(mesh, panel.sewn), panel.grain)
    flat = turned(unroll(surface, mesh.faces, 30), surface, mesh.faces, panel.grain)
    flat = _gone_on(sheet, sheet.laid(flat, cloth, _ROUNDS), cloth, judged(panel, mesh))
    threads = sheet.threads(flat)
    return Laid(mesh, surface, flat, threads, sheet.lengths(flat), threads.fit(judged(panel, mesh)))


def settled(panel: Reference, cloth: Cloth, trial: Trial) -> tuple[Laid, Trial] | None:
    """The whole panel with a trial's darts, each as long as it is open there.

    A dart that goes on where its legs have closed would lie over itself, and where it ends the
    cloth would be drawn together; one that hardly opens is left out.

    Returns
    -------
    (Laid, Trial) or None
        None where the darts find no room, or the flat would lie over itself all the same.
    """
    for left in reversed(range(_SETTLING)):
        laid = laid_with_darts(panel, cloth, trial)
        if laid is None or laid.flipped:
            return None
        open_to = [laid.open_share(index) for index in range(len(trial.darts))]
        if min(open_to, default=1.0) >= _OPEN or not left:
            return None if laid.overlaps else (laid, trial)
        kept = tuple(
            dart if share >= _OPEN else dart.lengthened(share - 1)
            for dart, share in zip(trial.darts, open_to, strict=True)
            if share > _TOO_SHORT
        )
        again = tried(panel, cloth, kept)
        if again is None:
            return None
        trial = again
    return None


def judged(panel: Reference, mesh: SlitMesh) -> BoolArray:
    """The faces that the cloth's limits are for: not beside stapled edges."""
    return panel.held(mesh.flat[mesh.faces].mean(axis=1))


def stepped(line: FloatArray, step: float) -> FloatArray:
    """A line's points a step or less apart, without the first: (k, 2)."""
    along = _along(line)
    count = max(2, int(np.ceil(along[-1] / step)))
    at = along[-1] * np.arange(1, count + 1) / count
    return np.column_stack([np.interp(at, along, line[:, i]) for i in (0, 1)])


def _along(line: FloatArray) -> FloatArray:
    return np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])


def bars(mesh: SlitMesh, sewn: BoolArray) -> IntArray:
    """Every step of the border that is sewn, darts' legs too: a bar each, so that forces are even.

    `sewn` (b,) is for each step of the border as the mesh was given it.
    """
    ring = np.append(mesh.border, mesh.border[0])
    first, second = mesh.source[ring[:-1]], mesh.source[ring[1:]]
    on_border = (first < len(sewn)) & (second == (first + 1) % len(sewn))
    held = ~on_border | sewn[np.where(on_border, first, 0)]
    return np.asarray(np.column_stack([ring[:-1], ring[1:]])[held])
