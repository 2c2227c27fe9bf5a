"""What of a run is looked at comes through the gateway: listed, by its name, never as its page."""

from __future__ import annotations

import io

import pytest

from stitchsketch_kernel.projects.records import Artefact, Project, Run, Scan

SHOP = "Nadel"
PAGE = b"<!doctype html><script>steal()</script>"
HOSTILE = 'cover/../x"\r\nSet-Cookie: a=b; <script>.html'


@pytest.fixture
def run(gateway) -> Run:
    projects = gateway.stores.projects
    project = projects.add_project(Project(SHOP, "Wing chair", owner="anna"))
    scan = projects.add_scan(SHOP, Scan(project.id, "first"))
    return projects.start_run(SHOP, Run(scan.id, "/jobs/1"))


def kept(gateway, run: Run, where: str, content: bytes, kind: str = "html") -> str:
    stored = gateway.stores.objects(SHOP).put("renders", io.BytesIO(content))
    render = Artefact(run.id, "cover", kind, stored.sha256, stored.bytes, where, "renders")
    gateway.stores.projects.add_artefact(SHOP, render)
    return stored.sha256


def test_an_upholsterer_brings_a_cover_and_everybody_of_the_shop_reads_it(gateway, run, ask):
    content = b"glTF" + bytes(2000)
    begun = ask(
        "ben", "POST", "/visualizations/uploads", json={"name": "a.glb", "total_bytes": 2004}
    ).json()
    sent = ask(
        "ben", "PATCH", f"/visualizations/uploads/{begun['id']}", content=content,
        headers={"Upload-Offset": "0"},
    ).json()  # fmt: skip
    sha256 = sent["stored"]["sha256"]
    body = {
        "stage": "cover",
        "kind": "glb",
        "sha256": sha256,
        "bytes": 2004,
        "where": "cover/a.glb",
    }
    assert ask("ben", "PUT", f"/runs/{run.id}/renders", json=body).status_code == 200
    [listed] = ask("tia", "GET", f"/runs/{run.id}/renders").json()["items"]
    assert (listed["where"], listed["sha256"]) == ("cover/a.glb", sha256)
    answer = ask("tia", "GET", f"/runs/{run.id}/renders/{sha256}")
    assert answer.content == content
    assert answer.headers["content-type"] == "model/gltf-binary"
    assert answer.headers["content-disposition"] == 'attachment; filename="a.glb"'


def test_a_page_is_a_download_that_could_run_nothing_here(gateway, run, ask):
    sha256 = kept(gateway, run, "cover/cover.html", PAGE)
    answer = ask("ben", "GET", f"/runs/{run.id}/renders/{sha256}")
    assert answer.content == PAGE
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["content-security-policy"].startswith("sandbox")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_hostile_name_is_no_header_and_no_path(gateway, run, ask):
    sha256 = kept(gateway, run, HOSTILE, PAGE)
    answer = ask("ben", "GET", f"/runs/{run.id}/renders/{sha256}")
    assert answer.status_code == 200 and "set-cookie" not in answer.headers
    name = answer.headers["content-disposition"].partition("filename=")[2].strip('"')
    assert not set(name) & set('/\\"<>\r\n; ') and name.endswith(".html")


def test_nobody_puts_a_stages_file_in_place_by_way_of_a_render(gateway, run, ask):
    theirs = Artefact(run.id, "mesh", "ply", "1" * 64, 1, "mesh.ply", "models")
    gateway.stores.projects.add_artefact(SHOP, theirs)
    body = {"stage": "mesh", "kind": "ply", "sha256": "2" * 64, "bytes": 1, "where": "mesh.ply"}
    assert ask("ben", "PUT", f"/runs/{run.id}/renders", json=body).status_code == 422
    assert gateway.stores.projects.artefacts(SHOP, run.id) == [theirs]


def test_only_renders_are_listed_and_read_as_such(gateway, run, ask):
    model = gateway.stores.objects(SHOP).put("models", io.BytesIO(b"ply"))
    gateway.stores.projects.add_artefact(
        SHOP, Artefact(run.id, "mesh", "ply", model.sha256, 3, "mesh.ply", "models")
    )
    assert ask("ben", "GET", f"/runs/{run.id}/renders").json()["items"] == []
    assert ask("ben", "GET", f"/runs/{run.id}/renders/{model.sha256}").status_code == 404


def test_a_render_of_another_run_or_of_none_is_not_this_ones(gateway, run, ask):
    sha256 = kept(gateway, run, "cover/cover.html", PAGE + b"other")
    other = gateway.stores.projects.start_run(SHOP, Run(run.scan_id, "/jobs/2"))
    assert ask("ben", "GET", f"/runs/{other.id}/renders/{sha256}").status_code == 404
    assert ask("carla", "GET", f"/runs/{run.id}/renders/{sha256}").status_code == 404


def test_what_is_kept_to_people_is_not_there_for_others(gateway, run, ask):
    sha256 = kept(gateway, run, "cover/cover.html", PAGE + b"kept")
    path = f"/runs/{run.id}/renders"
    assert ask("ben", "GET", f"{path}/{sha256}").status_code == 200
    projects = gateway.stores.projects
    project = next(
        one for one in projects.projects(SHOP)
        if any(scan.id == run.scan_id for scan in projects.scans(SHOP, one.id))
    )  # fmt: skip
    shared = ask("anna", "PUT", f"/projects/{project.id}/sharing", json={"kept_to": ["tia"]})
    assert shared.status_code == 200
    assert ask("ben", "GET", path).status_code == 404
    assert ask("ben", "GET", f"{path}/{sha256}").status_code == 404
    assert ask("tia", "GET", f"{path}/{sha256}").status_code == 200
