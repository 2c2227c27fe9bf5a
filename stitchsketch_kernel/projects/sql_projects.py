"""Projects, scans and photos in a database."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select, tuple_, update

from stitchsketch_kernel.domain.errors import NotKeptError
from stitchsketch_kernel.projects.records import Page, Photo, Project, Scan, now
from stitchsketch_kernel.projects.sql import (
    SqlBase,
    columns,
    fitting,
    own_project,
    own_scan,
    records,
)
from stitchsketch_kernel.projects.tables import PhotoRow, ProjectRow, ScanRow

_NEWEST_FIRST = (ProjectRow.created.desc(), ProjectRow.id.desc())
_MOST_A_PAGE = 1000


class SqlProjects(SqlBase):
    """The part of a `ProjectStore` that lists and changes projects."""

    def add_project(self, project: Project) -> Project:
        """See `ProjectStore`."""
        with self._session() as session:
            self._keep(session, project, ("id",), change=False)
            return own_project(session, project.shop, project.id, project.status == "deleted")

    def projects(self, shop: str) -> list[Project]:
        """See `ProjectStore`."""
        query = select(*columns(Project)).where(
            ProjectRow.shop == shop, ProjectRow.status != "deleted"
        )
        with self._session() as session:
            return records(session, Project, query.order_by(*_NEWEST_FIRST))

    def page(self, shop: str, limit: int = 100, after: str | None = None) -> Page:
        """See `ProjectStore`."""
        limit = max(1, min(limit, _MOST_A_PAGE))
        query = select(*columns(Project)).where(
            ProjectRow.shop == shop, ProjectRow.status != "deleted"
        )
        if after is not None:
            query = query.where(tuple_(ProjectRow.created, ProjectRow.id) < _place(after))
        with self._session() as session:
            found = records(session, Project, query.order_by(*_NEWEST_FIRST).limit(limit + 1))
        return Page(found[:limit], _bookmark(found[limit - 1]) if len(found) > limit else None)

    def project(self, shop: str, project_id: str) -> Project:
        """See `ProjectStore`."""
        with self._session() as session:
            return own_project(session, shop, project_id)

    def project_named(self, shop: str, name: str) -> Project | None:
        """See `ProjectStore`."""
        query = select(*columns(Project)).where(
            ProjectRow.shop == shop, ProjectRow.name == name, ProjectRow.status != "deleted"
        )
        with self._session() as session:
            found = records(session, Project, query.order_by(*_NEWEST_FIRST).limit(1))
        return found[0] if found else None

    def change_project(self, shop: str, project: Project) -> Project:
        """See `ProjectStore`."""
        with self._session() as session:
            kept = own_project(session, shop, project.id)
            status = kept.status if project.status == "deleted" else project.status
            changed = replace(
                project, shop=kept.shop, status=status, created=kept.created, deleted=None,
                kept_to=kept.kept_to,
            )  # fmt: skip
            session.execute(
                update(ProjectRow).where(ProjectRow.id == kept.id).values(**fitting(changed))
            )
            return changed

    def share_project(self, shop: str, project_id: str, kept_to: Iterable[str]) -> Project:
        """See `ProjectStore`."""
        people = tuple(sorted(set(kept_to)))
        with self._session() as session:
            kept = own_project(session, shop, project_id)
            session.execute(
                update(ProjectRow).where(ProjectRow.id == kept.id).values(kept_to=people)
            )
            return replace(kept, kept_to=people)

    def delete_project(self, shop: str, project_id: str) -> None:
        """See `ProjectStore`."""
        with self._session() as session:
            own_project(session, shop, project_id)
            session.execute(
                update(ProjectRow)
                .where(ProjectRow.id == project_id)
                .values(status="deleted", deleted=now())
            )

    def deleted_projects(self, shop: str) -> list[Project]:
        """See `ProjectStore`."""
        query = select(*columns(Project)).where(
            ProjectRow.shop == shop, ProjectRow.status == "deleted"
        )
        with self._session() as session:
            return records(session, Project, query.order_by(*_NEWEST_FIRST))

    def restore_project(self, shop: str, project_id: str) -> Project:
        """See `ProjectStore`."""
        with self._session() as session:
            own_project(session, shop, project_id, deleted=True)
            session.execute(
                update(ProjectRow)
                .where(ProjectRow.id == project_id)
                .values(status="open", deleted=None)
            )
            return own_project(session, shop, project_id)

    def add_scan(self, shop: str, scan: Scan) -> Scan:
        """See `ProjectStore`."""
        with self._session() as session:
            own_project(session, shop, scan.project_id)
            self._keep(session, scan, ("id",), change=False)
            return own_scan(session, shop, scan.id)

    def scans(self, shop: str, project_id: str) -> list[Scan]:
        """See `ProjectStore`."""
        query = select(*columns(Scan)).where(ScanRow.project_id == project_id)
        with self._session() as session:
            own_project(session, shop, project_id)
            return records(session, Scan, query.order_by(ScanRow.created.desc(), ScanRow.id))

    def keep_photo(self, shop: str, photo: Photo) -> None:
        """See `ProjectStore`."""
        self.keep_photos(shop, [photo])

    def keep_photos(self, shop: str, photos: Iterable[Photo]) -> None:
        """Keep several photos at once: all of them or none."""
        with self._session() as session:
            for photo in photos:
                own_scan(session, shop, photo.scan_id)
                self._keep(session, photo, ("scan_id", "name"), change=True)

    def photos(self, shop: str, scan_id: str, left_out: bool = False) -> list[Photo]:
        """See `ProjectStore`."""
        query = select(*columns(Photo)).where(
            PhotoRow.scan_id == scan_id, PhotoRow.left_out == left_out
        )
        with self._session() as session:
            own_scan(session, shop, scan_id)
            return sorted(records(session, Photo, query), key=lambda photo: photo.name)


def _bookmark(last: Project) -> str:
    """Where a page ended, as text that may stand in an address."""
    place = json.dumps([last.created.isoformat(), last.id])
    return base64.urlsafe_b64encode(place.encode()).decode()


def _place(bookmark: str) -> tuple[datetime, str]:
    try:
        created, project_id = json.loads(base64.urlsafe_b64decode(bookmark))
        return datetime.fromisoformat(created), str(project_id)
    except (ValueError, TypeError) as error:
        raise NotKeptError(
            "The list of projects has no such page.", "Begin again from its first page."
        ) from error
