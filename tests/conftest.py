"""Fixtures that every room's tests may use."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

# before numpy is loaded: workers share the cores, and BLAS's threads would wait for each other
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import pytest
from real_servers.fixtures import ceph, free_port, missing, mongo, postgres

#: The real servers' fixtures, for every room's tests.
__all__ = ["ceph", "free_port", "missing", "mongo", "postgres"]

REPOSITORY = Path(__file__).resolve().parents[1]
# the contracts of the stores are held over the gateway, too, as its own tests serve it
sys.path.insert(0, str(REPOSITORY / "tests" / "gateway"))
# a hub, for its own tests and the benchmark
sys.path.insert(0, str(REPOSITORY / "tests" / "hub_config"))


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Third-party photo sets and instances beside the checkout, each with its licence."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        missing("shared/data (the real photo sets)")
    return folder


@pytest.fixture(scope="session")
def on_servers(postgres, mongo, ceph):
    """A gateway of this session in front of real servers."""
    from serving import served_on_servers

    with served_on_servers(postgres, mongo, ceph) as standing:
        yield standing


@pytest.fixture(autouse=True)
def private_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test writes into the home of the person who runs it, nor into that person's servers."""
    for name in [name for name in os.environ if name.startswith("STITCHSKETCH_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("STITCHSKETCH_HOME", str(tmp_path_factory.mktemp("home")))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 1 MiB, to be filled."""
    place = tmp_path / "small-disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        missing("the right to mount a small disk (run as root)")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)
