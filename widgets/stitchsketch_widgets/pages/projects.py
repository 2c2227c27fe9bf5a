"""*My projects*: where a person begins."""

from __future__ import annotations

from typing import Any

from stitchsketch_widgets.pages.here import Here
from stitchsketch_widgets.project_list import ProjectList


def projects_page(here: Here) -> Any:
    """The list of the shop's projects."""
    return ProjectList(
        here.projects, here.shop, here.objects, here.folder_of, here.person, here.users
    )
