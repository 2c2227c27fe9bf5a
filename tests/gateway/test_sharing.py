"""Projects kept to some people, as the gateway's table has it."""

from __future__ import annotations

import io

import pytest

from stitchsketch_kernel.projects.records import Artefact, Photo, Project, Run, Scan

SHOP = "Nadel"


@pytest.fixture
def throne(gateway):
    """Ben's project; a photo and a mesh are kept of it."""
    store, objects = gateway.stores.projects, gateway.stores.objects(SHOP)
    project = store.add_project(Project(SHOP, "Throne", owner="ben", customer="Ms Secret"))
    scan = store.add_scan(SHOP, Scan(project.id, "all"))
    run = store.start_run(SHOP, Run(scan.id, "/jobs/1"))
    photo = objects.put("images", io.BytesIO(b"\xff\xd8\xff a throne"))
    mesh = objects.put("models", io.BytesIO(b"a mesh of a throne"))
    store.keep_photo(SHOP, Photo(scan.id, "1.jpg", photo.sha256, photo.bytes))
    store.add_artefact(
        SHOP, Artefact(run.id, "mesh", "ply", mesh.sha256, mesh.bytes, "mesh.ply", "models")
    )
    yield project, scan, run, photo.sha256, mesh.sha256
    store.delete_project(SHOP, project.id)
    objects.delete("images", photo.sha256)
    objects.delete("models", mesh.sha256)


def keep_to(ask, who: str, project: Project, *people: str):
    return ask(who, "PUT", f"/projects/{project.id}/sharing", json={"kept_to": list(people)})


def test_the_owner_keeps_it_from_colleagues_and_managers_see_all(ask, throne):
    project, scan, run, photo, mesh = throne
    assert keep_to(ask, "ben", project, "ben").json()["kept_to"] == ["ben"]
    ways = [
        f"/projects/{project.id}", f"/projects/{project.id}/scans", f"/scans/{scan.id}/photos",
        f"/runs?scan_id={scan.id}", f"/runs/{run.id}", f"/runs/{run.id}/stages",
        f"/runs/{run.id}/artefacts", f"/runs/{run.id}/quotes", f"/runs/{run.id}/events",
        f"/images/{photo}", f"/models/{mesh}".replace("models", "reconstructions"),
    ]  # fmt: skip
    lists = ["/projects", "/projects?name=Throne", "/runs/history", "/images", "/reconstructions"]
    for way in ways:
        assert ask("tia", "GET", way).status_code == 404, way
        assert ask("ben", "GET", way).status_code == 200, way
        assert ask("anna", "GET", way).status_code == 200, way
    for way in lists:
        for secret in (project.id, photo, mesh, "Ms Secret"):
            assert secret not in ask("tia", "GET", way).text, way
    assert ask("tia", "HEAD", f"/images/{photo}").status_code == 404
    assert ask("tia", "DELETE", f"/images/{photo}").status_code == 404
    assert keep_to(ask, "ben", project, "tia").status_code == 200
    assert all(ask("tia", "GET", way).status_code == 200 for way in ways)
    assert keep_to(ask, "anna", project).json()["kept_to"] == []
    assert project.id in ask("tia", "GET", "/projects").text


def test_nobody_else_says_who_sees_it_nor_takes_it_over(ask, throne, gateway):
    project = throne[0]
    before = gateway.stores.projects.project(SHOP, project.id)
    assert keep_to(ask, "tia", project, "tia").status_code == 403
    mine = {
        "name": "Throne", "owner": "tia", "customer": "", "furniture_type": "", "units": "mm",
        "status": "open",
    }  # fmt: skip
    answer = ask("tia", "PUT", f"/projects/{project.id}", json=mine)
    assert answer.status_code == 403 and "somebody else" in answer.text
    assert gateway.stores.projects.project(SHOP, project.id) == before
    assert ask("ben", "PUT", f"/projects/{project.id}", json=mine).json()["owner"] == "tia"


@pytest.mark.parametrize("stranger", ["carla", "nobody"])
def test_it_is_kept_to_people_of_the_shop_alone(ask, throne, stranger):
    answer = keep_to(ask, "ben", throne[0], stranger)
    assert answer.status_code == 422 and "Nobody in this shop" in answer.text


def test_the_names_of_the_shop_are_for_all_of_it(ask, throne):
    told = ask("ben", "GET", "/users/me/colleagues").json()["items"]
    assert told == [
        {"subject": "anna", "name": "Anna"}, {"subject": "ben", "name": "Ben"},
        {"subject": "tia", "name": "Tia"},
    ]  # fmt: skip
