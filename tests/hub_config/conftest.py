"""The hub as ``make hub`` starts it, and people in a real browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from real_servers.fixtures import missing
from standing import CHROMIUM, REPOSITORY, Hub, Visitor

#: The seam editor draws in 3D, by software here.
FLAGS = [
    "--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
]  # fmt: skip


@pytest.fixture(scope="module")
def hub(request: pytest.FixtureRequest) -> Iterator[Hub]:
    """The hub, once for a module; with the people's own pages where it says ``REAL_APPS``."""
    if CHROMIUM is None:
        missing("Chromium (apt-get install chromium)")
    if not (REPOSITORY / "hub_config/node/node_modules/oidc-provider").is_dir():
        missing("the hub's npm packages (make hub, or npm ci --prefix hub_config/node)")
    place = Path(mkdtemp(prefix="hub-"))
    place.chmod(0o711)
    real = getattr(request.module, "REAL_APPS", False)
    hub = Hub(place, not real, **getattr(request.module, "SETTINGS", {}))
    try:
        hub.start()
        yield hub
        hub.stop()
    finally:
        if hub.process is not None and hub.process.poll() is None:
            hub.process.kill()
        shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Headless Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def artefacts() -> Path:
    """Where screenshots are left to be looked at."""
    folder = REPOSITORY / "build" / "screenshots" / "hub"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def visit(hub: Hub, browser: Any) -> Iterator[Any]:
    """Make a `Visitor`."""
    visitors: list[Visitor] = []

    def come(name: str | None = None, lands: bool = True) -> Visitor:
        visitors.append(Visitor(browser, hub))
        if name:
            visitors[-1].sign_in(name, lands)
        return visitors[-1]

    yield come
    for one in visitors:
        one.context.close()
