"""How much memory there is to work in: of the machine, of a container, of this process's limit.

A process that takes more is killed without a word; one that looks first does less at a time.
"""

from __future__ import annotations

import os
import resource
from pathlib import Path
from typing import TypeAlias

#: Of what is free: the rest is for what can't be foreseen, and for other programs.
USABLE = 0.8
#: A limit above this is none (cgroup v1 writes a very large number).
_NO_LIMIT = 2**60
#: Names of a group's files, by the version of cgroups: limits, what is used, and what of that is
#: pages of files that the system drops when it needs room.
_Files: TypeAlias = tuple[tuple[str, ...], str, str]
_V2: _Files = (("memory.max", "memory.high"), "memory.current", "inactive_file")
_V1: _Files = (("memory.limit_in_bytes",), "memory.usage_in_bytes", "total_inactive_file")


def free_bytes(root: Path = Path("/")) -> int:
    """What this process may still take, in bytes: the least that any limit leaves.

    Parameters
    ----------
    root : Path
        Where ``proc`` and ``sys`` are.
    """
    free = [*_of_machine(root), *_of_groups(root), *_of_process(root)]
    return max(0, min(free, default=_NO_LIMIT))


def gib(size: float) -> str:
    """``"1.4 GiB"``."""
    return f"{size / 2**30:.1f} GiB"


def _of_machine(root: Path) -> list[int]:
    for line in _text(root / "proc/meminfo").splitlines():
        name, _, value = line.partition(":")
        if name == "MemAvailable":
            return [1024 * int(value.split()[0])]
    return []


def _of_groups(root: Path) -> list[int]:
    """Of each control group that this process is in, and those above it."""
    found = []
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            base, names = root / "sys/fs/cgroup", _V2
        elif "memory" in controllers.split(","):
            base, names = root / "sys/fs/cgroup/memory", _V1
        else:
            continue
        # in a container the path may be that outside of it: then its own group lies at the base
        below = Path(path.lstrip("/"))
        for group in (base / below, *(base / one for one in below.parents), base):
            found += _left_in(group, *names)
    return found


def _left_in(group: Path, limits: tuple[str, ...], used: str, droppable: str) -> list[int]:
    most = [int(text) for name in limits if (text := _text(group / name).strip()).isdigit()]
    taken = _text(group / used).strip()
    if not taken.isdigit() or min(most, default=_NO_LIMIT) >= _NO_LIMIT:
        return []
    pages = dict(line.split(" ", 1) for line in _text(group / "memory.stat").splitlines())
    return [min(most) - int(taken) + int(pages.get(droppable, 0))]


def _of_process(root: Path) -> list[int]:
    most = resource.getrlimit(resource.RLIMIT_AS)[0]
    held = _text(root / "proc/self/statm").split()
    if most in (resource.RLIM_INFINITY, -1) or not held:
        return []
    return [most - int(held[0]) * os.sysconf("SC_PAGE_SIZE")]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
