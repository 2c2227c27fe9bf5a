"""Panels to flat pieces with allowances, notches and grain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stitchsketch_kernel.domain.progress import part

if TYPE_CHECKING:
    from stitchsketch_kernel.domain.piece import FlatPanel
    from stitchsketch_kernel.pipeline.context import StageContext

NAME, NUMBER, VERSION = "flatten", 7, 8
INPUTS = ("scale", "panels")
SETTINGS = {
    "flatten": "stitchsketch_kernel.upholstery.flat.flatten:FlattenSettings",
    "pieces": "stitchsketch_kernel.upholstery.pieces.make:PieceSettings",
    "job": "stitchsketch_kernel.pipeline.settings:JobSettings",
}
FILES = {"rules": "stitchsketch_kernel.upholstery.pieces.rules:read_rules"}
WEIGHT = 35


def compute(context: StageContext) -> dict[str, Any]:
    """Keeps ``flats`` (tuple of `FlatPanel`), ``pattern`` (`Pattern`) and ``doubts``."""
    from stitchsketch_kernel.domain.panel import PanelMap
    from stitchsketch_kernel.pipeline.stages.reading import scale_of, sureness_of
    from stitchsketch_kernel.upholstery.flat.lay import lay_panels
    from stitchsketch_kernel.upholstery.pieces.make import make_pattern
    from stitchsketch_kernel.upholstery.pieces.rules import TradeRules, read_rules

    panels = context.read("panels", "panels", PanelMap)
    cover = lay_panels(panels, context.settings("flatten"), part(context.progress, 0, 0.9))
    panels, flats = cover.panel_map, cover.flats
    context.keep("flats", flats)
    context.keep("doubts", panels.doubts)
    path = context.file("rules")
    rules = TradeRules.default() if path is None else read_rules(path)
    pattern = make_pattern(
        context.settings("job").name,
        panels,
        flats,
        rules,
        scale=scale_of(context),
        settings=context.settings("pieces"),
        sure=sureness_of(context, panels, flats),
        cloth=cover.cloth,
    )
    context.keep("pattern", pattern)
    off = [abs(seam.difference_mm) for seam in pattern.seams]
    return {
        "pieces": len(pattern.pieces),
        "names": [piece.name for piece in pattern.pieces],
        "to_cut": sum(piece.quantity for piece in pattern.pieces),
        "strain_95_percent": {flat.panel: _strain_95(flat) for flat in flats},
        "largest_seam_difference_mm": max(off, default=0.0),
        "largest_uncertainty_mm": max((p.within_mm for p in pattern.pieces), default=None),
        "to_check": [piece.name for piece in pattern.to_check()],
        "notes": list(pattern.notes),
    }


def _strain_95(flat: FlatPanel) -> float:
    """What 95 % of the panel's area stays below."""
    import numpy as np

    a, b, c = (flat.surface_mm[flat.faces[:, i]] for i in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    order = np.argsort(flat.strain_percent)
    share = np.cumsum(area[order]) / area.sum()
    return float(flat.strain_percent[order][np.searchsorted(share, 0.95)])
