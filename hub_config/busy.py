"""A run at work counts as activity, though it says nothing for half an hour.

An extension of each person's Jupyter server. The server tells the hub when something last happened;
messages of a kernel count, a cell that computes in silence doesn't, and the hub would stop it.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Any

from tornado.ioloop import PeriodicCallback

_EVERY_S = 30
#: How often this server tells the hub what has happened, in seconds.
_TELLS = "JUPYTERHUB_ACTIVITY_INTERVAL"


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "hub_config.busy"}]


def _load_jupyter_server_extension(server: Any) -> None:
    """Begin to look at the kernels (Jupyter Server calls this)."""
    every_s = min(_EVERY_S, int(os.environ.get(_TELLS) or _EVERY_S))
    looking = PeriodicCallback(lambda: note_busy(server), every_s * 1000)
    looking.start()
    server.web_app.settings["stitchsketch_busy"] = looking


def note_busy(server: Any) -> bool:
    """Note activity when a kernel computes; whether one does."""
    kernels = server.kernel_manager
    busy = any(
        getattr(kernels.get_kernel(one), "execution_state", "") == "busy"
        for one in kernels.list_kernel_ids()
    )
    if busy:
        server.web_app.settings["api_last_activity"] = datetime.now(UTC)
    return busy
