"""What a page believes: behind a hub its token and its own shop's folder, else the machine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from laid_run import laid_run
from serving import PROVIDER, people, served
from stitchsketch_widgets.pages.fabric_quote import fabric_quote_page
from stitchsketch_widgets.pages.here import here
from stitchsketch_widgets.pages.new_scan import new_scan_page

from stitchsketch_kernel.domain.errors import NotKeptError, RunError, StitchSketchError
from stitchsketch_kernel.domain.marker import Fabric
from stitchsketch_kernel.projects.records import Project, Run, Scan, Status
from stitchsketch_kernel.storage.interface import shop_folder
from stitchsketch_kernel.stores import open_stores
from stitchsketch_kernel.users.records import ShopFabric


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    with served(PROVIDER(), tmp_path_factory.mktemp("gateway")) as serving:
        people(serving)
        yield serving


@pytest.fixture
def behind(gateway, monkeypatch, tmp_path):
    """The environment that the hub gives an app's kernel of Ben, of the shop Nadel."""
    monkeypatch.setenv("STITCHSKETCH_GATEWAY_URL", gateway.url)
    monkeypatch.setenv("STITCHSKETCH_GATEWAY_TOKEN", PROVIDER().token("ben"))
    monkeypatch.setenv("STITCHSKETCH_RUNS", str(tmp_path / "runs"))
    return tmp_path / "runs"


@pytest.fixture
def at_page():
    """The page's place, let go of in the end."""
    opened = []

    def come(*who: str):
        opened.append(here(*who))
        return opened[-1]

    yield come
    for place in opened:
        place.projects.close()


def run_in(gateway, monkeypatch, folder: Path, shop: str = "Nadel") -> Run:
    """A run that a record says to be in that folder, and a page whose address names it."""
    projects = gateway.stores.projects
    project = projects.add_project(Project(shop, f"Chair in {folder.name}"))
    scan = projects.add_scan(shop, Scan(project.id, "first"))
    run = projects.start_run(shop, Run(scan.id, str(folder), host=os.uname().nodename))
    monkeypatch.setenv("QUERY_STRING", f"run={run.id}")
    return run


def test_the_token_says_who_it_is_and_of_which_shop(gateway, behind, monkeypatch, at_page):
    monkeypatch.setenv("STITCHSKETCH_SHOP", "Zwirn")
    place = at_page("carla", "Zwirn")
    assert (place.person, place.shop) == ("ben", "Nadel")
    gateway.stores.projects.add_project(Project("Zwirn", "Theirs"))
    assert {one.shop for one in place.projects.projects(place.shop)} <= {"Nadel"}
    assert place.projects.projects("Zwirn") == []


def test_without_a_sound_token_there_is_no_page(behind, monkeypatch, at_page):
    """Not this machine's own stores either, which hold every shop's."""
    monkeypatch.setenv("STITCHSKETCH_GATEWAY_TOKEN", "")
    with pytest.raises(StitchSketchError):
        at_page()


def test_another_shops_run_is_none(gateway, behind, monkeypatch, tmp_path, at_page):
    run_in(gateway, monkeypatch, tmp_path, shop="Zwirn")
    with pytest.raises(NotKeptError):
        at_page().run()


def test_a_run_in_the_shops_own_folder_is_opened(gateway, behind, monkeypatch, at_page):
    folder = behind / shop_folder("Nadel") / "chair"
    folder.mkdir(parents=True)
    run_in(gateway, monkeypatch, folder)
    assert at_page().run_folder() == folder.resolve()


@pytest.mark.parametrize("where", ["elsewhere", "other shop", "above", "link"])
def test_a_record_that_names_a_folder_of_others_opens_nothing(
    gateway, behind, monkeypatch, tmp_path, at_page, where
):
    own, secret = behind / shop_folder("Nadel"), tmp_path / "secret"
    theirs = behind / shop_folder("Zwirn") / "chair"
    for folder in (own, secret, theirs):
        folder.mkdir(parents=True, exist_ok=True)
    (own / "link").symlink_to(secret)
    folder = {
        "elsewhere": secret, "other shop": theirs, "link": own / "link",
        "above": own / ".." / shop_folder("Zwirn") / "chair",
    }[where]  # fmt: skip
    run_in(gateway, monkeypatch, folder)
    with pytest.raises(RunError):
        at_page().run_folder()


def test_where_no_folder_is_shared_no_run_is_opened(
    gateway, behind, monkeypatch, tmp_path, at_page
):
    monkeypatch.setenv("STITCHSKETCH_RUNS", "")
    run_in(gateway, monkeypatch, tmp_path)
    with pytest.raises(RunError):
        at_page().run_folder()


def test_a_page_behind_the_gateway_has_a_worker_go_on_and_starts_nothing_itself(
    gateway, behind, monkeypatch, at_page
):
    folder = behind / shop_folder("Nadel") / "stool"
    folder.mkdir(parents=True)
    run = run_in(gateway, monkeypatch, folder)
    gateway.stores.projects.finish_run("Nadel", run.id, Status.FAILED, "The lamp went out.")
    page = new_scan_page(at_page())
    assert (page.status, page.can_go_on) == ("failed", True)
    page._on_message(page, {"do": "go_on"}, [])
    newest = gateway.stores.projects.runs("Nadel", run.scan_id)[0]
    assert (newest.status, newest.folder) == (Status.QUEUED, "")
    assert not (folder / "start.log").exists()


def test_without_a_gateway_it_is_the_persons_own_machine(monkeypatch, tmp_path, at_page):
    monkeypatch.setenv("STITCHSKETCH_HOME", str(tmp_path))
    with open_stores() as stores:
        stores.projects.add_project(Project(stores.settings.shop, "Mine"))
    place = at_page()
    assert [one.name for one in place.projects.projects(place.shop)] == ["Mine"]
    assert not place.shared


@pytest.mark.parametrize(("who", "there"), [("anna", True), ("ben", True), ("ben", False)])
def test_a_quote_is_made_of_the_shops_own_cloth_and_kept_with_its_project(
    gateway, behind, monkeypatch, at_page, who, there
):
    """That of a project that was deleted is refused, in words, and leaves nothing behind."""
    monkeypatch.setenv("STITCHSKETCH_GATEWAY_TOKEN", PROVIDER().token(who))
    folder = behind / shop_folder("Nadel") / f"bench-{who}-{there}"
    run = run_in(gateway, monkeypatch, laid_run(folder))
    users = gateway.stores.users
    users.keep_fabric(ShopFabric("Nadel", Fabric("Damask", 1400, 1370), id="a" * 32))
    users.keep_fabric(ShopFabric("Zwirn", Fabric("Theirs", 1400, 1370)))
    form, view, _ = fabric_quote_page(at_page()).children
    assert [one["name"] for one in form.library] == ["Damask"]
    before = gateway.stores.objects("Nadel").objects("patterns")
    if not there:
        gateway.stores.projects.delete_project("Nadel", at_page().project_of(run).id)
    form._on_message(form, {"do": "keep", "number": 1}, [])
    assert form.message["kind"] == ("good" if there else "error"), form.message
    kept = gateway.stores.projects.quotes("Nadel", run.id) if there else []
    assert [one.total_minor for one in kept] == ([2000] if there else [])
    if there:
        assert gateway.stores.objects("Nadel").exists("patterns", kept[0].sha256)
    else:
        assert gateway.stores.objects("Nadel").objects("patterns") == before
    assert view.figures["used_mm"] > 900
