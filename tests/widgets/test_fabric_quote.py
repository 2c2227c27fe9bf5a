"""Fabric and quote in a real browser: cloth chosen, laid, moved by hand, priced and downloaded."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import ezdxf
import numpy as np
import pypdfium2
import pytest
from laid_run import laid_run, unsewable
from stitchsketch_widgets.fabric_quote import FabricQuote
from stitchsketch_widgets.marker_view import MarkerView
from stitchsketch_widgets.texts import text

from stitchsketch_kernel.domain.marker import Fabric, MatchLevel, Zone
from stitchsketch_kernel.domain.piece import Pattern
from stitchsketch_kernel.pipeline.artefacts import read_value, write_value
from stitchsketch_kernel.pipeline.choices import read_choices
from stitchsketch_kernel.pipeline.offers import first_offer, read_offer
from stitchsketch_kernel.users.records import ShopFabric

DAMASK = Fabric("Damask Rosa", 1400.0, 1370.0, True, 42.0, "EUR", 343.0, 300.0)
PAGE = ".fabric-quote"
MM_PER_POINT = 25.4 / 72


class Quote:
    """A page with the app, as a person uses it."""

    def __init__(self, seen) -> None:
        self.seen, self.page = seen, seen.page
        self.page.wait_for_selector(f"{PAGE} .field")
        self.page.wait_for_selector(".marker-view .pick")
        self.page.wait_for_timeout(300)

    def settle(self, which: str = "") -> None:
        """All that was asked is answered and shown."""
        for place in (PAGE, ".marker-view"):
            self.page.wait_for_function(
                "(place) => { const r = document.querySelector(place);"
                " return (r.dataset.asked ?? '0') === r.dataset.answered; }",
                arg=place,
            )
        self.page.wait_for_timeout(60)

    def wait(self, place: str = PAGE) -> None:
        """What is at work is done."""
        self.page.wait_for_selector(f"{place}[aria-busy=true]")
        self.page.wait_for_selector(f"{place}[aria-busy=false]", timeout=300_000)
        self.settle()

    def press(self, name: str, place: str = PAGE) -> None:
        self.page.locator(place).get_by_role("button", name=name, exact=True).click()

    def said(self, place: str = PAGE) -> str:
        return self.page.locator(f"{place} .said").inner_text()

    def results(self):
        return self.page.evaluate("(p) => document.querySelector(p).page.get('results')", PAGE)

    def marker(self, name: str):
        return self.page.evaluate(
            "(name) => document.querySelector('.marker-view').board.get(name)", name
        )

    def lies(self, key: str) -> tuple[float, float]:
        [one] = [c for c in self.marker("copies") if f"{c['piece']} {c['copy']}" == key]
        return one["x_mm"], one["y_mm"]

    def download(self, name: str) -> bytes:
        with self.page.expect_download() as begun:
            self.press(name)
        return Path(begun.value.path()).read_bytes()

    def compute(self, **choices) -> None:
        for label, value in {"Search for": "1", **choices}.items():
            field = self.page.locator(PAGE).get_by_label(label, exact=True)
            if field.evaluate("(one) => one.tagName") == "SELECT":
                field.select_option(value)
            else:
                field.fill(value)
                field.blur()
        self.press("Compute marker and price")
        self.wait()


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


def test_a_piece_is_moved_by_keys_and_the_price_follows(quoted, laid):
    """By whole repeats where the pattern matches, else by a millimetre; undone again."""
    before = quoted.lies("BOX 0")
    total = quoted.results()["total"]
    quoted.page.locator('.marker-view [data-copy="BOX 0"]').focus()
    for _ in range(6):
        quoted.page.keyboard.press("ArrowRight")
        quoted.settle()
    moved = quoted.lies("BOX 0")
    assert (moved[0] - before[0]) % 343.0 == pytest.approx(0.0, abs=1e-6)
    assert moved[0] - before[0] > 900
    assert quoted.results()["total"] > total
    assert offer_of(quoted.page, laid).markers[0].used_length_mm > 1000
    quoted.page.get_by_label("Move by whole repeats").click()
    quoted.page.locator('.marker-view [data-copy="BOX 0"]').focus()
    quoted.page.keyboard.press("ArrowRight")
    quoted.settle()
    quoted.page.keyboard.press("Shift+ArrowRight")
    quoted.settle()
    assert quoted.lies("BOX 0")[0] - moved[0] == pytest.approx(11.0)
    for _ in range(8):
        quoted.press("Undo", ".marker-view")
        quoted.settle()
    assert quoted.lies("BOX 0") == pytest.approx(before)
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


def test_no_request_leaves_the_host_and_nothing_goes_wrong(quoted, voila):
    assert quoted.seen.outside(voila) == []
    assert quoted.seen.wrong == []


def test_an_address_that_names_no_quote_says_so(see, laid):
    seen = see(f"fabric_quote.ipynb?run={laid.id}&quote=..%2F..%2Frun")
    notice = seen.page.wait_for_selector(".stitchsketch[role=alert]")
    assert "no such quote" in notice.inner_text()


# -- what needs no browser


@pytest.fixture
def screen(tmp_path):
    """The app's Python side on a run whose pieces don't sew together."""
    folder = laid_run(tmp_path / "job")
    path = folder / "stages" / "07_flatten" / "pattern.npz"
    write_value(path, unsewable(read_value(path, Pattern)))
    offer = first_offer(folder)
    view = MarkerView(offer.part(0), None, offer.chosen.nest)
    form = FabricQuote(folder, "a" * 32, offer, view)
    sent = []
    form.send = lambda content, buffers=None: sent.append((content, buffers))
    yield SimpleNamespace(form=form, view=view, sent=sent, folder=folder)
    form.close()
    view.close()


def ask(widget, **what):
    widget._on_message(widget, {**what, "number": widget.answered + 1}, [])


def test_what_does_not_sew_is_given_out_only_with_a_persons_reason(screen):
    form = screen.form
    assert form.results["faults"]
    ask(form, do="file", name="pattern.dxf")
    assert form.message["kind"] == "error"
    assert "say why" in form.message["text"]
    assert screen.sent == []
    ask(form, do="override", reason="  ")
    ask(form, do="file", name="pattern.dxf")
    assert screen.sent == []
    ask(form, do="override", reason="gathered by hand")
    ask(form, do="file", name="pattern.dxf")
    [(content, [data])] = screen.sent
    assert content == {"file": "cushion-pattern.dxf"}
    assert b"gathered by hand" in data
    ask(form, do="override", reason="")
    ask(form, do="file", name="pattern.dxf")
    assert len(screen.sent) == 1


@pytest.mark.parametrize(
    "message",
    [
        {"do": "file", "name": "../run.json"}, {"do": "compute", "form": {}}, {"do": "show"},
        {"do": "show", "cloth": 7}, {"do": "steal"}, {}, [], "x", {"do": "override"},
    ],
)  # fmt: skip
def test_a_message_that_makes_no_sense_changes_nothing(screen, message):
    before = screen.form.offer
    screen.form._on_message(screen.form, message, [])
    assert screen.form.message["kind"] == "error"
    assert screen.form.offer is before
    assert screen.sent == []


@pytest.mark.parametrize(
    "message",
    [
        {"do": "move", "piece": "CUSH", "copy": 0, "x_mm": "NaN", "y_mm": 0},
        {"do": "move", "piece": "NONE", "copy": 0, "x_mm": 0, "y_mm": 0},
        {"do": "pin", "pinned": [["CUSH", 3]]}, {"do": "nest", "seconds": 0}, {"do": "turn"},
    ],
)  # fmt: skip
def test_a_move_that_makes_no_sense_changes_no_marker(screen, message):
    before = screen.view.marker
    screen.view._on_message(screen.view, {**message, "number": 1}, [])
    assert screen.view.message["kind"] == "error"
    assert screen.view.marker is before


def test_defects_of_the_roll_are_kept_clear(screen):
    form = dict(screen.form.form)
    form["cloths"] = [{**form["cloths"][0], "defects": [[100.0, 200.0, 0.0, 40.0]]}]
    ask(screen.form, do="compute", form=form)
    assert screen.form.message["text"].startswith(text("offer.bad_defect"))
    chosen = screen.form._chosen(
        {**form, "cloths": [{**form["cloths"][0], "defects": [[100.0, 200.0, 30.0, 40.0]]}]}
    )
    assert chosen.cloths[0].zones == (Zone(100.0, 200.0, 30.0, 40.0),)
