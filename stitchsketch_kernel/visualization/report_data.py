"""What the report is made of. Every part may be missing: a run that stopped has a report too."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import PurePosixPath
from urllib.parse import quote

from PIL import Image

from stitchsketch_kernel.domain.marker import Marker
from stitchsketch_kernel.domain.model import Scale
from stitchsketch_kernel.domain.photo import Photo, PhotoNote
from stitchsketch_kernel.domain.piece import Pattern
from stitchsketch_kernel.domain.sewing import SewFault


@dataclass(frozen=True)
class ReportPictures:
    """The run's pictures (see `pictures`); None for those it doesn't have."""

    photos: Image.Image | None = None
    matches: Image.Image | None = None
    cameras: Image.Image | None = None
    scale: Image.Image | None = None
    depths: Image.Image | None = None
    mesh: Image.Image | None = None
    confidence: Image.Image | None = None
    tape: Image.Image | None = None
    panels: Image.Image | None = None
    pieces: Image.Image | None = None
    marker: Image.Image | None = None

    def named(self) -> dict[str, Image.Image]:
        """Those that are there, by name."""
        return {
            f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) is not None
        }


@dataclass(frozen=True)
class CutFile:
    """A file to cut from, or another that the report points to.

    Attributes
    ----------
    label : str
        ``"PDF, full scale"``.
    path : str
        Relative to the report, with forward slashes: ``"patterns/pattern.pdf"``.
    """

    label: str
    path: str

    def __post_init__(self) -> None:
        parts = PurePosixPath(self.path)
        if not self.path or parts.is_absolute() or ".." in parts.parts or "\\" in self.path:
            raise ValueError(f"{self.path!r} is no path below the report's own folder")

    @property
    def href(self) -> str:
        """The path as a link; always relative, whatever its name."""
        return "./" + quote(self.path)


@dataclass(frozen=True)
class ReportData:
    """All that the report tells.

    Attributes
    ----------
    title : str
        What was measured: the scan's name.
    made_at : str
        Date and time in words.
    photos : tuple of Photo
        Those that were used.
    notes : tuple of PhotoNote
    left_out : tuple of str
        Names of photos that could not be placed.
    reprojection_px : float
        Mean error of the cameras; NaN when not known.
    scale : Scale or None
    size_mm : tuple of float or None
        The mesh's extent in x, y and z.
    pattern : Pattern or None
    marker : Marker or None
    costs : tuple of (str, str)
        Further lines of the cost, as they are to be read; the cloth's own line comes from the
        marker.
    pictures : ReportPictures
    files : tuple of CutFile
        Cut files that were written; none when it must not be cut.
    more_files : tuple of CutFile
        Mesh, model, notebooks.
    stages : tuple of (str, float)
        Stage and seconds.
    problems : tuple of str
        Sentences that stopped the run or hold it back from cutting.
    version : str
    doubts : tuple of str
        Sentences that a person must read before cutting, although it may be cut.
    sew_faults : tuple of SewFault
        Why its pieces don't sew together; the pattern says why they are cut all the same.
    """

    title: str
    made_at: str = ""
    photos: tuple[Photo, ...] = ()
    notes: tuple[PhotoNote, ...] = ()
    left_out: tuple[str, ...] = ()
    reprojection_px: float = float("nan")
    scale: Scale | None = None
    size_mm: tuple[float, float, float] | None = None
    pattern: Pattern | None = None
    marker: Marker | None = None
    costs: tuple[tuple[str, str], ...] = ()
    pictures: ReportPictures = field(default_factory=ReportPictures)
    files: tuple[CutFile, ...] = ()
    more_files: tuple[CutFile, ...] = ()
    stages: tuple[tuple[str, float], ...] = ()
    problems: tuple[str, ...] = ()
    version: str = ""
    doubts: tuple[str, ...] = ()
    sew_faults: tuple[SewFault, ...] = ()
