"""The command line's part for the HTTP entrance: ``stitchsketch gateway``."""

from __future__ import annotations

import argparse
from typing import Any

from stitchsketch_kernel.domain.errors import SettingsError


def add_gateway(commands: Any) -> None:
    """Add the command to the program's."""
    gateway = commands.add_parser("gateway", help="the HTTP entrance for phones and scripts")
    gateway.set_defaults(do=_gateway)
    gateway.add_argument("--port", type=int, default=8010, help="8010; 0: any free one")
    gateway.add_argument("--host", default="127.0.0.1", help="127.0.0.1: behind the hub's proxy")


def _gateway(given: argparse.Namespace) -> None:
    try:
        from stitchsketch_kernel.gateway.server import serve
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"The gateway is not installed ({error.name} is missing).",
            "Install it: pip install 'stitchsketch[gateway]'.",
        ) from error
    serve(given.host, given.port)
