"""The marker view in a real browser: pieces moved, refused, pinned, nested again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from laid_run import in_a_row
from quote_page import Quote
from stitchsketch_widgets.texts import text

from stitchsketch_kernel.domain.marker import Fabric, MatchLevel
from stitchsketch_kernel.pipeline.offers import first_offer, keep_offer, read_offer
from stitchsketch_kernel.upholstery.marker.check import make_marker
from stitchsketch_kernel.upholstery.marker.rolls import Cloth

DAMASK = Fabric("Damask Rosa", 1400.0, 1370.0, True, 42.0, "EUR", 343.0, 300.0)
IDENTITY = "c0ffee" * 5 + "00"


@pytest.fixture(scope="module")
def quoted(see, laid) -> Quote:
    """An offer on a cloth with nap and repeat, as it was kept; no search has made its marker."""
    folder = Path(laid.folder)
    offer = first_offer(folder)
    row = in_a_row(offer.pattern, DAMASK)
    marker = make_marker(offer.pattern, DAMASK, row.placements, 5.0, MatchLevel.VISIBLE)
    chosen = replace(
        offer.chosen,
        cloths=(Cloth(DAMASK),),
        nest=replace(offer.chosen.nest, match="visible_seams"),
    )
    keep_offer(folder, IDENTITY, replace(offer, chosen=chosen, markers=(marker,)))
    return Quote(see(f"fabric_quote.ipynb?run={laid.id}&quote={IDENTITY}"))


def test_a_piece_is_moved_by_keys_and_the_price_follows(quoted, laid):
    """By whole repeats where the pattern matches, else by a millimetre; undone again."""
    before = quoted.lies("BOX-2 0")
    total = quoted.results()["total"]
    quoted.page.locator('.marker-view [data-copy="BOX-2 0"]').focus()
    for _ in range(6):
        quoted.page.keyboard.press("ArrowRight")
        quoted.settle()
    moved = quoted.lies("BOX-2 0")
    assert (moved[0] - before[0]) % 343.0 == pytest.approx(0.0, abs=1e-6)
    assert moved[0] - before[0] > 900
    assert quoted.results()["total"] > total
    assert read_offer(Path(laid.folder), IDENTITY).markers[0].used_length_mm > 1000
    quoted.page.get_by_label("Move by whole repeats").click()
    quoted.page.locator('.marker-view [data-copy="BOX-2 0"]').focus()
    quoted.page.keyboard.press("ArrowRight")
    quoted.settle()
    quoted.page.keyboard.press("Shift+ArrowRight")
    quoted.settle()
    assert quoted.lies("BOX-2 0")[0] - moved[0] == pytest.approx(11.0)
    for _ in range(8):
        quoted.press("Undo", ".marker-view")
        quoted.settle()
    assert quoted.lies("BOX-2 0") == pytest.approx(before)
    assert quoted.results()["total"] == total
    quoted.page.get_by_label("Move by whole repeats").click()


def test_a_piece_dropped_on_another_goes_back_and_it_is_said_why(quoted, shots):
    page = quoted.page
    page.get_by_label("Move by whole repeats").click()
    page.locator(".marker-view .board").scroll_into_view_if_needed()
    boxes = {
        key: page.locator(f'.marker-view [data-copy="{key}"] .cut').bounding_box()
        for key in ("BOX 0", "CUSH 0")
    }
    at, to = ((one["x"] + one["width"] / 2, one["y"] + one["height"] / 2) for one in boxes.values())
    before = quoted.lies("BOX 0")
    page.mouse.move(*at)
    page.mouse.down()
    # along the roll alone: it is nearly as long as the roll is wide
    page.mouse.move(to[0], at[1], steps=4)
    page.locator(".marker-view .copy.refused").wait_for()
    assert quoted.said(".marker-view").startswith("BOX would lie on ")
    page.screenshot(path=shots / "marker-view-refused.png")
    page.mouse.up()
    quoted.settle()
    said = quoted.said(".marker-view")
    assert said.startswith("BOX would lie on ")
    assert page.locator(".marker-view .no").count() == 1
    assert quoted.lies("BOX 0") == before
    page.get_by_label("Move by whole repeats").click()


def test_what_is_pinned_stays_when_it_is_nested_again_and_can_be_stopped(quoted):
    page = quoted.page
    page.locator('.marker-view [data-key="pin CUSH 0"]').click()
    quoted.settle()
    page.locator('.marker-view [data-copy="CUSH 0"]').focus()
    before = quoted.lies("CUSH 0")
    page.keyboard.press("ArrowRight")
    assert "pinned" in quoted.said(".marker-view")
    seconds = page.locator(".marker-view").get_by_label("Seconds")
    seconds.fill("300")
    quoted.press("Nest again", ".marker-view")
    page.wait_for_selector(".marker-view[aria-busy=true]")
    # the page answers while it is at work
    page.locator(".marker-view .pick", has_text="BOX-2").click()
    quoted.press("Stop", ".marker-view")
    page.wait_for_selector(".marker-view[aria-busy=false]")
    assert quoted.said(".marker-view").startswith("Stopped.")
    seconds.fill("1")
    quoted.press("Nest again", ".marker-view")
    quoted.wait(".marker-view")
    assert quoted.said(".marker-view") == text("marker.nested")
    assert quoted.lies("CUSH 0") == before
    quoted.press("Unpin all", ".marker-view")
    quoted.settle()


def test_a_cloth_with_a_nap_turns_no_piece(quoted):
    quoted.page.locator(".marker-view .pick", has_text="BOX-2").click()
    quoted.press("Turn by 180°", ".marker-view")
    quoted.settle()
    assert "Damask Rosa has a nap" in quoted.said(".marker-view")
