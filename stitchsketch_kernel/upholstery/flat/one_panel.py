"""One panel laid flat as its cloth allows: as it unrolls, thread by thread, turned, or with darts.

What changes least comes first. Cloth that may turn is laid with its warp between the panel's axes
before it is cut into; of what keeps the limits on a coarse mesh the first that does on the fine one
is taken, and else the best.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from stitchsketch_kernel.domain.arrays import BoolArray, FloatArray, IntArray
from stitchsketch_kernel.domain.cloth import Cloth, Fit
from stitchsketch_kernel.domain.panel import PLEATED, Panel, PanelMap
from stitchsketch_kernel.domain.piece import FlatPanel
from stitchsketch_kernel.domain.progress import Progress
from stitchsketch_kernel.domain.sewing import sews
from stitchsketch_kernel.upholstery.flat.darted import Laid, Trial, settled, tried
from stitchsketch_kernel.upholstery.flat.darts import propose_darts
from stitchsketch_kernel.upholstery.flat.flatten import FlattenSettings
from stitchsketch_kernel.upholstery.flat.grain import grain_at
from stitchsketch_kernel.upholstery.flat.reference import Reference
from stitchsketch_kernel.upholstery.flat.woven import Sheet

#: A stapled edge's fullness below this share isn't worth a word.
_FULLNESS = 0.01
#: Where the warp lies when it is turned, degrees from where it was.
_TURNS_DEG = (45.0, -45.0)


@dataclass(frozen=True)
class Found:
    """How a panel lies best.

    Attributes
    ----------
    flat : FlatPanel
        As it unrolls.
    panel : Reference
        The same, to lay it out.
    laid : Laid or None
        None where it had better stay as it is unrolled.
    fit : Fit
        How hard its cloth is pressed.
    fullness_mm : float
        How much too long its stapled edges are.
    warp_m : ndarray, shape (3,), or None
        The warp's direction where it was turned.
    """

    flat: FlatPanel
    panel: Reference
    laid: Laid | None
    fit: Fit
    fullness_mm: float = 0.0
    warp_m: FloatArray | None = None

    def notes(self) -> list[str]:
        """Sentences for the report."""
        said, name = [], self.flat.panel
        many = 0 if self.laid is None else len(self.laid.mesh.legs)
        if many:
            darts = "a dart" if many == 1 else f"{many} darts"
            said.append(f"{name} is too round to lie flat: it has {darts}.")
        if self.warp_m is not None:
            said.append(f"{name} has its warp between its axes: only there the cloth gives enough.")
        if self.fullness_mm > 0:
            said.append(
                f"Along the stapled edge of {name} {self.fullness_mm:.0f} mm of cloth are too "
                "much: lay them in pleats."
            )
        return said


def lay_panel(
    panel_map: PanelMap,
    panel: Panel,
    flat: FlatPanel,
    cloth: Cloth,
    settings: FlattenSettings,
    progress: Progress,
) -> Found:
    """Lay a panel that is unrolled as its cloth allows."""
    corners, sewn = _border_of(panel_map, flat)
    whole = Reference(
        flat.uv_mm, flat.surface_mm, flat.faces, flat.boundary, corners, panel.grain_m, sewn
    )
    steps = np.column_stack([flat.boundary, np.roll(flat.boundary, -1)])
    sheet = Sheet(whole.surface, whole.faces, steps)
    held = whole.held(whole.flat[whole.faces].mean(axis=1))
    as_unrolled = sheet.threads(whole.flat).fit(held)
    if cloth.excess(as_unrolled) <= 1 and _true(
        *sheet.lengths(whole.flat), _runs(corners, len(steps), sewn)
    ):
        return Found(flat, whole, None, as_unrolled)
    best: Found | None = None
    tries: list[tuple[Reference, Trial]] = []
    for turned, trial in _options(whole, flat, cloth, settings, progress):
        tries.append((turned, trial))
        if trial.excess <= 1:
            best = _better(best, _settled(flat, whole, turned, cloth, trial), cloth)
        if best is not None and cloth.excess(best.fit) <= 1:
            return best
    # nothing keeps the limits: what passes them least, or else without darts, true to its seams
    for turned, trial in sorted(tries, key=lambda one: one[1].excess)[:1] + tries[:1]:
        if best is None:
            best = _settled(flat, whole, turned, cloth, trial)
    return Found(flat, whole, None, as_unrolled) if best is None else best


def _options(
    whole: Reference,
    flat: FlatPanel,
    cloth: Cloth,
    settings: FlattenSettings,
    progress: Progress,
) -> Iterator[tuple[Reference, Trial]]:
    """Ways to lay a panel with how it lies on a coarse mesh, what changes least first."""
    warps = [whole]
    if cloth.turns:
        warps += [whole.with_grain(grain_at(flat, degrees)) for degrees in _TURNS_DEG]
    for one in warps:
        trial = tried(one, cloth, (), patient=True)
        if trial is not None:
            yield one, trial
    if settings.darts and whole.sewn.any():
        trial = propose_darts(whole, cloth, settings.most_darts, progress)
        if trial is not None and trial.darts:
            yield whole, trial


def _settled(
    flat: FlatPanel, whole: Reference, turned: Reference, cloth: Cloth, trial: Trial
) -> Found | None:
    lies = settled(turned, cloth, trial)
    if lies is None:
        return None
    laid = lies[0]
    warp = None if turned is whole else turned.grain
    return Found(flat, whole, laid, laid.fit, _fullness_mm(whole, laid), warp)


def _better(a: Found | None, b: Found | None, cloth: Cloth) -> Found | None:
    if a is None or b is None:
        return a or b
    return a if cloth.excess(a.fit) <= cloth.excess(b.fit) else b


def _border_of(panel_map: PanelMap, flat: FlatPanel) -> tuple[IntArray, BoolArray]:
    """Places on the border where seams end, and which of its steps are sewn."""
    kinds = {seam.id: seam.edge_kind for seam in panel_map.seams}
    place = {int(vertex): at for at, vertex in enumerate(flat.boundary)}
    sewn = np.ones(len(flat.boundary), dtype=bool)
    corners = set()
    for key, vertices in flat.seam_vertices.items():
        at = np.array([place[int(vertex)] for vertex in vertices])
        corners |= {int(at[0]), int(at[-1])}
        if kinds[key.rstrip("*")] in PLEATED:
            ahead = (at[1] - at[0]) % len(sewn) == 1
            sewn[at[:-1] if ahead else at[1:]] = False
    return np.array(sorted(corners), dtype=np.int32), sewn


def _runs(corners: IntArray, count: int, sewn: BoolArray) -> Sequence[tuple[int, int]]:
    """The border's sewn sides, from corner to corner, as places on its ring."""
    if not len(corners):
        return [(0, count)] if sewn.all() else []
    ends = [*corners.tolist(), count] if corners[0] == 0 else [0, *corners.tolist(), count]
    return [(a, b) for a, b in pairwise(ends) if b > a and sewn[a]]


def _true(have: FloatArray, want: FloatArray, runs: Sequence[tuple[int, int]]) -> bool:
    """Whether sewn sides are as long in the flat as on the furniture, by their steps' lengths."""
    return all(sews(float(have[a:b].sum()), float(want[a:b].sum())) for a, b in runs)


def _fullness_mm(panel: Reference, laid: Laid) -> float:
    """How much longer the flat's stapled edges are than the furniture's; 0 where it is little."""
    source = laid.mesh.source[laid.mesh.border]
    ring = np.append(laid.mesh.border, laid.mesh.border[0])
    count = len(panel.border)
    on_border = (source < count) & (np.roll(source, -1) == (source + 1) % count)
    loose = on_border & ~panel.sewn[np.where(on_border, source, 0)]
    flat = np.linalg.norm(np.diff(laid.flat[ring], axis=0), axis=1)[loose].sum()
    true = np.linalg.norm(np.diff(laid.surface[ring], axis=0), axis=1)[loose].sum()
    more = float(flat - true)
    return more if more > _FULLNESS * float(true) else 0.0
