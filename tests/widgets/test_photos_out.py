"""Photos taken out of a scan and put back: nothing is lost."""

from __future__ import annotations

import hashlib
import io

import pytest
from dropping import drop, new_scan, photos_of, wide
from stitchsketch_widgets.photo_drop import PhotoDrop

from stitchsketch_kernel.pipeline.incoming import Incoming
from stitchsketch_kernel.projects.records import Photo


def names(page) -> list[str]:
    return page.locator(".tile .name").all_text_contents()


def test_a_photo_is_taken_out_by_keys_with_undo_and_put_back_later(
    see, voila, place, floor_photos, shots
):
    projects = place.stores.projects
    scan = new_scan(projects)
    seen = see(photos_of(scan))
    page = seen.page
    page.get_by_text("Drop photos here").wait_for()
    drop(page, {name: floor_photos[name] for name in ("demo-01.jpg", "demo-03.jpg")})
    page.get_by_text("2 of 2 photos sent.").wait_for()
    page.get_by_text("There are only 2 photos.").wait_for()
    page.get_by_role("button", name="Take demo-01.jpg out of the scan").press("Enter")
    page.get_by_text("demo-01.jpg is taken out").wait_for()
    assert [one.name for one in projects.photos("local", scan.id)] == ["demo-03.jpg"]
    page.get_by_text("There are only 1 photos.").wait_for()
    assert names(page) == ["demo-03.jpg"]
    undo = page.get_by_role("button", name="Undo")
    assert undo.evaluate("(one) => one === document.activeElement")
    undo.press("Enter")
    page.get_by_text("demo-01.jpg is back in the scan.").wait_for()
    page.get_by_text("There are only 2 photos.").wait_for()
    assert len(projects.photos("local", scan.id)) == 2
    page.get_by_role("button", name="Take demo-03.jpg out of the scan").click()
    page.get_by_text("demo-03.jpg is taken out").wait_for()
    assert seen.wrong == []
    page.reload()
    page.get_by_text("Taken out (1)").click()
    assert names(page) == ["demo-01.jpg"]
    for width in (1280, 820, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(200)
        assert wide(page) <= 0
        assert seen.faults() == []
        page.locator(".out").scroll_into_view_if_needed()
        page.screenshot(path=shots / f"photos-out-{width}.png")
    page.get_by_role("button", name="Put demo-03.jpg back into the scan").click()
    page.get_by_text("There are only 2 photos.").wait_for()
    assert [one.name for one in projects.photos("local", scan.id)] == ["demo-01.jpg", "demo-03.jpg"]
    assert seen.outside(voila) == []


@pytest.fixture
def dropped(place, tmp_path, floor_photos):
    """A scan with one photo that is taken out."""
    projects, objects = place.stores.projects, place.stores.objects("local")
    scan, data = new_scan(projects), floor_photos["demo-01.jpg"]
    kept = objects.put("images", io.BytesIO(data))
    projects.keep_photo("local", Photo(scan.id, "a.jpg", kept.sha256, kept.bytes, True))
    incoming = Incoming(objects, tmp_path / "incoming")
    page = PhotoDrop(projects, objects, incoming, "local", scan.id)
    yield page, scan, kept
    page.looks.close()


def told(page: PhotoDrop, **asked) -> dict:
    said = []
    page.send = lambda content, buffers=None: said.append(content)
    page._on_message(None, {**asked, "number": 1}, [])
    return said[-1]


def test_a_photo_that_is_sent_again_is_put_back_under_its_name(place, dropped):
    page, scan, kept = dropped
    assert (page.out, page.kept) == (["a.jpg"], [])
    answer = told(page, do="arrived", name="b.jpg", sha256=kept.sha256, bytes=kept.bytes)
    assert (answer["name"], answer["double"], page.out) == ("a.jpg", False, [])
    assert place.stores.projects.photos("local", scan.id) == [
        Photo(scan.id, "a.jpg", kept.sha256, kept.bytes)
    ]


def test_another_photo_of_the_same_name_does_not_take_the_place_of_one_taken_out(
    place, dropped, floor_photos
):
    page, scan, kept = dropped
    data = floor_photos["demo-03.jpg"]
    other = place.stores.objects("local").put("images", io.BytesIO(data))
    assert other.sha256 == hashlib.sha256(data).hexdigest()
    answer = told(page, do="arrived", name="a.jpg", sha256=other.sha256, bytes=other.bytes)
    assert answer["name"] != "a.jpg"
    [out] = place.stores.projects.photos("local", scan.id, left_out=True)
    assert out.sha256 == kept.sha256


@pytest.mark.parametrize("do", ["take_out", "put_back"])
def test_a_photo_that_there_is_none_of_is_told(dropped, do):
    assert "not understood" in told(dropped[0], do=do, name="never.jpg")["wrong"]
