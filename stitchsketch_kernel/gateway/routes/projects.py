"""Projects, their scans, and which photos those have."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from fastapi import Query

from stitchsketch_kernel.gateway.guard import Access, Allowed
from stitchsketch_kernel.gateway.models import (
    ChangedProject,
    NewPhoto,
    NewProject,
    NewScan,
    Page,
    Sharing,
    values_of,
)
from stitchsketch_kernel.gateway.once import Key
from stitchsketch_kernel.gateway.paging import DEFAULT_LIMIT, Cursor, Limit, page
from stitchsketch_kernel.gateway.permissions import SEES_ALL
from stitchsketch_kernel.gateway.problems import ProblemError
from stitchsketch_kernel.gateway.routes.route import KeptOnce, ProjectId, Route, ScanId
from stitchsketch_kernel.projects.records import Photo, Project, Scan

Name = Annotated[str | None, Query(max_length=400, description="The newest of that name alone.")]
Deleted = Annotated[bool, Query(description="Those that are deleted and not yet purged.")]

LeftOut = Annotated[bool, Query(description="Those that were taken out of the scan.")]


def of_shop(
    access: Allowed,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
    name: Name = None,
    deleted: Deleted = False,
) -> Page[Project]:
    """The shop's projects that aren't deleted, newest first."""
    store = access.projects
    if name is not None:
        named = store.project_named(access.shop, name)
        return Page(items=[named] if named else [])
    if deleted:
        return page(store.deleted_projects(access.shop), born, limit, cursor, True)
    found = store.page(access.shop, limit, cursor)  # the database's own: there may be many
    return Page(items=found.projects, next=found.after)


def add(access: Allowed, once: KeptOnce, project: NewProject, key: Key = None) -> Any:
    """Keep a new project of the shop."""
    new = Project(shop=access.shop, **values_of(project))
    return once.answer(access, key, _asked(project), lambda: access.projects.add_project(new))


def read(access: Allowed, project_id: ProjectId) -> Project:
    """One project."""
    return access.projects.project(access.shop, project_id)


def change(access: Allowed, project_id: ProjectId, project: ChangedProject) -> Project:
    """Keep all that can be changed of it; its shop, day and deletion stay as they are."""
    store, shop = access.projects, access.shop
    kept = store.project(shop, project_id)
    changed = replace(kept, **values_of(project))
    if changed.owner != kept.owner and not _owns(access, kept):
        raise ProblemError(
            403, "Only its owner or a manager gives a project to somebody else.",
            "Ask the owner, or the manager of your shop.",
        )  # fmt: skip
    return store.change_project(shop, changed)


def share(access: Allowed, project_id: ProjectId, sharing: Sharing) -> Project:
    """Keep it to its owner and these people, or open it to the shop; managers see all."""
    store, shop = access.projects, access.shop
    if not _owns(access, store.project(shop, project_id)):
        raise ProblemError(
            403, "Only its owner or a manager says who sees a project.",
            "Ask the owner, or the manager of your shop.",
        )  # fmt: skip
    if strangers := sorted(set(sharing.kept_to) - set(access.users.names(shop))):
        raise ProblemError(
            422, f"Nobody in this shop is {strangers[0][:80]!r}.", "Choose people from the list."
        )
    return store.share_project(shop, project_id, sharing.kept_to)


def _owns(access: Access, project: Project) -> bool:
    """Whether the caller has the last word on who has a project, and who sees it."""
    user = access.caller.user
    return user.role in SEES_ALL or project.owner == user.subject


def delete(access: Allowed, project_id: ProjectId) -> None:
    """Mark it deleted; it is no longer listed or found."""
    access.projects.delete_project(access.shop, project_id)


def restore(access: Allowed, project_id: ProjectId) -> Project:
    """Take a deletion back."""
    return access.projects.restore_project(access.shop, project_id)


def scans(
    access: Allowed, project_id: ProjectId, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[Scan]:
    """The project's scans, newest first."""
    found = access.projects.scans(access.shop, project_id)
    return page(found, born, limit, cursor, True)


def add_scan(
    access: Allowed, once: KeptOnce, project_id: ProjectId, scan: NewScan, key: Key = None
) -> Any:
    """Keep a new scan of the project."""
    new = Scan(project_id=project_id, **values_of(scan))
    return once.answer(
        access, key, [project_id, _asked(scan)],
        lambda: access.projects.add_scan(access.shop, new),
    )  # fmt: skip


def photos(
    access: Allowed,
    scan_id: ScanId,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
    left_out: LeftOut = False,
) -> Page[Photo]:
    """The scan's photos by name; `/images/{sha256}` has each."""
    found = access.projects.photos(access.shop, scan_id, left_out)
    return page(found, lambda photo: (photo.name,), limit, cursor)


def keep_photo(access: Allowed, scan_id: ScanId, photo: NewPhoto) -> None:
    """Say which file of `/images` a photo of the scan is; the last word on a name counts."""
    kept = Photo(scan_id=scan_id, **values_of(photo))
    access.projects.keep_photo(access.shop, kept)


def born(kept: Project | Scan) -> tuple[str, str]:
    """Where it stands in the order of time."""
    return kept.created.isoformat(timespec="microseconds"), kept.id


def _asked(body: Any) -> Any:
    """What was said; not what was filled in, which differs each time."""
    return body.model_dump(mode="json", exclude_unset=True)


ROUTES = (
    Route("projects.list", of_shop, model=Page[Project]),
    Route("projects.add", add, status=201, model=Project, wrong=(409,)),
    Route("projects.read", read, model=Project),
    Route("projects.change", change, model=Project),
    Route("projects.share", share, model=Project),
    Route("projects.delete", delete, status=204),
    Route("projects.restore", restore, model=Project),
    Route("projects.scans", scans, model=Page[Scan]),
    Route("projects.add_scan", add_scan, status=201, model=Scan, wrong=(409,)),
    Route("scans.photos", photos, model=Page[Photo]),
    Route("scans.keep_photo", keep_photo, status=204),
)
