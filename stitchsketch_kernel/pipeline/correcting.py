"""A run's panels opened for corrections, and these kept where the next run finds them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stitchsketch_kernel.disk.aside import write_bytes
from stitchsketch_kernel.domain.errors import RunError
from stitchsketch_kernel.domain.progress import Progress, silent
from stitchsketch_kernel.domain.tape import TapeFound, TapeLine
from stitchsketch_kernel.pipeline.context import open_stage
from stitchsketch_kernel.pipeline.record import read_record
from stitchsketch_kernel.pipeline.settings import resolve
from stitchsketch_kernel.pipeline.stage import standard_stages
from stitchsketch_kernel.pipeline.stages.reading import mesh_of

if TYPE_CHECKING:
    from stitchsketch_kernel.upholstery.seams.edits import PanelEdits
    from stitchsketch_kernel.upholstery.seams.prepare import PanelSettings
    from stitchsketch_kernel.upholstery.seams.session import EditSession

#: Where a run's folder keeps the corrections; a run never touches it.
CORRECTIONS = "panels.txt"


def open_panels(run_dir: Path, progress: Progress = silent) -> EditSession:
    """The panels of a run, as they were corrected last.

    That is from the run's own ``panels.txt``, else from the file that the run was given, else from
    the proposal. A run whose panels could not be made can be opened too: it needs its mesh only.

    Raises
    ------
    RunError
        The run has no mesh yet.
    StitchSketchError
        A file of corrections can't be read, or does not fit this mesh.
    """
    from stitchsketch_kernel.upholstery.seams.edits import read_edits
    from stitchsketch_kernel.upholstery.seams.session import EditSession

    mesh, settings = mesh_of(open_stage(run_dir, "mesh")), _panel_settings(run_dir)
    path, tape = corrections(run_dir), _tape(run_dir)
    if path is None:
        return EditSession(mesh, settings, progress=progress, tape=tape)
    edits = read_edits(path)
    session = EditSession(mesh, settings, _begun(edits), progress, tape)
    return _with_kinds_by_place(session, edits) if edits.kinds else session


def save_panels(run_dir: Path, session: EditSession) -> Path:
    """Keep a session's edits in the run's folder; returns the file, for ``--edits``.

    Raises
    ------
    PanelError
        The panels can't be made: nothing is written.
    """
    _, edits = session.placed()
    return keep_corrections(run_dir, edits)


def keep_corrections(run_dir: Path, edits: PanelEdits) -> Path:
    """Write edits as the run's own file of corrections; returns it."""
    from stitchsketch_kernel.upholstery.seams.edits import edits_as_text

    path = run_dir / CORRECTIONS
    write_bytes(path, edits_as_text(edits).encode())
    return path


def _panel_settings(run_dir: Path) -> PanelSettings:
    """As the run was set."""
    record = read_record(run_dir)
    if record is None:
        raise RunError(f"There is no run in {run_dir}.", "Start it with 'stitchsketch run'.")
    # the other stages' settings would load their libraries
    own = [stage for stage in standard_stages() if stage.name == "panels"]
    given = {name: value for name, value in record.settings.items() if name.startswith("panels.")}
    found: PanelSettings = resolve(own, given)["panels"]
    return found


def _tape(run_dir: Path) -> tuple[TapeLine, ...]:
    """The tape that the run has found on the piece."""
    try:
        panels = open_stage(run_dir, "panels")
    except RunError:
        return ()
    there = (panels.folder / "tape.npz").is_file()
    return panels.read("panels", "tape", TapeFound).lines if there else ()


def corrections(run_dir: Path) -> Path | None:
    """The file that says what the panels are; None: they are as proposed."""
    if (own := run_dir / CORRECTIONS).is_file():
        return own
    try:
        given = open_stage(run_dir, "panels").file("edits")
    except RunError:
        return None
    return given if given is not None and given.is_file() else None


def _begun(edits: PanelEdits) -> PanelEdits:
    """Without kinds; a file that has no seeds corrects the proposal, as the stage takes it."""
    from dataclasses import replace

    return replace(edits, kinds=(), keeps=edits.keeps or not edits.seeds)


def _with_kinds_by_place(session: EditSession, edits: PanelEdits) -> EditSession:
    """The file numbers its seams; later edits number them anew."""
    from stitchsketch_kernel.upholstery.seams.by_place import middle_m

    seams = {seam.id: seam for seam in session.panel_map().seams}
    session.begin_with_kinds(
        [(middle_m(seams[one]), kind) for one, kind in edits.kinds if one in seams]
    )
    return session
