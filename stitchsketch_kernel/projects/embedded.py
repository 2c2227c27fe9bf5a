"""The default store of projects: SQLAlchemy on a SQLite file, no server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event

from stitchsketch_kernel.projects.migrations import bring_up
from stitchsketch_kernel.projects.sql import in_words
from stitchsketch_kernel.projects.sql_archive import SqlArchive
from stitchsketch_kernel.projects.strict_json import dumps


class SqlProjectStore(SqlArchive):
    """Projects in one database file; several processes may use it at once.

    Parameters
    ----------
    path : Path
        The SQLite file; its folder is made when missing. A file of an earlier version is brought
        to this one.

    Raises
    ------
    StorageError
        The file can't be used, or was made by a newer program.
    """

    def __init__(self, path: Path) -> None:
        place = f"The shop's project file {path}"
        todo = "Check that its disk has room and that you may write there, then try again."
        with in_words(place, todo):
            engine = sqlite_engine(path)
            bring_up(engine, place)
        super().__init__(engine, place, todo)


def sqlite_engine(path: Path) -> Engine:
    """An engine on a SQLite file that keeps foreign keys and lets readers and a writer share it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": 30}, json_serializer=dumps)

    def on_connect(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA journal_mode = WAL")
        # with WAL no power cut harms the file; at worst the last moments before it are missing
        cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.close()

    event.listen(engine, "connect", on_connect)
    return engine
