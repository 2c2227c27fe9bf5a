"""Lists in parts, repeated requests, how a run goes on, and what a body may hold."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from stitchsketch_kernel.client.records import told
from stitchsketch_kernel.domain.marker import Fabric
from stitchsketch_kernel.projects.records import Project, Run, Scan, StageRun, Status
from stitchsketch_kernel.users.records import Role, ShopFabric, User


@pytest.fixture
def shop(gateway, provider):
    """Projects of this test's shop alone."""
    gateway.stores.users.keep(User("vera", "Faden", "Vera", Role.TECHNICIAN))
    yield gateway.stores.projects
    for project in gateway.stores.projects.projects("Faden"):
        gateway.stores.projects.delete_project("Faden", project.id)


@pytest.fixture
def run(shop) -> Run:
    project = shop.add_project(Project("Faden", "chair"))
    scan = shop.add_scan("Faden", Scan(project.id, "all"))
    return shop.start_run("Faden", Run(scan.id, "/jobs/1"))


def test_a_list_in_parts_tells_everything_once(shop, ask):
    born = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(10):  # some at the very same moment, some at a whole second
        created = born + timedelta(milliseconds=500 * (number // 2))
        shop.add_project(Project("Faden", str(number), created=created))
    told, cursor = [], None
    while True:
        more = {"cursor": cursor} if cursor else {}
        part = ask("vera", "GET", "/projects", params={"limit": 3, **more}).json()
        told += part["items"]
        cursor = part["next"]
        if cursor is None:
            break
        if len(told) == 3:  # what comes and goes meanwhile moves nothing else
            shop.add_project(Project("Faden", "new", created=born + timedelta(days=1)))
            shop.delete_project("Faden", told[2]["id"])
    assert sorted(one["name"] for one in told) == [str(number) for number in range(10)]
    assert [one["created"] for one in told] == sorted(
        (one["created"] for one in told), key=datetime.fromisoformat, reverse=True
    )


@pytest.mark.parametrize("cursor", ["x", "W10=", "WyJhIl0=", "bnVsbA==", "WzEsMl0=", "=", "é"])
def test_a_cursor_that_is_none_is_refused(gateway, shop, ask, cursor):
    shop.add_project(Project("Faden", "chair"))
    answer = ask("vera", "GET", "/projects", params={"cursor": cursor})
    assert (answer.status_code, "no such page" in answer.text) == (404, True)
    gateway.stores.users.keep_fabric(ShopFabric("Faden", Fabric("linen", 1400, 1370)))
    answer = ask("vera", "GET", "/fabrics", params={"cursor": cursor})
    assert (answer.status_code, "cursor" in answer.text) == (422, True)


def test_a_change_that_leaves_something_out_loses_nothing(shop, ask):
    project = shop.add_project(Project("Faden", "chair", customer="Ms Ö"))
    answer = ask("vera", "PUT", f"/projects/{project.id}", json={"name": "wing chair"})
    assert (answer.status_code, "customer" in answer.text) == (422, True)
    assert shop.project("Faden", project.id) == project


def test_a_fabric_that_is_sent_in_part_is_refused_and_stays(gateway, shop, ask):
    linen = Fabric("linen", 1400, 1370, price_per_metre=42)
    kept = gateway.stores.users.keep_fabric(ShopFabric("Faden", linen, supplier="Webers", code="7"))
    whole = told(kept, "shop", "id")
    for part in (
        {**whole, "fabric": {"name": "linen", "width_mm": 1500, "usable_width_mm": 1450}},
        {name: value for name, value in whole.items() if name != "supplier"},
    ):
        answer = ask("vera", "PUT", f"/fabrics/{kept.id}", json=part)
        assert (answer.status_code, answer.json()["errors"][0]["what"]) == (422, "Field required")
    assert gateway.stores.users.fabric("Faden", kept.id) == kept
    answer = ask("vera", "PUT", f"/fabrics/{kept.id}", json={**whole, "code": "8"})
    assert (answer.status_code, answer.json()["code"]) == (200, "8")


def test_a_new_role_leaves_what_a_person_likes(gateway, ask):
    liked = {"units": "inch", "allowances_mm": {"seam": 12.7}, "default_fabric": "linen"}
    gateway.stores.users.keep(User("vic", "Zwirn", "Vic"))
    part = ask("vic", "PUT", "/users/me/preferences", json={"units": "mm"})
    assert (part.status_code, "default_fabric" in part.text) == (422, True)
    assert ask("vic", "PUT", "/users/me/preferences", json=liked).status_code == 200
    person = {"shop": "Zwirn", "name": "Vic", "role": "technician"}
    answer = ask("carla", "PUT", "/users/vic", json=person)
    assert (answer.json()["role"], answer.json()["preferences"]) == ("technician", liked)
    other = {**liked, "units": "mm"}
    answer = ask("carla", "PUT", "/users/vic", json={**person, "preferences": other})
    assert answer.json()["preferences"] == other
    gateway.stores.users.forget("vic")


def test_a_repeated_request_is_done_once(shop, ask):
    body, key = {"name": "Sofa"}, {"Idempotency-Key": "k1"}
    first = ask("vera", "POST", "/projects", json=body, headers=key)
    again = ask("vera", "POST", "/projects", json=body, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert len(shop.projects("Faden")) == 1
    other = ask("vera", "POST", "/projects", json={"name": "Chair"}, headers=key)
    assert (other.status_code, "another request" in other.text) == (422, True)
    mine = ask("carla", "POST", "/projects", json=body, headers=key)
    assert mine.json()["id"] != first.json()["id"]
    ask("vera", "POST", "/projects", json=body)
    assert len(shop.projects("Faden")) == 2


def test_a_request_that_was_refused_may_be_sent_again_with_its_key(shop, ask, run):
    key = {"Idempotency-Key": "k2"}
    gone = {"scan_id": "0" * 32, "folder": "/x"}
    assert ask("vera", "POST", "/runs", json=gone, headers=key).status_code == 404
    assert ask("vera", "POST", "/runs", json=gone, headers=key).status_code == 404


def test_many_at_once_with_one_key_make_one(shop, ask):
    def add(_number: int) -> int:
        answer = ask(
            "vera", "POST", "/projects", json={"name": "x"}, headers={"Idempotency-Key": "k3"}
        )
        return answer.status_code

    with ThreadPoolExecutor(6) as pool:
        told = list(pool.map(add, range(12)))
    assert set(told) <= {201, 409}
    assert len(shop.projects("Faden")) == 1


def heard(gateway, token: str, run_id: str, last: str | None = None) -> list[dict[str, str]]:
    """The events until the stream ends."""
    headers = {"Authorization": f"Bearer {token}", **({"Last-Event-ID": last} if last else {})}
    events: list[dict[str, str]] = [{}]
    with gateway.client.stream("GET", f"/runs/{run_id}/events", headers=headers) as answer:
        if answer.status_code == 204:
            return []
        assert answer.headers["content-type"].startswith("text/event-stream")
        for line in answer.iter_lines():
            if not line:
                events.append({})
                continue
            name, _, value = line.partition(": ")
            events[-1][name] = value
    return [event for event in events if "event" in event]


def test_a_run_tells_how_it_goes_on_to_its_end(gateway, provider, shop, run):
    def work() -> None:
        for stage in ("ingest", "align"):
            for status in (Status.RUNNING, Status.COMPLETED):
                shop.record_stage("Faden", StageRun(run.id, stage, status))
        shop.finish_run("Faden", run.id, Status.COMPLETED)

    timer = threading.Timer(0.1, work)
    timer.start()
    token = provider.token("vera")
    events = heard(gateway, token, run.id)
    timer.join()
    assert events[0]["event"] == "run"
    assert events[-1]["event"] == "end"
    last = {
        told["stage"]: told["status"]
        for told in (json.loads(event["data"]) for event in events)
        if "stage" in told
    }
    assert last == {"ingest": "completed", "align": "completed"}
    assert heard(gateway, token, run.id, events[-1]["id"]) == []


def test_a_listener_that_comes_back_hears_what_it_missed_alone(gateway, provider, shop, run):
    shop.record_stage("Faden", StageRun(run.id, "ingest", Status.COMPLETED))
    shop.record_stage("Faden", StageRun(run.id, "align", Status.RUNNING))
    token = provider.token("vera")
    before = heard(gateway, token, run.id)
    shop.record_stage("Faden", StageRun(run.id, "align", Status.FAILED))
    missed = heard(gateway, token, run.id, before[-1]["id"])
    assert [json.loads(event["data"])["stage"] for event in missed] == ["align"]
    for strange in ("", "x", "[1]", '{"*": 1}'):
        assert len(heard(gateway, token, run.id, strange)) == 3


def test_a_runs_folder_tells_what_the_store_does_not_know_yet(gateway, provider, shop, run):
    door = gateway.app.state.door
    root = gateway.home / "runs"
    told = {"stages": [{"name": "mesh", "status": "running", "seconds": 0.0}]}
    for folder in (root / "mine", gateway.home / "elsewhere"):
        folder.mkdir(parents=True)
        (folder / "run.json").write_text(json.dumps(told))
    (root / "link").symlink_to(gateway.home / "elsewhere")
    object.__setattr__(door.settings, "runs_root", root)
    token, found = provider.token("vera"), {}
    for folder in (root / "mine", gateway.home / "elsewhere", root / ".." / "elsewhere",
                   root / "link"):  # fmt: skip
        new = shop.start_run("Faden", Run(run.scan_id, str(folder)))
        found[folder.name, folder.parent.name] = [e["event"] for e in heard(gateway, token, new.id)]
    assert found.pop(("mine", "runs")) == ["stage", "run"]
    assert set(map(tuple, found.values())) == {("run",)}
    object.__setattr__(door.settings, "runs_root", None)


def test_a_stream_ends_with_its_token(gateway, provider, run):
    import time

    token = provider.token("vera", exp=int(time.time()) - 9)  # sound for a second, by its leeway
    assert heard(gateway, token, run.id) == []


@pytest.mark.parametrize(
    "body",
    [
        '{"status": "running", "figures": {"x": NaN}}',
        '{"status": "running", "figures": {"x": 1e999}}',
        '{"status": "running", "figures": {"x": "\\u0000"}}',
        '{"status": "running", "figures": {"x": "' + "y" * 210_000 + '"}}',
        '{"status": "running", "seconds": -1}',
        '{"status": "running", "notebook": "a\\u0000b"}',
        '{"status": "dancing"}',
        '{"status": "running", "shop": "Zwirn"}',
        '{"status": "running", "figures": ' + '{"x":' * 400 + "1" + "}" * 400 + "}",
        "[]",
        "{",
    ],
)
def test_a_stages_state_is_strict(ask, shop, run, body):
    answer = ask(
        "vera", "PUT", f"/runs/{run.id}/stages/mesh", content=body,
        headers={"Content-Type": "application/json"},
    )  # fmt: skip
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert shop.stages("Faden", run.id) == []


def test_an_identity_of_another_shop_is_not_taken_over_and_tells_nothing(shop, ask, run):
    project = shop.projects("Faden")[0]
    answer = ask("carla", "POST", "/projects", json={"name": "mine", "id": project.id})
    assert answer.status_code == 404
    assert "Faden" not in answer.text
    assert shop.project("Faden", project.id) == project


def test_every_answer_has_the_headers_that_keep_a_browser_safe(gateway):
    for path in ("/health", "/users/me", "/nowhere"):
        headers = gateway.client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"


def test_an_unknown_route_is_a_problem(gateway):
    for method, path, status in (("GET", "/nowhere", 404), ("PATCH", "/projects", 405)):
        answer = gateway.client.request(method, path)
        assert answer.status_code == status
        assert answer.json()["status"] == status
        assert answer.headers["content-type"] == "application/problem+json"
