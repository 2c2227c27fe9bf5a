"""Whole runs, each once a session: minutes of work that several tests look at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from stitchsketch_kernel.domain.model import Scale, SparseModel
from stitchsketch_kernel.domain.panel import PanelMap
from stitchsketch_kernel.domain.piece import FlatPanel
from stitchsketch_kernel.pipeline import RunRecord, RunSettings, run
from stitchsketch_kernel.pipeline.artefacts import read_value
from stitchsketch_kernel.samples import Sample, build_sample, render_photos

HERE = Path(__file__).parent


@dataclass(frozen=True)
class DoneRun:
    """A finished run and what its stages kept."""

    folder: Path
    record: RunRecord

    def value(self, stage: str, name: str, kind: type):
        return read_value(next((self.folder / "stages").glob(f"??_{stage}")) / f"{name}.npz", kind)

    @property
    def model(self) -> SparseModel:
        return self.value("scale", "model", SparseModel)

    @property
    def scale(self) -> Scale:
        return self.value("scale", "scale", Scale)

    @property
    def panels(self) -> PanelMap:
        return self.value("panels", "panels", PanelMap)

    @property
    def flats(self) -> tuple[FlatPanel, ...]:
        return self.value("flatten", "flats", tuple)


@pytest.fixture(scope="session")
def samples() -> Callable[[str], Sample]:
    return cache(build_sample)


@pytest.fixture(scope="session")
def sample_photos(samples, tmp_path_factory) -> Callable[[str], Path]:
    """The folder of a sample's photos, by its name; rendered once."""

    @cache
    def photos(name: str) -> Path:
        folder = tmp_path_factory.mktemp(name) / "photos"
        render_photos(samples(name), folder)
        return folder

    return photos


@pytest.fixture(scope="session")
def sample_runs(sample_photos, tmp_path_factory) -> Callable[[str], DoneRun]:
    """A sample's whole run, by its name; run once."""
    settings = {"scale.bar_measured_mm": 200.0, "nest.seconds": 5}

    @cache
    def done(name: str) -> DoneRun:
        folder = tmp_path_factory.mktemp(f"{name}-run") / "job"
        chosen = RunSettings(values=settings, name=name, track=False)
        return DoneRun(folder, run(sample_photos(name), folder, chosen))

    return done


@pytest.fixture(scope="session")
def office_chair_run(shared_data, tmp_path_factory) -> DoneRun:
    folder = tmp_path_factory.mktemp("office-chair-run") / "job"
    settings = RunSettings(
        values={"nest.seconds": 5},
        lengths=HERE / "office_chair" / "lengths.toml",
        edits=HERE / "office_chair" / "panels.txt",
        name="office chair",
        track=False,
    )
    photos = shared_data / "office_chair_lidar" / "images"
    return DoneRun(folder, run(photos, folder, settings))
