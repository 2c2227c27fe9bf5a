"""A run that goes on by itself: it needs no page, terminal or notebook that stays open."""

from __future__ import annotations

import json
import logging
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from stitchsketch_kernel.domain.errors import RunError, StitchSketchError
from stitchsketch_kernel.domain.progress import Cancelled
from stitchsketch_kernel.pipeline.context import JOB
from stitchsketch_kernel.pipeline.correcting import CORRECTIONS
from stitchsketch_kernel.pipeline.files import read_json
from stitchsketch_kernel.pipeline.looking import kept_box
from stitchsketch_kernel.pipeline.record import read_record
from stitchsketch_kernel.pipeline.runner import RunSettings, run
from stitchsketch_kernel.pipeline.tracking import KeptAs

#: What a run says that never came to its first stage.
LOG = "start.log"
_FILES = ("boards", "lengths", "edits", "rules")


def go_on(folder: Path, kept_as: KeptAs) -> int:
    """Start the run of a folder again, in a process of its own; the process's number.

    Finished stages are taken over; corrections that lie in the folder (`CORRECTIONS`, and the box
    of `looking`) are followed.

    Raises
    ------
    RunError
        There is no run in that folder.
    """
    asked_again(folder, kept_as)  # what is wrong is said here, not in a file
    command = [sys.executable, "-m", __spec__.name, str(folder), json.dumps(asdict(kept_as))]
    with (folder / LOG).open("wb") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    # somebody must hear of its end, or it stays in the system's list
    threading.Thread(target=process.wait, name=f"run {process.pid}", daemon=True).start()
    return process.pid


def asked_again(folder: Path, kept_as: KeptAs) -> tuple[Path, RunSettings]:
    """The photos and settings of the run in a folder, its panels and box as corrected since.

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
        values=record.settings if box is None else {**record.settings, "region.box_m": box},
        boards=files.get("boards"),
        lengths=files.get("lengths"),
        edits=files.get("edits"),
        rules=files.get("rules"),
        name=record.name,
        kept_as=kept_as,
    )
    return Path(record.photos), settings


def main(arguments: Sequence[str]) -> int:
    """Run what `go_on` started, to its end; 0, 2 for what a person can act on, 130 when stopped."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    folder, kept_as = Path(arguments[0]), KeptAs(**json.loads(arguments[1]))
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    photos, settings = asked_again(folder, kept_as)
    try:
        run(photos, folder, settings)
    except StitchSketchError as error:
        logging.getLogger(__name__).warning("%s", error)
        return 2
    except (KeyboardInterrupt, Cancelled):
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
