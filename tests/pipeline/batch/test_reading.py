"""A batch's file: what its rows ask, and that all its mistakes are told before anything begins."""

from __future__ import annotations

import csv

import pytest

from stitchsketch_kernel.domain.errors import SettingsError
from stitchsketch_kernel.pipeline.batch import Job, Outcome, read_jobs
from stitchsketch_kernel.pipeline.batch.summary import write_summary
from stitchsketch_kernel.projects.records import Status


@pytest.fixture
def place(tmp_path):
    for name in ("chair", "sofa"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.jpg").write_bytes(b"as if it were one")
    (tmp_path / "linen.toml").write_text("width_mm = 1500")
    (tmp_path / "fine.toml").write_text("[align]\nmax_features = 9000\n[nest]\nseconds = 5")
    return tmp_path


def read(place, text, name="jobs.csv"):
    (place / name).write_text(text, encoding="utf-8")
    return read_jobs(place / name, place / "runs")


def mistakes_of(place, text, name="jobs.csv") -> list[str]:
    with pytest.raises(SettingsError) as refused:
        read(place, text, name)
    first, *others = str(refused.value).splitlines()
    assert "nothing was begun" in first
    return [line.strip() for line in others]


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_row_asks_what_a_run_can_be_asked(place, mark):
    table = (
        "\ufeffphotos,name,fabric,settings,align.max_features,bar_mm,gpu,out\r\n"
        "chair,Wing chair,linen.toml,fine.toml,7000,199.5,yes,\r\n"
        ",,,,,,,\r\n"
        "sofa,,,,,,,elsewhere/sofa\r\n"
    )
    first, second = read(place, table.replace(",", mark))
    assert (first.row, second.row) == (2, 4)
    assert first.photos == place / "chair" and first.out == place / "runs" / "Wing chair"
    assert first.settings.fabric == place / "linen.toml" and first.needs_gpu
    assert first.settings.values == {
        "align.max_features": "7000", "nest.seconds": 5, "scale.bar_measured_mm": "199.5",
    }  # fmt: skip
    assert second.out == place / "elsewhere" / "sofa" and second.name == "sofa"
    assert not second.needs_gpu


def test_yaml_takes_settings_as_they_are(place):
    [job] = read(
        place, "- photos: chair\n  gpu: false\n  settings:\n    nest: {seconds: 5}\n", "jobs.yaml"
    )
    assert job.row == 1 and job.settings.values == {"nest.seconds": 5} and not job.needs_gpu
    assert read(place, "jobs:\n- photos: sofa\n", "jobs.yml")[0].photos == place / "sofa"


def test_every_mistake_of_every_row_is_told_at_once_with_its_row(place):
    (place / "empty").mkdir()
    told = mistakes_of(
        place,
        "photos,name,fabric,align.max_featurs,nest.seconds,gpu,colour,out\n"
        "nowhere,a,,,,,,\n"
        "chair,b,missing.toml,5,many,perhaps,,\n"
        "empty,c,,,,,,\n"
        ",d,,,,,,\n"
        "chair,e,,,,,red,\n"
        "chair,../f,,,,,,\n"
        "chair,g,,,,,,runs/g\n"
        "sofa,h,,,,,,runs/g\n"
        "sofa,i,,,,,,runs/g/inner\n"
        "sofa,j,,,,,,chair\n",
    )
    expected = [
        (2, "There is no folder"), (3, "gpu is yes or no"), (3, "missing.toml"),
        (3, "Did you mean align.max_features?"), (3, "nest.seconds should be a whole number"),
        (4, "No photos are in"), (5, "It names no photos"), (6, "There is no column 'colour'"),
        (7, "'../f' can't be a folder's name"), (8, "Another row writes to"),
        (9, "Another row writes to"), (10, "lies in the folder of another row"),
        (11, "holds photos"),
    ]  # fmt: skip
    for number, words in expected:
        assert any(one.startswith(f"row {number}: ") and words in one for one in told), words
    assert len(told) == len(expected)
    assert not (place / "runs").exists()


def test_settings_that_do_not_fit_together_are_told(place):
    [told] = mistakes_of(place, "photos,fabric.width_mm,fabric.usable_width_mm\nchair,1000,1200\n")
    assert told.startswith("row 2: ") and "selvages" in told


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("jobs.csv", "photos,name\n", "holds no rows"),
        ("jobs.csv", "photos,photos\nchair,chair\n", "two columns 'photos'"),
        ("jobs.csv", "photos\nchair,sofa\n", "row 2: it has more cells"),
        ("jobs.csv", 'photos\n"chair"x\n', "can't be read"),
        ("jobs.yaml", "a: [", "can't be read"),
        ("jobs.yaml", "- chair\n", "no list of rows"),
        ("jobs.yaml", "!!python/object/apply:os.getcwd []", "can't be read"),
    ],
)
def test_a_file_that_is_none_is_told(place, name, text, words):
    with pytest.raises(SettingsError, match=words):
        read(place, text, name)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(SettingsError, match="can't be opened"):
        read_jobs(tmp_path / "jobs.csv", tmp_path)


def test_a_name_in_the_summary_is_never_a_formula(tmp_path):
    job = Job(2, tmp_path / "=HYPERLINK(1)", tmp_path / "out")
    write_summary(tmp_path / "summary.csv", [job], {2: Outcome(Status.FAILED, "-1 photos")})
    [header, row] = csv.reader((tmp_path / "summary.csv").read_text().splitlines())
    told = dict(zip(header, row, strict=True))
    assert (told["name"], told["error"]) == ("'=HYPERLINK(1)", "'-1 photos")
