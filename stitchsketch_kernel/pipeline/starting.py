"""A run that goes on by itself: it needs no page, terminal or notebook that stays open."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from stitchsketch_kernel.domain.errors import RunError
from stitchsketch_kernel.pipeline.asked import check
from stitchsketch_kernel.pipeline.choices import read_choices
from stitchsketch_kernel.pipeline.context import JOB
from stitchsketch_kernel.pipeline.correcting import CORRECTIONS
from stitchsketch_kernel.pipeline.detached import start, to_its_end
from stitchsketch_kernel.pipeline.files import plain, read_json
from stitchsketch_kernel.pipeline.looking import kept_box
from stitchsketch_kernel.pipeline.record import read_record
from stitchsketch_kernel.pipeline.runner import RunSettings, run
from stitchsketch_kernel.pipeline.tracking import KeptAs

_FILES = ("boards", "lengths", "edits", "rules")


def go_on(
    folder: Path,
    kept_as: KeptAs,
    settings: Mapping[str, Any] | None = None,
    anew: Iterable[str] = (),
    track: bool = True,
) -> subprocess.Popen[bytes]:
    """Start the run of a folder again, in a process of its own.

    Finished stages are taken over; corrections that lie in the folder (`CORRECTIONS`, and the box
    of `looking`) are followed.

    Parameters
    ----------
    folder : Path
    kept_as : KeptAs
    settings : mapping of str to value, optional
        By name; they come before the run's own.
    anew : iterable of str
        Stages that are computed again though nothing has changed.
    track : bool
        Whether the run is kept in the shop's stores.

    Raises
    ------
    RunError
        There is no run in that folder.
    """
    more = {"values": plain(dict(settings or {})), "anew": sorted(anew), "track": track}
    photos, asked = _asked(folder, kept_as, more)
    if settings:  # what is wrong is said here, not in a file
        check(photos, folder, asked)
    told = [str(folder), json.dumps(asdict(kept_as)), json.dumps(more)]
    return start(__spec__.name, told, folder)


def _asked(folder: Path, kept_as: KeptAs, more: Mapping[str, Any]) -> tuple[Path, RunSettings]:
    photos, asked = asked_again(folder, kept_as)
    values = {**asked.values, **more["values"]}
    return photos, replace(asked, values=values, anew=frozenset(more["anew"]), track=more["track"])


def asked_again(folder: Path, kept_as: KeptAs) -> tuple[Path, RunSettings]:
    """The photos and settings of the run in a folder, as corrected, cropped and chosen since.

    Raises
    ------
    RunError
        There is no run in that folder.
    """
    record = read_record(folder)
    if record is None:
        raise RunError(f"There is no run in {folder}.", "Start it with 'stitchsketch run'.")
    files: dict[str, Path] = {}
    for job in sorted(folder.glob(f"stages/[0-9]*/{JOB}")):
        given = (read_json(job) or {}).get("files", {})
        files.update({name: Path(given[name]) for name in _FILES if given.get(name)})
    if (own := folder / CORRECTIONS).is_file():
        files["edits"] = own
    box = kept_box(folder)
    settings = RunSettings(
        values={
            **record.settings,
            **read_choices(folder),
            **({} if box is None else {"region.box_m": box}),
        },
        boards=files.get("boards"),
        lengths=files.get("lengths"),
        edits=files.get("edits"),
        rules=files.get("rules"),
        name=record.name,
        kept_as=kept_as,
    )
    return Path(record.photos), settings


def main(arguments: Sequence[str]) -> int:
    """Run what `go_on` started, to its end."""
    folder, kept_as = Path(arguments[0]), KeptAs(**json.loads(arguments[1]))

    def work() -> None:
        photos, settings = _asked(folder, kept_as, json.loads(arguments[2]))
        run(photos, folder, settings)

    return to_its_end(work)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
