from __future__ import annotations

import asyncio
import os
import signal
import stat
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from socket import create_server
from types import SimpleNamespace

import pytest
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from traitlets.config import PyFileConfigLoader

from hub_config import fresh, landing, services
from hub_config.access import CULLER, ROLE_SCOPES
from hub_config.apps import _ASKING, OwnKernels, PersonalKernels
from hub_config.busy import note_busy
from hub_config.keys import kept_key, private_folder
from hub_config.settings import HubSettings, Ports
from stitchsketch_kernel.domain.errors import SettingsError
from stitchsketch_kernel.pipeline.machine import Machine, this_machine
from stitchsketch_kernel.users.records import Role

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def person(*groups):
    return SimpleNamespace(groups=[SimpleNamespace(name=one) for one in groups])


@pytest.mark.parametrize(
    ("groups", "page"),
    [(["upholsterer"], "/services/apps/"), (["manager"], "/services/apps/"), (["technician"], ""),
     (["admin"], ""), ([], "/services/apps/")],
)  # fmt: skip
def test_each_role_lands_where_it_works(groups, page):
    assert landing.place(SimpleNamespace(current_user=person(*groups))) == page


def test_who_has_not_signed_in_is_asked_to():
    assert landing.place(SimpleNamespace(current_user=None)) == ""


def test_no_role_may_enter_other_peoples_servers_or_make_their_tokens():
    for scopes in ROLE_SCOPES.values():
        assert not {"access:servers", "tokens", "admin:users", "admin:servers", "admin:auth_state",
                    "shutdown", "proxy"} & set(scopes)  # fmt: skip
    assert not [one for one in CULLER.scopes if one.startswith(("admin", "access", "users"))]
    assert "self" not in ROLE_SCOPES[Role.UPHOLSTERER]


def test_a_key_outlives_a_restart_and_is_its_owners_alone(tmp_path):
    folder = tmp_path / "hub"
    first = kept_key(folder, "crypt-key")
    (folder / "crypt-key").chmod(0o644)
    assert kept_key(folder, "crypt-key") == first
    assert len(bytes.fromhex(first)) == 32
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "crypt-key").stat().st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == ["crypt-key"]


@pytest.mark.parametrize("damaged", ["", "abc", "00" * 31, "zz" * 32])
def test_a_damaged_key_is_named(tmp_path, damaged):
    (tmp_path / "crypt-key").write_text(damaged)
    with pytest.raises(SettingsError, match="crypt-key is damaged"):
        kept_key(tmp_path, "crypt-key")


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match="STITCHSKETCH_HUB_HOME"):
        private_folder(tmp_path / "file" / "hub")


def test_the_gateway_is_told_of_the_stores_and_of_no_secret_of_the_hub():
    env = {
        "STITCHSKETCH_DATABASE_URL": "postgresql://a:b@host/c",
        "STITCHSKETCH_OIDC_CLIENT_ID": "hub",
        "STITCHSKETCH_OIDC_CLIENT_SECRET": "hush",
        "STITCHSKETCH_OIDC_CLIENT_SECRET_FILE": "/hush",
        "STITCHSKETCH_HUB_HOME": "/hub",
        "AWS_SECRET": "no matter of it",
    }
    told = services.gateway_environment(env)
    assert told["STITCHSKETCH_DATABASE_URL"] == env["STITCHSKETCH_DATABASE_URL"]
    assert told["STITCHSKETCH_OIDC_AUDIENCE"] == "hub"
    assert not {"AWS_SECRET", "STITCHSKETCH_HUB_HOME"} & set(told)
    assert not [name for name in told if "CLIENT_SECRET" in name]


def test_an_environment_with_a_mistake_starts_no_hub(repository, monkeypatch):
    monkeypatch.setenv("STITCHSKETCH_PUBLIC_URL", "nowhere")
    with pytest.raises(SettingsError, match="STITCHSKETCH_PUBLIC_URL"):
        PyFileConfigLoader("jupyterhub_config.py", path=str(repository)).load_config()


def test_a_port_that_is_taken_is_named():
    with create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1] - 2
        with pytest.raises(SettingsError, match=f"Another program is at port {port + 2}"):
            fresh._require_free(Ports(port))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux alone offers it")
def test_a_service_ends_with_its_hub(repository):
    wrapper = repository / "hub_config" / "with_the_hub.py"
    begin = (
        "import subprocess, sys, time\n"
        f"one = subprocess.Popen([sys.executable, {str(wrapper)!r}, '/bin/sleep', '60'])\n"
        "print(one.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", begin], stdout=subprocess.PIPE) as hub:
        child = int(hub.stdout.readline())
        command = Path(f"/proc/{child}/cmdline")
        end = time.monotonic() + 20
        while b"sleep" not in command.read_bytes()[:12] and time.monotonic() < end:
            time.sleep(0.02)
        hub.send_signal(signal.SIGKILL)
    while _lives(child) and time.monotonic() < end:
        time.sleep(0.02)
    assert not _lives(child)


def _lives(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_silent_run_counts_as_activity():
    async def day():
        kernels = AsyncMappingKernelManager()
        kernel_id = await kernels.start_kernel(kernel_name="python3")
        server = SimpleNamespace(
            kernel_manager=kernels,
            web_app=SimpleNamespace(settings={"api_last_activity": LONG_AGO}),
        )
        client = kernels.get_kernel(kernel_id).client()
        client.start_channels()
        try:
            await client.wait_for_ready(timeout=60)
            await client.execute_interactive("1", timeout=60)
            # the manager hears of the end of a cell a little later than its client
            end = time.monotonic() + 20
            while note_busy(server) and time.monotonic() < end:
                await asyncio.sleep(0.05)
            server.web_app.settings["api_last_activity"] = LONG_AGO
            idle = note_busy(server), server.web_app.settings["api_last_activity"]
            client.execute("import time; time.sleep(30)")
            end = time.monotonic() + 20
            while not note_busy(server) and time.monotonic() < end:
                await asyncio.sleep(0.05)
            return idle, server.web_app.settings["api_last_activity"]
        finally:
            client.stop_channels()
            await kernels.shutdown_kernel(kernel_id, now=True)

    idle, busy = asyncio.run(day())
    assert idle == (False, LONG_AGO)
    assert (datetime.now(UTC) - busy).total_seconds() < 60


def test_an_apps_kernel_is_asked_for_by_a_person():
    assert _ASKING.get() is None
    with pytest.raises(Exception, match="Nobody is signed in"):
        asyncio.run(PersonalKernels().start_kernel(kernel_name="python3"))


@pytest.mark.parametrize(
    ("owner", "asks", "may"),
    [("uma", "uma", True), ("uma", "mara", False), (None, "uma", False), (None, None, False)],
)
def test_a_kernel_is_for_its_owner(owner, asks, may):
    handler = SimpleNamespace(
        path_kwargs={"kernel_id": "k"},
        kernel_manager=SimpleNamespace(owners={"k": owner} if owner else {}),
    )
    user = SimpleNamespace(username=asks) if asks else None
    assert OwnKernels().is_authorized(handler, user, "execute", "kernels") is may


@pytest.mark.parametrize(
    ("limit", "cores"), [("150000 100000", 1.5), ("max 100000", None), ("nonsense", None)]
)
def test_a_containers_share_of_processors_counts(tmp_path, limit, cores):
    (tmp_path / "cpu.max").write_text(limit)
    here = float(len(os.sched_getaffinity(0)))
    assert this_machine(tmp_path).cores == (here if cores is None else min(cores, here))


@pytest.mark.parametrize(
    ("machine", "words"),
    [
        (Machine(2), "CPU, 2 cores"),
        (Machine(1), "CPU, 1 core"),
        (Machine(0.5), "CPU, 0.5 cores"),
        (Machine(8, "NVIDIA H100 80GB HBM3", 79.6), "GPU: NVIDIA H100 80GB HBM3, 80 GiB"),
    ],
)
def test_a_machine_in_words(machine, words):
    assert str(machine) == words


@pytest.mark.parametrize(
    ("script", "gpu"),
    [
        ("echo 'NVIDIA H100, 79872'; echo 'NVIDIA H100, 79872'", "NVIDIA H100"),
        ("exit 9", ""),
        ("echo 'No devices were found'", ""),
        ("true", ""),
    ],
)
def test_the_drivers_word_on_graphics_processors(tmp_path, monkeypatch, script, gpu):
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    found = this_machine()
    assert (found.gpu, found.gpu_memory_gib) == (gpu, 78.0 if gpu else 0.0)


def test_the_worker_is_told_of_the_stores_and_not_of_signing_in(tmp_path):
    env = {
        "STITCHSKETCH_DATABASE_URL": "postgresql://x", "STITCHSKETCH_OIDC_CLIENT_SECRET": "hush",
        "STITCHSKETCH_HUB_HOME": "/x", "STITCHSKETCH_MONGO_URL": "mongodb://x", "PATH": "/bin",
    }  # fmt: skip
    settings = HubSettings("https://hub", "https://id", "hub", "hush", runs=tmp_path)
    worker = services._worker(settings, env)
    names = {name for name in worker["environment"] if name.startswith("STITCHSKETCH")}
    assert names == {"STITCHSKETCH_DATABASE_URL"}
    assert worker["command"][-3:] == ["1", "--runs", str(tmp_path)]
    assert "--while-parent" in worker["command"]


@pytest.mark.parametrize(("spawner", "at_once", "there"), [
    ("local", 1, True), ("docker", 2, True), ("local", 0, False), ("kubernetes", 1, False),
])  # fmt: skip
def test_a_worker_stands_beside_the_hub_where_there_is_room(spawner, at_once, there):
    settings = HubSettings(
        "https://hub", "https://id", "hub", "hush", spawner=spawner, runs_at_once=at_once
    )
    told = services._services(settings, {}, Ports(8000))
    assert ("worker" in [one["name"] for one in told]) == there


@pytest.mark.parametrize(("idle_s", "every_s"), [(3600, 300), (60, 12), (24, 4), (6, 1)])
def test_servers_tell_of_themselves_well_within_the_time_that_they_may_be_idle(idle_s, every_s):
    settings = HubSettings("https://hub", "https://id", "hub", "hush", idle_s=idle_s)
    assert settings.tells_every_s == every_s
