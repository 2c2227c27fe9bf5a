"""The page in a real Chromium, driven over its debugging pipe: no driver, no web socket."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stitchsketch_kernel.visualization.report import write_report

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--no-first-run", "--disable-dev-shm-usage", "--hide-scrollbars",
)  # fmt: skip
WIDE = """(() => {
  const page = document.documentElement;
  const over = [...document.querySelectorAll('body *')].filter(
    e => !e.closest('.scroll, svg') && e.getBoundingClientRect().right > innerWidth + 0.5);
  return {inner: innerWidth, scroll: page.scrollWidth,
    over: over.map(e => e.outerHTML.slice(0, 80))};
})()"""
BROKEN = "[...document.images].filter(i => !(i.complete && i.naturalWidth)).length"


class Chromium:
    """A headless browser with one page."""

    def __init__(self, profile: Path, program: str) -> None:
        read_end, self._to = os.pipe()
        self._from, write_end = os.pipe()

        # the pipe speaks on descriptors 3 and 4: a shell puts ours there, whatever their numbers
        shell = f'exec 3<&{read_end} 4>&{write_end}; exec "$@"'
        command = [program, *FLAGS, f"--user-data-dir={profile}", "--remote-debugging-pipe"]
        self._process = subprocess.Popen(
            ["bash", "-c", shell, "bash", *command], pass_fds=(read_end, write_end),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(read_end)
        os.close(write_end)
        self._buffer, self._number, self.events = b"", 0, []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        answer = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = answer["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    _session: str | None = None

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        self._number += 1
        number = self._number
        message: dict[str, Any] = {"id": number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == number:
                assert "error" not in answer, answer
                return answer["result"]
            self.events.append(answer)

    def open(self, url: str, width: int, height: int = 900) -> None:
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip
        self.events.clear()
        self.call("Page.navigate", url=url)
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self._receive())

    def value(self, expression: str) -> Any:
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        return answer["result"]["value"]

    def requests(self) -> list[str]:
        sent = [e for e in self.events if e.get("method") == "Network.requestWillBeSent"]
        return [event["params"]["request"]["url"] for event in sent]

    def complaints(self) -> list[str]:
        logged = [e for e in self.events if e.get("method") == "Log.entryAdded"]
        return [event["params"]["entry"]["text"] for event in logged]

    def picture(self) -> bytes:
        answer = self.call("Page.captureScreenshot", captureBeyondViewport=True)
        return base64.b64decode(answer["data"])

    def close(self) -> None:
        os.close(self._to)
        self._process.terminate()
        self._process.wait(20)
        os.close(self._from)

    def _receive(self, seconds: float = 60) -> dict[str, Any]:
        until = time.monotonic() + seconds
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._from], [], [], max(0, until - time.monotonic()))
            assert ready, "Chromium doesn't answer"
            part = os.read(self._from, 1 << 20)
            assert part, "Chromium has ended"
            self._buffer += part
        text, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(text)


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("Chromium is missing, and in CI it must be there")
        pytest.skip("Chromium is not here")
    browser = Chromium(tmp_path_factory.mktemp("profile"), program)
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def page(report_data, tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("page") / "report.html"
    write_report(path, report_data)
    return path.as_uri()


@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_fits_its_screen_and_asks_no_host(chromium, page, width):
    chromium.open(page, width)
    measured = chromium.value(WIDE)
    assert measured["inner"] == width
    assert measured["scroll"] <= width, measured["over"]
    assert measured["over"] == []
    assert chromium.value(BROKEN) == 0
    assert [url for url in chromium.requests() if not url.startswith("data:")] == [page]
    assert chromium.complaints() == []
    if folder := os.environ.get("STITCHSKETCH_LOOK"):
        (Path(folder) / f"page-{width}.png").write_bytes(chromium.picture())


def test_a_request_would_be_noticed(chromium, tmp_path):
    path = tmp_path / "asks.html"
    path.write_text('<img src="http://127.0.0.1:9/x.png"><p style="width:2000px">wide', "utf-8")
    chromium.open(path.as_uri(), 390)
    assert "http://127.0.0.1:9/x.png" in chromium.requests()
    assert chromium.value(WIDE)["over"]
