"""What people do at the apps' pages in the course of a day, as steps for tests."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from cut_sizes import require_sizes
from quote_page import PAGE, Quote

DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
#: A page says when it is ready; this only ends a wait for one that never will be.
S = 240_000


class Pictures:
    """Screenshots of each step, as wide as a desk's and as a phone's screen."""

    def __init__(self, folder: Path, before: str) -> None:
        self._folder, self._before = folder, before

    def take(self, page: Any, name: str, at: str = "") -> None:
        """Take both, where `at` is in sight; nothing may stick out of the narrow one."""
        for size, width in (("phone", PHONE), ("desk", DESK)):
            page.set_viewport_size(width)
            page.wait_for_timeout(700)
            if at:
                page.locator(at).first.evaluate("(one) => one.scrollIntoView()")
                page.wait_for_timeout(200)
            beyond = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert beyond <= 0, (name, size, beyond)
            page.screenshot(path=self._folder / f"{self._before}-{name}-{size}.png")


def send_photos(page: Any, piece: str, photos: list[Path], pictures: Pictures) -> None:
    """Go through *New scan* up to the start, and start."""
    page.get_by_label("Name of the piece").fill(piece, timeout=3 * S)
    pictures.take(page, "2-piece")
    page.get_by_role("button", name="Next").click()
    page.get_by_text("Print the mats at 100 %").wait_for(timeout=S)
    page.get_by_role("button", name="Photos", exact=True).click()
    page.get_by_text("No photos yet.").wait_for(timeout=S)
    page.locator("input[type=file]").first.set_input_files([str(one) for one in photos])
    count = len(photos)
    page.get_by_text(f"{count} of {count} photos sent.").wait_for(timeout=10 * S)
    pictures.take(page, "3-photos")
    page.get_by_role("button", name="Size and cloth").click()
    page.get_by_label("What a ruler says").fill("200", timeout=S)
    pictures.take(page, "4-size")
    page.get_by_role("button", name="Start", exact=True).click()
    page.get_by_role("button", name="Start the run").click(timeout=5 * S)
    page.locator(".stage").first.wait_for(timeout=3 * S)


def divide(page: Any, panel: str, pictures: Pictures) -> None:
    """Draw a seam across a panel in the seam editor, seen from above, and save it."""
    page.locator(".seam-editor .panel-button").first.wait_for(timeout=5 * S)
    page.set_viewport_size(DESK)
    page.get_by_role("button", name="Top view", exact=True).click()
    page.get_by_role("button", name="Draw seam", exact=True).click()
    for place in page.evaluate(_ACROSS, panel):
        box = page.locator("canvas").first.bounding_box()
        at = page.evaluate(
            "(p) => document.querySelector('.seam-editor').screen.scene.pixel(p)", place
        )
        page.mouse.click(box["x"] + at["x"], box["y"] + at["y"])
        _settled(page)
    pictures.take(page, "7-seam-drawn")
    page.set_viewport_size(DESK)
    page.get_by_role("button", name="Finish seam", exact=True).click()
    _settled(page)
    assert page.locator(".seam-editor .said").inner_text() == "Not saved yet"
    page.get_by_role("button", name="Save", exact=True).first.click()
    page.get_by_text("Saved. The next run takes these panels.").wait_for(timeout=5 * S)
    pictures.take(page, "8-seam-saved")


#: From one end of a panel to the other along the middle of its width: three places on it.
_ACROSS = """(name) => {
    const editor = document.querySelector('.seam-editor').screen;
    const copied = (name) => { const v = editor.get(name);
        return v.buffer.slice(v.byteOffset, v.byteOffset + v.byteLength); };
    const xyz = new Float32Array(copied('vertices')), faces = new Uint32Array(copied('faces'));
    const labels = new Int16Array(copied('labels'));
    const label = editor.get('panels').findIndex((one) => one.name === name);
    const middles = [];
    labels.forEach((one, k) => {
        if (one !== label) return;
        const at = [0, 0, 0];
        for (let c = 0; c < 3; c += 1)
            for (let d = 0; d < 3; d += 1) at[d] += xyz[3 * faces[3 * k + c] + d] / 3;
        middles.push(at);
    });
    const xs = middles.map((at) => at[0]).sort((a, b) => a - b);
    const x = xs[Math.floor(xs.length * 0.55)];
    const on = middles.filter((at) => Math.abs(at[0] - x) < 0.012).sort((a, b) => a[1] - b[1]);
    const near = (y) => on.reduce((a, b) => (Math.abs(a[1] - y) < Math.abs(b[1] - y) ? a : b));
    const [low, high] = [on[0][1] + 0.003, on.at(-1)[1] - 0.003];
    return [near(low), near((low + high) / 2), near(high)];
}"""


def _settled(page: Any) -> None:
    page.wait_for_function(
        "() => { const r = document.querySelector('.seam-editor');"
        " return (r.dataset.asked ?? '0') === r.dataset.answered; }",
        timeout=3 * S,
    )
    page.wait_for_timeout(300)


def run_again(page: Any, url: str, piece: str) -> None:
    """From *My projects* to the progress of its last run, and press *Run again* there."""
    page.goto(f"{url}/services/apps/voila/render/projects.ipynb")
    page.get_by_role("link", name=f"Progress: {piece}").click(timeout=3 * S)
    page.get_by_role("button", name="Run again").click(timeout=3 * S)


def choose_cloth(page: Any, pictures: Pictures) -> dict[str, Any]:
    """Choose a cloth with a repeat, download what is cut from, hold sizes; the pattern of it."""
    page.locator(f"{PAGE} .field").first.wait_for(timeout=5 * S)
    page.set_viewport_size(DESK)
    quote = Quote(SimpleNamespace(page=page))
    quote.compute(
        **{
            "Name": "Damask Rosa",
            "Repeat along": "343",
            "Repeat across": "300",
            "Match the pattern": "visible_seams",
            "Customer": "Ann Smith",
            "Search for": "3",
        }
    )
    pictures.take(page, "11-cloth")
    pictures.take(page, "12-marker", ".marker-view")
    page.set_viewport_size(DESK)
    pattern = json.loads(quote.download("Pattern, lossless (JSON)"))
    require_sizes(
        pattern, quote.download("Pieces, DXF"), quote.download("Marker, PDF full size"),
        quote.download("Pieces, PDF on A4"),
    )  # fmt: skip
    return pattern


def in_lab(page: Any, code: str, pictures: Pictures) -> str:
    """Run code in a notebook of the kernel StitchSketch in JupyterLab; what it printed."""
    page.wait_for_url("**/lab*", timeout=5 * S)
    page.set_viewport_size(DESK)
    page.locator(".jp-LauncherCard", has_text="StitchSketch").first.click(timeout=3 * S)
    cell = page.locator(".jp-Notebook .jp-CodeCell .cm-content").first
    cell.click(timeout=2 * S)
    page.get_by_text("| Idle").first.wait_for(timeout=3 * S)
    cell.click()
    page.keyboard.insert_text(code)
    page.keyboard.press("Shift+Enter")
    told = page.locator(".jp-OutputArea-output", has_text="queued").first
    told.wait_for(timeout=S)
    pictures.take(page, "14-lab")
    return str(told.inner_text())
