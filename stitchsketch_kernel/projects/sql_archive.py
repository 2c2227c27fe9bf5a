"""What only the installation itself may do: all shops, all objects, removal for good."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, delete, func, insert, literal, select
from sqlalchemy.orm import Session

from stitchsketch_kernel.domain.errors import NotKeptError
from stitchsketch_kernel.projects.records import (
    Artefact,
    Bundle,
    Photo,
    Quote,
    Reference,
    Run,
    Scan,
    StageRun,
)
from stitchsketch_kernel.projects.sql import (
    TABLES,
    Record,
    columns,
    fitting,
    in_words,
    own_project,
    own_run,
    records,
)
from stitchsketch_kernel.projects.sql_projects import SqlProjects
from stitchsketch_kernel.projects.sql_queue import SqlQueue
from stitchsketch_kernel.projects.sql_runs import SqlRuns
from stitchsketch_kernel.projects.tables import (
    ArtefactRow,
    PhotoRow,
    ProjectRow,
    QuoteRow,
    RunRow,
    ScanRow,
    StageRow,
)


class SqlArchive(SqlProjects, SqlRuns, SqlQueue):
    """A whole `ProjectArchive` in a database."""

    def shops(self) -> list[str]:
        """See `ProjectArchive`."""
        with self._session() as session:
            return sorted(session.scalars(select(ProjectRow.shop).distinct()))

    def references(self, shop: str) -> list[Reference]:
        """See `ProjectArchive`."""
        with self._session() as session:
            return _references(session, ProjectRow.shop == shop)

    def hidden(self, shop: str, sha256: str = "") -> set[tuple[str, str]]:
        """See `ProjectArchive`."""
        if self._person is None:
            return set()
        which = ProjectRow.shop == shop
        with (
            Session(self._engine) as everybodys,
            self._session() as own,
            in_words(self._place, self._todo),
        ):
            # mostly nothing is kept from anybody: then no object need be looked for
            count = select(func.count(ProjectRow.id)).where(which)
            if everybodys.scalar(count) == own.scalar(count):
                return set()
            every, seen = (
                {(one.bucket, one.sha256) for one in _references(session, which, sha256)}
                for session in (everybodys, own)
            )
        return every - seen

    def purge_project(self, shop: str, project_id: str) -> list[Reference]:
        """See `ProjectArchive`."""
        with self._session() as session:
            if self._engine.dialect.name == "sqlite":
                # nobody else writes between the look and the removal
                session.connection().exec_driver_sql("BEGIN IMMEDIATE")
            else:
                session.execute(
                    select(ProjectRow.id).where(ProjectRow.id == project_id).with_for_update()
                )
            own_project(session, shop, project_id, deleted=True)
            gone = _references(session, ProjectRow.id == project_id)
            _remove(session, project_id)
            kept = {
                (one.bucket, one.sha256) for one in _references(session, ProjectRow.shop == shop)
            }
        return [one for one in gone if (one.bucket, one.sha256) not in kept]

    def bundle(self, shop: str, project_id: str) -> Bundle:
        """See `ProjectArchive`."""
        scans = select(ScanRow.id).where(ScanRow.project_id == project_id)
        runs = select(RunRow.id).where(RunRow.scan_id.in_(scans))
        with self._session() as session:
            if self._engine.dialect.name == "postgresql":
                session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            else:
                session.connection().exec_driver_sql("BEGIN")
            return Bundle(
                own_project(session, shop, project_id),
                _all(session, Scan, ScanRow.project_id == project_id, ScanRow.created, ScanRow.id),
                _all(session, Photo, PhotoRow.scan_id.in_(scans), PhotoRow.number),
                _all(session, Run, RunRow.scan_id.in_(scans), RunRow.started, RunRow.id),
                _all(session, StageRun, StageRow.run_id.in_(runs), StageRow.number),
                _all(session, Artefact, ArtefactRow.run_id.in_(runs), ArtefactRow.number),
                _all(session, Quote, QuoteRow.run_id.in_(runs), QuoteRow.created, QuoteRow.id),
            )

    def add_bundle(self, bundle: Bundle) -> None:
        """See `ProjectArchive`."""
        with self._session() as session:
            known = select(ProjectRow.id).where(ProjectRow.id == bundle.project.id)
            if session.scalar(known) is not None:
                raise NotKeptError(
                    f"The project {bundle.project.name} was imported before.",
                    "Delete and purge that one first.",
                )
            for record in (
                bundle.project, *bundle.scans, *bundle.photos, *bundle.runs, *bundle.stages,
                *bundle.artefacts, *bundle.quotes,
            ):  # fmt: skip
                session.execute(insert(TABLES[type(record)]).values(**fitting(record)))

    def bury_folder(self, shop: str, folder: str, host: str, but: str = "") -> None:
        """See `ProjectArchive`."""
        of_shop = (
            select(ScanRow.id)
            .join(ProjectRow, ProjectRow.id == ScanRow.project_id)
            .where(ProjectRow.shop == shop)
        )
        with self._session() as session:
            self._declare_dead(
                session,
                (RunRow.folder == folder)
                & (RunRow.host == host)
                & (RunRow.id != but)
                & RunRow.scan_id.in_(of_shop),
            )

    def drop_artefact(self, shop: str, artefact: Artefact) -> None:
        """See `ProjectArchive`."""
        with self._session() as session:
            own_run(session, shop, artefact.run_id)
            session.execute(
                delete(ArtefactRow).where(
                    ArtefactRow.run_id == artefact.run_id,
                    ArtefactRow.stage == artefact.stage,
                    ArtefactRow.where == artefact.where,
                    ArtefactRow.sha256 == artefact.sha256,
                )
            )


def _all(
    session: Session, kind: type[Record], which: ColumnElement[bool], *by: Any
) -> list[Record]:
    return records(session, kind, select(*columns(kind)).where(which).order_by(*by))


def _references(session: Session, which: ColumnElement[bool], only: str = "") -> list[Reference]:
    """The objects that the records of some projects name."""
    photos = (
        select(literal("images"), PhotoRow.sha256, PhotoRow.bytes, PhotoRow.name, ProjectRow.name)
        .join_from(PhotoRow, ScanRow, ScanRow.id == PhotoRow.scan_id)
        .join(ProjectRow, ProjectRow.id == ScanRow.project_id)
        .where(which)
    )
    artefacts = (
        select(
            ArtefactRow.bucket, ArtefactRow.sha256, ArtefactRow.bytes, ArtefactRow.where,
            ProjectRow.name,
        )
        .join_from(ArtefactRow, RunRow, RunRow.id == ArtefactRow.run_id)
        .join(ScanRow, ScanRow.id == RunRow.scan_id)
        .join(ProjectRow, ProjectRow.id == ScanRow.project_id)
        .where(which, ArtefactRow.bucket != "")
    )  # fmt: skip
    quotes = (
        select(
            literal("patterns"), QuoteRow.sha256, QuoteRow.bytes, literal("the quote"),
            ProjectRow.name,
        )
        .join_from(QuoteRow, RunRow, RunRow.id == QuoteRow.run_id)
        .join(ScanRow, ScanRow.id == RunRow.scan_id)
        .join(ProjectRow, ProjectRow.id == ScanRow.project_id)
        .where(which, QuoteRow.sha256 != "")
    )  # fmt: skip
    return [
        Reference(bucket, sha256, size, f"{what} of the project {project}")
        for query, table in ((photos, PhotoRow), (artefacts, ArtefactRow), (quotes, QuoteRow))
        for bucket, sha256, size, what, project in session.execute(
            query.where(table.sha256 == only) if only else query
        )
    ]


def _remove(session: Session, project_id: str) -> None:
    """Remove a project's records, those first that point to others."""
    scans = select(ScanRow.id).where(ScanRow.project_id == project_id)
    runs = select(RunRow.id).where(RunRow.scan_id.in_(scans))
    for of_run in (QuoteRow, ArtefactRow, StageRow):
        session.execute(delete(of_run).where(of_run.run_id.in_(runs)))
    for of_scan in (RunRow, PhotoRow):
        session.execute(delete(of_scan).where(of_scan.scan_id.in_(scans)))
    session.execute(delete(ScanRow).where(ScanRow.project_id == project_id))
    session.execute(delete(ProjectRow).where(ProjectRow.id == project_id))
