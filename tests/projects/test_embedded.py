"""The store in a file: several processes, earlier versions, damage."""

from __future__ import annotations

import subprocess
import sys

import pytest

from stitchsketch_kernel.domain.errors import StorageError
from stitchsketch_kernel.projects.embedded import SqlProjectStore

ADD_MANY = """
import sys
from pathlib import Path
from stitchsketch_kernel.projects.embedded import SqlProjectStore
from stitchsketch_kernel.projects.records import Project
store = SqlProjectStore(Path(sys.argv[1]))
for number in range(25):
    store.add_project(Project(shop="Nadel", name=str(number)))
"""


def test_two_processes_may_write_at_once(tmp_path):
    path = tmp_path / "projects.sqlite"
    store = SqlProjectStore(path)
    workers = [subprocess.Popen([sys.executable, "-c", ADD_MANY, str(path)]) for _ in range(2)]
    assert [worker.wait(timeout=120) for worker in workers] == [0, 0]
    assert len(store.projects("Nadel")) == 50
    store.close()


OPEN = """
import sys
from pathlib import Path
from stitchsketch_kernel.projects.embedded import SqlProjectStore
SqlProjectStore(Path(sys.argv[1])).close()
"""


def test_many_processes_may_make_the_same_store(tmp_path):
    path = tmp_path / "projects.sqlite"
    workers = [subprocess.Popen([sys.executable, "-c", OPEN, str(path)]) for _ in range(4)]
    assert [worker.wait(timeout=120) for worker in workers] == [0] * 4


def test_a_damaged_file_is_said_in_words(tmp_path):
    path = tmp_path / "projects.sqlite"
    path.mkdir()
    with pytest.raises(StorageError, match=r"projects\.sqlite could not be used"):
        SqlProjectStore(path)
