"""Pieces: what is cut for each panel, flat, in millimetres; and the pattern that joins them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray, IntArray
from stitchsketch_kernel.domain.cloth import Cloth, Fit
from stitchsketch_kernel.domain.panel import EdgeKind


@dataclass(frozen=True)
class FlatPanel:
    """A panel laid flat, before allowances.

    Attributes
    ----------
    panel : str
        The panel's name.
    uv_mm : ndarray, shape (n, 2)
        Flat vertices, right side up: seen as the cloth's face is seen.
    faces : ndarray of int32, shape (m, 3)
        Into `uv_mm`, counter-clockwise.
    vertices : ndarray of int32, shape (n,)
        The same vertices in `PanelMap.mesh`.
    surface_mm : ndarray, shape (n, 3)
        The denoised surface that was flattened, millimetres.
    strain_percent : ndarray, shape (m,)
        Largest absolute principal strain of each face.
    boundary : ndarray of int32
        Closed outline as indices into `uv_mm`, counter-clockwise, the first not repeated.
    grain_mm : ndarray, shape (2,)
        Unit direction of the warp in the flat. Flatteners turn it to +y.
    seam_vertices : dict of str to ndarray of int32
        For each seam the indices into `uv_mm` of its points, in the seam's own order. A seam that
        the panel meets on both sides (a sleeve) appears as ``"S03"`` and ``"S03*"``.
    fit : Fit or None
        How hard its cloth is pressed; None where no cloth was asked.
    """

    panel: str
    uv_mm: FloatArray
    faces: IntArray
    vertices: IntArray
    surface_mm: FloatArray
    strain_percent: FloatArray
    boundary: IntArray
    grain_mm: FloatArray
    seam_vertices: dict[str, IntArray]
    fit: Fit | None = None

    def seam_length_mm(self, seam: str) -> float:
        """Flat length of this side of the seam."""
        line = self.uv_mm[self.seam_vertices[seam]]
        return float(np.linalg.norm(np.diff(line, axis=0), axis=1).sum())


@dataclass(frozen=True)
class PieceEdge:
    """One side of a piece, from corner to corner along the sew line.

    Attributes
    ----------
    seam : str
        The seam's id.
    edge_kind : EdgeKind
    line_mm : ndarray, shape (k, 2)
        The sew line, counter-clockwise round the piece.
    forward : bool
        Whether `line_mm` runs in the seam's own direction.
    allowance_mm : float
        How far the cut line lies outside.
    """

    seam: str
    edge_kind: EdgeKind
    line_mm: FloatArray
    forward: bool
    allowance_mm: float

    @property
    def length_mm(self) -> float:
        """Length of the sew line."""
        return float(np.linalg.norm(np.diff(self.line_mm, axis=0), axis=1).sum())


@dataclass(frozen=True)
class Notch:
    """A mark that meets its twin on the other side of the seam.

    Attributes
    ----------
    seam : str
    station : float
        Share of the seam's length from its own start, 0 to 1: the same on both pieces.
    sew_mm, cut_mm : ndarray, shape (2,)
        Where it stands on the sew line and on the cut line.
    depth_mm : float
        How deep it is cut, from the cut line towards the sew line.
    """

    seam: str
    station: float
    sew_mm: FloatArray
    cut_mm: FloatArray
    depth_mm: float = 6.0


@dataclass(frozen=True)
class Piece:
    """What is cut for a panel.

    Attributes
    ----------
    name : str
        The trade name, as on the panel.
    sew_line_mm, cut_line_mm : ndarray, shape (n, 2)
        Closed, counter-clockwise, the first point not repeated.
    edges : tuple of PieceEdge
        In order round the piece; together they are the sew line.
    notches : tuple of Notch
    grain_mm : ndarray, shape (2, 2)
        The grain line as drawn, from tail to head.
    quantity : int
    mirrored : bool
        True: of `quantity`, half are cut face down (a left and a right).
    uncertainty_mm : float
        95 % of the outline lies within this of the true one, in 95 of 100 scans.
    strain_percent : tuple of float
        Mean and 95 % of the faces' strain by area.
    internal_mm : tuple of ndarray, shape (k, 2)
        Lines inside the piece (darts, fold lines), drawn and not cut.
    notes : tuple of str
        Printed on the piece and in the report.
    size_uncertainty_mm : tuple of float
        Half-widths of the 95 % intervals of its width (across the grain) and its length.
    fit : Fit or None
        How hard the pattern's cloth is pressed in it; None where that is not known.
    """

    name: str
    sew_line_mm: FloatArray
    cut_line_mm: FloatArray
    edges: tuple[PieceEdge, ...]
    notches: tuple[Notch, ...]
    grain_mm: FloatArray
    quantity: int = 1
    mirrored: bool = False
    uncertainty_mm: float = float("nan")
    strain_percent: tuple[float, float] = (float("nan"), float("nan"))
    internal_mm: tuple[FloatArray, ...] = ()
    notes: tuple[str, ...] = ()
    size_uncertainty_mm: tuple[float, float] = (float("nan"), float("nan"))
    fit: Fit | None = None

    @property
    def within_mm(self) -> float:
        """The largest of its ±, of edge and sizes; NaN where that of its edge is not known."""
        known = [one for one in self.size_uncertainty_mm if math.isfinite(one)]
        return (
            max([self.uncertainty_mm, *known]) if math.isfinite(self.uncertainty_mm) else math.nan
        )


@dataclass(frozen=True)
class SeamPair:
    """A seam's two sides in the flat. `piece_b` is None where a panel ends.

    `length_uncertainty_mm` is the half-width of the 95 % interval of its length;
    `place_uncertainty_mm` is how far 95 % of it may lie from its true place, in 95 of 100 scans.
    `furniture_mm` is how long side a is on the furniture; NaN where that is not known.
    """

    seam: str
    edge_kind: EdgeKind
    piece_a: str
    piece_b: str | None
    length_a_mm: float
    length_b_mm: float | None
    length_uncertainty_mm: float = float("nan")
    place_uncertainty_mm: float = float("nan")
    furniture_mm: float = float("nan")

    @property
    def difference_mm(self) -> float:
        """How much longer side a is than side b; 0 for a one-sided seam."""
        return 0.0 if self.length_b_mm is None else self.length_a_mm - self.length_b_mm


@dataclass(frozen=True)
class Pattern:
    """All pieces of a scan with the seams that join them.

    Attributes
    ----------
    name : str
    pieces : tuple of Piece
    seams : tuple of SeamPair
    scale_method : str
        ``"none"``: the size is not known and nothing may be cut; ``"drawn"``: read from a drawing.
    scale_uncertainty_percent : float
    notes : tuple of str
    override : str
        Why a person has it cut though its sides don't sew together; printed on every cut file.
        Empty where nobody had to.
    check_mm : float
        A piece with a larger ± is to be checked before it is cut.
    cloth : Cloth or None
        Whose limits its pieces are judged by; None where that is not known.
    """

    name: str
    pieces: tuple[Piece, ...]
    seams: tuple[SeamPair, ...]
    scale_method: str
    scale_uncertainty_percent: float
    notes: tuple[str, ...] = field(default=())
    override: str = ""
    check_mm: float = 5.0
    cloth: Cloth | None = None

    def to_check(self) -> tuple[Piece, ...]:
        """Pieces whose edge or size may be further off than the shop allows."""
        return tuple(piece for piece in self.pieces if piece.within_mm > self.check_mm)

    def piece(self, name: str) -> Piece:
        """The piece of that name."""
        return next(piece for piece in self.pieces if piece.name == name)
