"""*My projects*: what a shop has, found and opened."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from PIL import Image
from stitchsketch_widgets.project_list import ProjectList

from stitchsketch_kernel.projects.records import Artefact, Photo, Project, Run, Scan
from stitchsketch_kernel.users.records import User


@pytest.fixture(scope="module")
def seen(see, place):
    added = Project(
        "local", "Wing chair", customer="Ann Smith", created=datetime(2030, 1, 2, tzinfo=UTC)
    )
    place.stores.projects.add_project(added)
    opened = see("projects.ipynb")
    opened.page.get_by_role("heading", name="Wing chair").wait_for()
    return opened


def names(seen) -> list[str]:
    return seen.page.locator(".project h2").all_inner_texts()


def test_only_the_shops_own_projects_are_listed_the_newest_first(seen):
    assert names(seen) == ["Wing chair", "Cushion"]


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("smith", ["Wing chair"]),
        ("cush", ["Cushion"]),
        ("sofa", []),
        ("", ["Wing chair", "Cushion"]),
    ],
)
def test_a_project_is_found_by_what_it_is_called_or_whose_it_is(seen, word, found):
    seen.page.get_by_label("Search").fill(word)
    assert names(seen) == found


def test_a_project_that_is_added_meanwhile_appears(seen, place):
    added = place.stores.projects.add_project(Project("local", "Stool"))
    seen.page.get_by_role("heading", name="Stool").wait_for()
    place.stores.projects.delete_project("local", added.id)
    seen.page.get_by_role("heading", name="Stool").wait_for(state="detached")


@pytest.mark.parametrize("width", [1280, 390])
def test_the_list_is_for_everybody_at_every_width(seen, voila, shots, width):
    seen.page.set_viewport_size({"width": width, "height": 844})
    seen.page.wait_for_timeout(100)
    assert seen.page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0
    assert seen.faults() == []
    assert (seen.outside(voila), seen.wrong) == ([], [])
    seen.page.screenshot(path=shots / f"projects-{width}.png")


def test_a_project_leads_to_its_run(seen, place):
    with seen.page.expect_navigation(wait_until="commit"):
        seen.page.get_by_role("link", name="Progress: Cushion").click()
    seen.page.get_by_role("heading", name="Run of Cushion").wait_for()
    assert f"run={place.run.id}" in seen.page.url


# -- what can be done with a project


@pytest.fixture
def stool(place):
    """A project with a scan of one photo, gone in the end."""
    projects, objects = place.stores.projects, place.stores.objects("local")
    project = projects.add_project(Project("local", "Foot stool", customer="Ann Smith"))
    scan = projects.add_scan("local", Scan(project.id, "first"))
    picture = io.BytesIO()
    Image.new("RGB", (1600, 1200), (200, 30, 30)).save(picture, "JPEG")
    kept = objects.put("images", io.BytesIO(picture.getvalue()))
    projects.keep_photo("local", Photo(scan.id, "a.jpg", kept.sha256, kept.bytes))
    yield project
    for one in projects.projects("local"):
        if one.name.startswith("Foot"):
            projects.delete_project("local", one.id)


def open_more(seen, name: str):
    card = seen.page.locator(
        ".project", has=seen.page.get_by_role("heading", name=name, exact=True)
    )
    card.wait_for()
    card.locator("summary").click()
    return card


def test_a_project_is_renamed_duplicated_deleted_and_taken_back(seen, place, stool, shots):
    projects = place.stores.projects
    seen.page.goto(seen.page.url.split("/voila/")[0] + "/voila/render/projects.ipynb")
    card = open_more(seen, "Foot stool")
    seen.page.set_viewport_size({"width": 1280, "height": 844})
    card.get_by_label("Name").fill("Foot rest")
    assert seen.faults() == []
    seen.page.screenshot(path=shots / "projects-more.png", full_page=True)
    card.get_by_role("button", name="Rename").click()
    seen.page.get_by_role("heading", name="Foot rest", exact=True).wait_for()
    assert projects.project("local", stool.id).name == "Foot rest"
    open_more(seen, "Foot rest").get_by_role("button", name="Duplicate").click()
    seen.page.get_by_role("heading", name="Foot rest (copy)").wait_for()
    copy = projects.project_named("local", "Foot rest (copy)")
    [scan] = projects.scans("local", copy.id)
    assert [one.name for one in projects.photos("local", scan.id)] == ["a.jpg"]
    link = seen.page.get_by_role("link", name="Photos and run: Foot rest (copy)")
    assert link.get_attribute("href") == f"new_scan.ipynb?scan={scan.id}"
    open_more(seen, "Foot rest (copy)").get_by_role("button", name="Delete").click()
    seen.page.get_by_text("“Foot rest (copy)” is deleted.").wait_for()
    assert projects.project_named("local", "Foot rest (copy)") is None
    assert seen.faults() == []
    seen.page.screenshot(path=shots / "projects-undo.png", full_page=True)
    seen.page.get_by_role("button", name="Undo").click()
    seen.page.get_by_text("“Foot rest (copy)” is back.").wait_for()
    assert projects.project("local", copy.id).status == "open"
    pictures = seen.page.locator(".project .picture img")
    pictures.first.wait_for()
    assert pictures.first.evaluate("(image) => image.naturalWidth") == 320


def test_a_form_that_is_open_is_not_lost_when_the_list_is_looked_up_anew(seen, place, stool):
    card = open_more(seen, "Foot stool")
    field = card.get_by_label("Name")
    field.fill("Half a name")
    added = place.stores.projects.add_project(Project("local", "Meanwhile"))
    seen.page.get_by_role("heading", name="Meanwhile").wait_for()
    place.stores.projects.delete_project("local", added.id)
    assert field.input_value() == "Half a name"
    assert field.evaluate("(one) => one === document.activeElement")


def test_a_project_is_kept_to_people_and_opened_again_by_keys(seen, voila, place, stool, shots):
    for subject, name in (("anna", "Anna"), ("<img src=x>", "Ben <b>"), ("tia", "Tia")):
        place.stores.users.keep(User(subject, "local", name))
    projects = place.stores.projects
    projects.change_project("local", replace(stool, owner="anna"))
    seen.page.goto(voila + "/voila/render/projects.ipynb")
    card = open_more(seen, "Foot stool")
    everybody = card.get_by_label("The whole shop")
    assert everybody.is_checked() and not card.get_by_label("Tia").is_visible()
    everybody.focus()
    seen.page.keyboard.press("ArrowDown")
    seen.page.keyboard.press("Tab")
    seen.page.keyboard.press("Space")
    assert card.get_by_label("Ben <b>").is_checked()
    for width in (1280, 820, 390):
        seen.page.set_viewport_size({"width": width, "height": 900})
        assert seen.page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0
        assert seen.faults() == []
        card.screenshot(path=shots / f"projects-sharing-{width}.png")
    card.get_by_role("button", name="Keep: Foot stool").click()
    seen.page.get_by_text("Kept to Anna, Ben <b>").wait_for()
    assert projects.project("local", stool.id).kept_to == ("<img src=x>", "anna")
    assert seen.faults() == []
    seen.page.screenshot(path=shots / "projects-kept.png", full_page=True)
    again = open_more(seen, "Foot stool")
    again.get_by_label("The whole shop").check()
    again.get_by_role("button", name="Keep: Foot stool").click()
    seen.page.get_by_text("is seen by the whole shop.").wait_for()
    assert projects.project("local", stool.id).kept_to == ()
    assert seen.outside(voila) == []
    for subject in ("anna", "<img src=x>", "tia"):
        place.stores.users.forget(subject)


def test_a_project_leads_to_its_fabric_and_quote(seen, place):
    way = seen.page.get_by_role("link", name="Fabric and quote: Cushion")
    assert way.get_attribute("href").startswith("fabric_quote.ipynb?run=")


def sent_by(listed: ProjectList, **message) -> list:
    sent = []
    listed.send = lambda content, buffers: sent.append((content, buffers))
    listed._on_message(listed, message, [])
    return sent


def test_the_picture_is_the_mesh_that_the_run_has_left_else_the_first_photo(place, stool, tmp_path):
    projects, objects = place.stores.projects, place.stores.objects("local")
    listed = ProjectList(projects, "local", objects, lambda run: tmp_path)
    [(content, [photo])] = sent_by(listed, do="thumbnail", project=stool.id)
    assert content == {"thumbnail": stool.id}
    assert Image.open(io.BytesIO(photo)).size == (320, 240)
    [scan] = projects.scans("local", stool.id)
    run = projects.start_run("local", Run(scan.id, "/elsewhere"))
    kept = objects.put("models", io.BytesIO(b"a picture of the mesh"))
    where = "model/thumbnail.jpg"
    projects.add_artefact(
        "local", Artefact(run.id, "mesh", "jpg", kept.sha256, kept.bytes, where, "models")
    )
    assert sent_by(listed, do="thumbnail", project=stool.id)[0][1] == [b"a picture of the mesh"]
    (tmp_path / "model").mkdir()
    (tmp_path / where).write_bytes(b"nearer")
    assert sent_by(listed, do="thumbnail", project=stool.id)[0][1] == [b"nearer"]


def test_a_file_that_is_no_picture_gives_none(place, stool):
    projects, objects = place.stores.projects, place.stores.objects("local")
    [scan] = projects.scans("local", stool.id)
    kept = objects.put("images", io.BytesIO(b"no picture"))
    projects.keep_photo("local", Photo(scan.id, "a.jpg", kept.sha256, kept.bytes))
    listed = ProjectList(projects, "local", objects)
    assert sent_by(listed, do="thumbnail", project=stool.id) == [({"thumbnail": stool.id}, [])]


@pytest.mark.parametrize("message", [{"do": "delete"}, {"do": "fly", "project": "x"}, {},
                                     {"do": "share", "project": "x", "people": "anna"},
                                     {"do": "rename", "project": "x", "name": " "}])  # fmt: skip
def test_what_is_not_understood_changes_nothing(place, message):
    listed = ProjectList(place.stores.projects, "local")
    before = listed.projects
    sent_by(listed, **message)
    assert listed.error
    assert listed.projects == before


def test_another_shops_project_is_out_of_reach(place):
    listed = ProjectList(place.stores.projects, "local", place.stores.objects("local"))
    [theirs] = place.stores.projects.projects("other")
    for what in ("rename", "duplicate", "delete", "thumbnail", "share"):
        sent_by(listed, do=what, project=theirs.id, name="Mine", people=[])
        assert "no such project" in listed.error, what
    assert place.stores.projects.project("other", theirs.id) == theirs
