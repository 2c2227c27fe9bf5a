"""The wizard of a new scan: what is typed stays, each step has an address, its run is started."""

from __future__ import annotations

import io
import json
import platform
import time

import pytest
from serving import PROVIDER, people, served
from stitchsketch_widgets.notice import Notice
from stitchsketch_widgets.pages.here import Here, here
from stitchsketch_widgets.pages.new_scan import new_scan_page
from stitchsketch_widgets.scan_values import (
    beginning,
    lengths_of,
    sound_values,
)

from stitchsketch_kernel.pipeline.asked import FIRST_LOOK
from stitchsketch_kernel.projects.records import Artefact, Photo, Project, Run, Scan, Status

SIZES = {"desk": (1280, 900), "tablet": (820, 1180), "phone": (390, 844)}


def wait_until(what, seconds=120.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds:.0f} s")


def kept_scan(stores, shop, photos: dict[str, bytes], **project) -> Scan:
    kept = stores.projects.add_project(Project(shop, "Bench", **project))
    scan = stores.projects.add_scan(shop, Scan(kept.id, "Scan 1"))
    for name, data in photos.items():
        stored = stores.objects(shop).put("images", io.BytesIO(data))
        stores.projects.keep_photo(shop, Photo(scan.id, name, stored.sha256, stored.bytes))
    return scan


def fits_and_is_sound(seen, shots, name: str) -> None:
    for size, (width, height) in SIZES.items():
        seen.page.set_viewport_size({"width": width, "height": height})
        seen.page.wait_for_timeout(150)
        assert seen.page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0
        assert seen.faults() == []
        seen.page.screenshot(path=shots / f"new-scan-{name}-{size}.png")
    seen.page.set_viewport_size({"width": 1280, "height": 900})


def reload(seen) -> None:
    """Load the page again; what the old one still said to its kernel is no fault of ours."""
    seen.page.reload()
    seen.wrong.clear()


def test_what_is_typed_stays_and_each_step_has_an_address(see, voila, place, shots):
    seen = see("new_scan.ipynb")
    page = seen.page
    page.get_by_role("button", name="Next").click()
    page.get_by_text("Give the piece a name.").wait_for()
    assert page.evaluate("() => document.activeElement.matches('[aria-invalid=true]')")
    page.get_by_label("Name of the piece").fill("Slipper chair")
    page.get_by_label("Customer").fill("Mrs Nadel")
    fits_and_is_sound(seen, shots, "piece")
    reload(seen)
    page.wait_for_function("() => document.querySelector('form input')?.value === 'Slipper chair'")
    assert page.get_by_label("Customer").input_value() == "Mrs Nadel"
    page.get_by_label("Lengths in").select_option("inch")
    page.get_by_role("button", name="Next").click()
    page.get_by_text("Print the mats at 100 %").wait_for()
    scan = page.url.partition("scan=")[2].partition("&")[0]
    project = place.stores.projects.projects("local")[0]
    assert (project.name, project.customer, project.units) == (
        "Slipper chair", "Mrs Nadel", "inch",
    )  # fmt: skip
    assert [one.id for one in place.stores.projects.scans("local", project.id)] == [scan]
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save the mats").click()
    assert saved.value.path().read_bytes().startswith(b"%PDF")
    fits_and_is_sound(seen, shots, "mats")
    page.get_by_role("button", name="Size and cloth").click()
    page.get_by_label("Width of the cloth (in)").fill("54")
    page.get_by_label("Name of the cloth").fill("Linen")
    page.get_by_label("Seams are marked").select_option("blue")
    page.get_by_label("Width of the tape (in)").wait_for()
    fits_and_is_sound(seen, shots, "size")
    assert page.url.endswith(f"scan={scan}&step=size")
    reload(seen)
    page.wait_for_function(
        "() => [...document.querySelectorAll('input')].some((i) => i.value === '54')"
    )
    assert page.get_by_label("Name of the cloth").input_value() == "Linen"
    page.get_by_label("What a ruler says").fill("7.6")
    page.get_by_role("button", name="Next").click()
    page.get_by_text("The mat was printed at 96").wait_for()
    page.get_by_label("What a ruler says").fill("7.874")
    page.get_by_role("button", name="Next").click()
    page.get_by_text("8 photos are the least").wait_for()
    assert page.get_by_role("button", name="Start the run").is_disabled()
    fits_and_is_sound(seen, shots, "start")
    page.go_back()
    page.get_by_label("Name of the cloth").wait_for()
    kept = page.evaluate("(scan) => localStorage[`stitchsketch-scan--${scan}`]", scan)
    assert json.loads(kept)["width_mm"] == pytest.approx(54 * 25.4)
    assert not {"customer", "name"} & json.loads(kept).keys()
    assert page.evaluate("() => localStorage['stitchsketch-scan--new']") is None
    assert (seen.outside(voila), seen.wrong) == ([], [])


def test_a_run_is_started_watched_and_found_again(see, voila, place, floor_photos, shots):
    scan = kept_scan(place.stores, "local", dict(list(floor_photos.items())[:9]))
    seen = see(f"new_scan.ipynb?scan={scan.id}&step=start")
    page, projects = seen.page, place.stores.projects
    page.get_by_text("Mats are seen in 9 of 9 photos").wait_for()
    page.get_by_label("Only a first look").check()
    page.get_by_text("not for cutting cloth").wait_for()
    fits_and_is_sound(seen, shots, "start")
    page.get_by_role("button", name="Start the run").click()
    page.get_by_text("Stage 1 of").wait_for()
    assert page.url.endswith("step=run")
    (run,) = projects.runs("local", scan.id)
    assert run.folder == str(place.home / "scans" / scan.id / "job")
    assert run.settings.items() >= FIRST_LOOK.items()
    page.get_by_role("button", name="Stop").click()
    page.get_by_text("Stopped by somebody").first.wait_for()
    fits_and_is_sound(seen, shots, "run")
    reload(seen)
    page.get_by_role("button", name="Go on").wait_for()
    names = {path.name for path in (place.home / "scans" / scan.id / "photos").iterdir()}
    assert names == set(list(floor_photos)[:9])
    assert (seen.outside(voila), seen.wrong) == ([], [])
    wait_until(lambda: projects.run("local", run.id).finished)


def test_a_finished_run_leads_to_its_report_and_its_pattern(see, voila, place, shots):
    scan, projects = kept_scan(place.stores, "local", {}), place.stores.projects
    run = projects.start_run("local", Run(scan.id, "/nowhere", host=platform.node()))
    report = b"<h1>All is well</h1><script>document.title = 'script'</script>"
    stored = place.stores.objects("local").put("renders", io.BytesIO(report))
    where = (stored.sha256, stored.bytes, "report.html", "renders")
    projects.add_artefact("local", Artefact(run.id, "report", "html", *where))
    projects.finish_run("local", run.id, Status.COMPLETED)
    seen = see(f"new_scan.ipynb?scan={scan.id}&step=run")
    page = seen.page
    link = page.get_by_role("link", name="Go on to the pattern")
    link.wait_for()
    assert link.get_attribute("href") == f"pattern.ipynb?run={run.id}"
    with page.expect_download() as saved:
        page.get_by_role("button", name="See and save the report").click()
    assert saved.value.path().read_bytes() == report
    frame = page.frame_locator("iframe.paper")
    frame.get_by_role("heading", name="All is well").wait_for()
    assert page.locator("iframe.paper").get_attribute("sandbox") == ""
    seen.wrong.clear()  # the browser says that it ran no script of the report
    fits_and_is_sound(seen, shots, "done")


def test_the_ends_of_a_length_are_marked_by_click_and_by_keys(see, place, floor_photos, shots):
    photos = {name: floor_photos[name] for name in ("demo-01.jpg", "demo-03.jpg")}
    scan = kept_scan(place.stores, "local", photos)
    seen = see(f"new_scan.ipynb?scan={scan.id}&step=mats")
    page = seen.page
    page.get_by_label("By a length that I measure").check()
    page.get_by_text("Measure a length on the piece").wait_for()
    page.get_by_role("button", name="Size and cloth").click()
    page.get_by_label("The length that you measured").wait_for()
    page.get_by_role("button", name="Next").click()
    page.get_by_text("Type the length that you measured").wait_for()
    page.get_by_label("The length that you measured").fill("812.5")
    page.get_by_role("button", name="Next").click()
    page.get_by_text("Mark both ends of the length").wait_for()
    pad = page.get_by_role("application")
    page.get_by_label("Photo", exact=True).select_option("demo-01.jpg")
    pad.wait_for()
    box = pad.bounding_box()
    pad.click(position={"x": box["width"] / 4, "y": box["height"] / 2})
    pad.click(position={"x": box["width"] / 2, "y": box["height"] / 4})
    page.get_by_label("Photo", exact=True).select_option("demo-03.jpg")
    page.wait_for_timeout(300)
    pad.press("ArrowRight")
    pad.press("Enter")
    pad.press("Shift+ArrowDown")
    pad.press("Enter")
    page.get_by_text("First end marked in 2 photos, second end in 2.").wait_for()
    fits_and_is_sound(seen, shots, "length")
    page.get_by_role("button", name="Next").click()
    page.get_by_text("A known length of 812 mm").wait_for()
    kept = json.loads(page.evaluate("(id) => localStorage[`stitchsketch-scan--${id}`]", scan.id))
    (known,) = lengths_of({**beginning(), **sound_values(kept)})
    assert known["a"]["demo-01.jpg"] == pytest.approx([320, 480], abs=6)
    assert known["b"]["demo-01.jpg"] == pytest.approx([640, 240], abs=6)
    a, b = known["a"]["demo-03.jpg"], known["b"]["demo-03.jpg"]
    assert (b[0] - a[0], b[1] - a[1]) == pytest.approx((0, 0.96), abs=0.11)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    with served(PROVIDER(), tmp_path_factory.mktemp("gateway")) as serving:
        people(serving)
        yield serving


def asked(page, **what) -> dict:
    """What a wizard answers, without a page."""
    told = []
    page.send = lambda content, buffers=None: told.append(content)
    page._on_message(page, {"number": 1, **what}, [])
    return told[-1]


def test_behind_the_gateway_the_run_waits_for_a_worker(gateway, monkeypatch, floor_photos):
    monkeypatch.setenv("STITCHSKETCH_GATEWAY_URL", gateway.url)
    monkeypatch.setenv("STITCHSKETCH_GATEWAY_TOKEN", PROVIDER().token("ben"))
    nine = dict(list(floor_photos.items())[:9])
    scan = kept_scan(gateway.stores, "Nadel", nine)
    monkeypatch.setenv("QUERY_STRING", f"scan={scan.id}&step=start")
    place = here()
    page = new_scan_page(place)
    try:
        assert page.can_start
        values = {**page.values, "width_mm": 1380.0, "bar_mm": 200.1}
        assert "wrong" not in asked(page, do="start", values=values)
        (run,) = gateway.stores.projects.runs("Nadel", scan.id)
        assert (run.status, run.started_by) == ("queued", "ben")
        assert run.settings == {"fabric.width_mm": 1380.0, "scale.bar_measured_mm": 200.1}
        assert (page.step, page.run) == ("run", run.id)
        assert page.progress._run_id == run.id
    finally:
        place.projects.close()


def test_a_known_length_goes_to_the_worker_without_marks_of_photos_taken_out(
    gateway, monkeypatch, floor_photos
):
    monkeypatch.setenv("STITCHSKETCH_GATEWAY_URL", gateway.url)
    monkeypatch.setenv("STITCHSKETCH_GATEWAY_TOKEN", PROVIDER().token("ben"))
    nine = dict(list(floor_photos.items())[:9])
    scan = kept_scan(gateway.stores, "Nadel", nine)
    monkeypatch.setenv("QUERY_STRING", f"scan={scan.id}&step=start")
    place = here()
    page = new_scan_page(place)
    try:
        (first, second, *_), out = sorted(nine), {"gone.jpg": [5.0, 5.0]}
        point = {first: [320.0, 480.0], second: [330.0, 470.0]}
        values = {**page.values, "scale_by": "length", "length_mm": 25_000.0,
                  "marks": {"a": {**point, **out}, "b": {first: [1.0, 2.0], **out}}}  # fmt: skip
        asked(page, do="start", values=values)
        assert (page.step, list(page.wrong)) == ("size", ["length_mm"])
        asked(page, do="start", values={**values, "length_mm": 812.5})
        assert list(page.wrong) == ["marks"]  # the second end is in one photo that is left
        values["marks"]["b"] = {**point, **out}
        assert "wrong" not in asked(page, do="start", values={**values, "length_mm": 812.5})
        (run,) = gateway.stores.projects.runs("Nadel", scan.id)
        row = {"mm": 812.5, "a": point, "b": point}
        assert run.settings == {"scale.known_lengths": [row]}
        # whoever opens the scan again finds the length, and may start it once more
        again = new_scan_page(place)
        kept = ("scale_by", "length_mm", "marks")
        assert [again.values[name] for name in kept] == ["length", 812.5, {"a": point, "b": point}]
        again.close()
    finally:
        place.projects.close()


@pytest.mark.parametrize("which", ["scan", "project"])
def test_another_shops_scan_is_none(place, monkeypatch, which):
    monkeypatch.setenv("STITCHSKETCH_HOME", str(place.home))
    scan = kept_scan(place.stores, "other", {})
    asked_for = {"scan": scan.id, "project": scan.project_id}[which]
    monkeypatch.setenv("QUERY_STRING", f"{which}={asked_for}")
    page = new_scan_page(here())
    assert isinstance(page, Notice)
    assert page.what == "There is no such scan in this shop."


def test_another_scan_of_a_project_knows_its_name_and_customer(place, monkeypatch):
    monkeypatch.setenv("STITCHSKETCH_HOME", str(place.home))
    scan = kept_scan(place.stores, "local", {}, customer="Mr Zwirn", units="inch")
    monkeypatch.setenv("QUERY_STRING", f"project={scan.project_id}")
    page = new_scan_page(here())
    assert (page.values["name"], page.values["customer"], page.scan) == ("Bench", "Mr Zwirn", "")
    asked(page, do="go", step="mats", values=page.values)
    scans = place.stores.projects.scans("local", scan.project_id)
    assert {one.name for one in scans} == {"Scan 1", "Scan 2"}
    assert page.scan in {one.id for one in scans}


def test_a_run_is_not_started_with_too_few_photos_or_wrong_answers(place, monkeypatch):
    monkeypatch.setenv("STITCHSKETCH_HOME", str(place.home))
    scan = kept_scan(place.stores, "local", {})
    monkeypatch.setenv("QUERY_STRING", f"scan={scan.id}&step=start")
    page = new_scan_page(here())
    assert "8 photos are the least" in asked(page, do="start", values=page.values)["wrong"]
    asked(page, do="start", values={**page.values, "bar_mm": 190.0})
    assert (page.step, list(page.wrong)) == ("size", ["bar_mm"])
    assert place.stores.projects.runs("local", scan.id) == []


def test_a_page_without_stores_is_a_sentence(place):
    bare = Here("", "local", {"scan": "no such"}, place.stores.projects,
                objects=place.stores.objects("local"), home=place.home)  # fmt: skip
    assert isinstance(new_scan_page(bare), Notice)
