"""The steps from each version of the tables to the next, through Alembic.

A new step: ``alembic revision`` isn't needed; copy the newest file of `versions`, give it a number,
name the one before it in ``down_revision`` and its own in `NEWEST`. A test holds the tables that
the steps make against those of `tables`, on both databases.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from stitchsketch_kernel.domain.errors import StorageError

#: The version that this program's tables have.
NEWEST = "0005"
_LOCK_OF_ALL = 5_749_021_873


def bring_up(engine: Engine, place: str) -> None:
    """Bring a database to the newest version where it isn't yet; what is up to date isn't locked.

    Raises
    ------
    StorageError
        The database was made by a newer program.
    """
    with engine.connect() as connection:
        found = version(connection)
    if found != NEWEST:
        with engine.begin() as connection:
            hold(connection)
            upgrade(connection, place)


def upgrade(connection: Connection, place: str) -> None:
    """Bring a database to the newest version; whole or not at all, and one process at a time.

    Parameters
    ----------
    connection : Connection
        In a transaction of its own that keeps others from doing the same.
    place : str
        What the shop calls the database.

    Raises
    ------
    StorageError
        The database was made by a newer program.
    """
    found = version(connection)
    if found == NEWEST:
        return
    if found is not None and found > NEWEST:
        raise StorageError(
            f"{place} was made by a newer StitchSketch (its version is {found}, this program "
            f"knows {NEWEST}).",
            "Use the newer program; nothing was changed.",
        )
    # only now: a database that is up to date needn't wait for Alembic
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def version(connection: Connection) -> str | None:
    """The version of a database's tables; None when it has none, or was made before versions."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("select version_num from alembic_version")).scalar()
    return None if found is None else str(found)


def hold(connection: Connection) -> None:
    """Keep other processes from upgrading the same database until the transaction ends."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.execute(text(f"select pg_advisory_xact_lock({_LOCK_OF_ALL})"))
