"""``make hub``: the hub on a fresh machine, with a demo's OpenID provider unless one is named.

Ctrl-C ends all of it. What it keeps lies in the hub's private folder: who was signed in stays so.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from urllib.request import urlopen

from hub_config import demo_provider
from hub_config.keys import private_folder
from hub_config.servers.local import hindrance
from hub_config.services import proxy_command
from hub_config.settings import HubSettings, Ports
from stitchsketch_kernel.domain.errors import SettingsError, StitchSketchError

_CONFIG = Path(__file__).resolve().parents[1] / "jupyterhub_config.py"
_START_S, _STOP_S = 120, 30
_DEMO = """
*** DEMO: the people below have no passwords. Whoever uses this machine can be any of them. ***
*** For a shop, set STITCHSKETCH_OIDC_ISSUER and the like (README.md, "The hub").          ***
  Uma upholsterer   Tom technician   Mara manager   Ada admin   Otto of another shop
"""
_UNSAFE = """*** UNSAFE: {what} ***
*** STITCHSKETCH_UNSAFE_SERVERS is set, so they are started all the same: who works in          ***
*** JupyterLab may read what this hub keeps of every shop. For one shop alone, if at all.       ***
"""
_REFUSED = "JupyterLab is not there, the apps are. {what}\n{todo}\n"


def main(env: Mapping[str, str]) -> int:
    """Start the hub, say where it is, and wait until it ends; the exit code."""
    demo = not env.get("STITCHSKETCH_OIDC_ISSUER", "").strip()
    settings = HubSettings.from_env(_with_demo(env) if demo else env)
    ports, home = Ports(settings.port), private_folder(settings.home)
    proxy_command()
    _require_free(ports)
    processes: list[subprocess.Popen[bytes]] = []
    signal.signal(signal.SIGTERM, _interrupt)
    # a shell's background jobs ignore it, and so would the services that the hub ends with it
    signal.signal(signal.SIGINT, _interrupt)
    with (home / "provider.log").open("ab") as provider_log, (home / "hub.log").open("ab") as log:
        try:
            told = dict(env)
            if demo:
                processes.append(demo_provider.start(home, ports, provider_log))
                told = _with_demo(env, home)
            hub = subprocess.Popen(
                [sys.executable, "-m", "jupyterhub", "-f", str(_CONFIG)],
                cwd=home, env=_paths(told), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
            processes.append(hub)
            _wait_for(hub, settings, home / "hub.log")
            _say(settings, demo)
            return hub.wait()
        except KeyboardInterrupt:
            return 0
        finally:
            _end(processes)


def _with_demo(env: Mapping[str, str], home: Path | None = None) -> dict[str, str]:
    """The environment with the demo provider's words in it."""
    port = env.get("STITCHSKETCH_HUB_PORT", "").strip()
    # one that is no number `HubSettings` refuses
    ports = Ports(int(port) if port.isdecimal() else HubSettings.port)
    secret = (
        {"STITCHSKETCH_OIDC_CLIENT_SECRET_FILE": str(home / "oidc-client-secret")}
        if home
        else {"STITCHSKETCH_OIDC_CLIENT_SECRET": "made when the provider starts"}
    )
    return {
        **env,
        "STITCHSKETCH_PUBLIC_URL": f"http://127.0.0.1:{ports.public}",
        "STITCHSKETCH_OIDC_ISSUER": demo_provider.issuer(ports),
        "STITCHSKETCH_OIDC_CLIENT_ID": demo_provider.CLIENT_ID,
        "STITCHSKETCH_OIDC_SCOPES": "openid profile groups",
        "STITCHSKETCH_SPAWNER": "local",
        **secret,
    }


def _paths(env: Mapping[str, str]) -> dict[str, str]:
    """Programs beside this Python come first: the hub starts people's servers by their names."""
    programs = str(Path(sys.executable).parent)
    return {**env, "PATH": os.pathsep.join([programs, env.get("PATH", os.defpath)])}


def _require_free(ports: Ports) -> None:
    for port in (ports.public, ports.provider, ports.hub):
        with socket.socket() as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                one.bind(("127.0.0.1", port))
            except OSError as error:
                raise SettingsError(
                    f"Another program is at port {port} of this machine.",
                    "End it, or choose eight free ports in a row: STITCHSKETCH_HUB_PORT=8100.",
                ) from error


def _wait_for(hub: subprocess.Popen[bytes], settings: HubSettings, log: Path) -> None:
    end = time.monotonic() + _START_S
    while time.monotonic() < end and hub.poll() is None:
        try:
            with urlopen(f"http://127.0.0.1:{settings.port}/hub/health", timeout=5):
                return
        except OSError:
            time.sleep(0.3)
    raise SettingsError("The hub does not come up.", f"Its last words are in {log}.")


def _say(settings: HubSettings, demo: bool) -> None:
    print(f"StitchSketch is at {settings.public_url}", flush=True)
    if demo:
        print(_DEMO, flush=True)
    trouble = hindrance() if settings.spawner == "local" else None
    if trouble is not None:
        told = _UNSAFE if settings.unsafe_servers else _REFUSED
        print(told.format(what=trouble.what, todo=trouble.todo), flush=True)
    print(f"Ctrl-C ends it. What it says goes into {settings.home}/hub.log", flush=True)


def _end(processes: list[subprocess.Popen[bytes]]) -> None:
    """End the hub before the provider."""
    for one in reversed(processes):
        if one.poll() is None:
            one.terminate()
        try:
            one.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            one.kill()
            one.wait()


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    try:
        sys.exit(main(os.environ))
    except StitchSketchError as error:
        print(f"stitchsketch hub: {error}", file=sys.stderr)
        sys.exit(2)
