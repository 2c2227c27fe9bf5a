"""The hub with people at it: how soon pages come and answer, and how much memory a person takes.

    python benchmarks/hub.py [--people 20] [--seconds 60] [--job DIR] [--first 5]

The hub is the one that ``make hub`` starts. Each person signs in as a browser does (without
drawing), opens an app and has its widget look at the shop's things every 1.2 s, as an open page
does. With the folder of a finished run (``--job``) its photos are queued as one person's run, which
is at work all the while, and a quarter of the people have its pattern open.
``--first`` people sign in one after the other in Chromium before, with nobody else there: seconds
from the press on their name until *My projects* can be read.
"""

from __future__ import annotations

import argparse
import asyncio
import html
import json
import platform
import re
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from uuid import uuid4

import httpx
import numpy as np
import psutil
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "hub_config"))

from standing import CHROMIUM, Hub, Visitor

from stitchsketch_kernel.pipeline.record import read_record
from stitchsketch_kernel.pipeline.worker.placing import folder_of
from stitchsketch_kernel.projects.records import Photo, Project, Run, Scan, StageRun, Status
from stitchsketch_kernel.stores import Stores, StoreSettings

SHOP = "Demo shop"
_LOOK_EVERY_S = 1.2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--job", type=Path, help="folder of a finished run")
    parser.add_argument("--first", type=int, default=5)
    asked = parser.parse_args()
    with standing(asked.people) as hub:
        time.sleep(10)  # the program that kernels are copied from loads what they need
        print(f"{psutil.cpu_count()} cores, load {psutil.getloadavg()[0]:.1f}")
        if asked.first:
            tell("first page after sign-in, alone", first_pages(hub, asked.first))
        runs = filled(hub, asked.job) if asked.job else {}
        people = [Person(hub, f"bench-{n}", page_of(n, runs)) for n in range(asked.people)]
        asyncio.run(all_at_once(people, asked.seconds))
        tell("page whole after sign-in, all at once", [one.first_s for one in people])
        for page in sorted({one.page for one in people}):
            tell(f"page {page}", [one.page_s for one in people if one.page == page])
        tell("answers of open pages", [s for one in people for s in one.answers_s])
        memory(hub, people)


@contextmanager
def standing(people: int) -> Iterator[Hub]:
    place = Path(mkdtemp(prefix="hub-"))
    place.chmod(0o711)
    hub = Hub(place, own_apps=False)
    hub.private.mkdir(mode=0o700)
    more = [
        {"sub": f"bench-{n}", "name": f"Person {n}", "shop": SHOP, "groups": ["upholsterer"],
         "does": "upholsterer"}
        for n in range(people)
    ]  # fmt: skip
    (hub.private / "provider.json").write_text(json.dumps({"people": more}))
    try:
        hub.start()
        yield hub
        hub.stop()
    finally:
        if hub.process is not None and hub.process.poll() is None:
            hub.process.kill()
        shutil.rmtree(place, ignore_errors=True)


def first_pages(hub: Hub, count: int) -> list[float]:
    from playwright.sync_api import sync_playwright

    found = []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for _ in range(count):
            visitor = Visitor(browser, hub)
            visitor.page.goto(hub.url)
            started = time.perf_counter()
            visitor.page.get_by_role("button", name="Uma").click()
            visitor.page.get_by_role("heading", name="My projects").wait_for(timeout=120_000)
            found.append(time.perf_counter() - started)
            visitor.context.close()
        browser.close()
    return found


def filled(hub: Hub, job: Path) -> dict[str, str]:
    """A finished run in the shop, and one of the same photos that is queued."""
    with Stores(StoreSettings(hub.place / "home")) as stores:
        projects = stores.projects
        project = projects.add_project(Project(SHOP, "Bench"))
        scan = projects.add_scan(SHOP, Scan(project.id, "all"))
        done = Run(scan.id, "", host=platform.node())
        folder = folder_of(hub.place / "home" / "runs", SHOP, done.id)
        shutil.copytree(job, folder)
        projects.start_run(SHOP, Run(scan.id, str(folder), host=platform.node(), id=done.id))
        record = read_record(folder)
        assert record is not None
        for one in record.stages:
            kept = StageRun(done.id, one.name, one.status, one.seconds, one.key, one.figures)
            projects.record_stage(SHOP, kept)
        projects.finish_run(SHOP, done.id, Status.COMPLETED)
        other = projects.add_scan(SHOP, Scan(project.id, "at work"))
        for path in sorted(photos_of(job)):
            with path.open("rb") as content:
                stored = stores.objects(SHOP).put("images", content)
            photo = Photo(other.id, path.name, stored.sha256, stored.bytes)
            projects.keep_photo(SHOP, photo)
        at_work = projects.queue_run(SHOP, Run(other.id, ""))
    return {"pattern": done.id, "new_scan": at_work.id}


def photos_of(job: Path) -> list[Path]:
    """Of a run: its own folder of them, or the upright copies."""
    own = [path for path in (job / "photos").glob("*.jpg") if path.is_file()]
    return own or list((job / "stages" / "01_ingest").rglob("*.jpg"))


def page_of(number: int, runs: dict[str, str]) -> str:
    if runs and number % 4 == 1:
        return f"pattern.ipynb?run={runs['pattern']}"
    if runs and number % 4 == 2:
        return f"new_scan.ipynb?run={runs['new_scan']}"
    return "projects.ipynb"


@dataclass
class Person:
    """Somebody at the hub, and what it took."""

    hub: Hub
    subject: str
    address: str
    first_s: float = 0.0
    page_s: float = 0.0
    answers_s: list[float] = field(default_factory=list)

    @property
    def page(self) -> str:
        return self.address.partition(".")[0]

    async def day(self, after_s: float, until_s: float, ready: asyncio.Barrier) -> None:
        await asyncio.sleep(after_s)
        async with httpx.AsyncClient(follow_redirects=True, timeout=300) as browser:
            asked = (await browser.get(self.hub.url)).raise_for_status()
            form = re.search(r'action="(/sign-in/[^"]+)"', asked.text)
            assert form is not None
            address = asked.url.join(form[1])
            started = time.perf_counter()
            first = await browser.post(address, data={"sub": self.subject})
            assert "jupyter-config-data" in first.raise_for_status().text, first.url
            self.first_s = time.perf_counter() - started
            started = time.perf_counter()
            apps = f"{self.hub.url}/services/apps/voila/render/"
            page = (await browser.get(apps + self.address)).raise_for_status().text
            self.page_s = time.perf_counter() - started
            await ready.wait()
            await self._look(browser, page, until_s)

    async def _look(self, browser: httpx.AsyncClient, page: str, seconds: float) -> None:
        told = json.loads(html.unescape(_between(page, 'id="jupyter-config-data"', "</script>")))
        model = re.search(r"model_id&?[^0-9a-f]{1,12}([0-9a-f]{32})", page)
        assert model is not None, page[-2000:]
        url = f"{self.hub.url}/services/apps/api/kernels/{told['kernelId']}/channels"
        cookies = "; ".join(f"{one.name}={one.value}" for one in browser.cookies.jar)
        request = HTTPRequest(url.replace("http", "ws"), headers={"Cookie": cookies})
        socket = await websocket_connect(request)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            started = time.perf_counter()
            await socket.write_message(_ask(model[1], _ASKS.get(self.page, {"do": "look"})))
            await _answered(socket)
            self.answers_s.append(time.perf_counter() - started)
            await asyncio.sleep(_LOOK_EVERY_S)
        socket.close()


def _between(text: str, start: str, end: str) -> str:
    rest = text.partition(start)[2].partition(">")[2]
    return rest.partition(end)[0]


#: What a person does: draws a seam on the pattern, elsewhere the page looks by itself.
_ASKS = {"pattern": {"do": "draft", "points": [[-0.2, 0.0, 0.4], [0.0, 0.0, 0.45], [0.2, 0, 0.4]]}}


def _ask(model: str, what: dict[str, Any]) -> str:
    """What an open page sends: a widget's message."""
    header = {
        "msg_id": uuid4().hex, "msg_type": "comm_msg", "username": "", "session": uuid4().hex,
        "version": "5.3", "date": "",
    }  # fmt: skip
    content = {"comm_id": model, "data": {"method": "custom", "content": what}}
    return json.dumps(
        {"header": header, "parent_header": {}, "metadata": {}, "content": content, "buffers": [],
         "channel": "shell"}
    )  # fmt: skip


async def _answered(socket: Any) -> None:
    while True:
        said = await socket.read_message()
        if said is None:
            raise RuntimeError("the page's line went dead")
        if isinstance(said, bytes):
            continue  # a mesh, or the like
        told = json.loads(said)
        if (
            told["header"]["msg_type"] == "status"
            and told["content"]["execution_state"] == "idle"
            and told["parent_header"].get("msg_type") == "comm_msg"
        ):
            return


async def all_at_once(people: list[Person], seconds: float) -> None:
    ready = asyncio.Barrier(len(people))
    await asyncio.gather(*(one.day(0.5 * n, seconds, ready) for n, one in enumerate(people)))


def memory(hub: Hub, people: list[Person]) -> None:
    """PSS, summed: what is shared counts for each its share."""
    assert hub.process is not None
    held: dict[str, float] = {}
    kernels = []
    for one in psutil.Process(hub.process.pid).children(recursive=True):
        words, mb = " ".join(one.cmdline()), one.memory_full_info().pss / 2**20
        kind = next((k for k in _KINDS if _KINDS[k] in words), "other")
        if kind == "kernels" and any("forkserver" in " ".join(p.cmdline()) for p in one.parents()):
            kernels.append(mb)
        held[kind] = held.get(kind, 0.0) + mb
    for kind, mb in sorted(held.items()):
        print(f"{kind}: {mb:.0f} MB")
    pages = (held.get("kernels", 0) + held.get("apps", 0)) / len(people)
    print(f"kernels: {len(kernels)}, {np.mean(kernels):.0f} MB each, at most {max(kernels):.0f}")
    print(f"a person (kernels and the apps' service): {pages:.0f} MB")


_KINDS = {
    "run": "worker.one", "worker": "stitchsketch_kernel work",
    "gateway": "stitchsketch_kernel gateway", "kernels": "multiprocessing.forkserver",
    "apps": "hub_config.apps", "proxy": "configurable-http", "provider": "provider.mjs",
    "hub": "jupyterhub", "notebook of the run": "ipykernel",
}  # fmt: skip


def tell(what: str, seconds: list[float]) -> None:
    if not seconds:
        return
    half, most = np.percentile(seconds, (50, 95))
    over = np.mean(np.array(seconds) > 2)
    print(
        f"{what}: {len(seconds)}, median {half:.2f} s, 95 % {most:.2f} s, worst "
        f"{max(seconds):.2f} s, over 2 s {over:.1%}"
    )


if __name__ == "__main__":
    main()
