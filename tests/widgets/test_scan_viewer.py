"""A person looks at a scan, measures it and crops it: in a real browser, served by Voilà."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from PIL import Image
from stitchsketch_widgets.pages.scan import scan_viewer
from stitchsketch_widgets.scan_state import Dressing, TexturedPart
from stitchsketch_widgets.scan_viewer import ScanViewer

from stitchsketch_kernel.domain.errors import MeshError, SettingsError
from stitchsketch_kernel.domain.model import Mesh, Region, Scale, SparseModel
from stitchsketch_kernel.domain.photo import Camera, View
from stitchsketch_kernel.domain.sureness import ScanErrors
from stitchsketch_kernel.pipeline.looking import BOX, SeenScan, keep_box, kept_box
from stitchsketch_kernel.pipeline.starting import asked_again
from stitchsketch_kernel.pipeline.tracking import KeptAs
from stitchsketch_kernel.samples.crowned import BAND_M, CROWN_M, HALF_M, LIFT_M, crowned_cushion

TOP = LIFT_M + BAND_M + CROWN_M
VIEWER = "document.querySelector('.scan-viewer')?.screen"


class Page:
    """The viewer on a page, as a person uses it."""

    def __init__(self, seen) -> None:
        self.seen, self.page = seen, seen.page
        self.page.wait_for_function(
            f"() => {VIEWER}?.levels?.geometries.every((one) => one !== null)"
        )
        self.settle()

    def js(self, what: str, value=None):
        return self.page.evaluate(f"(value) => {VIEWER}.{what}", value)

    def settle(self) -> None:
        self.page.wait_for_function(f"() => {VIEWER}.asked === {VIEWER}.get('answered')")
        self.page.wait_for_timeout(50)

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()
        self.settle()

    def pixel(self, place) -> tuple[float, float]:
        at, box = self.js("scene.pixel(value)", place), self.page.locator("canvas").bounding_box()
        return box["x"] + at["x"], box["y"] + at["y"]

    def click(self, place) -> None:
        self.page.mouse.click(*self.pixel(place))
        self.settle()

    def answer(self) -> str:
        return self.page.locator(".answer").inner_text()


@pytest.fixture(scope="module")
def viewer(see, place) -> Page:
    return Page(see(f"scan.ipynb?run={place.run.id}"))


def test_a_length_is_measured_between_two_clicks_in_mm_and_inches(viewer, shots, renew_help):
    """Over the dome from side to side: its arc is longer than the straight way through it."""
    viewer.press("Top")
    viewer.press("Measure")
    assert "Click the first place" in viewer.answer()
    for x in (-0.2, 0.2):
        viewer.click([x, 0.0, TOP - 0.01])
    straight, along = (viewer.js(f"get('measured').{name}_mm") for name in ("straight", "along"))
    assert 385 < straight < along - 1 < 415
    mm, inches = re.search(r"Straight: (\d+) mm ± .* mm \((\d+)", viewer.answer()).groups()
    assert (abs(int(mm) - straight) <= 0.5, int(inches)) == (True, int(straight / 25.4))
    sure = viewer.js("get('measured').straight_sure_mm")
    assert 0.002 * straight <= sure < 3
    viewer.page.screenshot(path=shots / "scan-viewer-desk.png", full_page=True)
    renew_help(viewer.page, "scan")
    viewer.click([0.0, 0.0, TOP])
    assert "second place" in viewer.answer()
    viewer.press("Clear")
    assert viewer.js("get('points')") == []


def test_it_is_measured_by_keys_alone(viewer):
    viewer.press("Top")
    viewer.press("Measure")
    viewer.page.locator("canvas").focus()
    keys = viewer.page.keyboard
    keys.press("Space")
    for _ in range(6):
        keys.press("ArrowRight")
    keys.press("Space")
    viewer.settle()
    assert 20 < viewer.js("get('measured').straight_mm") < 200
    keys.press("Escape")
    viewer.settle()
    assert viewer.js("get('points')") == []
    before = viewer.pixel([0.1, 0, TOP])
    viewer.press("Look")
    viewer.page.locator("canvas").focus()
    keys.press("ArrowLeft")
    viewer.page.wait_for_timeout(100)
    assert np.hypot(*np.subtract(viewer.pixel([0.1, 0, TOP]), before)) > 5


def test_the_piece_is_looked_at_from_four_sides_and_above(viewer):
    seen = []
    for name in ("Side 1", "Side 2", "Side 3", "Side 4", "Top"):
        viewer.press(name)
        seen.append(viewer.js("scene.camera.position.toArray()"))
    apart = [np.linalg.norm(np.subtract(a, b)) for k, a in enumerate(seen) for b in seen[:k]]
    assert min(apart) > 0.5


def test_the_box_is_kept_for_the_next_run(viewer, place):
    viewer.press("Crop box")
    viewer.page.get_by_label("Top", exact=True).last.fill("160")
    assert viewer.js("crop.box[5]") == pytest.approx(0.16)
    viewer.press("Save box")
    assert "Run again takes depth" in viewer.page.locator(".said").inner_text()
    try:
        assert kept_box(place.folder)[5] == pytest.approx(0.16)
        values = asked_again(place.folder, KeptAs("local"))[1].values
        assert values["region.box_m"] == kept_box(place.folder)
        viewer.press("Let the run find it")
        assert asked_again(place.folder, KeptAs("local"))[1].values["region.box_m"] == ()
    finally:
        (place.folder / BOX).unlink()
    assert "region.box_m" not in asked_again(place.folder, KeptAs("local"))[1].values


def test_a_level_too_slow_to_turn_gives_way_to_a_lighter_one(viewer):
    """Two levels of one mesh stand for a fine and a light one; their costs are set."""
    chosen = viewer.page.evaluate(
        f"""() => {{
          const {{ levels }} = {VIEWER};
          // the test before may have left it turning
          clearTimeout(levels.timer); levels.rest();
          const names = ['geometries', 'costs', 'sizes', 'shown'];
          const own = Object.fromEntries(names.map((k) => [k, levels[k]]));
          const one = own.geometries.at(-1);
          Object.assign(levels, {{
            geometries: [one, one, one], costs: [5, 20, 200], sizes: [1, 2, 3], shown: 2,
          }});
          const chosen = [];
          levels.moved(); chosen.push(levels.shown);
          levels.last = 0; let now = 1000;
          for (let k = 0; k < 12; k++) levels.frame(now += 80);
          chosen.push(levels.shown);
          clearTimeout(levels.timer); levels.rest(); chosen.push(levels.shown);
          Object.assign(levels, own); levels.changed();
          return chosen;
        }}"""
    )
    assert chosen == [1, 0, 2]


@pytest.mark.parametrize("width", [390, 820, 1280])
def test_anybody_can_use_it_at_every_width(viewer, shots, width):
    viewer.page.set_viewport_size({"width": width, "height": 900})
    for tool in ("Measure", "Crop box", "Look"):
        viewer.press(tool)
        assert viewer.seen.faults() == [], tool
        wide = viewer.page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0
        viewer.page.screenshot(path=shots / f"scan-viewer-{width}-{tool}.png", full_page=True)


def test_no_request_leaves_the_host_and_nothing_goes_wrong(viewer, voila):
    assert viewer.seen.outside(voila) == []
    assert viewer.seen.wrong == []


def test_a_run_of_another_shop_is_none(see, place):
    seen = see(f"scan.ipynb?run={place.other.id}")
    notice = seen.page.wait_for_selector(".stitchsketch[role=alert]")
    assert "There is no such run in this shop" in notice.inner_text()


# -- without a page


def scan_of(mesh: Mesh, model: SparseModel | None = None, **scale) -> SeenScan:
    kind = Scale("mat", 1.0, 0.2, 0.1, 8) if not scale else Scale(**scale)
    return SeenScan(mesh, kind, ScanErrors(kind.uncertainty_percent), model)


@pytest.fixture(scope="module")
def mesh(built) -> Mesh:
    return crowned_cushion(0.008).mesh


def test_a_mesh_with_corners_that_are_nowhere_is_refused_in_words(mesh):
    vertices = mesh.vertices.copy()
    vertices[3] = np.nan
    with pytest.raises(MeshError, match="corners have no place"):
        ScanViewer(scan_of(Mesh(vertices, mesh.faces)))


def test_a_large_cloud_is_thinned_and_what_is_nowhere_left_out_and_both_are_said(mesh):
    points = np.random.default_rng(0).random((450_000, 3))
    points[:7] = np.inf
    view = View("a", Camera(640, 480, 500, 500, 320, 240), np.eye(3), np.zeros(3))
    model = SparseModel((view,), points, np.zeros((len(points), 3), np.uint8), ())
    viewer = ScanViewer(scan_of(mesh, model))
    assert len(viewer.cloud) == 400_000 * 12
    assert len(viewer.cameras) == 5 * 12
    assert len(viewer.notes) == 2
    assert any("7 of 450000" in note for note in viewer.notes)


def test_without_a_scale_lengths_are_not_told(mesh):
    viewer = ScanViewer(scan_of(mesh, method="none", metres_per_unit=1.0, residual_mm=0.0,
                                uncertainty_percent=float("nan"), references=0))  # fmt: skip
    assert not viewer.metric
    for x in (-0.1, 0.1):
        ask(viewer, do="point", origin=[x, 0, 1], direction=[0, 0, -1])
    assert viewer.measured["straight_sure_mm"] is None


def ask(viewer: ScanViewer, **message) -> list:
    sent = []
    viewer.send = lambda content, buffers: sent.append((content, buffers))
    viewer._on_message(viewer, {"number": 1, **message}, [])
    return sent


def test_levels_and_dressings_go_to_the_page_as_bytes(mesh):
    picture = io.BytesIO()
    Image.new("RGB", (4, 4), "red").save(picture, "PNG")
    part = TexturedPart(mesh.vertices, mesh.faces, mesh.vertices[:, :2], picture.getvalue())
    viewer = ScanViewer(scan_of(mesh), dressings=[Dressing("New cover", [part])])
    assert viewer.dressings == ["New cover"]
    [(content, buffers)] = ask(viewer, do="level", at=0)
    assert (content, len(buffers[1])) == ({"level": 0}, 12 * len(mesh.faces))
    [(content, buffers)] = ask(viewer, do="dressing", at=0)
    assert content == {"dressing": 0, "parts": 1}
    assert [len(one) for one in buffers[:3]] == [
        12 * len(mesh.vertices), 12 * len(mesh.faces), 8 * len(mesh.vertices)
    ]  # fmt: skip


@pytest.mark.parametrize("message", [{}, {"do": "level", "at": 9}, {"do": "fly"},
                                     {"do": "point", "origin": [1], "direction": "x"}])  # fmt: skip
def test_what_is_not_understood_changes_nothing(mesh, message):
    viewer = ScanViewer(scan_of(mesh))
    assert ask(viewer, **message) == []
    assert viewer.message["kind"] == "error"
    assert viewer.points == []


def test_a_box_that_is_none_is_refused(tmp_path, place):
    low = np.zeros(3)
    for high in ([0.5, 0.5, 0.001], [0.5, np.nan, 0.5], [-1, 1, 1]):
        with pytest.raises(SettingsError, match="at least 20 mm"):
            keep_box(tmp_path, Region(low, np.array(high)))
    (tmp_path / BOX).write_text('{"box_m": [1, 2]}')
    with pytest.raises(SettingsError, match="holds no box"):
        kept_box(tmp_path)


def test_it_opens_from_a_notebook_too(built, place):
    viewer = scan_viewer(place.folder, "inch")
    assert (viewer.title, viewer.units) == ("Scan: cushion", "inch")
    assert np.allclose(np.ptp([viewer.low[:2], viewer.high[:2]], axis=0), 2 * HALF_M, atol=0.004)
