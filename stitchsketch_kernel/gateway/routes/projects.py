"""Projects and their scans."""

from __future__ import annotations

from typing import Any

from stitchsketch_kernel.gateway.guard import Allowed
from stitchsketch_kernel.gateway.models import NewProject, NewScan, Page, values_of
from stitchsketch_kernel.gateway.once import Key
from stitchsketch_kernel.gateway.paging import DEFAULT_LIMIT, Cursor, Limit, page
from stitchsketch_kernel.gateway.routes.route import KeptOnce, ProjectId, Route
from stitchsketch_kernel.projects.records import Project, Scan


def of_shop(access: Allowed, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None) -> Page[Project]:
    """The shop's projects that aren't deleted, newest first."""
    return page(access.stores.projects.projects(access.shop), born, limit, cursor, True)


def add(access: Allowed, once: KeptOnce, project: NewProject, key: Key = None) -> Any:
    """Keep a new project of the shop."""
    new = Project(shop=access.shop, **values_of(project))
    return once.answer(
        access, key, _asked(project), lambda: access.stores.projects.add_project(new)
    )


def read(access: Allowed, project_id: ProjectId) -> Project:
    """One project."""
    return access.stores.projects.project(access.shop, project_id)


def delete(access: Allowed, project_id: ProjectId) -> None:
    """Mark it deleted; it is no longer listed or found."""
    access.stores.projects.delete_project(access.shop, project_id)


def scans(
    access: Allowed, project_id: ProjectId, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[Scan]:
    """The project's scans, newest first."""
    found = access.stores.projects.scans(access.shop, project_id)
    return page(found, born, limit, cursor, True)


def add_scan(
    access: Allowed, once: KeptOnce, project_id: ProjectId, scan: NewScan, key: Key = None
) -> Any:
    """Keep a new scan of the project."""
    new = Scan(project_id=project_id, **values_of(scan))
    return once.answer(
        access, key, [project_id, _asked(scan)],
        lambda: access.stores.projects.add_scan(access.shop, new),
    )  # fmt: skip


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
    Route("projects.delete", delete, status=204),
    Route("projects.scans", scans, model=Page[Scan]),
    Route("projects.add_scan", add_scan, status=201, model=Scan, wrong=(409,)),
)
