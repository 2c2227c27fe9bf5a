"""People's servers as pods of Kubernetes."""

from __future__ import annotations

from typing import Any

from hub_config.servers.profiles import CPU, GPU
from hub_config.settings import HubSettings

_HOME = "/home/person"
_UID = 1000
_STORAGE = "50Gi"


def configure(c: Any, settings: HubSettings) -> None:
    """Set Kubernetes' servers on traitlets' config object `c`."""
    c.JupyterHub.spawner_class = "kubespawner.KubeSpawner"
    pods = c.KubeSpawner
    pods.image = settings.image
    pods.profile_list = profiles(settings)
    pods.mem_limit = f"{settings.memory_gib}G"
    pods.mem_guarantee = f"{settings.memory_gib}G"
    pods.cpu_limit = float(settings.cores)
    pods.cpu_guarantee = settings.cores / 4
    pods.uid = pods.gid = pods.fs_gid = _UID
    pods.allow_privilege_escalation = False
    pods.container_security_context = {
        "capabilities": {"drop": ["ALL"]},
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    # a kernel has no business with the cluster
    pods.automount_service_account_token = False
    pods.storage_pvc_ensure = True
    pods.storage_capacity = _STORAGE
    pods.pvc_name_template = "stitchsketch-{user_server}"
    pods.volumes = [
        {"name": "home", "persistentVolumeClaim": {"claimName": pods.pvc_name_template}}
    ]
    pods.volume_mounts = [{"name": "home", "mountPath": _HOME}]
    pods.working_dir = _HOME


def profiles(settings: HubSettings) -> list[dict[str, Any]]:
    """KubeSpawner's ``profile_list``: one kind of server, or two where there are GPUs."""
    cpu = {"display_name": "Processors alone", "slug": CPU, "default": True}
    gpu = {
        "display_name": "With a graphics processor",
        "slug": GPU,
        "kubespawner_override": {
            "extra_resource_limits": {"nvidia.com/gpu": "1"},
            "tolerations": [
                {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}
            ],
        },
    }
    return [cpu, gpu] if settings.gpus else [cpu]
