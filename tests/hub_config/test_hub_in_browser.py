"""The hub as ``make hub`` starts it, in a real browser. Tests stand in the order of a day."""

from __future__ import annotations

import json
import platform
import re
import sqlite3
import stat
from dataclasses import asdict
from urllib.request import Request, urlopen

import pytest
from laid_run import laid_run

from hub_config.access import EVERYBODY, KERNEL_SCOPES, ROLE_SCOPES, SERVER_SCOPES, SERVICES
from stitchsketch_kernel.pipeline.choices import keep_choices
from stitchsketch_kernel.pipeline.context import KEY
from stitchsketch_kernel.pipeline.files import plain, write_json
from stitchsketch_kernel.pipeline.record import read_record
from stitchsketch_kernel.pipeline.settings import resolve
from stitchsketch_kernel.pipeline.stage import standard_stages
from stitchsketch_kernel.projects.records import Project, Run, Scan, Status
from stitchsketch_kernel.storage.interface import shop_folder
from stitchsketch_kernel.stores import StoreSettings, open_stores
from stitchsketch_kernel.users.records import Role

_S = 60_000


@pytest.fixture(scope="module")
def uma(visit):
    """An upholsterer, on her app."""
    uma = visit("Uma")
    uma.page.get_by_role("heading", name="My projects").wait_for(timeout=_S)
    return uma


@pytest.fixture(scope="module")
def tom(visit):
    """A technician, in JupyterLab."""
    tom = visit("Tom")
    tom.page.wait_for_url("**/user/demo-tom/lab*", timeout=2 * _S)
    tom.page.get_by_text("Launcher").first.wait_for(timeout=_S)
    return tom


@pytest.fixture(scope="module")
def toms_kernel(tom):
    """A kernel of the technician's own: its channel."""
    return tom.new_kernel("demo-tom")


def kernel_of(visitor):
    """The kernel behind an app's page: its channel."""
    told = json.loads(visitor.page.locator("#jupyter-config-data").first.text_content())
    return f"/services/apps/api/kernels/{told['kernelId']}/channels"


def scopes_of(hub, token):
    """What the hub says that a token may do."""
    ask = Request(f"{hub.url}/hub/api/user", headers={"Authorization": f"token {token}"})
    with urlopen(ask, timeout=20) as answer:
        return json.load(answer)


def test_the_sign_in_page_says_that_it_is_a_demo(visit, artefacts):
    visitor = visit()
    visitor.page.goto(visitor.hub.url)
    assert "DEMO. No passwords" in visitor.page.inner_text("body")
    visitor.page.screenshot(path=artefacts / "1-sign-in-desk.png")
    visitor.page.set_viewport_size({"width": 390, "height": 844})
    visitor.page.screenshot(path=artefacts / "1-sign-in-phone.png")
    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 390


def test_an_upholsterer_lands_on_the_app(uma, artefacts):
    uma.page.get_by_role("button", name="Press").click()
    uma.page.get_by_role("heading", name="Pressed").wait_for(timeout=_S)
    uma.page.screenshot(path=artefacts / "2-upholsterer-desk.png")
    uma.page.set_viewport_size({"width": 390, "height": 844})
    uma.page.screenshot(path=artefacts / "2-upholsterer-phone.png")
    uma.page.set_viewport_size({"width": 1280, "height": 800})


def test_the_gateway_knows_who_has_signed_in(hub, uma, tom):
    with open_stores(StoreSettings(hub.place / "home")) as stores:
        person = stores.users.user("demo-uma")
        assert (person.name, person.shop, person.role) == ("Uma", "Demo shop", Role.UPHOLSTERER)
        assert stores.users.user("demo-tom").role is Role.TECHNICIAN


def test_an_upholsterer_sees_her_own_shops_projects_alone(hub, uma, visit, artefacts):
    with open_stores(StoreSettings(hub.place / "home")) as stores:
        for shop, name in (("Demo shop", "Wing chair"), ("Other shop", "Theirs")):
            stores.projects.add_project(Project(shop, name))
    page = uma.context.new_page()
    page.goto(f"{hub.url}/services/apps/voila/render/shop.ipynb")
    page.get_by_role("heading", name="Wing chair").wait_for(timeout=_S)
    assert page.locator(".project h2").all_inner_texts() == ["Wing chair"]
    page.screenshot(path=artefacts / "2-projects-desk.png")
    page.set_viewport_size({"width": 390, "height": 844})
    page.screenshot(path=artefacts / "2-projects-phone.png")
    page.close()


def test_the_apps_page_executes_no_code(uma, tmp_path):
    channel, trace = kernel_of(uma), tmp_path / "trace"
    assert uma.tell_kernel(channel, "kernel_info_request", {}, 30), "the channel must be open"
    code = {"code": f"open({str(trace)!r}, 'w').close()", "silent": False}
    assert uma.tell_kernel(channel, "execute_request", code, 3) is None
    assert not trace.exists()


def test_an_upholsterer_has_no_server(uma):
    assert uma.status("/hub/spawn") in {403, 404}
    assert uma.status("/hub/api/users/demo-uma/server", "POST") in {403, 404}
    assert uma.status("/hub/api/users") == 403


def test_an_apps_kernel_is_its_persons_alone(uma, visit):
    mara = visit("Mara")
    mara.page.get_by_role("heading", name="My projects").wait_for(timeout=_S)
    channel = kernel_of(uma)
    assert mara.socket_opens(kernel_of(mara))
    assert not mara.socket_opens(channel)
    kernel_id = channel.split("/")[-2]
    assert mara.status(f"/services/apps/api/kernels/{kernel_id}") == 403
    assert mara.status(f"/services/apps/voila/api/shutdown/{kernel_id}", "POST") == 404
    assert uma.socket_opens(channel)


def test_a_technician_lands_in_lab(tom, artefacts):
    tom.page.get_by_text("StitchSketch").first.wait_for(timeout=_S)
    tom.page.wait_for_load_state("networkidle")
    tom.page.screenshot(path=artefacts / "3-technician-desk.png")
    tom.page.set_viewport_size({"width": 390, "height": 844})
    tom.page.screenshot(path=artefacts / "3-technician-phone.png")
    tom.page.set_viewport_size({"width": 1280, "height": 800})


@pytest.fixture(scope="module")
def laid(hub):
    """A run of the shop whose pieces are flat; since then one setting was chosen anew."""
    folder = hub.place / "home" / "runs" / shop_folder("Demo shop") / "laid"
    flatten = next(one for one in standard_stages() if one.name == "flatten")
    write_json(laid_run(folder) / "stages" / flatten.folder_name / KEY, {"key": "", "files": {}})
    record = read_record(folder)
    record.stage("flatten").settings = plain(
        {group: asdict(settings) for group, settings in resolve([flatten], {}).items()}
    )
    record.save()
    keep_choices(folder, {"flatten.smooth_mm": 15})
    with open_stores(StoreSettings(hub.place / "home")) as stores:
        projects, shop = stores.projects, "Demo shop"
        scan = projects.add_scan(shop, Scan(projects.add_project(Project(shop, "Bench")).id, "all"))
        run = projects.start_run(shop, Run(scan.id, str(folder), host=platform.node()))
        projects.finish_run(shop, run.id, Status.COMPLETED)
    return scan.id


def test_a_tile_opens_a_stage_with_its_last_settings_and_a_worker_does_it_again(
    hub, tom, laid, artefacts
):
    page = tom.page
    names = page.locator(".jp-LauncherCard", has_text=re.compile(r"\d [A-Z][a-z]+$"))
    names.first.wait_for(timeout=_S)
    assert [one.split()[-1].lower() for one in names.all_inner_texts()] == [
        one.name for one in standard_stages()
    ]
    page.screenshot(path=artefacts / "3-tiles-desk.png")
    names.filter(has_text="7 Flatten").click()
    page.locator(".jp-Notebook h1", has_text="7 Flatten").wait_for(timeout=2 * _S)
    page.locator(".lm-MenuBar-item", has_text=re.compile("^Run$")).click()
    page.locator(".lm-Menu-itemLabel", has_text=re.compile("^Run All Cells$")).click()
    field = page.locator(".widget-text", has_text="flatten.smooth_mm").locator("input")
    field.wait_for(timeout=2 * _S)
    assert field.input_value() == "15"
    page.locator(".jp-OutputArea-output img").first.wait_for(timeout=2 * _S)
    field.fill("18")
    field.press("Tab")
    page.get_by_text("Changed: flatten.smooth_mm").wait_for(timeout=_S)
    page.screenshot(path=artefacts / "3-stage-desk.png")
    page.get_by_role("button", name="Compute this stage again").click()
    # what became of it is told in the form: the worker took it, and this scan came without photos
    page.get_by_text("This scan has no photos yet").wait_for(timeout=2 * _S)
    with open_stores(StoreSettings(hub.place / "home")) as stores:
        again, *before = stores.projects.runs("Demo shop", laid)
    assert (again.from_stage, again.started_by, len(before)) == ("flatten", "demo-tom", 1)
    assert again.settings == {"flatten.smooth_mm": 18.0}


def test_the_kernel_says_what_it_has(tom, toms_kernel):
    told, _ = tom.tell_kernel(toms_kernel, "kernel_info_request", {}, 60)
    assert told["banner"].startswith("StitchSketch ")
    assert "CPU, " in told["banner"] or "GPU: " in told["banner"]


def test_a_kernel_has_the_gateways_address_and_no_password(hub, tom, toms_kernel):
    told = json.loads(tom.run(toms_kernel, "import os, json; print(json.dumps(dict(os.environ)))"))
    ours = {name for name in told if name.startswith("STITCHSKETCH")}
    assert ours == {f"STITCHSKETCH_{one}" for one in ("GATEWAY_URL", "GATEWAY_TOKEN", "RUNS")}
    assert told["STITCHSKETCH_GATEWAY_URL"] == f"{hub.url}/services/gateway"
    secret = (hub.private / "oidc-client-secret").read_text()
    for word in (secret, "secret-of-the-test", (hub.private / "proxy-token").read_text()):
        assert word not in json.dumps(told)


def test_the_tokens_of_a_server_hold_their_scopes_alone(hub, tom, toms_kernel):
    told = json.loads(tom.run(toms_kernel, "import os, json; print(json.dumps(dict(os.environ)))"))
    kernels = scopes_of(hub, told["STITCHSKETCH_GATEWAY_TOKEN"])
    assert kernels["name"] == "demo-tom"
    identity = {"read:users:name!user=demo-tom", "read:users:groups!user=demo-tom"}
    assert set(kernels["scopes"]) - identity == set(KERNEL_SCOPES)
    servers = scopes_of(hub, told["JUPYTERHUB_API_TOKEN"])["scopes"]
    assert not [one for one in servers if one.startswith("custom:")]
    assert "access:servers!server=demo-tom/" in servers


def test_the_gateway_takes_the_kernels_token(tom, toms_kernel):
    code = (
        "import os, httpx\n"
        "say = {'Authorization': f'Bearer {os.environ[\"STITCHSKETCH_GATEWAY_TOKEN\"]}'}\n"
        "for path in ('/users/me', '/projects', '/users'):\n"
        "    answer = httpx.get(os.environ['STITCHSKETCH_GATEWAY_URL'] + path, headers=say)\n"
        "    print(answer.status_code, answer.json().get('role', ''))"
    )
    assert tom.run(toms_kernel, code).splitlines() == ["200 technician", "200 ", "403 "]


def test_the_hub_has_exactly_the_listed_roles_and_scopes(hub, uma, tom):
    with sqlite3.connect(f"file:{hub.private / 'jupyterhub.sqlite'}?mode=ro", uri=True) as database:
        roles = {name: set(json.loads(scopes)) for name, scopes in database.execute(
            "select name, scopes from roles")}  # fmt: skip
        members = set(database.execute(
            "select s.name, r.name from services s join service_role_map m on m.service_id = s.id "
            "join roles r on r.id = m.role_id"))  # fmt: skip
        clients = dict(database.execute("select identifier, allowed_scopes from oauth_clients"))
        admins = database.execute("select count(*) from users where admin").fetchone()[0]
        tokens = database.execute("select scopes, note from api_tokens").fetchall()
    database.close()
    assert roles["user"] == set(EVERYBODY)
    for role, scopes in ROLE_SCOPES.items():
        assert roles[f"stitchsketch-{role.value}"] == set(scopes)
    for service in SERVICES:
        if service.scopes:
            assert roles[f"stitchsketch-{service.name}"] == set(service.scopes)
    assert members == {(one.name, f"stitchsketch-{one.name}") for one in SERVICES if one.scopes}
    listed = {f"stitchsketch-{one.name}" for one in SERVICES if one.scopes}
    listed |= {f"stitchsketch-{role.value}" for role in ROLE_SCOPES}
    assert set(roles) == listed | {"user", "admin", "server", "token"}
    assert admins == 0
    apps = next(one for one in SERVICES if one.name == "apps")
    assert set(json.loads(clients["service-apps"])) - set(apps.for_people) <= {
        "access:services!service=apps"}  # fmt: skip
    kernels = [json.loads(scopes) for scopes, note in tokens if "gateway" in (note or "")]
    assert kernels
    assert all(set(one) == set(KERNEL_SCOPES) for one in kernels)
    assert SERVER_SCOPES


def test_who_has_no_group_is_refused_in_a_sentence(hub, visit, artefacts):
    nils = visit("Nils")
    nils.page.get_by_text("you belong to no group that works here").first.wait_for(timeout=_S)
    nils.page.screenshot(path=artefacts / "4-refused-desk.png")
    nils.page.set_viewport_size({"width": 390, "height": 844})
    nils.page.screenshot(path=artefacts / "4-refused-phone.png")
    assert nils.status("/hub/api/user") == 403
    with open_stores(StoreSettings(hub.place / "home")) as stores:
        assert stores.users.user("demo-nils") is None
    nils.page.get_by_role("link", name="Sign in as somebody else").click()
    nils.page.get_by_role("button", name="Yes, sign out").click()
    nils.page.get_by_text("Who are you today?").wait_for(timeout=_S)


def test_secrets_are_their_owners_alone(hub):
    assert stat.S_IMODE(hub.private.stat().st_mode) == 0o700
    secrets = ["proxy-token", "cookie-secret", "crypt-key", "oidc-client-secret", "provider.json",
               "provider-store.json"]  # fmt: skip
    assert {stat.S_IMODE((hub.private / name).stat().st_mode) for name in secrets} == {0o600}


def test_killed_and_started_again_nobody_is_signed_out(hub, uma, tom, toms_kernel):
    tom.run(toms_kernel, "remembered = 41")
    hub.kill()
    hub.start()
    uma.asked.clear()
    uma.page.goto(hub.url)
    uma.page.get_by_role("heading", name="My projects").wait_for(timeout=_S)
    assert not [one for one in uma.asked if "/sign-in/" in one]
    # the run of a person goes on: it is the same kernel
    assert tom.run(toms_kernel, "print(remembered + 1)").strip() == "42"


def test_no_page_asks_another_host(hub, uma, tom):
    provider = f"127.0.0.1:{hub.port + 2}"
    asked = {
        one.split("/")[2] for one in (*uma.asked, *tom.asked) if one.startswith(("http", "ws"))
    }
    assert asked <= {f"127.0.0.1:{hub.port}", provider}
