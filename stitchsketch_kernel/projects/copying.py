"""A project done once more, with photos that are there already: nothing is uploaded again."""

from __future__ import annotations

from dataclasses import replace

from stitchsketch_kernel.projects.interface import ProjectStore
from stitchsketch_kernel.projects.records import Project, Scan, new_id, now

#: As long as a name may be.
_LONGEST = 400


def duplicate(store: ProjectStore, shop: str, project_id: str, owner: str = "") -> Project:
    """Keep a new project with the same scans, whose photos are the same objects; it has no runs.

    Parameters
    ----------
    store : ProjectStore
    shop, project_id : str
    owner : str
        Who asks for it; else the owner stays.

    Raises
    ------
    NotKeptError
        There is no such project in this shop.
    """
    first = store.project(shop, project_id)
    scans = store.scans(shop, project_id)
    copy = store.add_project(
        replace(
            first, id=new_id(), created=now(), status="open", owner=owner or first.owner,
            name=_free_name(store, shop, first.name),
        )
    )  # fmt: skip
    for scan in reversed(scans):  # the newest last, as they came
        own = store.add_scan(shop, Scan(copy.id, scan.name))
        for photo in store.photos(shop, scan.id):
            store.keep_photo(shop, replace(photo, scan_id=own.id))
    return copy


def _free_name(store: ProjectStore, shop: str, name: str) -> str:
    taken = {project.name for project in store.projects(shop)}
    number = 1
    while True:
        end = " (copy)" if number == 1 else f" (copy {number})"
        if (found := name[: _LONGEST - len(end)] + end) not in taken:
            return found
        number += 1
