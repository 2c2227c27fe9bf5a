"""Each panel laid flat as its cloth allows: as it is, thread by thread, or with darts.

Most panels unroll within what any cloth gives; they stay as they are unrolled. Where a cloth's
limits are passed, or a seam can't get its true length, the cloth is laid thread by thread; where
that doesn't do, with darts. A stapled edge keeps no length: what is too much there is pleated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from scipy.spatial import cKDTree

from stitchsketch_kernel.domain.arrays import BoolArray, FloatArray, IntArray
from stitchsketch_kernel.domain.panel import EdgeKind, Panel, PanelMap
from stitchsketch_kernel.domain.piece import FlatPanel
from stitchsketch_kernel.domain.progress import Progress, part, silent
from stitchsketch_kernel.domain.sewing import sews
from stitchsketch_kernel.upholstery.flat.cloth import Cloth, Fit, cloth_named
from stitchsketch_kernel.upholstery.flat.dart_seams import OpenDarts, seams_with_darts
from stitchsketch_kernel.upholstery.flat.darted import Laid, settled, tried
from stitchsketch_kernel.upholstery.flat.darts import propose_darts
from stitchsketch_kernel.upholstery.flat.flatten import FlattenSettings, flatten_panel
from stitchsketch_kernel.upholstery.flat.reference import Reference
from stitchsketch_kernel.upholstery.flat.woven import Sheet

#: Edges along which too much cloth is laid in pleats; all others are sewn, and keep their length.
PLEATED = frozenset({EdgeKind.STAPLE, EdgeKind.TACK_STRIP, EdgeKind.PULL_THROUGH})
#: A stapled edge's fullness below this share isn't worth a word.
_FULLNESS = 0.01


@dataclass(frozen=True)
class Cover:
    """All panels laid flat.

    Attributes
    ----------
    panel_map : PanelMap
        With a seam for every dart, and the seams that darts open into divided there; its notes
        and doubts with those of the cloth.
    flats : tuple of FlatPanel
        In the order of its panels.
    """

    panel_map: PanelMap
    flats: tuple[FlatPanel, ...]


def lay_panels(
    panel_map: PanelMap, settings: FlattenSettings | None = None, progress: Progress = silent
) -> Cover:
    """Lay every panel flat as the cloth allows.

    Raises
    ------
    FlattenError
        A panel folds over itself when laid flat; names it.
    SettingsError
        The settings' cloth is not in the table.
    """
    settings = settings or FlattenSettings()
    cloth = cloth_named(settings.cloth)
    flats: list[FlatPanel] = []
    darts: list[OpenDarts] = []
    notes: list[str] = []
    doubts: list[str] = []
    for done, panel in enumerate(panel_map.panels):
        here = part(progress, done / len(panel_map.panels), (done + 1) / len(panel_map.panels))
        here(0.0, f"panel {panel.name}")
        flat = flatten_panel(panel_map, panel, settings)
        found = _laid(panel_map, panel, flat, cloth, settings, here)
        if found is None:
            flats.append(flat)
            continue
        flats.append(flat if found.laid is None else _as_laid(flat, found.laid))
        darts += [] if found.laid is None else [OpenDarts(done, flat, found.laid.mesh)]
        notes += found.notes(panel.name)
        doubts += found.doubts(panel.name, cloth)
    seams, divided = seams_with_darts(panel_map, flats, darts)
    progress(1.0, f"{len(flats)} panels")
    return Cover(
        replace(
            panel_map,
            seams=seams,
            notes=(*panel_map.notes, *notes, *doubts),
            doubts=(*panel_map.doubts, *doubts),
        ),
        divided,
    )


@dataclass(frozen=True)
class _Found:
    """`laid` is None where the panel had better stay as it is unrolled; `fit` is how it lies."""

    laid: Laid | None
    fit: Fit
    fullness_mm: float = 0.0

    def notes(self, name: str) -> list[str]:
        said = []
        many = 0 if self.laid is None else len(self.laid.mesh.legs)
        if many:
            darts = "a dart" if many == 1 else f"{many} darts"
            said.append(f"{name} is too round to lie flat: it has {darts}.")
        if self.fullness_mm > 0:
            said.append(
                f"Along the stapled edge of {name} {self.fullness_mm:.0f} mm of cloth are too "
                "much: lay them in pleats."
            )
        return said

    def doubts(self, name: str, cloth: Cloth) -> list[str]:
        if cloth.excess(self.fit) <= 1:
            return []
        fit = self.fit
        return [
            f"{name} is rounder than {cloth.name} cloth likes: it must give up to "
            f"{fit.strain_percent:.1f} % ({cloth.strain_percent:g} % is its limit) and turn its "
            f"threads by {fit.shear_deg:.0f} degrees ({cloth.shear_deg:g}). Divide it by a seam, "
            "or take a cloth that stretches."
        ]


def _laid(
    panel_map: PanelMap,
    panel: Panel,
    flat: FlatPanel,
    cloth: Cloth,
    settings: FlattenSettings,
    progress: Progress,
) -> _Found | None:
    """The panel laid thread by thread or with darts; None where it does as it is unrolled."""
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
        return None
    trial = tried(whole, cloth, ())
    if (trial is None or trial.excess > 1) and settings.darts and sewn.any():
        trial = propose_darts(whole, cloth, settings.most_darts, progress)
    lies = None if trial is None else settled(whole, cloth, trial)
    if lies is None:
        return _Found(None, as_unrolled)
    laid, _ = lies
    return _Found(laid, laid.fit, _fullness_mm(whole, laid))


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


def _as_laid(flat: FlatPanel, laid: Laid) -> FlatPanel:
    """The flat panel as it lies; its seams' vertices are told by `seams_with_darts`."""
    inner = np.setdiff1d(np.arange(len(flat.uv_mm)), flat.boundary)
    before = np.concatenate([flat.boundary, inner])
    source = laid.mesh.source
    own = source < len(before)
    vertices = np.empty(len(source), dtype=np.int32)
    vertices[own] = flat.vertices[before[source[own]]]
    if not own.all():
        nearest = cKDTree(flat.surface_mm).query(laid.surface[~own])[1]
        vertices[~own] = flat.vertices[nearest]
    return replace(
        flat,
        uv_mm=laid.flat,
        faces=laid.mesh.faces,
        vertices=vertices,
        surface_mm=laid.surface,
        strain_percent=laid.threads.strain_percent,
        boundary=laid.mesh.border,
    )
