"""People's servers as containers of Docker."""

from __future__ import annotations

from typing import Any

from docker.types import DeviceRequest
from dockerspawner import DockerSpawner
from traitlets import Integer

from hub_config.servers.profiles import CPU, GPU, chosen, form
from hub_config.settings import HubSettings

#: More processes than any run begins; a fork bomb stays inside.
_MOST_PROCESSES = 512
_HOME = "/home/person"


class ContainerSpawner(DockerSpawner):
    """A container with limits that hold, and a graphics processor for who asks for one."""

    gpus = Integer(0, help="How many graphics processors the machine offers").tag(config=True)

    async def create_object(self) -> Any:
        """Make the container; a profile that isn't offered is refused."""
        if chosen(self.user_options, self.gpus) == GPU:
            self.extra_host_config = {
                **self.extra_host_config,
                "device_requests": [DeviceRequest(count=1, capabilities=[["gpu"]])],
            }
        return await super().create_object()


def configure(c: Any, settings: HubSettings) -> None:
    """Set Docker's servers on traitlets' config object `c`."""
    c.JupyterHub.spawner_class = ContainerSpawner
    servers = c.ContainerSpawner
    servers.image = settings.image
    servers.gpus = settings.gpus
    servers.mem_limit = f"{settings.memory_gib}G"
    servers.cpu_limit = float(settings.cores)
    # memory that is full ends the run, instead of slowing down everybody's by swapping
    servers.extra_host_config = {
        "memswap_limit": settings.memory_gib * 2**30,
        "pids_limit": _MOST_PROCESSES,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
    }
    servers.network_name = "stitchsketch-people"
    servers.use_internal_ip = True
    servers.remove = True
    servers.volumes = {"stitchsketch-{username}": _HOME}
    servers.notebook_dir = _HOME
    if settings.gpus:
        servers.options_form = form((CPU, GPU))
