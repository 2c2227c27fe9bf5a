"""Projects that are kept to some people of the shop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from stitchsketch_kernel.domain.errors import NotKeptError
from stitchsketch_kernel.projects.records import (
    Artefact,
    Beat,
    Photo,
    Project,
    Quote,
    Run,
    Scan,
    StageRun,
    Status,
)

of_installations = pytest.mark.parametrize("store", ["embedded", "services"], indirect=True)


def test_a_project_is_open_to_the_shop_until_it_is_kept_to_people(store):
    project = store.add_project(Project("Nadel", "Wing chair", owner="tia"))
    assert project.kept_to == ()
    kept = store.share_project("Nadel", project.id, ["tia"])
    assert kept == replace(project, kept_to=("tia",)) == store.project("Nadel", project.id)
    # what else is changed of it leaves this as it is
    store.change_project("Nadel", replace(project, name="Sofa"))
    assert store.project("Nadel", project.id).kept_to == ("tia",)
    assert store.share_project("Nadel", project.id, []).kept_to == ()
    with pytest.raises(NotKeptError):
        store.share_project("Zwirn", project.id, ["tia"])


@dataclass
class Kept:
    """A shop's secret project, and what hangs on it."""

    project: Project
    scan: Scan
    run: Run


@pytest.fixture
def secret(store) -> Kept:
    project = store.add_project(Project("Nadel", "Throne", owner="oda", kept_to=("ben", "a,b")))
    scan = store.add_scan("Nadel", Scan(project.id, "all"))
    run = store.start_run("Nadel", Run(scan.id, "/jobs/9"))
    store.keep_photo("Nadel", Photo(scan.id, "1.jpg", "aa" * 32, 5))
    store.add_artefact("Nadel", Artefact(run.id, "mesh", "ply", "cc" * 32, 7, "m.ply", "models"))
    store.keep_quote("Nadel", Quote(run.id, 100, sha256="ee" * 32, bytes=9))
    store.record_stage("Nadel", StageRun(run.id, "mesh", Status.RUNNING))
    return Kept(project, scan, run)


@of_installations
@pytest.mark.parametrize("who", ["ben", "oda", "a,b"])
def test_its_owner_and_those_it_is_kept_to_see_it(store, secret, who):
    seen = store.seen_by(who)
    assert seen.projects("Nadel") == [secret.project] == seen.page("Nadel").projects
    assert seen.run("Nadel", secret.run.id) == store.run("Nadel", secret.run.id)
    assert seen.hidden("Nadel") == set()


REACHES: dict[str, Callable[[Any, Kept], Any]] = {
    "project": lambda store, kept: store.project("Nadel", kept.project.id),
    "change": lambda store, kept: store.change_project("Nadel", kept.project),
    "share": lambda store, kept: store.share_project("Nadel", kept.project.id, []),
    "delete": lambda store, kept: store.delete_project("Nadel", kept.project.id),
    "add again": lambda store, kept: store.add_project(replace(kept.project, kept_to=())),
    "scans": lambda store, kept: store.scans("Nadel", kept.project.id),
    "add scan": lambda store, kept: store.add_scan("Nadel", Scan(kept.project.id, "spy")),
    "photos": lambda store, kept: store.photos("Nadel", kept.scan.id),
    "keep photo": lambda store, kept: store.keep_photo("Nadel", Photo(kept.scan.id, "x", "0", 1)),
    "start": lambda store, kept: store.start_run("Nadel", Run(kept.scan.id, "/x")),
    "queue": lambda store, kept: store.queue_run("Nadel", Run(kept.scan.id, "")),
    "cancel": lambda store, kept: store.cancel_run("Nadel", kept.run.id),
    "beat": lambda store, kept: store.beat("Nadel", kept.run.id, Beat()),
    "record": lambda store, kept: store.record_stage(
        "Nadel", StageRun(kept.run.id, "mesh", Status.FAILED)
    ),
    "finish": lambda store, kept: store.finish_run("Nadel", kept.run.id, Status.FAILED),
    "run": lambda store, kept: store.run("Nadel", kept.run.id),
    "runs": lambda store, kept: store.runs("Nadel", kept.scan.id),
    "stages": lambda store, kept: store.stages("Nadel", kept.run.id),
    "artefacts": lambda store, kept: store.artefacts("Nadel", kept.run.id),
    "add artefact": lambda store, kept: store.add_artefact(
        "Nadel", Artefact(kept.run.id, "mesh", "ply", "0" * 64, 1, "x")
    ),
    "quotes": lambda store, kept: store.quotes("Nadel", kept.run.id),
    "keep quote": lambda store, kept: store.keep_quote("Nadel", Quote(kept.run.id, 1)),
}


@of_installations
def test_for_others_of_the_shop_nothing_of_it_exists(store, secret):
    before = store.bundle("Nadel", secret.project.id)
    for who in ("anna", "Ben", "be", "b", ",", "ben\n", "%"):
        seen = store.seen_by(who)
        for name, reach in REACHES.items():
            with pytest.raises(NotKeptError):
                pytest.fail(f"{who!r} reaches it by {name}: {reach(seen, secret)}")
        assert seen.projects("Nadel") == [] == seen.page("Nadel").projects
        assert seen.project_named("Nadel", "Throne") is None
        assert seen.history("Nadel") == []
    assert store.bundle("Nadel", secret.project.id) == before
    store.delete_project("Nadel", secret.project.id)
    assert store.seen_by("anna").deleted_projects("Nadel") == []
    with pytest.raises(NotKeptError):
        store.seen_by("anna").restore_project("Nadel", secret.project.id)


@of_installations
def test_its_files_are_hidden_but_not_those_that_others_projects_have_too(store, secret):
    seen = store.seen_by("anna")
    mine = {("images", "aa" * 32), ("models", "cc" * 32), ("patterns", "ee" * 32)}
    assert seen.hidden("Nadel") == mine
    assert seen.hidden("Nadel", "aa" * 32) == {("images", "aa" * 32)}
    assert seen.hidden("Nadel", "bb" * 32) == set() == seen.hidden("Zwirn")
    opened = store.add_project(Project("Nadel", "Stool"))
    scan = store.add_scan("Nadel", Scan(opened.id, "all"))
    store.keep_photo("Nadel", Photo(scan.id, "1.jpg", "aa" * 32, 5))
    assert seen.hidden("Nadel") == mine - {("images", "aa" * 32)}
    store.share_project("Nadel", secret.project.id, [])
    assert seen.hidden("Nadel") == set()
