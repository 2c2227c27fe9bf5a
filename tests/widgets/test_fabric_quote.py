"""Fabric and quote in a real browser: cloth chosen, laid, moved by hand, priced and downloaded."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import ezdxf
import numpy as np
import pypdfium2
import pytest
from quote_page import PAGE, Quote
from stitchsketch_widgets.texts import text

from stitchsketch_kernel.domain.marker import Fabric, MatchLevel
from stitchsketch_kernel.pipeline.choices import read_choices
from stitchsketch_kernel.pipeline.offers import read_offer
from stitchsketch_kernel.users.records import ShopFabric

DAMASK = Fabric("Damask Rosa", 1400.0, 1370.0, True, 42.0, "EUR", 343.0, 300.0)
MM_PER_POINT = 25.4 / 72


@pytest.fixture(scope="module")
def opened(see, laid, place) -> Quote:
    place.stores.users.keep_fabric(ShopFabric("local", DAMASK, supplier="Weaver"))
    place.stores.users.keep_fabric(ShopFabric("other", replace(DAMASK, name="Theirs")))
    return Quote(see(f"fabric_quote.ipynb?run={laid.id}"))


@pytest.fixture(scope="module")
def quoted(opened) -> Quote:
    """A cloth of the library, its pattern matched at seams that are seen."""
    page = opened.page
    page.get_by_label("From the shop's fabrics").select_option("Damask Rosa · 1 400 mm · Weaver")
    opened.compute(
        **{"Match the pattern": "visible_seams", "Customer": "Ann Smith"},
        **{"Labour an hour, EUR": "60"},
    )
    return opened


def offer_of(page, laid):
    [identity] = re.findall(r"quote=([0-9a-f]{32})", page.url)
    return read_offer(Path(laid.folder), identity)


def test_the_runs_own_marker_and_price_are_there_at_once(opened):
    page = opened.page
    assert "0.92 m" in page.locator(".marker-view .sum").inner_text()
    assert "Twill" in page.locator(PAGE).inner_text()
    assert opened.results()["total"] == 20.0
    options = page.get_by_label("From the shop's fabrics").locator("option").all_inner_texts()
    assert options == ["As typed below", "Damask Rosa · 1 400 mm · Weaver"]


def test_what_each_match_level_costs_stands_beside_the_trades_table(quoted, laid, shots):
    levels = {one["level"]: one for one in quoted.results()["levels"]}
    assert set(levels) == {level.value for level in MatchLevel}
    plain, seen = levels["none"], levels["visible_seams"]
    assert seen["chosen"]
    assert seen["more_mm"] == pytest.approx(seen["used_mm"] - plain["used_mm"])
    assert seen["table_percent"] == 20.0
    offer = offer_of(quoted.page, laid)
    [marker] = offer.markers
    assert marker.match is MatchLevel.VISIBLE
    assert marker.used_length_mm == pytest.approx(seen["used_mm"])
    assert replace(marker.fabric, name=DAMASK.name) == DAMASK
    row = quoted.page.get_by_role("row", name="Visible seams ✓").inner_text()
    assert "+20 %" in row
    assert f"{seen['matched']}/{seen['asked']}" in row
    price = offer.quote()
    assert f"{price.total:.2f} EUR" in quoted.page.get_by_role("row", name="Total").inner_text()
    assert price.labour_cost > 0
    quoted.page.evaluate("scrollTo(0, 0)")
    quoted.page.screenshot(path=shots / "fabric-quote-desk.png")


def test_downloads_have_the_right_sizes(quoted, laid):
    offer = offer_of(quoted.page, laid)
    [marker] = offer.markers
    with pypdfium2.PdfDocument(quoted.download("Quote, PDF to sign")) as document:
        words = "".join(one.get_textpage().get_text_range() for one in document)
    for word in ("Ann Smith", "Damask Rosa", "Agreed (signature)", f"{offer.quote().total:.2f}"):
        assert word in words
    with pypdfium2.PdfDocument(quoted.download("Marker, PDF full size")) as document:
        sides = [MM_PER_POINT * side for side in document[0].get_size()]
    assert sides[0] - marker.used_length_mm == pytest.approx(25, abs=25)
    assert sides[1] > marker.fabric.usable_width_mm
    dxf = ezdxf.read(io.StringIO(quoted.download("Pieces, DXF").decode("ascii"), newline=None))
    sizes = [
        np.ptp(np.array([v.dxf.location.vec2 for v in line.vertices], dtype=float), axis=0)
        for block in dxf.blocks
        for line in block.query('POLYLINE[layer=="1"]')
    ]
    for piece in offer.pattern.pieces:
        want = np.ptp(piece.cut_line_mm, axis=0)
        assert any(np.abs(size - want).max() < 0.05 for size in sizes), piece.name
    assert quoted.download("Marker, HPGL for a plotter").startswith(b"IN")
    assert b"CUSH" in quoted.download("Cut list, CSV")


def test_a_quote_is_kept_with_the_project_and_its_paper(quoted, laid, place):
    quoted.press("Keep quote")
    quoted.settle()
    assert quoted.said() == text("offer.kept")
    [kept] = place.stores.projects.quotes("local", laid.id)
    offer = offer_of(quoted.page, laid)
    assert (kept.total_minor, kept.currency) == (round(100 * offer.quote().total), "EUR")
    assert kept.document["cloths"][0]["fabric"]["name"] == "Damask Rosa"
    with place.stores.objects("local").open("patterns", kept.sha256) as file:
        assert file.read(5) == b"%PDF-"
    # the same again is the same quote
    quoted.press("Keep quote")
    quoted.settle()
    assert len(place.stores.projects.quotes("local", laid.id)) == 1


def test_computing_is_stopped_and_nothing_has_changed(quoted):
    before = quoted.results()
    quoted.page.locator(PAGE).get_by_label("Search for").fill("300")
    quoted.page.locator(PAGE).get_by_label("Search for").blur()
    quoted.press("Compute marker and price")
    quoted.page.wait_for_selector(f"{PAGE}[aria-busy=true]")
    quoted.press("Stop")
    quoted.page.wait_for_selector(f"{PAGE}[aria-busy=false]")
    assert quoted.said() == text("offer.stopped")
    assert quoted.results() == before


def test_a_mistake_in_the_form_is_said(quoted):
    page = quoted.page
    page.get_by_label("Repeat along").fill("")
    page.get_by_label("Repeat along").blur()
    quoted.press("Compute marker and price")
    quoted.settle()
    assert quoted.said() == text("offer.bad_number", what="Repeat along")
    page.get_by_label("Repeat along").fill("343")
    page.get_by_label("Repeat along").blur()


def test_the_next_run_takes_the_cloth_where_a_person_wants_it(quoted, laid):
    quoted.press("Use in the next run")
    quoted.settle()
    chosen = read_choices(Path(laid.folder))
    assert (chosen["fabric.name"], chosen["nest.match"]) == ("Damask Rosa", "visible_seams")
    (Path(laid.folder) / "choices.json").unlink()


@pytest.mark.parametrize(("width", "height"), [(390, 844), (820, 1180), (1280, 900)])
def test_anybody_can_use_it_on_any_screen(quoted, width, height, shots):
    """WCAG 2.2 AA by axe; nothing is wider than the screen."""
    page = quoted.page
    page.set_viewport_size({"width": width, "height": height})
    page.locator(".marker-view .pick").first.click()
    page.wait_for_timeout(200)
    assert page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0
    assert quoted.seen.faults() == []
    page.screenshot(path=shots / f"marker-view-{width}.png")
    page.locator(f"{PAGE} h1").scroll_into_view_if_needed()
    page.screenshot(path=shots / f"fabric-quote-{width}.png")
    page.set_viewport_size({"width": 1280, "height": 900})


def test_a_reload_opens_the_same_offer_in_inches_too(quoted, laid, see):
    address = quoted.page.url.partition("render/")[2]
    again = Quote(see(f"{address}&units=inch", "phone"))
    total = quoted.results()["total"]
    assert again.results()["total"] == total
    assert again.page.get_by_label("Width", exact=True).first.input_value() == "55.118"
    assert " yd" in again.page.locator(".marker-view .length").inner_text()
    assert again.seen.faults() == []


def test_several_cloths_are_laid_each_with_its_own_pieces(opened, quoted, laid):
    page = quoted.page
    quoted.press("Add a cloth")
    page.locator(PAGE).get_by_label("BOX-2", exact=True).check()
    page.locator(PAGE).get_by_label("Price a metre").fill("5")
    page.locator(PAGE).get_by_label("Price a metre").blur()
    page.locator(PAGE).get_by_label("Tell what each match level costs").uncheck()
    quoted.compute()
    offer = offer_of(page, laid)
    assert [{one.piece for one in m.placements} for m in offer.markers] == [
        {"CUSH", "BOX"},
        {"BOX-2"},
    ]
    page.locator(PAGE).get_by_role("button", name="Welt cloth").click()
    quoted.settle()
    assert [one["piece"] for one in quoted.marker("copies")] == ["BOX-2"]
    assert page.get_by_role("row", name="Welt cloth").count() == 1


def test_what_does_not_fit_on_a_roll_that_ends_is_told(quoted, laid, shots):
    page = quoted.page
    page.locator(PAGE).get_by_role("button", name="Face cloth").click()
    quoted.settle()
    used_mm = quoted.marker("figures")["used_mm"]
    roll_mm = float(round(used_mm - 60.0))
    quoted.compute(**{"Left on the roll (0: bought by length)": f"{roll_mm:g}"})
    figures = quoted.marker("figures")
    assert figures["roll_mm"] == roll_mm and figures["beyond"]
    told = page.locator(".marker-view .sum").inner_text()
    assert f"On the roll of {roll_mm / 1000:.2f} m there is no place for" in told
    assert all(name in told for name in figures["beyond"])
    for one in quoted.marker("copies"):  # none lies across the end
        along = [x for x, _ in one["cut"]]
        assert max(along) <= roll_mm or min(along) >= roll_mm
    assert page.locator(".marker-view .roll-end").count() == 1
    assert offer_of(page, laid).chosen.cloths[0].roll_length_mm == roll_mm
    assert quoted.seen.faults() == []
    page.locator(".marker-view").screenshot(path=shots / "roll-that-ends.png")


def test_no_request_leaves_the_host_and_nothing_goes_wrong(quoted, voila):
    assert quoted.seen.outside(voila) == []
    assert quoted.seen.wrong == []


def test_an_address_that_names_no_quote_says_so(see, laid):
    seen = see(f"fabric_quote.ipynb?run={laid.id}&quote=..%2F..%2Frun")
    notice = seen.page.wait_for_selector(".stitchsketch[role=alert]")
    assert "no such quote" in notice.inner_text()
