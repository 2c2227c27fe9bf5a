"""A run's flat pieces opened to be looked at and turned; turned grains kept for the next run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.errors import PanelError, RunError
from stitchsketch_kernel.domain.piece import FlatPanel, Pattern, Piece
from stitchsketch_kernel.pipeline.context import open_stage
from stitchsketch_kernel.pipeline.correcting import CORRECTIONS, corrections, keep_corrections

if TYPE_CHECKING:
    from stitchsketch_kernel.upholstery.seams.edits import PanelEdits

#: A warp turned by less lies as it did.
_TURNED_DEG = 0.25


@dataclass(frozen=True)
class PatternSheet:
    """A run's pieces.

    Attributes
    ----------
    pattern : Pattern
        As the flatten stage made it: strips and an override come later.
    flats : dict of str to FlatPanel
        By the panel's name.
    turned_deg : dict of str to float
        For each piece whose grain was turned since, how far, counter-clockwise.
    """

    pattern: Pattern
    flats: dict[str, FlatPanel]
    turned_deg: dict[str, float]


def open_sheet(run_dir: Path) -> PatternSheet:
    """The pieces of a run, and the grains that were turned since.

    Raises
    ------
    RunError
        The run has no pieces yet.
    StitchSketchError
        The file of corrections can't be read.
    """
    from stitchsketch_kernel.upholstery.flat.grain import degrees_of

    stage = open_stage(run_dir, "flatten")
    if not stage.is_finished:
        raise RunError("The run has no flat pieces yet.", "Wait until it has laid them flat.")
    pattern = stage.read("flatten", "pattern", Pattern)
    flats = {one.panel: one for one in stage.read("flatten", "flats", tuple)}
    own = (run_dir / CORRECTIONS).is_file()
    grains = dict(_kept(run_dir).grains) if own else {}
    turned = {
        name: degrees_of(flats[name], grain)
        for name, grain in grains.items()
        if name in flats and any(piece.name == name for piece in pattern.pieces)
    }
    return PatternSheet(
        pattern, flats, {name: by for name, by in turned.items() if abs(by) > _TURNED_DEG}
    )


def warps_of(sheet: PatternSheet, turned_deg: Mapping[str, float]) -> dict[str, FloatArray]:
    """The warp of every panel whose piece is turned, as a direction on the furniture, shape (3,).

    Of a mirrored pair the right panel's is turned the other way, or they were no pair any more.

    Parameters
    ----------
    sheet : PatternSheet
    turned_deg : mapping of str to float
        By piece, counter-clockwise as its face is seen, from how it lies now.

    Raises
    ------
    PanelError
        A piece is not in the pattern.
    """
    from stitchsketch_kernel.upholstery.flat.grain import grain_at

    found = {}
    for name, degrees in turned_deg.items():
        piece = next((one for one in sheet.pattern.pieces if one.name == name), None)
        if piece is None or name not in sheet.flats:
            raise PanelError(f"There is no piece {name} to turn.", "Load the page again.")
        found[name] = grain_at(sheet.flats[name], degrees)
        if (twin := _twin(piece)) in sheet.flats:
            found[twin] = grain_at(sheet.flats[twin], -degrees)
    return found


def save_warps(run_dir: Path, warps: Mapping[str, FloatArray]) -> Path:
    """Keep warps with the run's other corrections, for its next run; returns the file.

    Raises
    ------
    StitchSketchError
        The file of corrections can't be read or written.
    """
    edits = _kept(run_dir)
    others = tuple(one for one in edits.grains if one[0] not in warps)
    return keep_corrections(run_dir, replace(edits, grains=(*others, *warps.items())))


def _kept(run_dir: Path) -> PanelEdits:
    from stitchsketch_kernel.upholstery.seams.edits import PanelEdits, read_edits

    path = corrections(run_dir)
    return PanelEdits() if path is None else read_edits(path)


def _twin(piece: Piece) -> str:
    from stitchsketch_kernel.upholstery.pieces.mirrored import right_of

    right = right_of(piece.name)
    return right if piece.mirrored and right != piece.name else ""
