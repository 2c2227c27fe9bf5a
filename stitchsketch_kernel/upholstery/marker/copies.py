"""The pieces of a pattern one by one, as they are cut, and what a roll asks of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.errors import NestError
from stitchsketch_kernel.domain.marker import Fabric, Placement
from stitchsketch_kernel.domain.piece import Pattern, Piece

#: Separation and width are kept to this.
TOLERANCE_MM = 0.01
#: A repeat below this is a texture.
LEAST_REPEAT_MM = 10.0


@dataclass(frozen=True)
class Copy:
    """One piece to be cut: which, and whether it lies face down."""

    piece: Piece
    copy: int
    flipped: bool

    @property
    def key(self) -> tuple[str, int]:
        """What tells it from all others."""
        return self.piece.name, self.copy

    def placed(self, x_mm: float, y_mm: float, rotation_deg: float) -> Placement:
        """Its placement there."""
        return Placement(self.piece.name, self.copy, x_mm, y_mm, rotation_deg, self.flipped)

    def turned(self, points_mm: FloatArray, rotation_deg: float) -> FloatArray:
        """Points (n, 2) of the piece, turned (and mirrored when face down), not yet moved."""
        return self.placed(0.0, 0.0, rotation_deg).apply(points_mm)


def copies_of(pattern: Pattern) -> list[Copy]:
    """Every piece as often as it is cut; of a mirrored one every second copy lies face down.

    Raises
    ------
    NestError
        There is none.
    """
    copies = [
        Copy(piece, copy, piece.mirrored and copy % 2 == 1)
        for piece in pattern.pieces
        for copy in range(piece.quantity)
    ]
    if not copies:
        raise NestError("There is no piece to lay on the roll.", "Look at the panels.")
    return copies


def turns_of(fabric: Fabric, railroad: bool) -> tuple[float, ...]:
    """Turns that bring a piece's grain (+y) along the roll (+x), or across it."""
    first = 0.0 if railroad else -90.0
    return (first,) if fabric.nap else (first, first + 180.0)


def across(railroad: bool) -> int:
    """The pieces' axis that lies across the roll."""
    return 1 if railroad else 0


def width_mm(piece: Piece, axis: int) -> float:
    """Extent of the cut line along one of the piece's axes."""
    return float(np.ptp(piece.cut_line_mm[:, axis]))


def check_fabric(fabric: Fabric) -> None:
    """Refuse a cloth that can't be.

    Raises
    ------
    NestError
        Its usable width or its repeats make no sense; says which.
    """
    if not 0 < fabric.usable_width_mm <= fabric.width_mm:
        raise NestError(
            f"{fabric.name} is {fabric.width_mm:g} mm wide and {fabric.usable_width_mm:g} mm of "
            "that are usable.",
            "Give a usable width that is more than 0 and no more than the width.",
        )
    along, over = fabric.repeat_vertical_mm, fabric.repeat_horizontal_mm
    if min(along, over) < 0 or not np.isfinite([along, over]).all():
        raise NestError(
            f"{fabric.name} repeats every {along:g} mm along the roll and {over:g} mm across.",
            "Give repeats in millimetres, 0 where there is none.",
        )
    if 0 < along < LEAST_REPEAT_MM or 0 < over < LEAST_REPEAT_MM:
        raise NestError(
            f"{fabric.name} repeats every {along:g} mm along the roll and {over:g} mm across; "
            f"below {LEAST_REPEAT_MM:g} mm there is nothing to match.",
            "Give the repeat as 0, or in millimetres.",
        )
    if over > fabric.width_mm:
        raise NestError(
            f"{fabric.name} repeats every {over:g} mm across and is {fabric.width_mm:g} mm wide.",
            "The pattern can't repeat wider than the roll: measure it from selvage to selvage.",
        )
    if fabric.half_drop and not (along and over):
        raise NestError(
            f"{fabric.name} is a half-drop and lacks one of its repeats.",
            "A half-drop needs the repeat along the roll and the one across.",
        )


def check_fit(copies: Sequence[Copy], fabric: Fabric, railroad: bool) -> None:
    """Refuse a piece that is wider than the usable cloth, by name.

    Raises
    ------
    NestError
    """
    axis = across(railroad)
    for piece in {copy.piece.name: copy.piece for copy in copies}.values():
        wide, deep = width_mm(piece, axis), width_mm(piece, 1 - axis)
        if wide > fabric.usable_width_mm + TOLERANCE_MM:
            other = "up the roll" if railroad else "railroaded"
            fits = deep <= fabric.usable_width_mm
            raise NestError(
                f"Piece {piece.name} is {wide:.0f} mm wide with its allowances, and "
                f"{fabric.name} has {fabric.usable_width_mm:.0f} mm of usable width.",
                f"Lay it {other}, or take a wider cloth."
                if fits
                else "Take a wider cloth, or split the panel by a seam.",
            )
