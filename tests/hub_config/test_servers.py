from __future__ import annotations

import asyncio
import json
import os
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import pytest
from real_servers.fixtures import missing
from traitlets.config import Config

from hub_config import HubSettings
from hub_config.servers import configure
from hub_config.servers.local import PersonSpawner
from hub_config.servers.profiles import chosen, form
from stitchsketch_kernel.domain.errors import SettingsError

SETTINGS = {
    "public_url": "https://hub.example.com",
    "issuer": "https://id.example.com",
    "client_id": "hub",
    "client_secret": "hush",
    "image": "stitchsketch/server:1",
    "memory_gib": 6,
    "cores": 3,
}
KUBECONFIG = {
    "apiVersion": "v1", "kind": "Config", "current-context": "here",
    "contexts": [{"name": "here", "context": {"cluster": "one", "user": "me"}}],
    "clusters": [{"name": "one", "cluster": {"server": "https://127.0.0.1:9"}}],
    "users": [{"name": "me", "user": {"token": "t"}}],
}  # fmt: skip
ALLOWED = {"STITCHSKETCH_GATEWAY_URL", "STITCHSKETCH_GATEWAY_TOKEN"}


def configured(**changes):
    config = Config()
    configure(config, HubSettings(**SETTINGS | changes))
    return config


def with_config(kind, config, options=None, **more):
    """A spawner that starts nothing, for the specification that it would send."""
    hub = SimpleNamespace(
        api_url="http://hub:8003/hub/api", base_url="/hub/", server=None, public_host="",
        proxy_spec=None, url="http://hub:8003/hub/",
    )  # fmt: skip
    person = SimpleNamespace(
        name="demo-tom", escaped_name="demo-tom", id=1, url="/user/demo-tom/", settings={},
        server_url=lambda name: "/user/demo-tom/",
    )  # fmt: skip
    spawner = kind(config=config, hub=hub, user=person, **more)
    spawner.user_options = options or {}
    return spawner


@pytest.fixture
def manifest(tmp_path, monkeypatch):
    """The pod that would be asked of a cluster; there is none here, its address is made up."""
    from kubespawner import KubeSpawner

    file = tmp_path / "kubeconfig"
    file.write_text(json.dumps(KUBECONFIG))
    monkeypatch.setattr(
        "kubernetes_asyncio.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(file)
    )

    def made(options=None, account=None, **changes):
        config = configured(spawner="kubernetes", **changes)
        if account:
            config.KubeSpawner.service_account = account

        async def pod():
            spawner = with_config(KubeSpawner, config, options, _mock=True)
            await spawner.load_user_options()
            told = await spawner.get_pod_manifest()
            await spawner.api.api_client.close()
            return told

        return asyncio.run(pod())

    return made


def container(options=None, **changes):
    """The container that would be asked of a daemon; there is none here."""
    from hub_config.servers.docker import ContainerSpawner

    spawner = with_config(ContainerSpawner, configured(spawner="docker", **changes), options)
    spawner.client_kwargs = {"version": "1.50"}  # else the daemon is asked for it
    asked = {}

    async def docker(method, *args, **more):
        asked[method] = more
        return {"Id": "1", "Config": {"Cmd": ["jupyterhub-singleuser"]}}

    spawner.docker = docker
    asyncio.run(spawner.create_object())
    return asked["create_container"]


@pytest.mark.parametrize("gpus", [0, 2])
def test_a_pod_has_limits_that_hold(manifest, gpus):
    pod = manifest(gpus=gpus)
    server = pod.spec.containers[0]
    assert server.image == "stitchsketch/server:1"
    assert server.resources.limits == {"cpu": 3.0, "memory": 6 * 2**30}
    assert server.resources.requests["memory"] == 6 * 2**30
    safe = server.security_context
    assert (safe["runAsUser"], safe["allowPrivilegeEscalation"]) == (1000, False)
    assert (safe["runAsNonRoot"], safe["capabilities"]) == (True, {"drop": ["ALL"]})


def test_a_pod_has_no_token_of_the_cluster_whatever_account_it_is_given(manifest):
    """KubeSpawner leaves it out by itself only where no account is named."""
    pod = manifest(account="somebody")
    assert pod.spec.service_account_name == "somebody"
    assert pod.spec.automount_service_account_token is False


def test_a_pod_with_a_gpu_asks_for_one(manifest):
    server = manifest({"profile": "gpu"}, gpus=1).spec.containers[0]
    assert server.resources.limits["nvidia.com/gpu"] == "1"
    assert server.resources.limits["memory"] == 6 * 2**30


def test_a_pods_environment_has_no_secret(manifest):
    environment = {one.name for one in manifest().spec.containers[0].env}
    assert {name for name in environment if name.startswith("STITCHSKETCH")} <= ALLOWED


def test_a_pods_home_is_its_persons(manifest):
    pod = manifest()
    claim = pod.spec.volumes[0].persistent_volume_claim["claimName"]
    assert claim.startswith("stitchsketch-demo-tom")
    assert pod.spec.containers[0].volume_mounts[0].mount_path == "/home/person"


def test_a_container_has_limits_that_hold():
    host = container()["host_config"]
    assert host["Memory"] == host["MemorySwap"] == 6 * 2**30
    assert host["CpuQuota"] == 3 * host["CpuPeriod"]
    assert (host["CapDrop"], host["SecurityOpt"]) == (["ALL"], ["no-new-privileges"])
    assert host["PidsLimit"] == 512
    assert "DeviceRequests" not in host


def test_a_container_with_a_gpu_asks_for_one():
    (request,) = container({"profile": ["gpu"]}, gpus=1)["host_config"]["DeviceRequests"]
    assert (request["Count"], request["Capabilities"]) == (1, [["gpu"]])


def test_a_containers_environment_has_no_secret():
    environment = container()["environment"]
    assert {name for name in environment if name.startswith("STITCHSKETCH")} <= ALLOWED
    assert environment["STITCHSKETCH_GATEWAY_URL"] == "https://hub.example.com/services/gateway"


def test_a_server_that_is_not_offered_is_refused():
    with pytest.raises(SettingsError, match="no such kind"):
        container({"profile": ["gpu"]}, gpus=0)
    for odd in ("tpu", ["cpu", "gpu"], None, 7):
        with pytest.raises(SettingsError, match="no such kind"):
            chosen({"profile": odd}, 1)
    assert form(("cpu", "gpu")).count("checked") == 1


def test_people_of_one_machine_cannot_read_each_others_files(monkeypatch):
    if os.geteuid() != 0:
        missing("root (to give each person another account)")
    with TemporaryDirectory(prefix="people-") as place:
        Path(place).chmod(0o711)
        folders = {}
        for number, name in enumerate(("uma", "../tom"), start=1):
            user = SimpleNamespace(name=name, id=number)
            spawner = PersonSpawner(people=place, own_accounts=True, user=user)
            spawner.folder.mkdir(mode=0o700)
            os.chown(spawner.folder, spawner.uid, spawner.uid)
            assert spawner.folder.parent == Path(place)
            write = "id -u; id -G; echo mine > file; cat file; cat ../*/file"
            done = subprocess.run(
                ["/bin/sh", "-c", write], preexec_fn=spawner.make_preexec_fn(name),
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            folders[name] = done.stdout.split()
            uid = str(spawner.uid)
            assert done.stdout.split()[:3] == [uid, uid, "mine"]
            assert "Permission denied" in done.stderr or not done.stdout.count("mine") > 1
        assert folders["uma"][0] != folders["../tom"][0]
        # the glob itself is closed to them; the other's file by its name is, too
        first = next(Path(place).glob("*/file"))
        done = subprocess.run(
            ["/bin/cat", first], preexec_fn=spawner.make_preexec_fn(name),
            capture_output=True, check=False,
        )  # fmt: skip
        assert (done.returncode == 0) == (first.parent == spawner.folder)
