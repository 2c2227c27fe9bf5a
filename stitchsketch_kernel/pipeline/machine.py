"""What this machine has to compute with, in words and as a value."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

_CGROUP = Path("/sys/fs/cgroup")
_SECONDS = 10


@dataclass(frozen=True)
class Machine:
    """What a kernel may use.

    Attributes
    ----------
    cores : float
        Processors, as far as this process may use them: a container's share may be a fraction.
    gpu : str
        The name of the first graphics processor that CUDA may use; empty: none.
    gpu_memory_gib : float
        Its memory.
    """

    cores: float
    gpu: str = ""
    gpu_memory_gib: float = 0.0

    def __str__(self) -> str:
        if self.gpu:
            return f"GPU: {self.gpu}, {self.gpu_memory_gib:.0f} GiB"
        return f"CPU, {self.cores:g} core{'' if self.cores == 1 else 's'}"


def this_machine(cgroup: Path = _CGROUP) -> Machine:
    """Look at the machine; takes some 50 ms where there is a graphics processor.

    Parameters
    ----------
    cgroup : Path
        Where the system tells a container's limits (cgroup v2).
    """
    gpu, memory_gib = _gpu()
    return Machine(_cores(cgroup), gpu, memory_gib)


def _cores(cgroup: Path) -> float:
    try:
        cores = float(len(os.sched_getaffinity(0)))
    except AttributeError:  # not on every system
        cores = float(os.cpu_count() or 1)
    try:
        quota, period = (cgroup / "cpu.max").read_text(encoding="ascii").split()
        return cores if quota == "max" else min(cores, round(int(quota) / int(period), 2))
    except (OSError, ValueError):
        return cores


def _gpu() -> tuple[str, float]:
    """The first graphics processor's name and memory, as its driver tells them."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return "", 0.0
    ask = [program, "--query-gpu=name,memory.total", "--format=csv,noheader,nounits"]
    try:
        told = subprocess.run(ask, capture_output=True, text=True, timeout=_SECONDS, check=True)
        name, _, memory_mib = told.stdout.splitlines()[0].rpartition(",")
        return name.strip(), int(memory_mib) / 1024
    except (OSError, subprocess.SubprocessError, IndexError, ValueError):
        return "", 0.0
