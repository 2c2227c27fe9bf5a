"""Where people's servers run, and what each is given."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from hub_config.access import SERVER_SCOPES
from hub_config.servers.environment import before_start, take_back
from hub_config.services import (
    CONFIGURATION,
    SHARE,
    TILES_CONFIGURATION,
    TILES_SHARE,
    gateway_url,
    python_path,
)
from hub_config.settings import HubSettings
from stitchsketch_kernel.domain.errors import SettingsError

_START_S = 120
_ARGUMENTS = (
    "--ServerApp.jpserver_extensions=hub_config.busy=True",
    # nothing is asked of, or installed from, other hosts
    "--LabApp.extension_manager=readonly",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
)


def configure(c: Any, settings: HubSettings) -> None:
    """Set people's servers on traitlets' config object `c`."""
    c.Spawner.pre_spawn_hook = before_start
    c.Spawner.post_stop_hook = take_back
    c.Spawner.server_token_scopes = list(SERVER_SCOPES)
    c.Spawner.start_timeout = _START_S
    c.Spawner.http_timeout = _START_S
    c.Spawner.args = list(_ARGUMENTS)
    environment = {
        "STITCHSKETCH_GATEWAY_URL": gateway_url(settings),
        # what is told less often than the culler looks would not save a server at work
        "JUPYTERHUB_ACTIVITY_INTERVAL": str(settings.tells_every_s),
    }
    if settings.spawner == "local":
        environment |= {
            "JUPYTER_PATH": f"{SHARE}{os.pathsep}{TILES_SHARE}",
            "JUPYTER_CONFIG_PATH": f"{CONFIGURATION}{os.pathsep}{TILES_CONFIGURATION}",
            **python_path(),
        }
    c.Spawner.environment = environment
    c.JupyterHub.last_activity_interval = settings.tells_every_s
    c.JupyterHub.activity_resolution = min(30, settings.tells_every_s)
    # servers outlive a hub that is killed; one that is ended in peace takes this machine's along
    c.JupyterHub.cleanup_servers = settings.spawner == "local"
    _place(settings.spawner)(c, settings)


def _place(spawner: str) -> Callable[[Any, HubSettings], None]:
    """Where servers run; a place's packages are needed only there."""
    try:
        if spawner == "docker":
            from hub_config.servers.docker import configure as place
        elif spawner == "kubernetes":
            from hub_config.servers.kubernetes import configure as place
        else:
            from hub_config.servers.local import configure as place
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"What starts servers with {spawner} is not installed ({error.name} is missing).",
            "Install it: pip install 'stitchsketch[containers]'.",
        ) from error
    return place
