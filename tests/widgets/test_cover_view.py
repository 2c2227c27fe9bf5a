"""The new cover in a real browser: on the furniture, in several fabrics, made for the customer."""

from __future__ import annotations

import io
import json
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from quote_page import BOARD, PAGE, Quote
from stitchsketch_widgets.cover_view import CoverView
from stitchsketch_widgets.pages.fabric_quote import cover_view

from stitchsketch_kernel.domain.marker import Fabric
from stitchsketch_kernel.pipeline.dressing import shown_before
from stitchsketch_kernel.users.records import ShopFabric

COVER = ".cover-view"
HOSTILE = "<img src=x onerror=window.hurt=1>"
PLAIN = Fabric(HOSTILE, 1500.0, 1470.0, price_per_metre=31.0)


class Cover(Quote):
    """The page with its cover."""

    places = (PAGE, BOARD, COVER)

    def __init__(self, seen) -> None:
        super().__init__(seen)
        self.page.wait_for_selector(f"{COVER}[data-drawn]")
        self.page.wait_for_function("() => document.querySelector('.cover-view').dataset.drawn")

    @property
    def root(self):
        return self.page.locator(COVER)

    def show(self, name: str) -> None:
        self.root.get_by_role("button", name=name, exact=True).click()

    def drawn(self, what: str) -> np.ndarray:
        """The picture, once that is drawn."""
        self.page.wait_for_function(
            "(what) => document.querySelector('.cover-view').dataset.drawn === what", arg=what
        )
        self.page.wait_for_timeout(400)
        shot = self.root.locator("canvas").screenshot()
        return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB")).astype(int)

    def dress(self) -> None:
        self.press("Show on the furniture", COVER)
        self.wait(COVER)


@pytest.fixture(scope="module")
def opened(see, laid, place) -> Cover:
    place.stores.users.keep_fabric(ShopFabric("local", PLAIN))
    return Cover(see(f"fabric_quote.ipynb?run={laid.id}"))


@pytest.fixture(scope="module")
def dressed(opened) -> Cover:
    """In the quote's own cloth, red, and in one of the shop's, blue."""
    root = opened.root
    root.get_by_label("Another fabric beside it").select_option(label=HOSTILE)
    for number, color in enumerate(("#c01818", "#1830c0")):
        fabric = root.get_by_role("group", name=["Twill", HOSTILE][number], exact=True)
        fabric.get_by_label("Choose colours").check()
        fabric.get_by_label("Colour 1").fill(color)
        fabric.get_by_label("Colour 2").fill(color)
    opened.dress()
    return opened


def share(picture: np.ndarray, channel: int) -> float:
    """Of pixels in which one channel stands out."""
    others = np.delete(picture, channel, axis=2).max(axis=2)
    return float((picture[..., channel] - others > 60).mean())


def test_the_old_cover_is_there_before_anything_is_dressed(opened):
    picture = opened.drawn("old 0")
    assert picture.std(axis=(0, 1)).max() > 10
    names = opened.root.get_by_role("group", name="What is shown").get_by_role("button")
    assert names.all_inner_texts() == ["As it is", "Strain"]
    assert opened.root.get_by_role("button", name="Make page, 3D files and films").is_disabled()


def test_each_fabric_is_on_the_furniture_with_its_length_and_price(dressed, laid, shots):
    first = dressed.drawn("worn 0")
    assert share(first, 0) > 0.03 and share(first, 2) < 0.005
    dressed.show(HOSTILE)
    second = dressed.drawn("worn 1")
    assert share(second, 2) > 0.03 and share(second, 0) < 0.005
    dressed.show("Side by side")
    both = dressed.drawn("worn 0, worn 1")
    middle = both.shape[1] // 2
    assert share(both[:, :middle], 0) > 0.02 and share(both[:, middle:], 2) > 0.02
    rows = dressed.root.locator("tbody tr").all_inner_texts()
    worn = shown_before(laid_folder(laid)).worn
    assert len(rows) == len(worn) == 2
    for row, one in zip(rows, worn, strict=True):
        assert f"{one.marker.used_length_mm / 1000:.2f} m" in row
        assert f"{one.marker.cost:.2f} EUR" in row
    dressed.root.screenshot(path=shots / "cover-beside.png")


def laid_folder(laid) -> Path:
    return Path(laid.folder)


def test_strain_is_in_colours_with_what_they_say(dressed, shots):
    dressed.show("Strain")
    dressed.drawn("strain 0")
    assert dressed.root.locator(".legend").inner_text().split() == [
        "0", "%", "1", "%", "2", "%", "3", "%", "4", "%", "5", "%",
    ]  # fmt: skip
    dressed.root.screenshot(path=shots / "cover-strain.png")


def test_it_goes_by_keys_alone(dressed):
    page = dressed.page
    button = dressed.root.get_by_role("button", name="New cover", exact=True)
    button.focus()
    page.keyboard.press("Enter")
    before = dressed.drawn("worn 1")
    assert page.evaluate("() => document.activeElement.dataset.key") == "view new"
    dressed.root.locator("canvas").focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    page.wait_for_timeout(400)
    assert np.abs(dressed.drawn("worn 1") - before).max(axis=2).mean() > 2


def test_a_piece_moved_on_the_marker_makes_what_is_shown_stale(dressed):
    assert not dressed.root.get_by_text("The marker has changed since").is_visible()
    # by so little that neither length nor price change
    for key in ("ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown"):
        dressed.page.locator(".marker-view [data-copy]").first.focus()
        dressed.page.keyboard.press(key)
        dressed.settle()
        if dressed.root.get_by_text("The marker has changed since").is_visible():
            break
    dressed.root.get_by_text("The marker has changed since").wait_for(timeout=20_000)


def test_the_making_can_be_stopped_and_leaves_no_files(dressed, laid):
    dressed.press("Make page, 3D files and films", COVER)
    dressed.page.wait_for_selector(f"{COVER} progress:not(.hidden)")
    dressed.press("Stop", COVER)
    dressed.page.wait_for_selector(f"{COVER}[aria-busy=false]")
    assert dressed.said(COVER).startswith("Stopped.")
    assert dressed.root.locator(".files").count() == 0
    assert not (laid_folder(laid) / "cover" / "cover.html").exists()


def test_the_customers_files_are_made_kept_and_given_out(dressed, laid, place, shots):
    dressed.root.get_by_role("button", name=f"Take away: {HOSTILE}").click()
    dressed.dress()
    dressed.press("Make page, 3D files and films", COVER)
    dressed.page.wait_for_selector(f"{COVER}[aria-busy=true]")
    dressed.page.wait_for_selector(f"{COVER}[aria-busy=false]", timeout=590_000)
    dressed.settle()
    assert dressed.said(COVER).startswith("Made, and kept with the run.")
    names = [one[0] for one in dressed.page.evaluate(
        "() => document.querySelector('.cover-view').screen.get('files')"
    )]  # fmt: skip
    assert names[0] == "cover.html" and {"twill.glb", "twill.webm", "twill.gif"} <= set(names)
    with dressed.page.expect_download() as begun:
        dressed.root.get_by_role("button", name="twill.glb").click()
    assert begun.value.suggested_filename == "twill.glb"
    content = Path(begun.value.path()).read_bytes()
    assert content[:4] == b"glTF" and struct.unpack("<I", content[8:12])[0] == len(content)
    length = struct.unpack("<I", content[12:16])[0]
    assert json.loads(content[20 : 20 + length])["asset"]["version"] == "2.0"
    # the run's records tell of them, the object store has them
    artefacts = place.stores.projects.artefacts("local", laid.id)
    kept = {one.where: one for one in artefacts if one.bucket == "renders"}
    assert {f"cover/{name}" for name in names} == set(kept)
    with place.stores.objects("local").open("renders", kept["cover/twill.glb"].sha256) as file:
        assert file.read() == content
    dressed.root.screenshot(path=shots / "cover-files.png")


def test_in_a_notebook_it_is_the_same_widget_on_the_runs_own_cloth(dressed, laid):
    again = cover_view(laid_folder(laid), "inch")
    try:
        assert isinstance(again, CoverView) and again.units == "inch"
        assert [one["name"] for one in again.worn] == ["Twill"]
        assert again.choices == [{"of": "face", "name": "Twill", "swatch": False}]
    finally:
        again.close()


def test_a_message_that_no_page_sends_changes_nothing(dressed):
    before = dressed.page.evaluate("() => document.querySelector('.cover-view').screen.get('worn')")
    for asked in (
        {"do": "file", "name": "../run.json"}, {"do": "file", "name": "shown.npz"},
        {"do": "worn", "at": 7}, {"do": "dress", "form": []}, {"do": "nothing"},
        {"do": "dress", "form": [{"of": "face", "kind": "../x", "colors": []}]},
        {"do": "dress", "form": [{"of": "face", "kind": "plain", "colors": ["url(x)"]}]},
        {"do": "dress", "form": [{"of": "face", "kind": "swatch", "colors": []}]},
    ):  # fmt: skip
        dressed.page.evaluate(
            "(asked) => document.querySelector('.cover-view').screen.ask(asked)", asked
        )
        dressed.settle()
        dressed.page.wait_for_function(
            "() => { const r = document.querySelector('.cover-view');"
            " return r.dataset.asked === r.dataset.answered; }"
        )
        assert dressed.root.locator(".said").get_attribute("data-kind") == "error", asked
    after = dressed.page.evaluate("() => document.querySelector('.cover-view').screen.get('worn')")
    assert after == before


@pytest.mark.parametrize("size", ["desk", "tablet", "phone"])
def test_it_fits_holds_to_wcag_and_opens_with_what_was_shown(
    dressed, see, laid, shots, voila, size
):
    seen = see(f"fabric_quote.ipynb?run={laid.id}", size)
    again = Cover(seen)
    again.drawn("worn 0")
    assert seen.faults() == []
    assert seen.page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0
    assert seen.page.evaluate("() => window.hurt") is None
    assert again.root.locator("img").count() == 0
    assert seen.outside(voila) == []
    again.root.screenshot(path=shots / f"cover-view-{size}.png")
