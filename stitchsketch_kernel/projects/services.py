"""The store of projects of a hosted shop: PostgreSQL, through SQLAlchemy and psycopg."""

from __future__ import annotations

from sqlalchemy import URL, create_engine, make_url
from sqlalchemy.exc import ArgumentError

from stitchsketch_kernel.domain.errors import SettingsError
from stitchsketch_kernel.projects.migrations import bring_up
from stitchsketch_kernel.projects.sql import in_words
from stitchsketch_kernel.projects.sql_archive import SqlArchive
from stitchsketch_kernel.projects.strict_json import dumps

#: A server that says nothing is given up after this; a statement, after the second.
_CONNECT_S, _STATEMENT_S = 5, 60


class PostgresProjectStore(SqlArchive):
    """Projects in a PostgreSQL database.

    Parameters
    ----------
    url : str
        ``postgresql://name:password@host:port/database``. A database of an earlier version is
        brought to this one; several processes may open it at once.

    Raises
    ------
    SettingsError
        The URL is none of PostgreSQL, or the driver isn't installed.
    StorageError
        The server doesn't answer, or the database was made by a newer program.
    """

    def __init__(self, url: str) -> None:
        parsed = postgres_url(url)
        place = f"The project database {parsed.database} on {parsed.host}"
        todo = "Check that the server runs and can be reached, then try again."
        try:
            engine = create_engine(
                parsed,
                # a connection that died while it lay idle is noticed and opened anew
                pool_pre_ping=True,
                json_serializer=dumps,
                connect_args={
                    "connect_timeout": _CONNECT_S,
                    "application_name": "stitchsketch",
                    "options": f"-c statement_timeout={_STATEMENT_S * 1000} -c timezone=UTC",
                    "keepalives_idle": 10,
                    "keepalives_interval": 5,
                    "keepalives_count": 3,
                    "tcp_user_timeout": 20_000,
                },
            )
        except ModuleNotFoundError as error:
            raise SettingsError(
                "The driver of PostgreSQL is not installed.",
                "Install it: pip install 'stitchsketch[services]'.",
            ) from error
        with in_words(place, todo):
            bring_up(engine, place)
        super().__init__(engine, place, todo)


def postgres_url(url: str) -> URL:
    """The URL for SQLAlchemy and psycopg.

    Raises
    ------
    SettingsError
        It is none of PostgreSQL. The message has no password in it.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = None
    if parsed is None or parsed.get_backend_name() not in {"postgresql", "postgres"}:
        raise SettingsError(
            "STITCHSKETCH_DATABASE_URL is not the address of a PostgreSQL database.",
            "Write it as postgresql://name:password@host:5432/database.",
        )
    if not parsed.host or not parsed.database:
        raise SettingsError(
            "STITCHSKETCH_DATABASE_URL names no server or no database.",
            "Write it as postgresql://name:password@host:5432/database.",
        )
    return parsed.set(drivername="postgresql+psycopg")
