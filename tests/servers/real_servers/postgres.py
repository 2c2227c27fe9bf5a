"""PostgreSQL as Debian packages it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from real_servers.places import do, free_port, kill, new_place, own, start, wait_until

PASSWORD = "postgres-of-the-tests"


def programs() -> Path | None:
    """The folder of the newest installed PostgreSQL; None where there is none."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    return max(found, key=lambda path: int(path.parent.name), default=None)


class Postgres:
    """A server with one account, that can be stopped and started again with what it holds."""

    password = PASSWORD

    def __init__(self, programs: Path) -> None:
        self._programs, self._place, self.port = programs, new_place("pg"), free_port()
        password = self._place / "password"
        password.write_text(PASSWORD)
        own(password)
        self._data = self._place / "data"
        do(
            programs / "initdb", "-D", self._data, "-U", "shop", "-A", "scram-sha-256",
            f"--pwfile={password}", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync",
        )  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None
        self._databases = 0
        self.start()

    def start(self) -> None:
        """Start, and wait until it answers."""
        if self._process is not None:
            return
        self._process = start(
            self._place, self._programs / "postgres", "-D", self._data, "-p", self.port,
            "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off",
            "-c", f"unix_socket_directories={self._place}", "-c", "shared_buffers=32MB",
        )  # fmt: skip
        wait_until(lambda: self.ask("postgres", "select 1"), self._process)

    def stop(self) -> None:
        """Pull the plug."""
        if self._process is not None:
            kill(self._process)
            self._process = None

    def ask(self, database: str, sql: str) -> list[tuple[object, ...]]:
        """What plain SQL gives."""
        import psycopg

        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else [()]

    def url(self, database: str) -> str:
        """Where a database is."""
        return f"postgresql://shop:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """The URL of a new, empty database."""
        self._databases += 1
        name = f"tests_{self._databases}"
        self.ask("postgres", f"create database {name}")
        return self.url(name)

    def remove(self) -> None:
        """Stop for good."""
        self.stop()
        shutil.rmtree(self._place, ignore_errors=True)
