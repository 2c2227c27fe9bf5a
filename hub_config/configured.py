"""All parts of the hub's set-up, in order."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from hub_config import landing, servers, services, signing_in
from hub_config.discovery import Endpoints
from hub_config.settings import HubSettings


def configure(
    c: Any, settings: HubSettings, endpoints: Endpoints, env: Mapping[str, str] | None = None
) -> None:
    """Set everything on traitlets' config object `c`.

    Raises
    ------
    SettingsError
        Something isn't installed, or a folder can't be used.
    """
    signing_in.configure(c, settings, endpoints)
    services.configure(c, settings, os.environ if env is None else env)
    landing.configure(c)
    servers.configure(c, settings)
