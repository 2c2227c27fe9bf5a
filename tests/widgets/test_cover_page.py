"""The customer's page: one file, no request, old and new cover, fabrics beside each other."""

from __future__ import annotations

import base64
import importlib.util
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from stitchsketch_kernel.pipeline import cover as covering
from stitchsketch_kernel.pipeline.cover import CoverSettings, cover

HOSTILE = '</script><script>window.hurt=1</script><img src=x onerror="window.hurt=1">&'
ROOT = Path(__file__).resolve().parents[2]
FABRICS = {
    "red": ('["#c03020", "#c03020"]', HOSTILE),
    "blue": ('["#2040c0", "#2040c0"]', "Blue"),
}


def run_folder(folder: Path, name: str) -> Path:
    path = ROOT / "tests" / "pipeline" / "covered_run.py"
    spec = importlib.util.spec_from_file_location("covered_run", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.finished_run(folder, name)


@pytest.fixture(scope="module")
def page_file(built, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("cover")
    run = run_folder(folder / "job", HOSTILE)
    looks = []
    for key, (colors, name) in FABRICS.items():
        looks.append(folder / f"{key}.toml")
        looks[-1].write_text(
            f"name = '''{name}'''\nwidth_mm = 1400\nprice_per_metre = 30\n"
            f'[look]\nkind = "plain"\ncolors = {colors}\nsheen = 0.0\n'
        )
    script = (built / "cover_page.js").read_text(encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(covering, "viewer_script", lambda: script)
        record = cover(run, looks, folder / "out", CoverSettings(1, 0, (320, 240)))
    return record.page


class Opened:
    """The page in a browser, with what it asked for and complained of."""

    def __init__(self, browser, path: Path, width: int, height: int) -> None:
        self.context = browser.new_context(viewport={"width": width, "height": height})
        self.page = self.context.new_page()
        self.asked, self.wrong = [], []
        self.page.on("request", lambda one: self.asked.append(one.url))
        self.page.on("console", lambda one: one.type == "error" and self.wrong.append(one.text))
        self.page.on("pageerror", lambda one: self.wrong.append(str(one)))
        self.page.set_default_timeout(120_000)
        self.page.goto(path.as_uri())

    def ready(self) -> None:
        self.page.wait_for_selector("html[data-ready]")

    def pixels(self) -> np.ndarray:
        """What the canvas shows."""
        self.page.wait_for_timeout(600)
        picture = self.page.locator(".stage").screenshot()
        return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")).astype(int)


@pytest.fixture(scope="module")
def browse(chromium, page_file):
    opened = []

    def open_page(width=1000, height=800, path=page_file) -> Opened:
        opened.append(Opened(chromium, path, width, height))
        return opened[-1]

    yield open_page
    for one in opened:
        one.context.close()


def share(pixels: np.ndarray, channel: int) -> float:
    """Of pixels where a colour is much stronger than the others."""
    others = np.delete(pixels, channel, axis=2).max(axis=2)
    return float((pixels[..., channel] > others + 40).mean())


def test_it_makes_no_request_and_names_can_do_no_harm(browse, page_file, shots):
    seen = browse()
    seen.ready()
    assert [url for url in seen.asked if not url.startswith("data:")] == [page_file.as_uri()]
    assert seen.wrong == []
    assert seen.page.evaluate("window.hurt") is None
    assert seen.page.locator("h1").inner_text() == HOSTILE
    assert seen.page.get_by_role("button", name=HOSTILE).count() == 1
    text = page_file.read_text(encoding="utf-8")
    assert "</script><script>window.hurt" not in text and "<img src=x" not in text
    seen.page.screenshot(path=str(shots / "cover-page.png"))


def test_the_slider_shows_more_of_the_old_or_of_the_new_cover(browse):
    seen = browse()
    seen.ready()
    seen.page.get_by_role("slider").fill("0")
    assert share(seen.pixels(), 0) > 0.08  # the new one is red
    seen.page.get_by_role("slider").fill("100")
    assert share(seen.pixels(), 0) < 0.01
    seen.page.get_by_role("slider").fill("50")
    half = seen.pixels()
    assert share(half[:, 520:], 0) > 0.04 and share(half[:, :480], 0) < 0.01


def test_fabrics_are_chosen_and_shown_side_by_side(browse, shots):
    seen = browse()
    seen.ready()
    seen.page.get_by_role("slider").fill("0")
    seen.page.get_by_role("button", name="Blue").click()
    blue = seen.pixels()
    assert share(blue, 2) > 0.08 and share(blue, 0) < 0.01
    seen.page.get_by_role("button", name="Side by side").click()
    both = seen.pixels()
    assert share(both, 2) > 0.02 and share(both, 0) > 0.02
    seen.page.screenshot(path=str(shots / "cover-side-by-side.png"))


def test_keys_turn_the_furniture(browse):
    seen = browse()
    seen.ready()
    before = seen.pixels()
    seen.page.locator("#canvas").focus()
    for _ in range(4):
        seen.page.keyboard.press("ArrowRight")
    assert np.abs(seen.pixels() - before).max(axis=2).mean() > 3


def test_it_fits_a_phone_and_tells_length_and_price(browse, shots):
    seen = browse(390, 844)
    seen.ready()
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= 390
    cards = seen.page.locator(".cards li")
    assert cards.count() == 3
    for at in (0, 1):
        text = cards.nth(at).inner_text()
        assert " m (" in text and " EUR" in text
    seen.page.screenshot(path=str(shots / "cover-phone.png"), full_page=True)


def test_it_holds_to_wcag(browse):
    seen = browse(820, 1180)
    seen.ready()
    axe = ROOT / "widgets" / "node_modules" / "axe-core" / "axe.min.js"
    seen.page.add_script_tag(content=axe.read_text(encoding="utf-8"))
    found = seen.page.evaluate(
        "() => axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', "
        "'wcag22aa']}).then((one) => one.violations.map((v) => v.id))"
    )
    assert found == []


def test_without_webgl_the_stills_are_there(browse, page_file, tmp_path):
    text = page_file.read_text(encoding="utf-8")
    broken = tmp_path / "broken.html"
    broken.write_text(
        text.replace(
            '<script type="module">',
            "<script>HTMLCanvasElement.prototype.getContext = () => null;</script>"
            '<script type="module">',
        ),
        encoding="utf-8",
    )
    seen = browse(path=broken)
    seen.page.wait_for_timeout(1500)
    assert not seen.page.locator("#viewer").is_visible()
    assert seen.page.locator(".cards img").first.is_visible()
    first = seen.page.locator(".cards img").first.get_attribute("src")
    assert len(base64.b64decode(first.partition(",")[2])) > 1000
