"""What may still be taken is the least that the machine, a container or a limit leaves."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from stitchsketch_kernel.reconstruction.memory import free_bytes

MB = 2**20


def system(root: Path, groups: str = "", **files: str) -> Path:
    """A machine with 8000 MB available, and what else is said of it."""
    told = {"proc/meminfo": "MemTotal: 9000 kB\nMemAvailable:    8192000 kB\n",
            "proc/self/cgroup": groups, **files}  # fmt: skip
    for name, text in told.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def group(folder: str, limit: str, used: int, pages: int, v1: bool = False) -> dict[str, str]:
    names = ("limit_in_bytes", "usage_in_bytes", "total_") if v1 else ("max", "current", "")
    return {
        f"{folder}/memory.{names[0]}": f"{limit}\n",
        f"{folder}/memory.{names[1]}": f"{used}\n",
        f"{folder}/memory.stat": f"anon 1\n{names[2]}inactive_file {pages}\n",
    }


def test_without_a_limit_it_is_what_the_machine_has(tmp_path):
    assert free_bytes(system(tmp_path)) == 8000 * MB


def test_a_containers_limit_counts_and_pages_of_files_can_be_dropped(tmp_path):
    files = group("sys/fs/cgroup/a/b", str(1000 * MB), 700 * MB, 100 * MB)
    assert free_bytes(system(tmp_path, "0::/a/b\n", **files)) == 400 * MB


def test_the_limit_of_a_group_above_counts_too(tmp_path):
    files = group("sys/fs/cgroup/a/b", "max", 700 * MB, 0)
    files |= group("sys/fs/cgroup/a", str(900 * MB), 750 * MB, 0)
    assert free_bytes(system(tmp_path, "0::/a/b\n", **files)) == 150 * MB


def test_seen_from_within_a_container_its_group_lies_at_the_base(tmp_path):
    files = group("sys/fs/cgroup", str(600 * MB), 500 * MB, 0)
    assert free_bytes(system(tmp_path, "0::/docker/0123\n", **files)) == 100 * MB


@pytest.mark.parametrize(("limit", "left"), [(2000 * MB, 1200 * MB), (2**63 - 4096, 8000 * MB)])
def test_older_control_groups_are_read_as_well(tmp_path, limit, left):
    files = group("sys/fs/cgroup/memory/a", str(limit), 900 * MB, 100 * MB, v1=True)
    assert free_bytes(system(tmp_path, "4:cpu:/x\n3:memory:/a\n", **files)) == left


def test_a_limit_of_the_process_counts():
    code = (
        "import resource\n"
        "from stitchsketch_kernel.reconstruction.memory import free_bytes\n"
        f"resource.setrlimit(resource.RLIMIT_AS, ({600 * MB}, {600 * MB}))\n"
        "before = free_bytes(); held = bytearray(200 * 2**20); print(before, before - free_bytes())"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    before, less = map(int, told.stdout.split())
    assert 0 < before < 600 * MB
    assert 199 * MB < less < 202 * MB
