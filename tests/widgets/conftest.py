"""One Voilà and one Chromium for all tests of screens, on runs of a cushion's mesh."""

from __future__ import annotations

import importlib.util
import io
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest
from laid_run import laid_run
from PIL import Image
from real_servers.fixtures import missing
from real_servers.places import free_port

from stitchsketch_kernel.domain.model import Scale
from stitchsketch_kernel.pipeline.artefacts import write_value
from stitchsketch_kernel.pipeline.files import write_json
from stitchsketch_kernel.pipeline.record import new_record
from stitchsketch_kernel.pipeline.stage import standard_stages
from stitchsketch_kernel.projects.records import Project, Run, Scan
from stitchsketch_kernel.reconstruction.mesh_io import write_mesh
from stitchsketch_kernel.samples.crowned import crowned_cushion
from stitchsketch_kernel.stores import open_stores
from stitchsketch_kernel.stores.settings import StoreSettings

ROOT = Path(__file__).resolve().parents[2]
WIDGETS = ROOT / "widgets"
if str(WIDGETS) not in sys.path:  # a checkout that was installed before there were screens
    sys.path.insert(0, str(WIDGETS))
FLAGS = [
    "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--no-sandbox",
    "--disable-background-networking",
]  # fmt: skip
SIZES = {"desk": (1280, 900), "tablet": (820, 1180), "phone": (390, 844)}


@pytest.fixture(scope="session")
def built() -> Path:
    """The bundle of the sources as they stand now; never a stale one."""
    if not (WIDGETS / "node_modules" / "esbuild").is_dir():
        missing("the widgets' packages (make widgets)")
    node = Path(sys.executable).with_name("node")
    subprocess.run([node, "build.mjs"], cwd=WIDGETS, check=True)
    return WIDGETS / "stitchsketch_widgets" / "static"


class Place:
    """A shop's home with one run: a cushion's mesh, as the mesh stage leaves it."""

    def __init__(self, root: Path) -> None:
        self.home, self.folder = root / "home", root / "job"
        self.stores = open_stores(StoreSettings(home=self.home))
        photos = root / "photos"
        photos.mkdir()
        stages = standard_stages()
        for stage in (stages[2], stages[4]):
            place = self.folder / "stages" / stage.folder_name
            place.mkdir(parents=True)
            earlier = {one.name: one.folder_name for one in stages if one.name in stage.inputs}
            job = {"stage": stage.name, "module": stage.module, "earlier": earlier}
            write_json(place / "job.json", {**job, "groups": {}, "settings": {}, "files": {}})
        scale = Scale("mat", 1.0, 0.2, 0.1, 8)
        write_value(self.folder / "stages" / "03_scale" / "scale.npz", scale)
        write_mesh(self.folder / "stages" / "05_mesh" / "mesh.ply", crowned_cushion(0.005).mesh)
        keys = {stage.name: "" for stage in stages}
        new_record(self.folder, "cushion", photos, stages, keys).save()
        projects = self.stores.projects
        project = projects.add_project(Project("local", "Cushion"))
        self.scan = projects.add_scan("local", Scan(project.id, "first"))
        run = Run(self.scan.id, str(self.folder), host=os.uname().nodename)
        self.run = projects.start_run("local", run)
        # the same folder in another shop: its address is all that a stranger knows
        theirs = projects.add_project(Project("other", "Theirs"))
        scan = projects.add_scan("other", Scan(theirs.id, "first"))
        run = Run(scan.id, str(self.folder), host=os.uname().nodename)
        self.other = projects.start_run("other", run)


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Place:
    """A shop of each file of tests: what one keeps in it is in no other's way."""
    return Place(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def laid(place, tmp_path_factory) -> Run:
    """A run of the shop whose pieces are flat and nested."""
    folder = laid_run(tmp_path_factory.mktemp("laid"))
    run = Run(place.scan.id, str(folder), host=os.uname().nodename)
    return place.stores.projects.start_run("local", run)


@pytest.fixture(scope="module")
def voila(built, place, tmp_path_factory) -> Iterator[str]:
    """The address of the apps, served as a shop without a hub would."""
    with apps_at(place.home, tmp_path_factory.mktemp("voila") / "log") as address:
        yield address


@contextmanager
def apps_at(home: Path, log: Path, **more: str) -> Iterator[str]:
    """The address of the apps over what is kept in `home`, with `more` in their environment."""
    port = free_port()
    path = os.pathsep.join([str(ROOT), str(WIDGETS), os.environ.get("PYTHONPATH", "")])
    env = {
        **os.environ, "STITCHSKETCH_HOME": str(home), "PYTHONPATH": path,
        "JUPYTER_PATH": str(ROOT / "voila_apps" / "share" / "jupyter"),
        "JUPYTER_CONFIG_PATH": str(ROOT / "voila_apps" / "share" / "jupyter"), **more,
    }  # fmt: skip
    command = [
        sys.executable, "-m", "voila", str(ROOT / "voila_apps"), "--no-browser",
        f"--port={port}", "--Voila.ip=127.0.0.1",
    ]  # fmt: skip
    with log.open("wb") as file:
        server = subprocess.Popen(command, env=env, stdout=file, stderr=file)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(address, server, log)
        yield address
    finally:
        server.terminate()
        server.wait(20)


@pytest.fixture(scope="session")
def serve_apps(built):
    """See `apps_at`."""
    return apps_at


def _wait_for(address: str, server: subprocess.Popen, log: Path) -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(f"{address}/voila/static/voila.js", timeout=2).close()
            return
        except OSError:
            assert server.poll() is None, log.read_text()
            time.sleep(0.1)
    raise AssertionError(log.read_text())


@pytest.fixture(scope="session")
def chromium() -> Iterator[object]:
    """The system's browser, with software rendering."""
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        missing("playwright")
    if not (program := shutil.which("chromium")):
        missing("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


def of_pipeline() -> ModuleType:
    """The pipeline's own fixtures: runs of small stages, with real notebooks and kernels."""
    path = ROOT / "tests" / "pipeline" / "conftest.py"
    spec = importlib.util.spec_from_file_location("pipeline_fixtures", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


tiny = of_pipeline().tiny


class Seen:
    """A page with what it asked of the network and what went wrong in it."""

    def __init__(self, browser, address: str, size: str, **options) -> None:
        width, height = SIZES[size]
        self.context = browser.new_context(
            viewport={"width": width, "height": height}, has_touch=size != "desk", **options
        )
        self.page = self.context.new_page()
        self.asked: list[str] = []
        self.wrong: list[str] = []
        self.page.on("request", lambda one: self.asked.append(one.url))
        self.page.on("console", lambda one: one.type == "error" and self.wrong.append(one.text))
        self.page.on("pageerror", lambda one: self.wrong.append(str(one)))
        # a kernel begins before the page is there: on a busy machine that takes a while
        self.page.set_default_timeout(120_000)
        self.page.goto(address, wait_until="commit")

    def outside(self, host: str) -> list[str]:
        """What left the host."""
        own = (host, "data:", "blob:", host.replace("http", "ws"))
        return [url for url in self.asked if not url.startswith(own)]

    def faults(self) -> list[str]:
        """What axe finds against WCAG 2.2 AA."""
        self.page.add_script_tag(path=str(WIDGETS / "node_modules" / "axe-core" / "axe.min.js"))
        found = self.page.evaluate(
            "() => axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', "
            "'wcag22aa']}).then((one) => one.violations.map((v) => v.id + ': ' + "
            "v.nodes.map((n) => n.html + ' ' + n.failureSummary).join('; ')))"
        )
        return list(found)


@pytest.fixture(scope="session")
def floor_photos() -> dict[str, bytes]:
    """Photos of mats on a floor from every other place of the sample's rounds, as JPEG, by name.

    No furniture: these cost a second where the sample's own cost a minute.
    """
    import io

    import cv2
    import numpy as np
    from PIL import Image

    from stitchsketch_kernel.imaging.drawing import draw_board, drawn_extent_mm
    from stitchsketch_kernel.samples import build_sample

    sample, px_per_m = build_sample("demo"), 800
    rng = np.random.default_rng(5)
    small = rng.integers(60, 200, (500, 500, 3), dtype=np.uint8)
    floor = cv2.resize(small, (4 * px_per_m, 4 * px_per_m), interpolation=cv2.INTER_CUBIC)
    for mat in sample.mats:
        sheet = draw_board(mat.board, px_per_m / 1000)
        left, _, _, top = (side / 1000 for side in drawn_extent_mm(mat.board))
        c, s = np.cos(np.deg2rad(mat.yaw_deg)), np.sin(np.deg2rad(mat.yaw_deg))
        turn = np.array([[c, -s, mat.origin_m[0]], [s, c, mat.origin_m[1]], [0, 0, 1.0]])
        on_sheet = np.array([[1 / px_per_m, 0, left], [0, -1 / px_per_m, top], [0, 0, 1.0]])
        to_floor = np.array([[px_per_m, 0, 2 * px_per_m], [0, px_per_m, 2 * px_per_m], [0, 0, 1.0]])
        where, size = to_floor @ turn @ on_sheet, floor.shape[1::-1]
        whole = np.full(sheet.shape[:2], 255, np.uint8)
        mask = cv2.warpPerspective(whole, where, size) > 127
        floor[mask] = cv2.warpPerspective(sheet, where, size)[mask]
    photos = {}
    for view in sample.views[::2]:
        R, t = view.rotation, view.translation
        flat = view.camera.matrix @ np.column_stack([R[:, 0], R[:, 1], t])
        size = view.camera.width_px, view.camera.height_px
        seen = cv2.warpPerspective(
            floor, flat @ np.linalg.inv(to_floor), size, borderValue=(90,) * 3
        )
        file = io.BytesIO()
        Image.fromarray(seen).save(file, "JPEG", quality=90)
        photos[view.name] = file.getvalue()
    return photos


@pytest.fixture(scope="session")
def shots(tmp_path_factory) -> Path:
    """Where screenshots go: SCREENSHOTS, to be looked at, or a folder of the session."""
    given = os.environ.get("SCREENSHOTS")
    folder = Path(given) if given else tmp_path_factory.mktemp("shots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def renew_help():
    """Take a screenshot of a help page anew, small, where RENEW_HELP asks for it."""

    def renew(page, name: str) -> None:
        if not os.environ.get("RENEW_HELP"):
            return
        with Image.open(io.BytesIO(page.screenshot())) as image:
            image.thumbnail((1000, 1000))
            place = WIDGETS / "stitchsketch_widgets" / "texts" / "help" / f"{name}.webp"
            image.convert("RGB").save(place, quality=70, method=6)

    return renew


@pytest.fixture(scope="module")
def see(chromium, voila):
    """Open a page of the apps: ``see("pattern.ipynb?run=...", "phone")``."""
    opened: list[Seen] = []

    def open_page(path: str, size: str = "desk", at: str = voila, **options) -> Seen:
        opened.append(Seen(chromium, f"{at}/voila/render/{path}", size, **options))
        return opened[-1]

    yield open_page
    for one in opened:
        one.context.close()
