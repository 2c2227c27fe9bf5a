"""A stage's settings as a form in JupyterLab, made of their traits; and computing it again."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ipywidgets

from stitchsketch_kernel.domain.errors import RunError, StitchSketchError
from stitchsketch_kernel.pipeline.choices import read_choices
from stitchsketch_kernel.pipeline.files import plain
from stitchsketch_kernel.pipeline.record import RunRecord, read_record
from stitchsketch_kernel.pipeline.stage import Stage, standard_stages
from stitchsketch_kernel.pipeline.traits import Setting, stage_traits, words_of
from stitchsketch_widgets.bench_computing import Computing, computing
from stitchsketch_widgets.texts import text


def last_settings(run_dir: Path, stage: Stage) -> dict[str, Any]:
    """What a stage of a run was computed with, or is to be next, where it isn't the default.

    Raises
    ------
    RunError
        There is no run in that folder.
    """
    record = read_record(run_dir)
    if record is None:
        raise RunError(
            text("bench.no_run", stage=stage.name, folder=run_dir), text("bench.no_run_todo")
        )
    found = _values_of(record, stage)
    kinds = stage_traits(stage)
    chosen = {k: v for k, v in read_choices(run_dir).items() if k.partition(".")[0] in kinds}
    defaults = {
        f"{group}.{name}": plain(trait.default_value)
        for group, kind in kinds.items()
        for name, trait in kind.class_traits().items()
    }
    return {k: v for k, v in {**found, **chosen}.items() if plain(v) != defaults.get(k)}


def _values_of(record: RunRecord, stage: Stage) -> dict[str, Any]:
    own = record.stage(stage.name).settings
    return {f"{group}.{name}": v for group, of in own.items() for name, v in of.items()}


class Bench(ipywidgets.VBox):  # type: ignore[misc]
    """The settings of one stage of a run, and a button that computes it again.

    What is typed is checked at once, by the traits that the pipeline's settings are; what can't be
    is told in a sentence and not kept. Computing works in a process of its own; at a hub a worker
    does it, as a run of its own.

    Parameters
    ----------
    run_dir : path
    stage : str
    settings : mapping of str to value, optional
        By name: ``{"nest.seconds": 60}``; the others are the defaults.
    track : bool
        Whether the run is kept in the shop's stores.
    """

    def __init__(
        self,
        run_dir: str | Path,
        stage: str,
        settings: Mapping[str, Any] | None = None,
        track: bool = True,
    ) -> None:
        self._folder = Path(run_dir).resolve()
        self._stage = next(one for one in standard_stages() if one.name == stage)
        self.groups = {group: kind() for group, kind in stage_traits(self._stage).items()}
        self._computing: Computing = computing(self._folder, stage, track)
        self._at_work = False
        for name, value in (settings or {}).items():
            group, _, field = name.partition(".")
            setattr(self.groups[group], field, value)
        self.said = ipywidgets.HTML()
        self.bar = ipywidgets.FloatProgress(min=0, max=1, layout={"visibility": "hidden"})
        self.compute = ipywidgets.Button(
            description=text("bench.compute"), button_style="primary", layout={"width": "auto"}
        )
        self.stop = ipywidgets.Button(description=text("bench.stop"), disabled=True)
        self.compute.on_click(lambda _: self._start())
        self.stop.on_click(lambda _: self._stop())
        self.fields = {
            trait.full_name: self._field(self.groups[group], name, trait)
            for group, kind in self.groups.items()
            for name, trait in kind.in_order().items()
        }
        rows = [ipywidgets.VBox([field, _help(trait)]) for field, trait in self._shown()]
        foot = ipywidgets.HBox([self.compute, self.stop, self.bar])
        super().__init__([*rows, foot, self.said])
        self._tell_changes()

    def _shown(self) -> list[tuple[Any, Setting]]:
        traits = {
            trait.full_name: trait
            for kind in self.groups.values()
            for trait in kind.in_order().values()
        }
        return [(field, traits[name]) for name, field in self.fields.items()]

    def _field(self, settings: Any, name: str, trait: Setting) -> Any:
        """The field of one setting."""
        value, hint = getattr(settings, name), trait.metadata["hint"]
        same = {
            "description": trait.full_name, "style": {"description_width": "16em"},
            "layout": {"width": "32em"}, "tooltip": trait.help,
        }  # fmt: skip
        if hint is bool:
            field = ipywidgets.Checkbox(value, **{**same, "indent": True})
        elif words := words_of(hint):
            field = ipywidgets.Dropdown(options=words, value=value, **same)
        elif hint is str:
            field = ipywidgets.Text(value, continuous_update=False, **same)
        else:
            field = ipywidgets.Text(json.dumps(plain(value)), continuous_update=False, **same)
        field.observe(lambda change: self._typed(settings, name, change["new"]), "value")
        return field

    def _typed(self, settings: Any, name: str, value: Any) -> None:
        try:
            setattr(settings, name, value)
        except StitchSketchError as error:
            self._say(str(error), wrong=True)
            self.compute.disabled = True
            return
        self._tell_changes()

    def values(self) -> dict[str, Any]:
        """All settings of the stage, by name.

        Raises
        ------
        SettingsError
            They don't fit together.
        """
        for settings in self.groups.values():
            settings.values()
        return {
            f"{group}.{name}": getattr(settings, name)
            for group, settings in self.groups.items()
            for name in settings.trait_names()
        }

    def changed(self) -> dict[str, Any]:
        """Those that the run was not computed with."""
        record = read_record(self._folder)
        known = {} if record is None else _values_of(record, self._stage)
        return {k: v for k, v in self.values().items() if k in known and plain(v) != known[k]}

    def _tell_changes(self) -> None:
        try:
            changed = self.changed()
        except StitchSketchError as error:
            self._say(str(error), wrong=True)
            self.compute.disabled = True
            return
        self.compute.disabled = self._at_work
        names = ", ".join(changed)
        self._say(text("bench.changed", names=names) if changed else text("bench.same"))

    def _start(self) -> None:
        try:
            self._computing.start(self.changed(), self.values())
        except StitchSketchError as error:
            self._say(str(error), wrong=True)
            return
        self._at_work, self.compute.disabled, self.stop.disabled = True, True, False
        self.bar.layout.visibility = "visible"
        threading.Thread(target=self._watch, name="stage", daemon=True).start()

    def _stop(self) -> None:
        try:
            self._computing.stop()
        except StitchSketchError as error:
            self._say(str(error), wrong=True)

    def _watch(self) -> None:
        """Tell how far it is, until it ends."""
        while True:
            time.sleep(self._computing.every_s)
            try:
                seen = self._computing.look()
            except StitchSketchError as error:  # the gateway is away for a while
                self._say(str(error), wrong=True)
                continue
            self.bar.value = seen.share
            if seen.words:
                self._say(seen.words, seen.wrong)
            if seen.ended:
                break
        self._at_work, self.stop.disabled, self.compute.disabled = False, True, False
        self.bar.layout.visibility = "hidden"

    def _say(self, words: str, wrong: bool = False) -> None:
        shown = words.replace("&", "&amp;").replace("<", "&lt;")
        colour = "#a4262c" if wrong else "inherit"
        self.said.value = f'<p role="status" style="color: {colour}">{shown}</p>'


def _help(trait: Setting) -> Any:
    bounds = trait.metadata["bounds"]
    words = f"{trait.help} ({bounds.words})" if bounds else trait.help
    shown = words.replace("&", "&amp;").replace("<", "&lt;")
    shown = re.sub("`+([^`]+)`+", r"<code>\1</code>", shown)
    return ipywidgets.HTML(f'<div style="opacity: .75; padding-left: 16em">{shown}</div>')
