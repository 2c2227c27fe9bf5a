"""Where each person begins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hub_config.access import APPS, IN_LAB

#: Our mark, in place of JupyterHub's; the screens have the same.
MARK = Path(__file__).parent / "mark.svg"
#: The services are reached by their names.
APPS_URL = f"/services/{APPS.name}/"


def place(handler: Any) -> str:
    """The first page after sign-in; empty: the person's own server, which opens JupyterLab."""
    person = handler.current_user
    return "" if person is None or works_in_lab(person) else APPS_URL


def works_in_lab(person: Any) -> bool:
    """Whether one of the hub's people has a role that works in JupyterLab."""
    roles = {role.value for role in IN_LAB}
    return any(group.name in roles for group in person.groups)


def configure(c: Any) -> None:
    """Set the landing pages, and the mark on the hub's own, on traitlets' config object `c`."""
    c.JupyterHub.logo_file = str(MARK)
    c.JupyterHub.default_url = place
    c.Spawner.default_url = "/lab"
