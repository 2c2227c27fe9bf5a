"""A job of two cloths: each is seen on its own panels of the new cover."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from laid_run import TWILL, in_a_row, laid_run
from PIL import Image
from quote_page import BOARD, PAGE
from stitchsketch_widgets.cover_state import Picks, form_of
from stitchsketch_widgets.cover_view import CoverView

from stitchsketch_kernel.domain.marker import Fabric
from stitchsketch_kernel.domain.progress import silent
from stitchsketch_kernel.pipeline.dressing import Dress
from stitchsketch_kernel.pipeline.offer import Offer
from stitchsketch_kernel.pipeline.offers import first_offer, keep_offer
from stitchsketch_kernel.upholstery.marker.rolls import Cloth
from stitchsketch_kernel.users.records import ShopFabric

HOSTILE = "<img src=x onerror=window.hurt=1>"
COVER = ".cover-view"
PLAIN = {"of": "face", "kind": "plain", "colors": ["#c01818", "#c01818"], "welt": ""}


def two_cloths(run: Path) -> Offer:
    """The first piece is cut from a cloth of its own, all others from twill."""
    offer = first_offer(run)
    first = offer.pattern.pieces[0].name
    cloths = (Cloth(TWILL), Cloth(replace(TWILL, name=HOSTILE), (first,)))
    offer = replace(offer, chosen=replace(offer.chosen, cloths=cloths))
    markers = tuple(in_a_row(offer.part(k), one.fabric) for k, one in enumerate(cloths))
    return replace(offer, markers=markers)


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    return laid_run(tmp_path_factory.mktemp("two") / "job")


def test_the_other_cloth_lies_on_its_panels(run):
    offer = two_cloths(run)
    picks = Picks(lambda: offer)
    assert picks.others() == [{"name": HOSTILE, "color": "#8a5a44", "swatch": False}]
    looks = picks.looks_of([{**PLAIN, "others": {HOSTILE: "#1830c0"}}])
    shown = Dress(run, looks, 1).go(silent)
    assert shown.worn[0].undressed == ()
    blue = shown.bare.colors[:, 2].astype(int) - shown.bare.colors[:, 0] > 60
    first = next(one for one in shown.worn[0].look.others)
    assert blue.sum() > 500 and first.fabric.name == HOSTILE
    [form] = form_of([one.look for one in shown.worn], ())
    assert form["others"] == {HOSTILE: "#1830c0"}
    with pytest.raises(ValueError, match="red"):
        picks.looks_of([{**PLAIN, "others": {HOSTILE: "red"}}])


def test_a_cloth_of_the_library_with_a_photo_looks_like_that(run, tmp_path):
    offer, photo = two_cloths(run), tmp_path / "photo.jpg"
    shop = ShopFabric("local", Fabric(HOSTILE, 1500.0, 1470.0), swatch_sha256="1" * 64)
    picks = Picks(lambda: offer, [shop], {"1" * 64: photo}.__getitem__)
    assert picks.others()[0]["swatch"]
    [look] = picks.looks_of([PLAIN])
    assert (look.others[0].folder / look.others[0].look.swatch) == photo


def test_what_moves_on_the_other_cloth_makes_the_picture_stale(run):
    offers = [two_cloths(run)]
    picks = Picks(lambda: offers[0])
    Dress(run, picks.looks_of([PLAIN]), 1).go(silent)
    view = CoverView(run, picks)
    try:
        assert not view.stale
        other = offers[0].markers[1]
        moved = (replace(other.placements[0], x_mm=777.0), *other.placements[1:])
        offers[0] = offers[0].with_marker(1, replace(other, placements=moved))
        view.follow()
        assert view.stale
    finally:
        view.close()


def test_its_colour_is_chosen_on_the_page(see, laid, shots, voila):
    folder, identity = Path(laid.folder), "a" * 32
    keep_offer(folder, identity, two_cloths(folder))
    seen = see(f"fabric_quote.ipynb?run={laid.id}&quote={identity}")
    page = seen.page
    for place in (f"{PAGE} .field", f"{BOARD} .pick", f"{COVER}[data-drawn]"):
        page.wait_for_selector(place)
    root = page.locator(COVER)
    root.get_by_label(f"Colour of {HOSTILE}").fill("#1830c0")
    root.get_by_role("button", name="Show on the furniture", exact=True).click()
    page.wait_for_selector(f"{COVER}[aria-busy=true]")
    page.wait_for_selector(f"{COVER}[aria-busy=false]", timeout=300_000)
    page.wait_for_function("() => document.querySelector('.cover-view').dataset.drawn === 'worn 0'")
    page.wait_for_timeout(600)
    shot = root.locator("canvas").screenshot(path=shots / "cover-two-cloths.png")
    picture = np.asarray(Image.open(io.BytesIO(shot)).convert("RGB")).astype(int)
    blue = picture[..., 2] - picture[..., :2].max(axis=2) > 60
    assert blue.mean() > 0.01
    assert "left out" not in root.inner_text()
    assert page.evaluate("() => window.hurt") is None
    assert seen.outside(voila) == []
    assert seen.faults() == []
