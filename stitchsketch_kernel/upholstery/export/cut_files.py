"""All files of a pattern and its marker that a shop cuts from, in one folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from stitchsketch_kernel.disk.aside import folder_written_aside
from stitchsketch_kernel.domain.errors import ExportError
from stitchsketch_kernel.domain.marker import Marker
from stitchsketch_kernel.domain.piece import Pattern
from stitchsketch_kernel.upholstery.export.cut_list import write_cut_list
from stitchsketch_kernel.upholstery.export.drawn import require_cuttable
from stitchsketch_kernel.upholstery.export.dxf import write_dxf
from stitchsketch_kernel.upholstery.export.hpgl import write_hpgl
from stitchsketch_kernel.upholstery.export.pattern_json import write_pattern_json
from stitchsketch_kernel.upholstery.export.pdf import write_pdf
from stitchsketch_kernel.upholstery.export.svg import write_svg
from stitchsketch_kernel.upholstery.export.tiled import write_tiled_pdf

_WRITERS: dict[str, Callable[[Path, Pattern, Marker], None]] = {
    "pattern.json": write_pattern_json,
    "pattern.svg": lambda path, pattern, _: write_svg(path, pattern),
    "marker.svg": write_svg,
    "pattern.pdf": lambda path, pattern, _: write_pdf(path, pattern),
    "marker.pdf": write_pdf,
    "pattern-A4.pdf": lambda path, pattern, _: write_tiled_pdf(path, pattern, "A4"),
    "pattern-Letter.pdf": lambda path, pattern, _: write_tiled_pdf(path, pattern, "Letter"),
    "pattern.dxf": lambda path, pattern, _: write_dxf(path, pattern),
    "pattern-AAMA.dxf": lambda path, pattern, _: write_dxf(path, pattern, layers="aama"),
    "cut-list.csv": write_cut_list,
    "marker.plt": write_hpgl,
}
CUT_FILES = tuple(_WRITERS)


def write_cut_files(pattern: Pattern, marker: Marker, folder: Path) -> tuple[Path, ...]:
    """Write every cut file into `folder`, all of them or none; an older folder is replaced.

    Returns
    -------
    tuple of Path
        In the order of `CUT_FILES`.

    Raises
    ------
    ScaleError
        The pattern's size is not known; nothing is written.
    SewError
        Its sides don't sew together, and nobody said why it is cut all the same.
    ExportError
        There is no piece, or `folder` holds files that are not cut files and would be lost.
    StorageError
        The disk is full or the place can't be written; an older folder stays as it was.
    """
    require_cuttable(pattern)
    folder = folder.resolve()
    require_ours(folder)
    with folder_written_aside(folder) as aside:
        for name, write in _WRITERS.items():
            write(aside / name, pattern, marker)
    return tuple(folder / name for name in CUT_FILES)


def write_cut_file(name: str, path: Path, pattern: Pattern, marker: Marker) -> None:
    """Write one of `CUT_FILES` by its name.

    Raises
    ------
    ExportError
        There is no cut file of that name; see also `write_cut_files`.
    """
    if name not in _WRITERS:
        raise ExportError(f"There is no cut file {name!r}.", f"Choose {', '.join(CUT_FILES)}.")
    require_cuttable(pattern)
    _WRITERS[name](path, pattern, marker)


def require_ours(folder: Path) -> None:
    """Refuse a folder that holds anything else: it is replaced as a whole.

    Raises
    ------
    ExportError
        It is a file, or holds what is no cut file.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise ExportError(f"{folder.name} is a file, not a folder.", "Choose another folder.")
    others = sorted(one.name for one in folder.iterdir() if one.name not in CUT_FILES)
    if others:
        raise ExportError(
            f"{folder.name} holds {others[0]}, which is no cut file and would be lost.",
            "Move it elsewhere, or choose another folder.",
        )
