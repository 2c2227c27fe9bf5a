"""A stage's peak memory is its own; memory that ends in a stage is a sentence of the run."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from stitchsketch_kernel.domain.errors import ShortOfMemoryError

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


@pytest.mark.parametrize("whose", ["Python", "numpy", "OpenCV", "a library that ends the process"])
def test_memory_that_cannot_be_had_is_said_in_whichever_stage_it_ends(tiny, whose):
    """Under a real limit of the address space, whatever the error is called."""
    tiny.behave(two=f"short of memory in {whose}")
    with pytest.raises(ShortOfMemoryError, match=r"^two could not go on: .* ran out of memory"):
        tiny.run()
    assert tiny.json()["error"].startswith("two could not go on")
    assert tiny.statuses() == ["completed", "failed", "pending"]
    left = [path.name for path in (tiny.out / "stages").iterdir() if "begun" not in path.name]
    assert left == ["01_one"]
    tiny.behave()
    begun = tiny.run().figures("two")["begun"]
    assert begun["sparing"] and begun["found"][0] == ["two", 0]
