"""Panels laid flat: by the plane sheet that they are, or denoised and unrolled; their warp up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import shapely

from stitchsketch_kernel.domain.arrays import FloatArray, IntArray
from stitchsketch_kernel.domain.bounds import Within, require_allowed
from stitchsketch_kernel.domain.errors import FlattenError
from stitchsketch_kernel.domain.panel import Panel, PanelMap
from stitchsketch_kernel.domain.piece import FlatPanel
from stitchsketch_kernel.domain.progress import Progress, silent
from stitchsketch_kernel.domain.units import MM_PER_M
from stitchsketch_kernel.upholstery.flat.cloth import cloth_named
from stitchsketch_kernel.upholstery.flat.denoise import denoise
from stitchsketch_kernel.upholstery.flat.equal import with_true_border
from stitchsketch_kernel.upholstery.flat.even_border import even_border
from stitchsketch_kernel.upholstery.flat.grain import turned
from stitchsketch_kernel.upholstery.flat.plain import as_a_sheet
from stitchsketch_kernel.upholstery.geometry.border import border_loop
from stitchsketch_kernel.upholstery.geometry.strain import strain_percent
from stitchsketch_kernel.upholstery.geometry.unroll import signed_areas, unroll

#: A rough border is smoothed over so many times the panel's own reach: it has fewer points.
BORDER_REACH = 2.0
#: Of a panel's area, what may lie face down: slivers between noisy points of the scan.
_FLIPPED_SHARE = 2e-4
#: A sheet only bends: where 95 % of one are strained by more than this, percent, it is none.
_SHEET_STRAIN = 0.3


@dataclass(frozen=True)
class FlattenSettings:
    """How panels are laid flat.

    Attributes
    ----------
    smooth_mm : float
        Bumps of the scan much shorter than this are taken for noise; 0: none are.
    rounds : int
        Of ARAP at most.
    true_seams : bool
        Whether the border gets its true length where little is missing, so that both sides of a
        seam are as long.
    cloth : str
        What gives: ``"woven"``, ``"rigid"`` (leather, vinyl) or ``"stretch"``.
    darts : bool
        Whether panels that are too round for the cloth get darts.
    most_darts : int
        In one panel.
    splits : bool
        Whether panels that are too round even so are cut in two by a seam across.
    """

    smooth_mm: Annotated[float, Within(0)] = 12.0
    rounds: Annotated[int, Within(1)] = 100
    true_seams: bool = True
    cloth: str = "woven"
    darts: bool = True
    most_darts: Annotated[int, Within(1, 12)] = 6
    splits: bool = True

    def __post_init__(self) -> None:
        require_allowed(self)
        cloth_named(self.cloth)


def flatten_panels(
    panel_map: PanelMap, settings: FlattenSettings | None = None, progress: Progress = silent
) -> tuple[FlatPanel, ...]:
    """Lay every panel flat.

    Raises
    ------
    FlattenError
        A panel folds over itself when laid flat; names it.
    """
    settings = settings or FlattenSettings()
    flats = []
    for done, panel in enumerate(panel_map.panels):
        progress(done / len(panel_map.panels), f"panel {panel.name}")
        flats.append(flatten_panel(panel_map, panel, settings))
    progress(1.0, f"{len(flats)} panels")
    return tuple(flats)


def flatten_panel(panel_map: PanelMap, panel: Panel, settings: FlattenSettings) -> FlatPanel:
    """Lay one panel flat; see `flatten_panels`."""
    used, compact = np.unique(panel_map.mesh.faces[panel.faces], return_inverse=True)
    faces: IntArray = compact.reshape(-1, 3).astype(np.int32)
    raw = panel_map.mesh.vertices[used] * MM_PER_M
    border = border_loop(faces)
    if border is None:
        raise FlattenError(
            f"Panel {panel.name} can't be laid flat: it has a hole or closes on itself.",
            "Give it a seam across in the file of panels (--edits), or take more photos.",
        )
    seams = seam_vertices(panel_map, panel.name, used)
    laid = _as_a_sheet(panel_map, raw, faces, border, seams, settings) or _unrolled(
        raw, faces, border, seams, settings
    )
    surface, uv = laid
    if _folds(uv, faces, border):
        raise FlattenError(
            f"Panel {panel.name} folds over itself when it is laid flat.",
            "It is too round for one piece of cloth: split it by a seam in the file of panels "
            "(--edits).",
        )
    uv = turned(uv, surface, faces, panel.grain_m)
    return FlatPanel(
        panel.name,
        uv,
        faces,
        used.astype(np.int32),
        surface,
        strain_percent(surface, uv, faces),
        border,
        np.array([0.0, 1.0]),
        seams,
    )


def _as_a_sheet(
    panel_map: PanelMap,
    raw: FloatArray,
    faces: IntArray,
    border: IntArray,
    seams: dict[str, IntArray],
    settings: FlattenSettings,
) -> tuple[FloatArray, FloatArray] | None:
    """Surface and flat of a panel that is a plane sheet within its noise; None where it isn't."""
    ends = {seam.id for seam in panel_map.seams if seam.right is None}
    reach = settings.smooth_mm
    found = reach and as_a_sheet(raw, faces, border, seams, ends, reach, BORDER_REACH * reach)
    if not found:
        return None
    uv, surface, held = found
    if held and settings.true_seams:
        uv = with_true_border(uv, surface, faces, border)
    strain = np.percentile(strain_percent(surface, uv, faces), 95)
    return None if strain > _SHEET_STRAIN or _folds(uv, faces, border) else (surface, uv)


def _unrolled(
    raw: FloatArray,
    faces: IntArray,
    border: IntArray,
    seams: dict[str, IntArray],
    settings: FlattenSettings,
) -> tuple[FloatArray, FloatArray]:
    """Surface and flat of any panel."""
    surface = raw
    if settings.smooth_mm:
        surface = even_border(raw, seams.values(), BORDER_REACH * settings.smooth_mm)
        surface = denoise(surface, faces, border, settings.smooth_mm)
    uv = unroll(surface, faces, settings.rounds)
    if settings.true_seams:
        uv = with_true_border(uv, surface, faces, border)
    return surface, uv


def _folds(uv: FloatArray, faces: IntArray, border: IntArray) -> bool:
    """Whether a flat overlaps itself; a crumb of the scan turned over in its midst does not."""
    areas = signed_areas(uv, faces)
    flipped = float(-areas[areas < 0].sum()) / float(np.abs(areas).sum())
    return flipped > _FLIPPED_SHARE or not shapely.Polygon(uv[border]).is_valid


def seam_vertices(panel_map: PanelMap, name: str, used: IntArray) -> dict[str, IntArray]:
    """For each seam of a panel its points among the panel's own, as `FlatPanel` has them."""
    place = {int(vertex): i for i, vertex in enumerate(used)}
    return {
        seam.id: np.array([place[int(vertex)] for vertex in seam.vertices], dtype=np.int32)
        for seam in panel_map.seams
        if name in {seam.left, seam.right}
    }
