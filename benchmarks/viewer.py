"""Frames a second of the scan viewer in headless Chromium, by level of detail.

    python benchmarks/viewer.py --faces 500000

Needs the screens built (`make widgets`), Chromium and playwright; renders by the processor alone.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
FLAGS = [
    "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--no-sandbox",
]  # fmt: skip
PAGE = """
from stitchsketch_kernel.domain.model import Mesh, Scale
from stitchsketch_kernel.domain.sureness import ScanErrors
from stitchsketch_kernel.pipeline.looking import SeenScan
from stitchsketch_kernel.samples.crowned import crowned_cushion
from stitchsketch_widgets.scan_viewer import ScanViewer
mesh = crowned_cushion({cell}).mesh
ScanViewer(SeenScan(mesh, Scale("mat", 1.0, 0.2, 0.1, 8), ScanErrors(0.1)))
"""
VIEWER = "document.querySelector('.scan-viewer')?.screen"
TURN = f"""(seconds) => new Promise((done) => {{
  const viewer = {VIEWER};
  const [frames, begun, levels] = [viewer.scene.frames, performance.now(), new Map()];
  const step = () => {{
    const spent = performance.now() - begun;
    const at = viewer.levels.shown;
    levels.set(at, (levels.get(at) ?? 0) + 1);
    const rate = 1000 * (viewer.scene.frames - frames) / spent;
    if (spent > 1000 * seconds) return done([rate, [...levels], viewer.levels.ratio]);
    viewer.scene.turn(0.15, 0);
    requestAnimationFrame(step);
  }};
  step();
}})"""


FULL = f"""() => Object.defineProperty(
  {VIEWER}.levels, 'fluent', {{ get() {{ return this.finest; }} }})"""


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faces", type=int, default=500_000)
    parser.add_argument("--seconds", type=float, default=6.0)
    asked = parser.parse_args()
    cell = 0.0028 * (190_000 / asked.faces) ** 0.5
    with tempfile.TemporaryDirectory() as folder:
        import nbformat

        book = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(PAGE.format(cell=cell))],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        )
        nbformat.write(book, Path(folder) / "viewer.ipynb")
        port, share = free_port(), str(ROOT / "voila_apps" / "share" / "jupyter")
        path = os.pathsep.join([str(ROOT), str(ROOT / "widgets")])
        server = subprocess.Popen(
            [sys.executable, "-m", "voila", folder, "--no-browser", f"--port={port}"],
            env={**os.environ, "PYTHONPATH": path, "JUPYTER_PATH": share,
                 "JUPYTER_CONFIG_PATH": share},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            measure(f"http://127.0.0.1:{port}", asked.seconds)
        finally:
            server.terminate()
            server.wait(20)


def measure(address: str, seconds: float) -> None:
    for _ in range(600):
        try:
            urllib.request.urlopen(f"{address}/voila/static/voila.js", timeout=2).close()
            break
        except OSError:
            time.sleep(0.1)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(300_000)
        page.goto(f"{address}/voila/render/viewer.ipynb", wait_until="commit")
        page.wait_for_function(f"() => {VIEWER}?.levels?.geometries.every((one) => one !== null)")
        sizes, costs = page.evaluate(f"() => [{VIEWER}.levels.sizes, {VIEWER}.levels.costs]")
        for size, cost in zip(sizes, costs, strict=True):
            print(f"{size:9,d} faces: {cost:6.1f} ms a frame, measured alone")
        rate, levels, ratio = page.evaluate(TURN, seconds)
        shown = ", ".join(f"{sizes[at]:,d} ({count} times)" for at, count in levels)
        print(f"chosen by itself: {rate:.1f} frames a second; levels {shown}; sharpness {ratio}")
        page.wait_for_timeout(600)
        page.evaluate(FULL)
        rate, _, _ = page.evaluate(TURN, seconds)
        print(f"full detail forced: {rate:.1f} frames a second")
        browser.close()


if __name__ == "__main__":
    main()
