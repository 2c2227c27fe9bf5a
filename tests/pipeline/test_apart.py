"""Long work in a process of its own: told how far it is, stopped, and gone with its page."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from laid_run import TWILL, flat_cushion, in_a_row
from waiting import wait_for

from stitchsketch_kernel.domain.errors import NestError, RunError
from stitchsketch_kernel.domain.marker import Marker
from stitchsketch_kernel.pipeline.apart import Apart
from stitchsketch_kernel.pipeline.offer import NestAgain
from stitchsketch_kernel.upholstery.marker.nest import NestSettings


def work(seconds=1, **more):
    pattern = flat_cushion()[1]
    return NestAgain(pattern, TWILL, NestSettings(seconds=seconds, workers=1), **more)


def wait(apart):
    """Its result, and the shares that were told meanwhile."""
    shares, end = [], time.monotonic() + 240
    while time.monotonic() < end:
        standing = apart.look()
        if standing.result is not None:
            return standing.result, shares
        shares.append(standing.share)
        time.sleep(0.1)
    raise AssertionError("it never ended")


def test_a_marker_is_nested_round_what_is_pinned(tmp_path):
    first = in_a_row(flat_cushion()[1], TWILL).placements[0]
    pinned = replace(first, x_mm=first.x_mm + 140.0)
    apart = Apart(work(pinned=(pinned,)))
    folder = apart._path
    marker, shares = wait(apart)
    assert isinstance(marker, Marker)
    assert pinned in marker.placements
    assert len(marker.placements) == 3
    assert max(shares) > 0
    assert not folder.exists()


def test_its_own_sentence_comes_back():
    narrow = replace(TWILL, width_mm=300.0, usable_width_mm=280.0)
    apart = Apart(replace(work(), fabric=narrow))
    with pytest.raises(NestError, match=r"CUSH is \d+ mm wide"):
        wait(apart)


def test_it_is_stopped_with_the_searches_that_it_began():
    apart = Apart(work(seconds=300))
    process = psutil.Process(apart._process.pid)
    wait_for(lambda: process.children(recursive=True))
    searches = process.children(recursive=True)
    apart.end()
    assert not process.is_running()
    wait_for(lambda: not any(one.is_running() for one in searches))
    assert not apart._path.exists()


def test_one_that_dies_is_told():
    apart = Apart(work(seconds=300))
    os.kill(apart._process.pid, signal.SIGKILL)
    with pytest.raises(RunError, match="without a result"):
        wait(apart)


def test_it_ends_when_whoever_began_it_is_gone():
    """A page that was closed leaves no search behind."""
    begin = (
        "import sys, time\n"
        "sys.path[:0] = sys.argv[1:]\n"
        "from test_apart import work\n"
        "from stitchsketch_kernel.pipeline.apart import Apart\n"
        "apart = Apart(work(seconds=300))\n"
        "print(apart._process.pid, flush=True)\n"
        "time.sleep(300)\n"
    )
    here = Path(__file__).parent
    command = [sys.executable, "-c", begin, str(here), str(here.parent / "servers")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as page:
        pid = int(page.stdout.readline())
        process = psutil.Process(pid)
        wait_for(lambda: process.children(recursive=True))
        page.kill()
    wait_for(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)
