"""Deleted projects removed for good, with their objects."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import cast

from stitchsketch_kernel.storage.interface import Bucket
from stitchsketch_kernel.stores.checking import remove_unreferenced
from stitchsketch_kernel.stores.opening import Stores

#: A deletion can be taken back this long.
KEPT_FOR = timedelta(days=30)
#: An object that was put this lately may be another run's, whose record is still on its way.
_JUST_PUT = timedelta(hours=1)


def purge_project(
    stores: Stores, shop: str, project_id: str, just_put: timedelta = _JUST_PUT
) -> int:
    """Remove a deleted project: its records in one step, then its objects; how many objects.

    Killed in between it leaves objects that nothing names, and it leaves those that were put
    within `just_put`: `checking` finds and removes them later.

    Raises
    ------
    NotKeptError
        There is no such project, or it isn't deleted.
    StorageError
        A store can't be used.
    """
    objects = stores.objects(shop)  # can it be used at all? before the records are gone
    gone = stores.projects.purge_project(shop, project_id)
    names = {(one.bucket, one.sha256) for one in gone}
    before = datetime.now(UTC) - just_put
    candidates = [
        one
        for bucket in sorted({bucket for bucket, _ in names})
        for one in objects.objects(cast(Bucket, bucket))
        if (one.bucket, one.sha256) in names and (one.put is None or one.put <= before)
    ]
    return remove_unreferenced(stores, shop, objects, candidates)


def purge_old(stores: Stores, shop: str, kept_for: timedelta = KEPT_FOR) -> int:
    """Purge the projects that were deleted longer ago than `kept_for`; how many.

    Raises
    ------
    StorageError
        A store can't be used.
    """
    before = datetime.now(UTC) - kept_for
    old = [
        project
        for project in stores.projects.deleted_projects(shop)
        if (project.deleted or project.created) < before
    ]
    for project in old:
        purge_project(stores, shop, project.id)
    return len(old)
