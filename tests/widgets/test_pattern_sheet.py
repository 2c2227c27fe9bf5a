"""The pattern sheet in a real browser: sizes and ±, grain turned by hand and keys, seams' sides."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from stitchsketch_kernel.pipeline.correcting import CORRECTIONS
from stitchsketch_kernel.pipeline.sheet import open_sheet
from stitchsketch_kernel.upholstery.seams.edits import read_edits


class Sheet:
    """A page with the sheet, as a person uses it."""

    def __init__(self, seen) -> None:
        self.seen, self.page = seen, seen.page
        self.page.wait_for_selector(".pattern-sheet .pick")
        self.page.wait_for_timeout(300)

    def settle(self) -> None:
        """All that was asked is answered and shown."""
        self.page.wait_for_function(
            "() => { const r = document.querySelector('.pattern-sheet');"
            " return (r.dataset.asked ?? '0') === r.dataset.answered; }",
        )
        self.page.wait_for_timeout(30)

    def get(self, name: str):
        return self.page.evaluate(
            "(name) => document.querySelector('.pattern-sheet').screen.get(name)", name
        )

    def pick(self, name: str) -> None:
        # the seam editor above has a list of the same names
        self.page.locator(".pattern-sheet .pick", has_text=name).first.click()
        self.settle()

    def knob(self, degrees: float, name: str = "CUSH") -> tuple[float, float]:
        """The pixel where the end of the grain arrow is at a turn."""
        at = self.page.evaluate(
            "([name, turn]) => { const s = document.querySelector('.pattern-sheet').screen;"
            " const { at, half } = s.grain.middle(name); const a = turn * Math.PI / 180;"
            " return s.plane.pixel([at[0] - half * Math.sin(a), at[1] + half * Math.cos(a)]); }",
            [name, degrees],
        )
        return at["x"], at["y"]

    def drag(self, begin: float, end: float) -> None:
        self.page.mouse.move(*self.knob(begin))
        self.page.mouse.down()
        self.page.mouse.move(*self.knob(begin + 0.6 * (end - begin)), steps=2)
        self.page.mouse.move(*self.knob(end), steps=2)
        self.page.mouse.up()
        self.settle()


@pytest.fixture(scope="module")
def opened(see, laid) -> Sheet:
    sheet = Sheet(see(f"pattern.ipynb?run={laid.id}"))
    sheet.page.locator(".pattern-sheet .board").scroll_into_view_if_needed()
    return sheet


@pytest.fixture
def sheet(opened) -> Sheet:
    opened.page.set_viewport_size({"width": 1280, "height": 900})
    opened.page.locator(".pattern-sheet .board").scroll_into_view_if_needed()
    opened.pick("CUSH")
    opened.page.get_by_role("button", name="0°", exact=True).click()
    opened.settle()
    return opened


def folder(laid) -> Path:
    return Path(laid.folder)


def test_every_piece_is_there_with_its_sizes_and_how_sure_they_are(sheet, laid):
    pattern = open_sheet(folder(laid)).pattern
    shown = sheet.page.locator(".pattern-sheet [data-piece]")
    assert shown.count() == len(pattern.pieces)
    wide, tall = np.ptp(pattern.piece("CUSH").sew_line_mm, axis=0)
    card = sheet.page.locator(".pattern-sheet .one").inner_text()
    assert f"sewn {wide:.0f} mm across, {tall:.0f} mm along the grain" in card
    assert "within ± 1.8 mm" in card
    assert shown.first.locator("image").count() == 1
    assert sheet.page.locator(".legend li").all_inner_texts()[0].strip() == "0 %"
    sheet.page.get_by_label("Show strain").click()
    assert shown.first.locator("image").count() == 0
    sheet.page.get_by_label("Show strain").click()


def test_a_seam_shows_both_its_sides_and_what_the_gate_says(sheet, laid):
    seams = sheet.get("seams")
    seam = next(one for one in seams if one["b"] is not None)
    sheet.page.locator(".pattern-sheet .pick", has_text=seam["id"]).click()
    card = sheet.page.locator(".seam-one").inner_text()
    for word in (seam["a"], seam["b"], f"{seam['length_a_mm']:.1f} mm"):
        assert word in card
    assert "The gate: sews together." in card
    assert "Notches meet within" in card
    drawn = [
        sheet.page.locator(f".seam-side.side-{side}").evaluate("(one) => one.getTotalLength()")
        for side in (0, 1)
    ]
    assert drawn == pytest.approx([seam["length_a_mm"], seam["length_b_mm"]], abs=1.0)


def test_an_edge_that_is_clicked_chooses_its_seam(sheet):
    at = sheet.page.evaluate(
        "() => { const s = document.querySelector('.pattern-sheet').screen;"
        " const piece = s.get('pieces')[0]; const { line, seam } = piece.edges[0];"
        " const [x, y] = line[Math.floor(line.length / 2)]; const [dx, dy] = s.places[0];"
        " s.chooseSeam(''); return { seam, ...s.plane.pixel([x + dx, y + dy]) }; }"
    )
    sheet.page.mouse.click(at["x"], at["y"])
    assert at["seam"] in sheet.page.locator(".seam-one h3").inner_text()


def test_the_grain_is_dragged_and_snaps_to_an_eighth_of_a_turn(sheet):
    sheet.drag(0, 88)
    assert sheet.get("turned") == {"CUSH": 90}
    sheet.drag(90, 47)
    assert sheet.get("turned") == {"CUSH": 45}
    sheet.drag(45, 22)
    assert sheet.get("turned")["CUSH"] == pytest.approx(22, abs=1)


def test_the_grain_is_turned_by_keys_in_whole_degrees(sheet):
    slider = sheet.page.get_by_role("slider", name="Grain of CUSH")
    slider.focus()
    for key in ("ArrowLeft", "ArrowLeft", "ArrowRight", "PageUp"):
        sheet.page.keyboard.press(key)
        sheet.settle()
    assert sheet.get("turned") == {"CUSH": 16}
    assert slider.get_attribute("aria-valuenow") == "16"
    sheet.page.keyboard.press("Home")
    sheet.settle()
    assert sheet.get("turned") == {}
    field = sheet.page.get_by_label("Grain turned by")
    field.fill("-33")
    field.press("Enter")
    sheet.settle()
    assert sheet.get("turned") == {"CUSH": -33}


def test_a_turned_grain_is_what_the_next_run_takes(sheet, laid, see, shots):
    sheet.drag(0, 90)
    sheet.page.get_by_role("button", name="Save grain").click()
    sheet.settle()
    said = sheet.page.locator(".pattern-sheet .said").inner_text()
    assert said.startswith("Saved. The next run cuts them so")
    [(name, _)] = read_edits(folder(laid) / CORRECTIONS).grains
    assert name == "CUSH"
    assert open_sheet(folder(laid)).turned_deg == pytest.approx({"CUSH": 90.0})
    sheet.page.screenshot(path=shots / "pattern-sheet-desk.png")
    # what the seam editor above saves later keeps it
    sheet.page.evaluate(
        "() => document.querySelector('.seam-editor').screen.ask({ do: 'rename', old: 'BOX',"
        " new: 'BAND' })"
    )
    sheet.page.locator(".seam-editor").get_by_role("button", name="Save", exact=True).click()
    sheet.page.locator(".seam-editor .said", has_text="Saved.").wait_for()
    assert [one for one, _ in read_edits(folder(laid) / CORRECTIONS).grains] == ["CUSH"]
    # a piece whose panel is called otherwise now can't be turned
    sheet.pick("BOX")
    sheet.page.get_by_role("button", name="90°", exact=True).click()
    sheet.page.get_by_role("button", name="Save grain").click()
    sheet.settle()
    assert "The panels have changed" in sheet.page.locator(".pattern-sheet .said").inner_text()
    (folder(laid) / CORRECTIONS).unlink()


def test_the_drawing_is_moved_and_zoomed_by_mouse_and_keys(sheet):
    view = "() => ({ ...document.querySelector('.pattern-sheet').screen.plane.view })"
    page = sheet.page
    page.locator(".pattern-sheet").get_by_role("button", name="Whole").click()
    whole = page.evaluate(view)
    box = page.locator(".pattern-sheet .board").bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.wheel(0, -120)
    page.wait_for_timeout(100)
    near = page.evaluate(view)
    assert near["w"] < 0.9 * whole["w"]
    page.mouse.down()
    page.mouse.move(box["x"] + 120, box["y"] + 20, steps=3)
    page.mouse.up()
    assert page.evaluate(view)["x"] < near["x"]
    page.locator(".pattern-sheet .plane").focus()
    for key in ("-", "ArrowRight", "0"):
        page.keyboard.press(key)
    assert page.evaluate(view) == pytest.approx(whole)


def test_anybody_can_use_it(sheet):
    """WCAG 2.2 AA by axe, with a piece and a seam chosen and a grain turned."""
    sheet.page.locator(".pattern-sheet .pick", has_text="S01").first.click()
    sheet.page.get_by_role("button", name="45°", exact=True).click()
    sheet.settle()
    assert sheet.seen.faults() == []


@pytest.mark.parametrize(("width", "height"), [(390, 844), (820, 1180), (1280, 900)])
def test_nothing_is_wider_than_the_screen(sheet, width, height, shots):
    sheet.page.set_viewport_size({"width": width, "height": height})
    sheet.page.wait_for_timeout(200)
    wide = sheet.page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0
    sheet.page.locator(".pattern-sheet .board").scroll_into_view_if_needed()
    sheet.page.screenshot(path=shots / f"pattern-sheet-{width}.png")


def test_no_request_leaves_the_host_and_nothing_goes_wrong(sheet, voila):
    assert sheet.seen.outside(voila) == []
    assert sheet.seen.wrong == []
