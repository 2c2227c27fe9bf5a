"""Photos to mesh on rendered chairs and real pieces, held against the truth: a row a scene.

    python benchmarks/reconstruction.py --out FOLDER                  # the whole table
    python benchmarks/reconstruction.py --out FOLDER --looks rich plain --photos 40 --engine fast
    python benchmarks/reconstruction.py --out FOLDER --looks plain --blur
    python benchmarks/reconstruction.py --out FOLDER --real office-chair icl-armchair

Cameras, the surface of the cover above the legs (after the cameras are laid on the true ones), how
much of the cover has surface within 2 and 5 mm, and what each stage took. Bias is the mean signed
distance: above zero the mesh lies outside the truth. Real pieces are held against measured depth
(`real_pieces.py`). What two rows share (photos, and cameras where both engines ask for the same)
is computed once and counted in both. The fast engine is run as ``--first-look`` runs it.

Each row is kept in ``FOLDER/table.jsonl`` once it is measured, and only printed the next time:
a table that broke off goes on. So it does on another machine from ``benchmarks/figures``, where
rows are kept with the code, while the stages' versions are theirs; ``--anew`` measures them again.
Processor seconds depend on what else the machine's host does that hour, by a factor of two:
a row keeps the seconds of the same work before and after it (`speed.py`), and `peer.py` says what
the peer's cameras take beside it.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from real_pieces import PIECES
from rendered import SHOWN, Scene, measured, scene_of, settings_of
from speed import reference_s

from stitchsketch_kernel.domain.errors import StitchSketchError
from stitchsketch_kernel.pipeline import FIRST_LOOK, RunSettings, run
from stitchsketch_kernel.pipeline.folder import hold_folder
from stitchsketch_kernel.pipeline.record import read_record
from stitchsketch_kernel.pipeline.settings import parse_assignment
from stitchsketch_kernel.pipeline.stage import standard_stages
from stitchsketch_kernel.samples import LOOKS, render_photos

UNTIL = 5
#: Rows that were measured on other machines.
KEPT = Path(__file__).resolve().parent / "figures" / "reconstruction.jsonl"
#: Stages that may be the same whatever the engine: what one engine's run has of them, the other's
#: takes over (and does those anew that it asks for otherwise).
SHARED = ("01_ingest", "02_align", "03_scale")
ENGINES = {"high": {"densify.engine": "high"}, "fast": dict(FIRST_LOOK)}
HEAD = (
    "scene", "engine", "cameras placed", "rms mm", "piece off, ring of cameras off (said) %",
    "surface mean / median / 95 % mm", "bias mm", "complete within 2 / 5 mm %",
    "processor s: ingest, align, scale, densify, mesh", "all", "wall s: the same", "all", "MB",
    "`speed.py` before, after", "more",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--looks", nargs="+", choices=LOOKS)
    parser.add_argument("--photos", nargs="+", type=int, default=[40])
    parser.add_argument("--blur", action="store_true", help="moved and out of focus")
    parser.add_argument("--dim", action="store_true", help="with the noise of a dim room")
    parser.add_argument("--real", nargs="+", choices=PIECES, default=[])
    parser.add_argument("--engine", nargs="+", choices=ENGINES, default=list(ENGINES))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--set", dest="assignments", action="append", default=[])
    parser.add_argument(
        "--name", default="run", help="the runs' folders: another for other settings"
    )
    parser.add_argument("--anew", action="store_true", help="rows kept with the code don't count")
    given = parser.parse_args()
    known = [] if given.anew else kept_lines(KEPT)
    given.out.mkdir(parents=True, exist_ok=True)
    values = dict(map(parse_assignment, given.assignments))
    print("| " + " | ".join(HEAD) + " |\n" + "| --- " * len(HEAD) + "|", flush=True)
    for scene in scenes(given):
        for engine in given.engine:
            told = row(scene, engine, values, given.name, given.out, known)
            print(in_table(told), flush=True)


def scenes(given: argparse.Namespace) -> Iterator[Scene | str]:
    """What was asked for; the whole table when nothing was. A real piece is its name."""
    if not given.looks and not given.real:
        yield from (*SHOWN, *PIECES)
        return
    for look in given.looks or ():
        for count in given.photos:
            yield Scene(look, count, given.blur, given.dim)
    yield from given.real


def row(
    scene: Scene | str,
    engine: str,
    values: dict[str, str],
    name: str,
    out: Path,
    known: Sequence[dict[str, Any]] = (),
) -> dict[str, Any]:
    """A row as it was kept, or measured now (a run that refuses is told, and tried again)."""
    versions = {stage.name: stage.version for stage in standard_stages()[:UNTIL]}
    key = {"scene": str(scene), "engine": engine, "name": name, "set": values}
    key |= {"versions": versions}
    for line in (*kept_lines(out / "table.jsonl"), *known):
        if key.items() <= line.items():
            return line
    folder = out / str(scene) / (name if engine == "high" else f"{name}-{engine}")
    others = [out / str(scene) / (name if one == "high" else f"{name}-{one}") for one in ENGINES]
    for other in others:
        take_over(other, folder)
    values = {**ENGINES[engine], **values}
    before_s = reference_s()
    try:
        figures = real(scene, folder, values) if isinstance(scene, str) else None
        figures = figures or drawn(scene, folder, values)
    except StitchSketchError as error:
        return {**key, "error": str(error)}
    told = {**key, **figures, **costs(folder), "reference_s": [before_s, reference_s()]}
    with (out / "table.jsonl").open("a", encoding="utf-8") as table:
        table.write(json.dumps(told) + "\n")
    return told


def drawn(scene: Scene, folder: Path, values: dict[str, str]) -> dict[str, Any]:
    """Figures of a rendered scene."""
    sample, photos = scene_of(scene), folder.parent / "photos"
    render_photos(sample, photos)
    run(photos, folder, settings_of(values), stages=standard_stages()[:UNTIL])
    return measured(sample, folder)


def real(name: str, folder: Path, values: dict[str, str]) -> dict[str, Any]:
    """Figures of a real piece."""
    piece = PIECES[name]
    settings = RunSettings(
        values={**piece.settings, **values}, lengths=piece.lengths, name=name, track=False
    )
    run(piece.photos, folder, settings, stages=standard_stages()[:UNTIL])
    return piece.measured(folder)


def take_over(other: Path, folder: Path) -> None:
    """Copy the stages that both engines share from another run's folder, where they are missing.

    Whether they are what is asked for is the run's to tell, by their keys.
    """
    theirs = other / "stages"
    if other == folder or not theirs.is_dir() or (folder / "stages").is_dir():
        return
    with hold_folder(folder) as held:
        for stage in SHARED:
            if (theirs / stage).is_dir():
                shutil.copytree(theirs / stage, held.stages / stage)


def kept_lines(path: Path) -> list[dict[str, Any]]:
    """The rows that were measured before; a line that was cut off counts for none."""
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            lines.append(json.loads(line))
        except ValueError:
            continue
    return lines


def costs(folder: Path) -> dict[str, Any]:
    """What each stage took, where it was computed."""
    record = read_record(folder)
    assert record is not None
    return {
        "processor_s": {one.name: one.figures.get("processor_s") for one in record.stages},
        "wall_s": {one.name: one.seconds for one in record.stages},
        "peak_memory_mb": max(one.figures.get("peak_memory_mb", 0) for one in record.stages),
    }


def in_table(told: dict[str, Any]) -> str:
    """A row as the table has it."""
    if "error" in told:
        return f"| {told['scene']} | {told['engine']} | {told['error']} |" + " |" * (len(HEAD) - 3)
    processor, wall = told["processor_s"], told["wall_s"]
    rms, said = told["camera_rms_mm"], told["scale_said_percent"]
    both = (told.get(f"{which}_off_percent") for which in ("size", "scale"))
    off = ", ".join(f"{one:+.3f}" for one in both if one is not None)
    cells = (
        told["scene"],
        told["engine"],
        f"{told['placed']} of {told['photos']}",
        "" if rms is None else f"{rms:.2f}",
        f"{off} ({said:.3f})" if off else "",
        " / ".join(f"{told[f'surface_{which}_mm']:.2f}" for which in ("mean", "median", "p95")),
        f"{told['bias_mm']:+.2f}",
        " / ".join(f"{told[f'complete_{mm}mm_percent']:.1f}" for mm in (2, 5)),
        ", ".join(f"{seconds or np.nan:.0f}" for seconds in processor.values()),
        f"{sum(seconds or np.nan for seconds in processor.values()):.0f}",
        ", ".join(f"{seconds:.0f}" for seconds in wall.values()),
        f"{sum(wall.values()):.0f}",
        f"{told['peak_memory_mb']}",
        ", ".join(f"{seconds:.1f}" for seconds in told.get("reference_s", ())),
        told.get("more", ""),
    )
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
