"""A stage whose memory ends, or that is killed at its work: what is said, and how it goes on."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from waiting import wait_for

from stitchsketch_kernel.domain.errors import ShortOfMemoryError
from stitchsketch_kernel.pipeline.notebook import NotebookError


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_killed_kernel_is_told_as_want_of_memory(tiny):
    tiny.behave(two="die")
    with pytest.raises(ShortOfMemoryError, match=r"ran out of memory. Run again"):
        tiny.run()


@pytest.mark.parametrize("whose", ["Python", "numpy", "OpenCV", "a library that ends the process"])
def test_memory_that_cannot_be_had_is_said_in_whichever_stage_it_ends(tiny, whose):
    """Under a real limit of the address space, whatever the error is called."""
    tiny.behave(two=f"short of memory in {whose}")
    with pytest.raises(ShortOfMemoryError, match=r"^two could not go on: .* ran out of memory"):
        tiny.run()
    assert tiny.json()["error"].startswith("two could not go on")
    assert tiny.statuses() == ["completed", "failed", "pending"]
    assert [name for name in names(tiny.out / "stages") if "begun" not in name] == ["01_one"]
    tiny.behave()
    begun = tiny.run().figures("two")["begun"]
    assert begun["sparing"] and begun["found"][0] == ["two", 0]


def test_after_a_kill_a_stage_goes_on_from_its_begun_work_and_takes_less_at_a_time(tiny):
    tiny.behave(two="die at work")
    with pytest.raises(ShortOfMemoryError):
        tiny.run()
    tiny.behave()
    begun = tiny.run().figures("two")["begun"]
    assert begun == {"found": [["two", 0], ["two", 1], None], "sparing": True}
    assert names(tiny.out / "stages") == ["01_one", "02_two", "03_three"]


def test_a_run_that_a_person_stopped_goes_on_from_its_begun_work_as_fast_as_before(tiny):
    tiny.behave(two="stop at work")
    process = tiny.alone()
    wait_for((tiny.root / "pid").exists)
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 130
    tiny.behave()
    begun = tiny.run().figures("two")["begun"]
    assert begun == {"found": [["two", 0], ["two", 1], None], "sparing": False}


def test_begun_work_of_other_settings_or_other_inputs_is_never_gone_on_from(tiny):
    for change in ("settings", "inputs"):
        tiny.behave(two="die at work")
        with pytest.raises(ShortOfMemoryError):
            tiny.run(two_turn=5)
        tiny.behave()
        if change == "inputs":
            # the same key, but made anew
            (tiny.out / "stages" / "01_one" / "cut").write_text("")
        begun = tiny.run(two_turn=5 if change == "inputs" else 6).figures("two")["begun"]
        assert begun == {"found": [None] * 3, "sparing": False}, change


def test_what_is_left_of_a_begun_value_that_was_damaged_is_made_again(tiny):
    tiny.behave(two="die at work")
    with pytest.raises(ShortOfMemoryError):
        tiny.run()
    (kept,) = tiny.out.glob("stages/.begun_*/0001.npz")
    kept.write_bytes(kept.read_bytes()[:40])
    tiny.behave()
    assert tiny.run().figures("two")["begun"]["found"] == [["two", 0], None, None]


def test_a_crash_of_a_library_is_not_told_as_want_of_memory(tiny):
    tiny.behave(two="crash")
    with pytest.raises(NotebookError, match=r"died \(-11\)(.|\n)*two\.ipynb"):
        tiny.run()
