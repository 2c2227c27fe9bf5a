"""A run that goes on in an empty folder, as another machine has one."""

from __future__ import annotations

import io
import json
import logging
import shutil
from dataclasses import replace
from uuid import uuid4

import pytest

from stitchsketch_kernel.domain.errors import StorageError
from stitchsketch_kernel.pipeline import elsewhere, tracking
from stitchsketch_kernel.projects.records import Status
from stitchsketch_kernel.stores import Stores, StoreSettings
from stitchsketch_kernel.stores.checking import check
from stitchsketch_kernel.stores.exporting import export_project
from stitchsketch_kernel.stores.importing import import_project


@pytest.fixture
def servers(postgres, ceph, monkeypatch):
    """An installation whose projects and objects lie on servers."""
    for name, value in {
        "DATABASE_URL": postgres.new_database(), "S3_ENDPOINT": ceph.endpoint,
        "S3_ACCESS_KEY": ceph.owner.access_key, "S3_SECRET_KEY": ceph.owner.secret_key,
        "S3_BUCKET": f"tests-{uuid4()}",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"STITCHSKETCH_{name}", value)
    monkeypatch.setattr(tracking, "WAIT_AT_END_S", 30.0)
    with Stores(StoreSettings.from_env()) as stores:
        yield stores


@pytest.fixture
def died_in_three(tiny, servers):
    """A run whose first two stages are finished and kept, and the machine of which is gone."""
    tiny.behave(three="PanelError")
    with pytest.raises(Exception, match="dark"):
        tiny.run()
    tiny.behave()
    assert tiny.calls() == ["one", "two", "three"]
    machine = tiny.root / "gone"
    tiny.out.rename(machine)
    return machine


def kept(stores, name: str):
    [project] = stores.projects.projects("local")
    [scan] = stores.projects.scans("local", project.id)
    return [
        one
        for run in stores.projects.runs("local", scan.id)
        for one in stores.projects.artefacts("local", run.id)
        if one.where == name
    ]


def test_a_run_goes_on_elsewhere_from_its_last_finished_stage(tiny, servers, died_in_three):
    record = tiny.run()
    assert tiny.calls() == ["three"]
    assert tiny.statuses() == ["reused", "reused", "completed"]
    assert record.figures("three")["text"] == "one1A|two1|three1"
    for place in ("stages/01_one/cut", "stages/02_two/cut", "patterns/two", "notebooks/two.ipynb"):
        assert (tiny.out / place).read_bytes() == (died_in_three / place).read_bytes()
    assert not [path for path in (tiny.out / "stages").iterdir() if path.name[0] == "."]
    # it is a run like any other: what follows from a change is computed again, and nothing else
    tiny.run(three_turn=2)
    assert tiny.calls() == ["three"]
    assert check(servers, ["local"])[0].is_sound


def test_what_was_changed_meanwhile_is_computed_again(tiny, servers, died_in_three):
    tiny.run(two_turn=5)
    assert tiny.calls() == ["two", "three"]


def test_stages_that_were_not_read_together_are_not_mixed(tiny, servers, died_in_three):
    """One is made anew, under the same key; two, which read the other, must not be taken."""
    shutil.copytree(died_in_three, tiny.out)
    shutil.rmtree(tiny.out / "stages" / "02_two")
    seal = tiny.out / "stages" / "01_one" / "key.json"
    seal.write_text(json.dumps({**json.loads(seal.read_text()), "made": "another"}))
    tiny.run()
    assert tiny.calls() == ["two", "three"]


def test_a_damaged_or_lost_file_costs_only_the_reuse(tiny, servers, died_in_three, caplog):
    [cut] = kept(servers, "stages/01_one/cut")
    servers.objects("local").delete("models", cut.sha256)
    with caplog.at_level(logging.WARNING):
        tiny.run()
    assert tiny.calls() == ["one", "two", "three"]
    assert "is not there" in caplog.text
    assert tiny.statuses() == ["completed"] * 3


class Liar:
    """An object store that gives other content than was asked for, of the same size."""

    def __init__(self, objects) -> None:
        self._objects = objects

    def open(self, bucket, sha256):
        with self._objects.open(bucket, sha256) as file:
            return io.BytesIO(file.read().swapcase())


def test_content_that_is_not_what_its_name_says_is_not_taken(
    tiny, servers, died_in_three, monkeypatch, caplog
):
    honest = elsewhere._Fetch
    monkeypatch.setattr(elsewhere, "_Fetch", lambda objects, *of: honest(Liar(objects), *of))
    with caplog.at_level(logging.WARNING):
        tiny.run()
    assert tiny.calls() == ["one", "two", "three"] and "is damaged" in caplog.text


def test_a_name_that_leads_out_of_the_stages_folder_is_refused(
    tiny, servers, died_in_three, caplog
):
    name = "../../../../evil"
    [cut] = kept(servers, "stages/01_one/cut")
    servers.projects.add_artefact("local", replace(cut, where=f"stages/01_one/{name}"))
    [seal] = kept(servers, "stages/01_one/key.json")
    with servers.objects("local").open("models", seal.sha256) as file:
        told = json.load(file)
    told["files"][name] = cut.bytes
    put = servers.objects("local").put("models", io.BytesIO(json.dumps(told).encode()))
    servers.projects.add_artefact("local", replace(seal, sha256=put.sha256, bytes=put.bytes))
    with caplog.at_level(logging.WARNING):
        tiny.run()
    assert tiny.calls() == ["one", "two", "three"] and "leads out" in caplog.text
    assert not list(tiny.root.rglob("evil"))


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x", "link/x"])
def test_no_name_leads_out_of_a_folder(tmp_path, name):
    (tmp_path / "stage").mkdir()
    (tmp_path / "stage" / "link").symlink_to(tmp_path)
    assert elsewhere._below(tmp_path / "stage", "a/x") == tmp_path / "stage" / "a" / "x"
    with pytest.raises(StorageError, match="leads out"):
        elsewhere._below(tmp_path / "stage", name)


def test_a_store_that_is_away_costs_only_the_reuse(
    tiny, servers, died_in_three, postgres, monkeypatch, caplog
):
    monkeypatch.setattr(tracking, "WAIT_AT_END_S", 0.5)
    postgres.stop()
    try:
        with caplog.at_level(logging.WARNING):
            tiny.run()
    finally:
        postgres.start()
    assert tiny.calls() == ["one", "two", "three"]
    assert "Nothing is taken from the shop's stores" in caplog.text


def test_of_a_store_that_refuses_writes_nothing_half_kept_is_taken(
    tiny, servers, ceph, monkeypatch
):
    servers.objects("local")  # its bucket is there
    name = f"reader-{uuid4().hex[:8]}"
    account = ceph.new_account(name, "--op-mask=read,write,delete")
    monkeypatch.setenv("STITCHSKETCH_S3_ACCESS_KEY", account.access_key)
    monkeypatch.setenv("STITCHSKETCH_S3_SECRET_KEY", account.secret_key)
    monkeypatch.setenv("STITCHSKETCH_S3_BUCKET", f"tests-{uuid4()}")
    monkeypatch.setattr(tracking, "WAIT_AT_END_S", 1.0)

    def refuse_from_two_on(share, note):
        if share > 0.4:
            ceph.admin("user", "modify", f"--uid={name}", "--op-mask=read")

    tiny.run(progress=refuse_from_two_on)
    assert tiny.statuses() == ["completed"] * 3  # the run itself goes on
    tiny.calls()
    tiny.out.rename(tiny.root / "gone")
    tiny.run()
    told = tiny.statuses()
    assert told == ["reused"] * told.count("reused") + ["completed"] * told.count("completed")
    assert tiny.calls() == ["one", "two", "three"][told.count("reused") :]
    assert told[1:] == ["completed", "completed"]


def test_a_shop_may_say_no(tiny, servers, monkeypatch):
    monkeypatch.setenv("STITCHSKETCH_KEEP_STAGES", "no")
    tiny.run()
    assert kept(servers, "stages/01_one/cut") == []


def test_an_export_leaves_out_what_can_be_computed_again(tiny, servers, tmp_path):
    tiny.run()
    [project] = servers.projects.projects("local")
    export_project(servers, "local", project.id, tmp_path / "chair.zip")
    with Stores(StoreSettings(tmp_path / "other")) as other:
        there = import_project(other, "local", tmp_path / "chair.zip")
        [scan] = other.projects.scans("local", there.id)
        [run] = other.projects.runs("local", scan.id)
        assert run.status == Status.COMPLETED
        places = {one.where for one in other.projects.artefacts("local", run.id)}
        assert {place.partition("/")[0] for place in places} == {"notebooks", "patterns"}
        assert check(other, ["local"])[0].is_sound
