"""What keeping costs: photos stored and listed a second, projects listed, tracking a cell.

    python benchmarks/storage.py                        files, in a new folder
    STITCHSKETCH_DATABASE_URL=... python benchmarks/storage.py     what the environment names
    python benchmarks/storage.py --test-servers         the tests' own servers, started here

Plain files (written, brought to the disk, renamed) are measured beside it.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from stitchsketch_kernel.pipeline import tracking
from stitchsketch_kernel.pipeline.record import RunRecord, StageRecord
from stitchsketch_kernel.projects.records import Photo, Project, Scan, Status
from stitchsketch_kernel.stores import Stores, StoreSettings

PHOTOS, PHOTO_BYTES = 50, 4_000_000
PROJECTS = 10_000
CELLS = 200
SHOP = "benchmark"


def seconds(do: Callable[[], object]) -> float:
    """How long something takes."""
    started = time.perf_counter()
    do()
    return time.perf_counter() - started


def plain_files(folder: Path, photos: list[bytes]) -> None:
    for at, photo in enumerate(photos):
        aside = folder / f".{at}"
        with aside.open("wb") as file:
            file.write(photo)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(folder / f"{at}.jpg")


def storing(stores: Stores, folder: Path) -> None:
    photos = [os.urandom(PHOTO_BYTES) for _ in range(PHOTOS)]
    (folder / "plain").mkdir()
    plain = seconds(lambda: plain_files(folder / "plain", photos))
    project = stores.projects.add_project(Project(SHOP, "photos"))
    scan = stores.projects.add_scan(SHOP, Scan(project.id, "photos"))
    objects = stores.objects(SHOP)

    def keep() -> None:
        for at, photo in enumerate(photos):
            kept = objects.put("images", io.BytesIO(photo))
            stores.projects.keep_photo(SHOP, Photo(scan.id, f"{at}.jpg", kept.sha256, kept.bytes))

    stored = seconds(keep)
    again = seconds(keep)
    listed = min(seconds(lambda: stores.projects.photos(SHOP, scan.id)) for _ in range(5))
    objects_listed = min(seconds(lambda: objects.objects("images")) for _ in range(5))
    mb = PHOTOS * PHOTO_BYTES / 1e6
    print(f"plain files: {PHOTOS / plain:.0f} photos a second ({mb / plain:.0f} MB/s)")
    print(f"stored, with record: {PHOTOS / stored:.0f} photos a second ({mb / stored:.0f} MB/s)")
    print(f"stored once more: {PHOTOS / again:.0f} photos a second")
    print(f"listed by record: {PHOTOS / listed:.0f} photos a second")
    print(f"listed in the object store: {PHOTOS / objects_listed:.0f} photos a second")


def listing(stores: Stores) -> None:
    began = datetime(2026, 1, 1, tzinfo=UTC)
    for at in range(PROJECTS):
        made = Project(SHOP, f"chair {at}", created=began + timedelta(minutes=at))
        stores.projects.add_project(made)
    first = [seconds(lambda: stores.projects.page(SHOP, 100)) for _ in range(20)]
    marks: list[str | None] = [None]
    while (after := stores.projects.page(SHOP, 1000, marks[-1]).after) is not None:
        marks.append(after)
    last = [seconds(lambda: stores.projects.page(SHOP, 100, marks[-1])) for _ in range(20)]
    pages = [
        seconds(lambda: [stores.projects.page(SHOP, 1000, mark) for mark in marks])
        for _ in range(3)
    ]
    every = [seconds(lambda: stores.projects.projects(SHOP)) for _ in range(3)]
    for what, found in (
        (f"the first 100 of {PROJECTS} projects", first),
        ("100 of the last of them", last),
        ("all of them in pages of 1000", pages),
        ("all of them at once", every),
    ):
        print(f"{what}: {1000 * statistics.median(found):.1f} ms")


def telling(settings: StoreSettings, folder: Path) -> None:
    """What a run waits for its tracker at each cell, while cells come as fast as they can."""
    job = folder / "job"
    job.mkdir()
    (job / "a.ipynb").write_text("{}")
    record = RunRecord(job, "tracked", str(folder / "none"), [StageRecord(1, "a", "k", "a.ipynb")])
    tracker = tracking.tracker_for(record, tracking.KeptAs(SHOP), settings)
    costs = []
    for cell in range(CELLS):
        started = time.perf_counter()
        tracker.cell("a", cell, CELLS)
        tracker.progress(cell / CELLS, "x")
        costs.append(time.perf_counter() - started)
        time.sleep(0.005)
    stage = record.stages[0]
    at_stage = seconds(lambda: (tracker.begin(stage), tracker.stage(stage)))
    at_end = seconds(lambda: tracker.end(Status.COMPLETED, ""))
    print(f"tracking a cell: {1000 * statistics.mean(costs):.3f} ms, most {1000 * max(costs):.2f}")
    print(f"tracking a stage: {1000 * at_stage:.2f} ms; at the end of a run {at_end:.2f} s")


@contextlib.contextmanager
def test_servers(home: Path) -> Iterator[StoreSettings]:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "servers"))
    from real_servers import ceph, mongo, postgres

    with contextlib.ExitStack() as stack:
        database = postgres.Postgres(postgres.programs())
        stack.callback(database.remove)
        people = mongo.Mongo(mongo.program())
        stack.callback(people.remove)
        objects = ceph.Ceph()
        stack.callback(objects.remove)
        yield StoreSettings(
            home, SHOP, database.new_database(), people.new_database(), objects.endpoint,
            objects.owner.access_key, objects.owner.secret_key, f"benchmark-{uuid4()}",
        )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--test-servers", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        if given.test_servers:
            settings = stack.enter_context(test_servers(folder / "home"))
        else:
            settings = replace(StoreSettings.from_env(), home=folder / "home")
        print(settings)
        with Stores(settings) as stores:
            storing(stores, folder)
            listing(stores)
        telling(settings, folder)


if __name__ == "__main__":
    main()
