"""All panels laid flat as their cloth allows: as they unroll, thread by thread, darted, cut in two.

Most panels unroll within what any cloth gives; they stay as they are unrolled. Where a cloth's
limits are passed, or a seam can't get its true length, the cloth is laid thread by thread; where
that doesn't do, turned or with darts; where that doesn't either, a seam is put across the panel. A
stapled edge keeps no length: what is too much there is pleated.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import cKDTree

from stitchsketch_kernel.domain.cloth import Cloth
from stitchsketch_kernel.domain.errors import FlattenError
from stitchsketch_kernel.domain.panel import Panel, PanelMap
from stitchsketch_kernel.domain.piece import FlatPanel
from stitchsketch_kernel.domain.progress import Progress, part, silent
from stitchsketch_kernel.upholstery.flat.cloth import cloth_named
from stitchsketch_kernel.upholstery.flat.dart_seams import OpenDarts, seams_with_darts
from stitchsketch_kernel.upholstery.flat.darted import Laid
from stitchsketch_kernel.upholstery.flat.divided import Divided, divided
from stitchsketch_kernel.upholstery.flat.flatten import (
    FlattenSettings,
    flatten_panel,
    seam_vertices,
)
from stitchsketch_kernel.upholstery.flat.one_panel import Found, lay_panel
from stitchsketch_kernel.upholstery.flat.splits import propose_split

#: A panel is cut in two, and its halves once more.
_MOST_CUTS = 2
#: Halves that pass the limits too are worth their seam where they pass them by this much less.
_WORTH = 0.7


@dataclass(frozen=True)
class Cover:
    """All panels laid flat.

    Attributes
    ----------
    panel_map : PanelMap
        With both halves of what was cut in two, a seam for every dart, and the seams that such
        seams open into divided there; its notes with those of the cloth.
    flats : tuple of FlatPanel
        In the order of its panels.
    cloth : Cloth
        Whose limits they are judged by.
    """

    panel_map: PanelMap
    flats: tuple[FlatPanel, ...]
    cloth: Cloth


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
    found: list[Found] = []
    names = [panel.name for panel in panel_map.panels]
    for done, name in enumerate(names):
        here = part(progress, done / len(names), (done + 1) / len(names))
        here(0.0, f"panel {name}")
        panel_map, some = _laid(panel_map, name, cloth, settings, here, _MOST_CUTS)
        found += some
    panel_map = replace(
        panel_map,
        panels=tuple(map(_with_warp, panel_map.panels, found)),
        notes=(*panel_map.notes, *(note for one in found for note in one.notes())),
    )
    # panels that were laid before a neighbour was cut don't know yet where its halves meet
    before = [
        replace(one.flat, seam_vertices=seam_vertices(panel_map, one.flat.panel, one.flat.vertices))
        for one in found
    ]
    laid = [
        replace(_as_laid(flat, one.laid), fit=one.fit)
        for flat, one in zip(before, found, strict=True)
    ]
    darts = [
        OpenDarts(at, before[at], one.laid.mesh)
        for at, one in enumerate(found)
        if one.laid is not None
    ]
    seams, flats = seams_with_darts(panel_map, laid, darts)
    progress(1.0, f"{len(flats)} panels")
    return Cover(replace(panel_map, seams=seams), flats, cloth)


def _laid(
    panel_map: PanelMap,
    name: str,
    cloth: Cloth,
    settings: FlattenSettings,
    progress: Progress,
    cuts: int,
) -> tuple[PanelMap, list[Found]]:
    """A panel as it lies best, or both of its halves in the map that has them."""
    panel = panel_map.panel(name)
    flat = flatten_panel(panel_map, panel, settings)
    found = lay_panel(panel_map, panel, flat, cloth, settings, progress)
    excess = cloth.excess(found.fit)
    # a panel that is stapled all round is pleated, as it gets no darts either
    wanted = excess > 1 and settings.splits and cuts > 0 and bool(found.panel.sewn.any())
    split = propose_split(found.panel, cloth) if wanted else None
    cut = None if split is None else divided(panel_map, flat, split.first, split.last)
    if cut is None:
        return panel_map, [found]
    halves: list[Found] = []
    cut_map = replace(cut.panel_map, notes=(*panel_map.notes, _note(name, cloth, cut)))
    try:
        for half in cut.halves:
            cut_map, some = _laid(cut_map, half, cloth, settings, progress, cuts - 1)
            halves += some
    except FlattenError:
        return panel_map, [found]
    worst = max(cloth.excess(one.fit) for one in halves)
    if worst > 1 and worst > _WORTH * excess:
        return panel_map, [found]
    return cut_map, halves


def _note(name: str, cloth: Cloth, cut: Divided) -> str:
    seam = next(one for one in cut.panel_map.seams if one.id == cut.seam)
    return (
        f"{name} is too round for {cloth.name} cloth in one piece: it is cut in two, "
        f"{cut.halves[0]} and {cut.halves[1]}, sewn along {cut.seam} ({seam.length_mm:.0f} mm)."
    )


def _with_warp(panel: Panel, found: Found) -> Panel:
    return panel if found.warp_m is None else replace(panel, grain_m=found.warp_m)


def _as_laid(flat: FlatPanel, laid: Laid | None) -> FlatPanel:
    """The flat panel as it lies; its seams' vertices are told by `seams_with_darts`."""
    if laid is None:
        return flat
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
