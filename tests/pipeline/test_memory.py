"""A stage's peak memory is its own, not that of the program that started it."""

from __future__ import annotations

import subprocess
import sys

import numpy as np

OWN = (
    "import numpy as np; held = np.ones({mb} * 2**17);"
    "from stitchsketch_kernel.pipeline.context import peak_memory_mb; print(peak_memory_mb())"
)


def told(mb: int) -> int:
    done = subprocess.run(
        [sys.executable, "-c", OWN.format(mb=mb)], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


def test_what_the_parent_held_does_not_count():
    held = np.ones(800 * 2**17)
    assert told(1) < 400
    assert held.all()


def test_what_was_held_counts():
    assert 300 < told(300) - told(0) + 10 < 330
