"""Everybody on every route and every key: made from the table of permissions itself."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from shutil import rmtree
from typing import Any

import pytest
from fastapi import FastAPI
from serving import PEOPLE, Serving

from stitchsketch_kernel.client.records import told
from stitchsketch_kernel.domain.marker import Fabric
from stitchsketch_kernel.gateway.app import TableError, checked
from stitchsketch_kernel.gateway.permissions import (
    BUCKET_OF,
    TABLE,
    Permission,
    as_markdown,
    row_of,
)
from stitchsketch_kernel.projects.records import (
    Artefact,
    Photo,
    Project,
    Quote,
    Run,
    Scan,
    StageRun,
    Status,
)
from stitchsketch_kernel.users.records import Role, ShopFabric, User

SHOP = "Nadel"
OF_THE_SHOP, OF_ANOTHER = ("anna", "ben", "tia"), ("carla", "cora")
#: A fabric as it is sent: whole.
LINEN = told(ShopFabric(SHOP, Fabric("linen", 1400, 1370)), "shop", "id")
ROLES = {user.subject: user.role for user in PEOPLE} | {"cora": Role.TECHNICIAN}


@dataclass(frozen=True)
class Things:
    """A shop's own of every kind; the upload is Anna's."""

    project: Project
    scan: Scan
    run: Run
    keys: dict[str, str]

    def request(self, row: Permission) -> dict[str, Any]:
        """A sound request for a row, on these very things."""
        if row.operation == "projects.restore":
            return {"method": row.method, "path": f"/projects/{self.keys['deleted_id']}/restore"}
        url = row.path.format(**{**self.keys, "sha256": self.keys.get(row.room, "")})
        url = url.replace(self.keys["upload_id"], self.keys.get(f"{row.room} upload", ""))
        what = row.operation.partition(".")[2]
        person = {"shop": SHOP, "name": "Ben", "role": "upholsterer"}
        bodies: dict[str, Any] = {
            "users.prefer": {"units": "inch", "allowances_mm": {}, "default_fabric": ""},
            "users.keep": person,
            "projects.add": {"name": "Sofa"},
            "projects.add_scan": {"name": "again"},
            "projects.change": {
                "name": "Sofa", "owner": "", "customer": "", "furniture_type": "", "units": "mm",
                "status": "open",
            },
            "projects.share": {"kept_to": ["ben"]},
            "scans.keep_photo": {"name": "1.jpg", "sha256": "2" * 64, "bytes": 1},
            "fabrics.keep": LINEN,
            "runs.beat": {"stage": "mesh", "share": 0.5},
            "runs.keep_quote": {"total_minor": 100},
            "runs.start": {"scan_id": self.scan.id, "folder": "/x"},
            "runs.queue": {"scan_id": self.scan.id, "settings": {"nest.seconds": 5}},
            "runs.cancel": {"why": "The customer has changed her mind."},
            "runs.finish": {"status": "failed"},
            "runs.record": {"status": "failed"},
            "runs.add_artefact": {
                "stage": "mesh", "kind": "ply", "sha256": "0" * 64, "bytes": 1, "where": "x",
            },
            "runs.keep_render": {
                "stage": "cover", "kind": "glb", "sha256": "0" * 64, "bytes": 1, "where": "x.glb",
            },
        }  # fmt: skip
        request: dict[str, Any] = {"method": row.method, "path": url}
        if row.operation in bodies:
            request["json"] = bodies[row.operation]
        elif what == "begin":
            request["json"] = {"name": "a.jpg", "total_bytes": 100}
        elif what == "continue":
            request |= {"content": b"\xff\xd8\xff", "headers": {"Upload-Offset": "0"}}
        elif row.operation == "runs.list":
            request["params"] = {"scan_id": self.scan.id}
        return request


@pytest.fixture
def things(gateway: Serving) -> Iterator[Things]:
    """New ones for each case: some are deleted."""
    for user in (*PEOPLE, User("cora", "Zwirn", "Cora", Role.TECHNICIAN)):
        if gateway.stores.users.user(user.subject) != user:
            gateway.stores.users.keep(user)
    projects, objects = gateway.stores.projects, gateway.stores.objects(SHOP)
    project = projects.add_project(Project(SHOP, "Wing chair", customer="Ms Secret"))
    scan = projects.add_scan(SHOP, Scan(project.id, "before stripping"))
    run = projects.start_run(SHOP, Run(scan.id, "/jobs/1"))
    projects.record_stage(SHOP, StageRun(run.id, "mesh", Status.RUNNING))
    projects.add_artefact(SHOP, Artefact(run.id, "mesh", "ply", "1" * 64, 1, "mesh.ply"))
    keys = {"project_id": project.id, "run_id": run.id, "stage": "mesh", "subject": "ben"}
    for room, bucket in BUCKET_OF.items():
        keys[room] = objects.put(bucket, io.BytesIO(f"{room} of {project.id}".encode())).sha256
        upload = gateway.app.state.uploads.begin(SHOP, "anna", room, "a.jpg", 100, "")
        keys[f"{room} upload"] = upload.id
    shown = objects.put("renders", io.BytesIO(f"page of {project.id}".encode()))
    where = "cover/cover.html"
    render = Artefact(run.id, "cover", "html", shown.sha256, shown.bytes, where, "renders")
    projects.add_artefact(SHOP, render)
    keys["runs"] = shown.sha256
    keys["scan_id"] = scan.id
    keys["deleted_id"] = projects.add_project(Project(SHOP, "Old sofa")).id
    projects.delete_project(SHOP, keys["deleted_id"])
    projects.keep_photo(SHOP, Photo(scan.id, "1.jpg", "1" * 64, 1))
    projects.keep_quote(SHOP, Quote(run.id, 129_900))
    fabric = ShopFabric(SHOP, Fabric("linen", 1400, 1370))
    keys["fabric_id"] = gateway.stores.users.keep_fabric(fabric).id
    yield Things(project, scan, run, {**keys, "upload_id": "UPLOAD"})
    for left in (gateway.home / "gateway" / "uploads").iterdir():
        rmtree(left)
    for shop in (SHOP, "Zwirn"):
        objects = gateway.stores.objects(shop)
        for bucket in BUCKET_OF.values():
            for kept_one in objects.objects(bucket):
                objects.delete(bucket, kept_one.sha256)


def kept(gateway: Serving, things: Things) -> Any:
    """All that the shop keeps of these things."""
    store, objects = gateway.stores.projects, gateway.stores.objects(SHOP)
    return (
        store.project(SHOP, things.project.id),
        store.scans(SHOP, things.project.id),
        store.runs(SHOP, things.scan.id),
        store.deleted_projects(SHOP),
        store.photos(SHOP, things.scan.id),
        store.quotes(SHOP, things.run.id),
        gateway.stores.users.fabrics(SHOP),
        store.stages(SHOP, things.run.id),
        store.artefacts(SHOP, things.run.id),
        [objects.objects(bucket) for bucket in BUCKET_OF.values()],
        gateway.stores.users.of_shop(SHOP),
        [
            gateway.app.state.uploads.upload(SHOP, "anna", room, things.keys[f"{room} upload"])
            for room in BUCKET_OF
        ],
    )


GUARDED = [row for row in TABLE if row.roles]


def has_key(row: Permission) -> bool:
    return "{" in row.path or row.operation in {"runs.list", "runs.start", "runs.queue"}


def of_upload(row: Permission) -> bool:
    return "{upload_id}" in row.path


@pytest.mark.parametrize("row", GUARDED, ids=lambda row: row.operation)
def test_nobody_comes_in_without_a_token(gateway, things, ask, row):
    before = kept(gateway, things)
    answer = ask(None, **things.request(row))
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert kept(gateway, things) == before


@pytest.mark.parametrize("row", GUARDED, ids=lambda row: row.operation)
def test_a_sound_token_of_somebody_in_no_shop_opens_nothing(gateway, things, ask, row):
    before = kept(gateway, things)
    assert ask("stranger", **things.request(row)).status_code == 403
    assert kept(gateway, things) == before


@pytest.mark.parametrize("who", OF_THE_SHOP)
@pytest.mark.parametrize("row", GUARDED, ids=lambda row: row.operation)
def test_people_of_the_shop_do_what_their_role_may(gateway, things, ask, row, who):
    before = kept(gateway, things)
    answer = ask(who, **things.request(row))
    if ROLES[who] not in row.roles:
        assert answer.status_code == 403, answer.text
        assert kept(gateway, things) == before
    elif of_upload(row) and who != "anna":
        assert answer.status_code == 404, answer.text
        assert kept(gateway, things) == before
    else:
        assert answer.status_code < 300, answer.text


@pytest.mark.parametrize("who", OF_ANOTHER)
@pytest.mark.parametrize("row", GUARDED, ids=lambda row: row.operation)
def test_nothing_of_a_shop_exists_for_another(gateway, things, ask, row, who):
    before = kept(gateway, things)
    answer = ask(who, **things.request(row))
    # whoever may do something with what is theirs has nothing here
    refused = ROLES[who] not in row.roles and not row.owner
    if refused or row.operation == "users.keep":
        assert answer.status_code == 403, answer.text
    elif has_key(row):
        assert answer.status_code == 404, answer.text
    else:
        assert answer.status_code < 300, answer.text
    assert kept(gateway, things) == before
    for secret in (*things.keys.values(), things.scan.id, "Ms Secret", "Nadel"):
        # what was asked may be said back in a sentence; nothing else may
        assert secret not in answer.text or secret in str(things.request(row))


@pytest.mark.parametrize("row", GUARDED, ids=lambda row: row.operation)
def test_naming_another_shop_does_not_open_it(gateway, things, ask, row):
    before, request = kept(gateway, things), things.request(row)
    request["params"] = {**request.get("params", {}), "shop": SHOP}
    assert ask("carla", **request).status_code in {403, 404}
    assert kept(gateway, things) == before


@pytest.mark.parametrize("row", GUARDED, ids=lambda row: row.operation)
def test_administrators_act_for_the_shop_that_they_name(gateway, things, ask, row):
    request = things.request(row)
    request["params"] = {**request.get("params", {}), "shop": SHOP}
    answer = ask("ada", **request)
    assert answer.status_code == 404 if of_upload(row) else answer.status_code < 300, answer.text


@pytest.mark.parametrize("row", [row for row in TABLE if not row.roles], ids=lambda r: r.operation)
def test_what_anyone_may_tells_nothing_of_a_shop(things, ask, row):
    answer = ask(None, **things.request(row))
    assert answer.status_code == 200
    assert SHOP not in answer.text


def test_a_person_who_leaves_is_out_at_once(gateway, things, ask):
    assert ask("ben", "GET", "/projects").status_code == 200
    assert ask("anna", "DELETE", "/users/ben").status_code == 204
    assert ask("ben", "GET", "/projects").status_code == 403


def test_a_manager_makes_no_administrator_and_takes_nobody_over(gateway, things, ask):
    mine = {"shop": SHOP, "name": "X", "role": "admin"}
    assert ask("anna", "PUT", "/users/new", json=mine).status_code == 403
    assert ask("anna", "PUT", "/users/anna", json=mine).status_code == 403
    gateway.stores.users.keep(User("root", SHOP, "Root", Role.ADMIN))
    assert ask("anna", "PUT", "/users/root", json={**mine, "role": "manager"}).status_code == 403
    assert ask("anna", "DELETE", "/users/root").status_code == 403
    assert ask("anna", "PUT", "/users/carla", json={**mine, "role": "manager"}).status_code == 403
    assert ask("ada", "PUT", "/users/new", json=mine).status_code == 200
    assert gateway.stores.users.user("carla").shop == "Zwirn"
    gateway.stores.users.forget("new")
    gateway.stores.users.forget("root")


def test_absent_and_foreign_people_are_told_in_the_same_words(things, ask):
    for method in ("GET", "DELETE"):
        answers = [ask("anna", method, f"/users/{who}").json() for who in ("carla", "nobody")]
        assert answers[0] == answers[1]


def test_a_route_without_a_row_cannot_start(gateway):
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.routes.extend(gateway.app.routes)
    assert checked(app) is app
    app.add_api_route("/secret", lambda: "all of it", operation_id="secret")
    with pytest.raises(TableError, match="/secret has no row"):
        checked(app)


def test_a_route_without_its_guard_cannot_start(gateway):
    row = row_of("projects.list")
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.add_api_route(row.path, lambda: [], operation_id=row.operation)
    with pytest.raises(TableError, match="/projects has no guard"):
        checked(app)


def test_a_route_elsewhere_than_its_row_says_cannot_start():
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.add_api_route("/other", lambda: [], operation_id="projects.list")
    with pytest.raises(TableError, match="/other is not where"):
        checked(app)


def test_a_mounted_application_cannot_start(gateway):
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.mount("/files", FastAPI())
    with pytest.raises(TableError, match="/files can't be guarded"):
        checked(app)


def test_a_row_without_a_route_cannot_start(gateway):
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.routes.extend(route for route in gateway.app.routes if route.path != "/users/me")
    with pytest.raises(TableError, match=r"users\.me must have one route, not 0"):
        checked(app)


def test_the_description_tells_who_may(gateway):
    told = gateway.client.get("/openapi.json").json()
    assert as_markdown() in told["info"]["description"]
    for row in GUARDED:
        one = told["paths"][row.path][row.method.lower()]
        assert one["x-roles"] == sorted(row.roles)
        assert one["security"] == [{"token": []}]
    assert "http" not in gateway.client.get("/docs").text.replace("</html>", "")
    assert replace(row_of("users.me"), path="/") not in TABLE
