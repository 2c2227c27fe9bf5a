"""What is one person's or one shop's, tried by others: by address, by websocket, from a kernel."""

from __future__ import annotations

import ast
import io
import json
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from hub_config.servers.local import PersonSpawner
from stitchsketch_kernel.projects.records import Project, Run, Scan
from stitchsketch_kernel.storage.interface import shop_folder
from stitchsketch_kernel.stores import StoreSettings, open_stores

_S = 60_000
SHOP, OTHER = "Demo shop", "Other shop"
#: Tried in a kernel: what happens to each of `what`.
_TRY = """
def tried(do):
    try:
        return do() or "done"
    except Exception as error:
        return type(error).__name__
"""


@pytest.fixture(scope="module")
def kept(hub):
    """What a shop keeps, and a run of another shop's."""
    with open_stores(StoreSettings(hub.place / "home")) as stores:
        projects, runs = stores.projects, hub.place / "home" / "runs"
        photo = stores.objects(SHOP).put("images", io.BytesIO(b"theirs"))
        found = SimpleNamespace(photo=photo.sha256, folders={})
        for shop in (SHOP, OTHER):
            project = projects.add_project(Project(shop, "Sofa"))
            scan = projects.add_scan(shop, Scan(project.id, "all"))
            folder = runs / shop_folder(shop) / "a-run"
            folder.mkdir(parents=True)
            (folder / "report.html").write_text(shop)
            run = projects.start_run(shop, Run(scan.id, str(folder)))
            found.folders[shop] = folder
            if shop == SHOP:
                found.project, found.run = project.id, run.id
    return found


@pytest.fixture(scope="module")
def tom(visit, kept):
    """A technician of the shop, in JupyterLab."""
    tom = visit("Tom")
    tom.page.wait_for_url("**/user/demo-tom/lab*", timeout=3 * _S)
    tom.channel = tom.new_kernel("demo-tom")
    tom.run(tom.channel, "open('mine', 'w').write('hush')")
    return tom


@pytest.fixture(scope="module")
def otto(visit, kept):
    """A technician of another shop, with a kernel."""
    otto = visit("Otto")
    otto.page.wait_for_url("**/user/demo-otto/lab*", timeout=3 * _S)
    otto.channel = otto.new_kernel("demo-otto")
    otto.run(otto.channel, _TRY)
    return otto


def files_of(folder):
    """Every file below a folder that is there."""
    return [str(path) for path in folder.rglob("*") if path.is_file()]


def test_a_kernel_reads_nothing_that_the_installation_or_another_keeps(hub, kept, tom, otto):
    own = PersonSpawner(people=str(hub.place / "people"), user=SimpleNamespace(name="demo-otto"))
    theirs = [
        one
        for folder in (hub.private, hub.place / "home", hub.place / "people", hub.apps)
        for one in files_of(folder)
        if not one.startswith((str(own.folder), str(kept.folders[OTHER])))
    ]
    assert [one for one in theirs if one.endswith("mine")], "his own folder is among them"
    for name in ("cookie-secret", "crypt-key", "jupyterhub.sqlite", "report.html", "projects.db"):
        assert [one for one in theirs if name in one], name
    told = otto.run(
        otto.channel,
        f"print({{one: tried(lambda: open(one, 'rb').read(1)) for one in {theirs!r}}})",
    )
    assert set(ast.literal_eval(told).values()) <= {"FileNotFoundError", "PermissionError"}


def test_a_kernel_reads_its_own_shops_runs_and_changes_none(kept, otto):
    folder = kept.folders[OTHER]
    told = otto.run(
        otto.channel,
        f"print(open({str(folder / 'report.html')!r}).read())\n"
        f"print(tried(lambda: open({str(folder / 'new')!r}, 'w')))\n"
        f"print(tried(lambda: open({str(folder / 'report.html')!r}, 'a')))\n"
        "print(tried(lambda: open('new', 'w').write('mine')))",
    ).splitlines()
    assert told[0] == OTHER
    assert {told[1], told[2]} <= {"OSError", "PermissionError"}  # read-only, or another's
    assert told[3] == "4"
    assert not (folder / "new").exists()


def test_a_kernel_sees_no_process_but_its_servers(tom, otto):
    told = json.loads(otto.run(otto.channel, _PROCESSES))
    assert told["seen"]
    for environment in told["environments"]:
        assert "secret-of-the-test" not in environment
        assert "demo-tom" not in environment
    assert all("singleuser" in one or "ipykernel" in one or "hub_config.kernel" in one
               for one in told["seen"]), told["seen"]  # fmt: skip
    if os.geteuid() == 0:
        assert told["account"] != 0


_PROCESSES = """
import json, os
from pathlib import Path
pids = [one for one in os.listdir('/proc') if one.isdecimal()]
def words(pid, name):
    try:
        return Path('/proc', pid, name).read_bytes().replace(b'\\0', b' ').decode()
    except OSError:
        return ''
print(json.dumps({
    'seen': [w for one in pids if (w := words(one, 'cmdline'))], 'account': os.getuid(),
    'environments': [words(one, 'environ') for one in pids],
}))
"""


def test_the_line_on_which_apps_kernels_are_asked_for_is_out_of_a_kernels_reach(otto):
    """Whoever reached it could run code as the apps' service."""
    sockets = Path("/proc/net/unix").read_text().splitlines()
    lines = [line.split()[-1] for line in sockets if "/pymp-" in line]
    assert lines, "the service that copies kernels listens there"
    told = otto.run(
        otto.channel,
        "import socket\n"
        f"for line in {lines!r}:\n"
        "    print(tried(lambda: socket.socket(socket.AF_UNIX).connect(line)))",
    )
    assert set(told.split()) == {"FileNotFoundError"}


@pytest.mark.parametrize("name", ["Otto", "Ada", "Uma"])
def test_a_server_is_out_of_others_reach(visit, tom, name):
    other = visit(name, lands=False)
    answer = other.page.goto(f"{other.hub.url}/user/demo-tom/lab")
    assert answer.status == 403
    assert other.status("/user/demo-tom/api/contents") == 403
    assert not other.socket_opens(tom.channel)
    assert not other.socket_opens("/user/demo-tom/terminals/websocket/1")
    assert tom.status("/user/demo-tom/api/contents") == 200
    assert tom.socket_opens(tom.channel)


def test_a_run_of_another_shop_is_not_there_for_its_page(hub, kept, otto):
    page = otto.context.new_page()
    page.goto(f"{hub.url}/services/apps/voila/render/shop.ipynb")
    page.get_by_role("heading", name="Sofa").wait_for(timeout=2 * _S)
    assert page.locator(".project").count() == 1
    gateway = "/services/gateway"
    page.close()
    # a page has no token of the gateway's: it is asked for one, whosever cookies it brings
    assert otto.status(f"{gateway}/runs/{kept.run}/events") == 401


def test_another_shops_things_are_out_of_a_kernels_reach(hub, kept, tom, otto):
    """With each token that the kernel has, by each address, also past the proxy."""
    code = _REACH + f"print(json.dumps(reach({hub.port}, {kept.project!r}, {kept.run!r}, "
    code += f"{kept.photo!r}, {tom.channel!r}, {_port_of(tom)})))"
    told = json.loads(otto.run(otto.channel, code))
    assert told["own"] == 200
    assert set(told["gateway"].values()) == {404}, told["gateway"]
    assert set(told["gateway with the server's token"].values()) <= {401, 403}, told
    # asked to sign in, or refused
    assert set(told["server"].values()) <= {302, 403, 404}, told["server"]
    assert set(told["socket"].values()) <= {302, 403, 404}, told["socket"]
    assert set(told["hub"].values()) <= {401, 403, 404}, told["hub"]


def _port_of(tom):
    return tom.run(
        tom.channel, "import os; print(os.environ['JUPYTERHUB_SERVICE_URL'].split(':')[2])"
    ).partition("/")[0]


_REACH = """
import asyncio, httpx, json, os
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect
tokens = {name: os.environ[name] for name in
          ('STITCHSKETCH_GATEWAY_TOKEN', 'JUPYTERHUB_API_TOKEN')}

def status(url, token, word='Bearer', method='GET'):
    say = {'Authorization': f'{word} {token}'}
    return httpx.request(method, url, headers=say, timeout=20).status_code

async def opens(url, token):
    try:
        line = HTTPRequest(url, headers={'Authorization': f'token {token}'}, follow_redirects=False)
        socket = await websocket_connect(line)
    except HTTPClientError as error:
        return error.code
    socket.close()
    return 101

def sockets(urls):
    async def all_of():
        return {f'{url} {name}': await opens(url, token)
                for url in urls for name, token in tokens.items()}
    from threading import Thread
    found = {}
    thread = Thread(target=lambda: found.update(asyncio.run(all_of())))
    thread.start(); thread.join()
    return found

def reach(port, project, run, photo, channel, server_port):
    hub, mine = f'http://127.0.0.1:{port}', tokens['STITCHSKETCH_GATEWAY_TOKEN']
    paths = (f'/projects/{project}', f'/projects/{project}/scans', f'/runs/{run}',
             f'/runs/{run}/stages', f'/runs/{run}/artefacts', f'/runs/{run}/events',
             f'/runs/{run}/quotes', f'/images/{photo}')
    gateways = (f'{hub}/services/gateway', f'http://127.0.0.1:{port + 4}/services/gateway')
    asked = [gateway + path for gateway in gateways for path in paths]
    servers = (hub, f'http://127.0.0.1:{server_port}')
    contents = [f'{one}/user/demo-tom/api/{what}' for one in servers
                for what in ('contents', 'kernels', 'terminals')]
    lines = [f'ws{one[4:]}{channel}' for one in servers]
    hubs = [('GET', 'users/demo-tom'), ('GET', 'users'), ('POST', 'users/demo-tom/tokens'),
            ('POST', 'users/demo-tom/server'), ('DELETE', 'users/demo-tom/server'),
            ('POST', 'users/demo-otto/tokens'), ('GET', 'services')]
    told = {
        'own': status(gateways[0] + '/users/me', mine),
        'gateway': {url: status(url, mine) for url in asked},
        'gateway with the server\\'s token': {
            url: status(url, tokens['JUPYTERHUB_API_TOKEN']) for url in asked},
        'server': {f'{url} {name}': status(url, token, 'token')
                   for url in contents for name, token in tokens.items()},
        'socket': sockets(lines),
        'hub': {f'{method} {path} {name}': status(f'{hub}/hub/api/{path}', token, 'token', method)
                for method, path in hubs for name, token in tokens.items()},
    }
    told['hub']['proxy'] = status(f'http://127.0.0.1:{port + 1}/api/routes', mine, 'token')
    return told
"""


def test_a_kernel_does_not_listen_to_who_knows_its_ports_alone(tom, otto):
    """Each message of a kernel's line is signed; its key lies in its person's own folder."""
    told = json.loads(tom.run(tom.channel, _CONNECTION))
    code = _UNSIGNED.replace("TOLD", json.dumps(told))
    assert otto.run(otto.channel, code).strip() == "nothing"
    assert tom.run(tom.channel, "import os; print(os.path.exists('trace'))").strip() == "False"


_CONNECTION = """
import json
from ipykernel import get_connection_file
told = json.load(open(get_connection_file()))
told.pop('key')
print(json.dumps(told))
"""
_UNSIGNED = """
from jupyter_client import BlockingKernelClient
told = TOLD
client = BlockingKernelClient()
client.load_connection_info({**told, 'key': b'a key that is not it'})
client.start_channels(iopub=False, stdin=False, hb=False, control=False)
client.execute("open('trace', 'w').close()")
try:
    print(client.get_shell_msg(timeout=3)['content']['status'])
except Exception:
    print('nothing')
client.stop_channels()
"""
