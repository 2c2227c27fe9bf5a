"""What more photos cost: a rendered armchair in 25, 50, 100 and 200 photos of 12 megapixels.

    python benchmarks/growth.py --counts 25 50 --out FOLDER

The photos are rendered at 1280 x 960, enlarged to 4000 x 3000, given a sensor's noise and kept as
JPEG: as many bytes and pixels to read as a phone's, with no more detail than was rendered. The
fewer photos are every second, fourth and eighth of the 200, so they grow denser round the same
ring. Each stage's row: processor seconds and the most memory of its kernel with its children,
seconds by the clock, and how these grew against the count before (1.0: as the photos did). Progress
is held against the clock: the largest difference between the share told and the share of the time,
of the run and within each stage; what was told when stays in ``run-COUNT/told.json``.
"""

from __future__ import annotations

import argparse
import json
import re
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np
import psutil

from stitchsketch_kernel.disk.aside import write_bytes
from stitchsketch_kernel.pipeline import RunSettings, run
from stitchsketch_kernel.pipeline.record import read_record
from stitchsketch_kernel.pipeline.settings import parse_assignment
from stitchsketch_kernel.pipeline.stage import standard_stages
from stitchsketch_kernel.samples import Sample, build_sample
from stitchsketch_kernel.samples.photos import jpeg_bytes
from stitchsketch_kernel.samples.render import render_view
from stitchsketch_kernel.samples.sample import Ring, ring_views

MOST, COUNTS = 200, (25, 50, 100, 200)
WIDE, HIGH = 4000, 3000
#: Grey levels, of each pixel by itself.
NOISE = 3.0
EVERY_S = 0.25


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--counts", nargs="+", type=int, default=COUNTS, choices=COUNTS)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--engine", help="densify.engine; the usual one when absent")
    parser.add_argument("--until", default="mesh", help="the last stage")
    parser.add_argument("--set", dest="assignments", action="append", default=[])
    parser.add_argument("--photos-only", action="store_true", help="render and end")
    given = parser.parse_args()
    values = dict(map(parse_assignment, given.assignments))
    if given.engine:
        values["densify.engine"] = given.engine
    sample = everything()
    before: Cost | None = None
    for count in sorted(given.counts):
        photos = given.out / f"photos-{count}"
        for view in sample.views[:: MOST // count]:
            write_photo(sample, view.name, photos)
        if not given.photos_only:
            cost = measured(photos, given.out / f"run-{count}", values, given.until, count)
            cost.show(before)
            before = cost


def everything() -> Sample:
    """The armchair from 200 places on three rings, each of them a multiple of eight."""
    chair = build_sample("armchair")
    camera, centre = chair.views[0].camera, np.array([0.0, 0.0, 0.36])
    rings = (Ring(72, 17.0, 1.85), Ring(72, 36.0, 1.80, 20.0), Ring(56, 57.0, 1.85, 5.0))
    return replace(chair, views=ring_views("grown", camera, centre, rings))


def write_photo(sample: Sample, name: str, folder: Path) -> None:
    """The view of that name as a phone would have kept it; one that is there already is kept."""
    path = folder / name
    if path.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    of_fewer = next(folder.parent.glob(f"photos-*/{name}"), None)
    if of_fewer is not None:
        path.hardlink_to(of_fewer)
        return
    (view,) = (view for view in sample.views if view.name == name)
    large = cv2.resize(render_view(sample, view), (WIDE, HIGH), interpolation=cv2.INTER_CUBIC)
    rng = np.random.default_rng(sample.views.index(view))
    noisy = large + rng.normal(0, NOISE, large.shape).astype(np.float32)
    pixels = np.clip(np.rint(noisy), 0, 255).astype(np.uint8)
    write_bytes(path, jpeg_bytes(pixels, view.camera.scaled(WIDE / view.camera.width_px)))


@dataclass
class Told:
    """The run's progress as it came: seconds, share of the whole, stage, share of the stage."""

    began: float
    rows: list[tuple[float, float, str, float, str]] = field(default_factory=list)

    def __call__(self, share: float, note: str = "") -> None:
        within = re.search(r"^(.*) \((\d+)%\)$", note)  # "align: placing photo 3 of 25 (62%)"
        if within:
            stage, done = within[1].partition(":")[0], int(within[2]) / 100
            self.rows.append((time.perf_counter() - self.began, share, stage, done, within[1]))

    def off(self, stage: str | None = None) -> float:
        """The largest difference between the share told and the share of the time, percent."""
        rows = [(t, share, done) for t, share, of, done, _ in self.rows if stage in {None, of}]
        if len(rows) < 3:
            return 0.0
        seconds = np.array([row[0] for row in rows])
        shares = np.array([row[2 if stage else 1] for row in rows])
        begin = seconds[0] if stage else 0.0
        spent = (seconds - begin) / max(seconds[-1] - begin, 1e-9)
        return float(100 * np.abs(shares - spent).max())


@dataclass
class Watch:
    """What a stage's kernel and its children take, looked at now and then."""

    told: Told
    processor_s: dict[str, float] = field(default_factory=dict)
    peak_mb: dict[str, float] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)

    def look(self) -> None:
        while not self.over.wait(EVERY_S):
            if self.told.rows:
                self._once(self.told.rows[-1][2])

    def _once(self, stage: str) -> None:
        held, used, peak = 0.0, 0.0, 0.0
        for process in psutil.Process().children(recursive=True):
            try:
                times = process.cpu_times()
                held += process.memory_info().rss
                used += times.user + times.system
                peak = max(peak, high_water_mb(process.pid))
            except (psutil.Error, OSError, ValueError):
                continue  # it ended while it was looked at
        self.processor_s[stage] = max(self.processor_s.get(stage, 0.0), used)
        self.peak_mb[stage] = max(self.peak_mb.get(stage, 0.0), held / 2**20, peak)


def high_water_mb(pid: int) -> float:
    words = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").split()
    return int(words[words.index("VmHWM:") + 1]) / 2**10


@dataclass
class Cost:
    """What a run of `count` photos took, by stage."""

    count: int
    engine: str
    rows: dict[str, tuple[float, float, float]]
    told: Told

    def show(self, before: Cost | None) -> None:
        print(f"{self.count} photos of {WIDE} x {HIGH}, engine {self.engine}")
        print(f"{'stage':10}{'CPU-s':>9}{'wall-s':>9}{'MB':>8}{'growth':>9}{'progress off':>14}")
        for name, (used, wall, peak) in [*self.rows.items(), ("all", self.whole())]:
            old = None if before is None else {**before.rows, "all": before.whole()}.get(name)
            grew = (
                "" if old is None or before is None else f"{self.growth(used, old[0], before):.2f}"
            )
            off = self.told.off(None if name == "all" else name)
            print(f"{name:10}{used:9.1f}{wall:9.1f}{peak:8.0f}{grew:>9}{off:12.0f} %", flush=True)

    def growth(self, used: float, old: float, before: Cost) -> float:
        """How processor seconds grew, by how the photos did: 1 is linear."""
        return used / max(old, 1e-9) / (self.count / before.count)

    def whole(self) -> tuple[float, float, float]:
        used, wall, peak = zip(*self.rows.values(), strict=True)
        return sum(used), sum(wall), max(peak)


def measured(photos: Path, folder: Path, values: dict[str, object], until: str, count: int) -> Cost:
    stages = standard_stages()
    last = [stage.name for stage in stages].index(until) + 1
    told = Told(time.perf_counter())
    watch = Watch(told)
    looking = threading.Thread(target=watch.look, daemon=True)
    looking.start()
    try:
        run(photos, folder, RunSettings(values=values, track=False), told, stages[:last])
    finally:
        watch.over.set()
        looking.join()
    rows = [
        dict(zip(("seconds", "share", "stage", "of_stage", "note"), row, strict=True))
        for row in told.rows
    ]
    write_bytes(folder / "told.json", json.dumps(rows).encode())
    record = read_record(folder)
    assert record is not None
    costs = {
        one.name: (
            watch.processor_s.get(one.name, float("nan")),
            one.seconds,
            max(watch.peak_mb.get(one.name, 0.0), one.figures.get("peak_memory_mb", 0.0)),
        )
        for one in record.stages
    }
    kept = {one.name: one.settings for one in record.stages}
    engine = str(kept.get("densify", {}).get("densify", {}).get("engine", "none"))
    return Cost(count, engine, costs, told)


if __name__ == "__main__":
    main()
