"""Photos dropped into the page: sent in pieces, gone on with, and told what is wrong with each."""

from __future__ import annotations

import hashlib
import io
import json

import cv2
import numpy as np
import pytest
from dropping import drop, new_scan, photos_of, wide
from PIL import Image
from playwright.sync_api import TimeoutError
from serving import PROVIDER, people, served
from stitchsketch_widgets.photo_drop import GatewayWay, PhotoDrop

from stitchsketch_kernel.pipeline.incoming import Incoming
from stitchsketch_kernel.projects.records import Photo
from stitchsketch_kernel.storage.interface import shop_folder


def jpeg(pixels) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=90)
    return file.getvalue()


def test_photos_are_dropped_and_what_is_wrong_with_each_is_told_by_name(
    see, voila, place, floor_photos, shots
):
    scan = new_scan(place.stores.projects)
    seen = see(photos_of(scan))
    page = seen.page
    # the sample's places 11 to 13, 25 to 27 and 37 to 39 are on the right of its first
    right = {f"demo-{k}.jpg" for k in (11, 13, 25, 27, 37, 39)}
    good = {name: data for name, data in floor_photos.items() if name not in right}
    first = next(iter(good))
    sharp = np.array(Image.open(io.BytesIO(good[first])))
    faulty = {
        "soft.jpg": jpeg(cv2.GaussianBlur(sharp, (0, 0), 9)),
        "night.jpg": jpeg(sharp // 40),
        "ceiling.jpg": jpeg(sharp[::-1, :, ::-1]),
        "shrunk.jpg": jpeg(cv2.resize(sharp, (280, 210))),
        "again.jpg": good[first],
        "words.jpg": b"no photo at all" * 100,
    }
    page.get_by_text("Drop photos here").wait_for()
    drop(page, {**good, **faulty})
    page.get_by_text("words.jpg is not a photo, whatever its name says").wait_for()
    page.get_by_text("again.jpg is here already, as demo-01.jpg").wait_for()
    for words in (
        "soft.jpg is blurred", "night.jpg is all but black", "shrunk.jpg has only 280 x 210",
        "No mat is seen in ceiling.jpg",
    ):  # fmt: skip
        page.get_by_text(words).wait_for()
    page.get_by_text("from the right").first.wait_for()
    kept = {one.name: one.sha256 for one in place.stores.projects.photos("local", scan.id)}
    assert kept.keys() == {*good, *faulty} - {"again.jpg", "words.jpg"}
    assert kept[first] == hashlib.sha256(good[first]).hexdigest()
    assert page.locator(".tile img:not(.hidden)").count() >= len(kept)
    page.get_by_label("Only photos with something wrong").check()
    assert page.locator(".tile[data-state=good]").count() == 0
    page.get_by_label("Only photos with something wrong").uncheck()
    for name, (width, height) in {
        "desk": (1280, 900),
        "tablet": (820, 1180),
        "phone": (390, 844),
    }.items():
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(200)
        assert wide(page) <= 0
        assert seen.faults() == []
        page.screenshot(path=shots / f"photo-drop-{name}.png")
        page.locator(".capture-coach").scroll_into_view_if_needed()
        page.screenshot(path=shots / f"capture-coach-{name}.png")
    assert (seen.outside(voila), seen.wrong) == ([], [])


def test_photos_are_chosen_by_keys_alone_and_are_there_after_a_reload(
    see, place, floor_photos, tmp_path
):
    scan = new_scan(place.stores.projects)
    page = see(photos_of(scan)).page
    path = tmp_path / "IMG_1.jpg"
    path.write_bytes(floor_photos["demo-01.jpg"])
    page.get_by_text("No photos yet.").wait_for()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose photos").press("Enter")
    chooser.value.set_files(path)
    page.get_by_text("1 of 1 photos sent.").wait_for()
    page.get_by_text("There are only 1 photos.").wait_for()
    page.reload()
    page.get_by_text("There are only 1 photos.").wait_for()
    assert page.locator(".tile .name").all_text_contents() == ["IMG_1.jpg"]
    page.locator(".tile img:not(.hidden)").wait_for()


def test_a_photo_goes_on_where_its_last_page_ended(see, place, floor_photos):
    scan, data = new_scan(place.stores.projects), floor_photos["demo-03.jpg"] * 9
    data = data[: data.rfind(b"\xff\xd9") + 2]  # a phone appends films to its photos, too
    name, begun = hashlib.sha256(data).hexdigest(), len(data) - 50_000
    incoming = Incoming(
        place.stores.objects("local"), place.home / "incoming" / shop_folder("local")
    )
    incoming.begin("IMG_3.jpg", name, len(data))
    for at in range(0, begun, 1 << 20):
        incoming.go_on("IMG_3.jpg", name, len(data), at, data[at : min(at + (1 << 20), begun)])
    sent = []
    page = see("projects.ipynb").page
    page.on("websocket", lambda one: one.on("framesent", lambda frame: sent.append(len(frame))))
    page.goto(page.url.replace("projects.ipynb", photos_of(scan)))
    page.get_by_text("Drop photos here").wait_for()
    drop(page, {"IMG_3.jpg": data})
    page.get_by_text("1 of 1 photos sent.").wait_for()
    assert 50_000 < sum(sent) < 200_000 < begun
    assert [one.sha256 for one in place.stores.projects.photos("local", scan.id)] == [name]


@pytest.fixture(scope="module")
def behind(serve_apps, tmp_path_factory):
    """Apps with a gateway, as the hub sets them up for Ben; and that gateway."""
    home = tmp_path_factory.mktemp("behind")
    with served(PROVIDER(), home, prefix="/services/gateway") as gateway:
        people(gateway)
        url = f"{gateway.url}/services/gateway"
        token = PROVIDER().token("ben")
        env = {"STITCHSKETCH_GATEWAY_URL": url, "STITCHSKETCH_GATEWAY_TOKEN": token}
        with serve_apps(home / "apps", home / "log", **env) as address:
            yield address, gateway, token


class Line:
    """The hub's proxy between page and gateway, whose line breaks as a test wants it."""

    def __init__(self, page, gateway) -> None:
        self.asked: list[tuple[str, str, int]] = []
        self.cut_at: int | None = None
        self.refused = 0
        self.dumb = False
        self.addresses: list[str] = []
        self._gateway = gateway
        page.route("**/services/gateway/**", self._carry)

    def _carry(self, route, request) -> None:
        self.addresses.append(request.url)
        if self.dumb:
            return  # and no answer ever comes
        path = request.url.partition("/services/gateway")[2]
        offset = int(request.headers.get("upload-offset", -1))
        if self.refused and "authorization" in request.headers:
            self.refused -= 1
            route.fulfill(status=401, json={"detail": "Who are you?"})
            return
        self.asked.append((request.method, path, offset))
        body = request.post_data_buffer
        if request.method == "PATCH" and self.cut_at is not None:
            token = request.headers["authorization"].removeprefix("Bearer ")
            part = body[: max(0, self.cut_at - offset)]
            if part:
                self._gateway.ask(
                    token, "PATCH", path, content=part, headers={"Upload-Offset": str(offset)}
                )
            route.abort("connectionreset")
            return
        answer = self._gateway.client.request(
            request.method, path, content=body,
            headers={k: v for k, v in request.headers.items() if k in {
                "authorization", "content-type", "upload-offset", "idempotency-key"}},
        )  # fmt: skip
        route.fulfill(
            status=answer.status_code, body=answer.content,
            headers={"Content-Type": answer.headers.get("content-type", "text/plain")},
        )  # fmt: skip

    def patches(self) -> list[int]:
        return [offset for method, _, offset in self.asked if method == "PATCH"]


def test_behind_the_hub_a_broken_line_and_a_reload_cost_nothing(see, behind, floor_photos):
    address, gateway, token = behind
    scan = new_scan(gateway.stores.projects, "Nadel")
    page = see(photos_of(scan), at=address).page
    line = Line(page, gateway)
    line.cut_at, line.refused = 100_000, 1  # and the token is asked for again
    data = floor_photos["demo-05.jpg"]
    page.get_by_text("Drop photos here").wait_for()
    drop(page, {"IMG_5.jpg": data})
    page.get_by_text("No connection: goes on by itself").wait_for()
    page.reload()
    page.get_by_text("Drop photos here").wait_for()
    line.cut_at = None
    line.asked.clear()
    drop(page, {"IMG_5.jpg": data})
    page.get_by_text("1 of 1 photos sent.").wait_for()
    assert line.patches() == [100_000]
    (kept,) = gateway.stores.projects.photos("Nadel", scan.id)
    assert (kept.name, kept.sha256) == ("IMG_5.jpg", hashlib.sha256(data).hexdigest())
    # the line alone breaks, and the page goes on by itself
    line.cut_at, other = 60_000, floor_photos["demo-07.jpg"]
    line.asked.clear()
    drop(page, {"IMG_7.jpg": other})
    page.get_by_text("No connection: goes on by itself").wait_for()
    line.cut_at = None
    page.locator(".tile .name", has_text="IMG_7.jpg").wait_for()
    page.get_by_text("2 of 2 photos sent.").wait_for()
    assert line.patches()[-1] == 60_000
    assert not any(token in address for address in line.addresses)


def test_what_is_stopped_is_forgotten_and_may_be_tried_again(see, behind, floor_photos):
    address, gateway, _ = behind
    scan = new_scan(gateway.stores.projects, "Nadel")
    page = see(photos_of(scan), at=address).page
    line = Line(page, gateway)
    line.cut_at = 10_000
    page.get_by_text("Drop photos here").wait_for()
    drop(page, {f"IMG_{k}.jpg": floor_photos[f"demo-{k}.jpg"] for k in (15, 17, 19, 21, 23, 25)})
    try:
        page.get_by_text("No connection").first.wait_for()
    except TimeoutError as error:  # seen in two runs of all tests, cause unknown
        shown = page.locator(".photo-drop").inner_text()
        raise AssertionError(f"{shown}\nasked of the gateway: {line.asked}") from error
    # four at once: the others have not begun
    assert len({path for method, path, _ in line.asked if method == "PATCH"}) == 4
    page.get_by_role("button", name="Stop sending").click()
    page.get_by_role("button", name="Try IMG_15.jpg again").wait_for()
    assert page.locator(".tile[data-state=stopped]").count() == 6
    line.cut_at = None
    page.get_by_role("button", name="Try IMG_15.jpg again").click()
    page.get_by_text("1 of 1 photos sent.").wait_for()
    page.get_by_role("button", name="Take IMG_17.jpg off the list").click()
    assert [one.name for one in gateway.stores.projects.photos("Nadel", scan.id)] == ["IMG_15.jpg"]
    home = gateway.home / "gateway" / "uploads" / shop_folder("Nadel")
    assert not list(home.glob("*/data"))


def test_a_gateway_that_never_answers_is_not_waited_for(see, behind, floor_photos):
    address, gateway, _ = behind
    scan = new_scan(gateway.stores.projects, "Nadel")
    page = see(photos_of(scan), at=address).page
    line = Line(page, gateway)
    line.dumb = True
    page.get_by_text("Drop photos here").wait_for()
    drop(page, {"IMG_9.jpg": floor_photos["demo-09.jpg"]})
    page.get_by_text("1 of 1 photos sent.").wait_for(timeout=45_000)
    assert [one for one in line.addresses if not one.endswith("/health")] == []
    assert [one.name for one in gateway.stores.projects.photos("Nadel", scan.id)] == ["IMG_9.jpg"]


class Asked:
    """A drop by itself, without a page."""

    def __init__(self, place, tmp_path, way=None) -> None:
        self.scan = new_scan(place.stores.projects)
        objects = place.stores.objects("local")
        incoming = Incoming(objects, tmp_path / "incoming")
        self.drop = PhotoDrop(place.stores.projects, objects, incoming, "local", self.scan.id, way)
        self.told: list[dict] = []
        self.drop.send = lambda content, buffers=None: self.told.append(content)

    def ask(self, what, *buffers) -> dict:
        self.drop._on_message(None, {**what, "number": 7}, list(buffers)) if isinstance(
            what, dict
        ) else self.drop._on_message(None, what, list(buffers))
        return next(one for one in reversed(self.told) if one["is"] == "answer")


def test_the_token_is_told_when_asked_for_and_stands_in_no_state(place, tmp_path):
    asked = Asked(place, tmp_path, GatewayWay("/services/gateway", lambda: "secret-token"))
    assert asked.ask({"do": "way"})["token"] == "secret-token"
    assert "secret-token" not in json.dumps(asked.drop.get_state(), default=repr)


def test_a_photo_that_has_not_come_is_not_kept(place, tmp_path):
    asked = Asked(place, tmp_path)
    answer = asked.ask({"do": "arrived", "name": "IMG_1.jpg", "sha256": "a" * 64, "bytes": 10})
    assert answer["wrong"] == "IMG_1.jpg has not arrived."
    assert place.stores.projects.photos("local", asked.scan.id) == []


def test_two_photos_of_one_name_keep_both(place, tmp_path, floor_photos):
    asked = Asked(place, tmp_path)
    for end in (b"one", b"two"):
        data = floor_photos["demo-01.jpg"] + end
        sha = hashlib.sha256(data).hexdigest()
        named = {"name": "../IMG_1.jpg", "sha256": sha, "bytes": len(data)}
        assert asked.ask({"do": "begin", **named})["offset"] == 0
        assert asked.ask({"do": "piece", **named, "offset": 0}, memoryview(data))["stored"]
        last = asked.ask({"do": "arrived", **named})
    names = [one.name for one in place.stores.projects.photos("local", asked.scan.id)]
    assert (names, last["name"]) == (["IMG_1-2.jpg", "IMG_1.jpg"], "IMG_1-2.jpg")
    assert asked.ask({"do": "arrived", **named}) == {
        "is": "answer", "number": 7, "name": "IMG_1-2.jpg", "double": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    "what", [{}, {"do": "no such"}, {"do": "piece"}, {"do": "begin", "bytes": "x"}, 5, None]
)
def test_what_is_not_understood_is_told(place, tmp_path, what):
    assert "not understood" in Asked(place, tmp_path).ask(what)["wrong"]


def test_a_photo_that_the_store_has_lost_is_named(place, tmp_path):
    scan = new_scan(place.stores.projects)
    place.stores.projects.keep_photo("local", Photo(scan.id, "lost.jpg", "b" * 64, 5))
    objects = place.stores.objects("local")
    drop = PhotoDrop(place.stores.projects, objects, Incoming(objects, tmp_path), "local", scan.id)
    drop.looks._worker.shutdown(wait=True)
    (shown,) = drop.photos
    assert shown["notes"][0]["severity"] == "refuse"
    assert "is not there" in shown["notes"][0]["text"]
