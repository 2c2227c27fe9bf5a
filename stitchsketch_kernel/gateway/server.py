"""Serve the gateway on a port, over the stores that the environment names."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Mapping

import uvicorn

from stitchsketch_kernel.domain.errors import SettingsError
from stitchsketch_kernel.gateway.app import create_app
from stitchsketch_kernel.gateway.settings import GatewaySettings
from stitchsketch_kernel.stores import StoreSettings, open_stores

#: Beyond this, callers are asked to come back: each may hold a piece of a file in memory.
_MOST_CONNECTIONS = 300
_KEEP_ALIVE_S, _LAST_WORDS_S = 30, 5


def serve(host: str, port: int, env: Mapping[str, str] | None = None) -> None:
    """Serve until a signal ends it.

    Parameters
    ----------
    host : str
        127.0.0.1 behind the hub's proxy, which has the certificate.
    port : int
        0: any free one, told in the log.
    env : mapping, optional
        The environment of the process when absent; see `GatewaySettings.from_env`.

    Raises
    ------
    SettingsError
        The environment is wrong, or the port is taken.
    StorageError
        What the gateway keeps can't be kept there.
    """
    given = os.environ if env is None else env
    settings = GatewaySettings.from_env(given)
    stores = open_stores(StoreSettings.from_env(given))
    app = create_app(settings, stores)
    try:
        listening = socket.create_server((host, port))
    except (OSError, OverflowError) as error:
        raise SettingsError(
            f"Nothing can be served at {host}:{port} ({error}).", "Choose another port."
        ) from error
    with listening, stores:
        config = uvicorn.Config(
            app,
            server_header=False,
            limit_concurrency=_MOST_CONNECTIONS,
            timeout_keep_alive=_KEEP_ALIVE_S,
            timeout_graceful_shutdown=_LAST_WORDS_S,
        )
        name, number = listening.getsockname()[:2]
        logging.getLogger("uvicorn.error").info("The gateway is at http://%s:%d", name, number)
        uvicorn.Server(config).run(sockets=[listening])
