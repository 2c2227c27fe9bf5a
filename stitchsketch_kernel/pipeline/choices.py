"""Settings that a person chose on a screen, kept in the run's folder until its next start."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stitchsketch_kernel.domain.errors import RunError
from stitchsketch_kernel.pipeline.files import read_json, write_json
from stitchsketch_kernel.pipeline.record import read_record
from stitchsketch_kernel.pipeline.settings import resolve
from stitchsketch_kernel.pipeline.stage import Stage, standard_stages

#: Where they lie; a run never writes it.
CHOICES = "choices.json"
_STAGES = ("flatten", "nest")


def keep_choices(run_dir: Path, given: Mapping[str, Any]) -> None:
    """Keep settings of pieces and marker for the run's next start, beside those kept before.

    Raises
    ------
    SettingsError
        One of them can't be.
    """
    chosen = {**read_choices(run_dir), **given}
    resolve(_own_stages(), chosen)
    write_json(run_dir / CHOICES, chosen)


def read_choices(run_dir: Path) -> dict[str, Any]:
    """The settings that were chosen since the run's start, by name."""
    return dict(read_json(run_dir / CHOICES) or {})


def settings_of_run(run_dir: Path) -> dict[str, Any]:
    """The groups of settings of a run's pieces and marker, as the run was set.

    Raises
    ------
    RunError
        There is no run in that folder.
    """
    record = read_record(run_dir)
    if record is None:
        raise RunError(f"There is no run in {run_dir}.", "Start it with 'stitchsketch run'.")
    own = _own_stages()
    groups = {group for stage in own for group in stage.settings}
    given = {
        name: value for name, value in record.settings.items() if name.partition(".")[0] in groups
    }
    return resolve(own, given)


def _own_stages() -> list[Stage]:
    # the other stages' settings would load their libraries, and a page shall answer
    return [stage for stage in standard_stages() if stage.name in _STAGES]
