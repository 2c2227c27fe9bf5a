"""Files on their way: whole, cut off, gone on with, and those that must not come in."""

from __future__ import annotations

import gzip
import hashlib
import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pictures import jpeg, jpeg_that_says, png_that_says, zip_bomb
from serving import people, served


@pytest.fixture
def begin(ask):
    def beginning(name: str, total_bytes: int, room: str = "images", **more):
        told = {"name": name, "total_bytes": total_bytes, **more}
        return ask("ben", "POST", f"/{room}/uploads", json=told)

    return beginning


@pytest.fixture
def send(ask):
    def sending(upload: str, content, offset: int = 0, room: str = "images"):
        headers = {"Upload-Offset": str(offset)}
        url = f"/{room}/uploads/{upload}"
        return ask("ben", "PATCH", url, content=content, headers=headers)

    return sending


def on_disk(home: Path) -> list[Path]:
    """All that lies in the gateway's home, in its place or beside it; its databases apart."""
    found = sorted(path for path in home.rglob("*") if path.is_file() or path.is_symlink())
    return [path for path in found if ".db" not in path.name]


def test_photos_over_four_connections_arrive_whole(begin, send, ask):
    photos = {f"IMG_{number}.jpg": jpeg(number, 700) for number in range(12)}

    def one(name: str) -> str:
        content = photos[name]
        sha256 = hashlib.sha256(content).hexdigest()
        upload = begin(name, len(content), sha256=sha256).json()["id"]
        stored = send(upload, content).json()["stored"]
        assert (stored["sha256"], stored["bytes"]) == (sha256, len(content))
        return sha256

    with ThreadPoolExecutor(4) as pool:
        names = list(pool.map(one, photos))
    assert max(map(len, photos.values())) > 500_000
    for name, sha256 in zip(photos, names, strict=True):
        answer = ask("ben", "GET", f"/images/{sha256}")
        assert (answer.content, answer.headers["content-type"]) == (photos[name], "image/jpeg")
        assert answer.headers["content-disposition"].startswith("attachment")
        assert "sandbox" in answer.headers["content-security-policy"]


def test_what_the_shop_keeps_already_is_not_sent_again(gateway, begin, send, ask):
    content = jpeg(7, 300)
    sha256 = hashlib.sha256(content).hexdigest()
    send(begin("7.jpg", len(content)).json()["id"], content)
    files = on_disk(gateway.home)
    state = begin("again.jpg", len(content), sha256=sha256).json()
    assert (state["offset_bytes"], state["stored"]["sha256"]) == (len(content), sha256)
    assert begin("again.jpg", len(content) + 1, sha256=sha256).status_code == 422
    assert begin("again.ply", len(content), "patterns", sha256=sha256).json()["stored"] is None
    new = {path for path in on_disk(gateway.home) if path not in files}
    assert all("uploads" in path.parts for path in new) and len(new) == 2
    assert ask("ben", "GET", f"/images/{sha256}").content == content


def test_more_than_any_json_may_be_goes_through_in_pieces(begin, send):
    content = np.random.default_rng(0).bytes(3_500_000)
    upload = begin("mesh.ply", len(content), "patterns").json()["id"]
    for at in range(0, len(content), 1_500_000):
        state = send(upload, content[at : at + 1_500_000], at, "patterns").json()
    assert state["stored"]["sha256"] == hashlib.sha256(content).hexdigest()


def test_an_upload_that_was_cut_off_goes_on(gateway, provider, begin, send, ask):
    content = jpeg(1, 900)
    upload = begin("cut.jpg", len(content)).json()["id"]
    host, port = gateway.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as line:  # a phone whose battery dies
        line.sendall(
            f"PATCH /images/uploads/{upload} HTTP/1.1\r\nHost: x\r\nUpload-Offset: 0\r\n"
            f"Authorization: Bearer {provider.token('ben')}\r\n"
            f"Content-Length: {len(content)}\r\n\r\n".encode()
        )
        line.sendall(content[:300_000])
        time.sleep(0.1)
    deadline = time.monotonic() + 10
    while (offset := _offset(ask, upload)) < 300_000:
        assert time.monotonic() < deadline, f"only {offset} bytes were kept"
        time.sleep(0.02)
    assert send(upload, content[offset:], offset - 1).status_code == 409
    wrong = send(upload, content[offset:], offset + 1)
    assert (wrong.status_code, wrong.headers["upload-offset"]) == (409, str(offset))
    state = send(upload, content[offset:], offset).json()
    assert state["stored"]["sha256"] == hashlib.sha256(content).hexdigest()
    again = send(upload, b"", len(content))  # the answer to the last byte got lost
    assert again.json() == state
    assert ask("ben", "GET", f"/images/uploads/{upload}").json() == state


def _offset(ask, upload: str) -> int:
    answer = ask("ben", "GET", f"/images/uploads/{upload}")
    assert answer.headers["upload-offset"] == str(answer.json()["offset_bytes"])
    return answer.json()["offset_bytes"]


NOT_PHOTOS = {
    "zip bomb": (zip_bomb(), "is not a photo"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>" + b" " * 99, "not a photo"),
    "html": (b"<!doctype html><script>x()</script>" + b" " * 99, "is not a photo"),
    "gif": (b"GIF89a" + bytes(200), "is not a photo"),
    "mp4": (b"\x00\x00\x00\x18ftypmp42" + bytes(200), "is not a photo"),
    "gzip": (gzip.compress(jpeg()), "is not a photo"),
    "pixel bomb, JPEG": (jpeg_that_says(65_000, 65_000), "65000 x 65000 pixels"),
    "pixel bomb": (png_that_says(60_000, 60_000), "60000 x 60000 pixels"),
    "no pixels": (jpeg()[:20], "is damaged"),
    "cut off": (jpeg(2, 300)[:-5000], "the end of the picture is missing"),
    "empty": (b"", "is empty"),
}


@pytest.mark.parametrize("kind", NOT_PHOTOS)
def test_what_is_no_photo_is_refused_and_leaves_nothing(gateway, begin, send, kind):
    content, why = NOT_PHOTOS[kind]
    before = on_disk(gateway.home)
    upload = begin("photo.jpg", len(content)).json()["id"]
    answer = send(upload, content)
    assert answer.status_code == 415
    assert answer.headers["content-type"] == "application/problem+json"
    assert why in answer.json()["detail"]
    assert answer.json()["todo"]
    assert on_disk(gateway.home) == before


def test_what_is_no_photo_is_refused_with_its_first_bytes(begin, send):
    upload = begin("photo.jpg", 60_000_000).json()["id"]
    assert send(upload, b"<html>" + b" " * 100).status_code == 415


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "a/b.jpg", "..\\x.jpg", "..", "", "x\0.jpg", "a\nb.jpg", "n" * 4096,
     "ü" * 200],
)  # fmt: skip
def test_a_name_that_could_be_a_path_is_refused(gateway, begin, name):
    before = on_disk(gateway.home)
    answer = begin(name, 10)
    assert answer.status_code == 422
    assert "name" in answer.json()["errors"][0]["where"]
    assert on_disk(gateway.home) == before


@pytest.mark.parametrize("upload", ["..%2F..%2Fgateway", "%2e%2e", "A" * 32, "0" * 33])
def test_an_uploads_name_cannot_lead_elsewhere(ask, send, upload):
    assert send(upload, b"x").status_code in {404, 422}
    assert ask("ben", "GET", f"/images/uploads/{upload}").status_code in {404, 422}


def test_a_link_in_an_uploads_place_is_not_followed(gateway, begin, send, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("not yours")
    upload = begin("a.jpg", 100).json()["id"]
    data = next((gateway.home / "gateway" / "uploads").glob(f"*/{upload}/data"))
    data.unlink()
    data.symlink_to(secret)
    answer = send(upload, b"\xff\xd8\xff", len(str(secret)))
    assert answer.status_code == 503
    assert send(upload, b"\xff\xd8\xff", 9).status_code == 503
    assert secret.read_text() == "not yours"
    data.unlink()


def test_more_than_was_said_is_refused(begin, send, ask):
    upload = begin("a.jpg", 100).json()["id"]
    assert send(upload, jpeg()[:150]).status_code == 413
    assert _offset(ask, upload) == 0


def test_what_arrived_damaged_is_refused(gateway, begin, send):
    before = on_disk(gateway.home)
    content = jpeg(3)
    upload = begin("a.jpg", len(content), sha256="0" * 64).json()["id"]
    answer = send(upload, content)
    assert (answer.status_code, "another" in answer.json()["detail"]) == (422, True)
    assert on_disk(gateway.home) == before


def test_what_is_sent_packed_is_not_unpacked(begin, send, ask):
    """A bomb in the line's own packing: what comes is what is looked at, byte by byte."""
    content = gzip.compress(bytes(5_000_000))
    upload = begin("mesh.ply", len(content), "patterns").json()["id"]
    headers = {"Upload-Offset": "0", "Content-Encoding": "gzip"}
    url = f"/patterns/uploads/{upload}"
    stored = ask("ben", "PATCH", url, content=content, headers=headers).json()["stored"]
    assert (stored["bytes"], stored["sha256"]) == (
        len(content), hashlib.sha256(content).hexdigest(),
    )  # fmt: skip


def test_a_photo_beyond_the_limit_is_refused_before_it_is_sent(begin):
    answer = begin("big.jpg", 64_000_001)
    assert (answer.status_code, answer.json()["detail"]) == (
        413, "big.jpg is 64 MB large; 64 MB is the limit.",
    )  # fmt: skip


def test_an_uploads_sender_alone_goes_on_with_it(begin, ask):
    upload = begin("a.jpg", 100).json()["id"]
    headers = {"Upload-Offset": "0"}
    url = f"/images/uploads/{upload}"
    assert ask("tia", "PATCH", url, content=b"\xff\xd8", headers=headers).status_code == 404
    wrong_room = f"/patterns/uploads/{upload}"
    assert ask("ben", "PATCH", wrong_room, content=b"x", headers=headers).status_code == 404


def test_two_senders_at_once_do_not_mix(gateway, provider, begin, send):
    upload = begin("a.jpg", 1000).json()["id"]
    host, port = gateway.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as line:
        line.sendall(
            f"PATCH /images/uploads/{upload} HTTP/1.1\r\nHost: x\r\nUpload-Offset: 0\r\n"
            f"Authorization: Bearer {provider.token('ben')}\r\nContent-Length: 1000\r\n\r\n"
            .encode()
        )  # fmt: skip
        time.sleep(0.2)
        answer = send(upload, jpeg()[:10])
        assert (answer.status_code, "Another connection" in answer.text) == (409, True)


@pytest.fixture
def small(provider, tmp_path):
    """A gateway with little room and little patience."""
    limits = {
        "quota_bytes": 20_000, "most_uploads": 3, "requests_per_minute": 40, "receive_s": 0.3,
    }  # fmt: skip
    with served(provider, tmp_path, **limits) as serving:
        people(serving)
        yield serving


def test_a_shops_quota_holds(small, provider):
    token = provider.token("ben")

    def begin(total_bytes: int, who: str = token):
        told = {"name": "a.ply", "total_bytes": total_bytes}
        return small.ask(who, "POST", "/patterns/uploads", json=told)

    assert begin(20_001).status_code == 507
    assert begin(12_000).status_code == 201
    full = begin(12_000)
    assert (full.status_code, "may keep" in full.json()["detail"]) == (507, True)
    assert begin(12_000, provider.token("carla")).status_code == 201
    assert [begin(1).status_code for _ in range(3)] == [201, 201, 429]


def test_too_many_requests_are_told_when_to_come_back(small, provider):
    token = provider.token("ben")
    answers = [small.ask(token, "GET", "/users/me") for _ in range(45)]
    assert answers[0].status_code == 200
    assert (answers[-1].status_code, answers[-1].headers["retry-after"]) == (429, "60")
    assert small.ask(provider.token("tia"), "GET", "/users/me").status_code == 200


def test_a_sender_that_falls_silent_is_given_up(small, provider):
    told = {"name": "a.ply", "total_bytes": 1000}
    token = provider.token("ben")
    upload = small.ask(token, "POST", "/patterns/uploads", json=told).json()["id"]
    host, port = small.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.sendall(
            f"PATCH /patterns/uploads/{upload} HTTP/1.1\r\nHost: x\r\nUpload-Offset: 0\r\n"
            f"Authorization: Bearer {token}\r\nContent-Length: 1000\r\n\r\nabc".encode()
        )
        assert line.recv(4000).startswith(b"HTTP/1.1 408 ")
    state = small.ask(token, "GET", f"/patterns/uploads/{upload}").json()
    assert state["offset_bytes"] == 3


def test_what_nobody_went_on_with_is_forgotten(small, provider):
    token = provider.token("ben")
    told = {"name": "a.ply", "total_bytes": 15_000}
    upload = small.ask(token, "POST", "/patterns/uploads", json=told).json()["id"]
    uploads = small.app.state.uploads
    uploads._settings = replace(uploads._settings, upload_hours=1)
    kept = next((small.home / "gateway" / "uploads").glob(f"*/{upload}/upload.json"))
    content = json.loads(kept.read_text())
    kept.write_text(json.dumps({**content, "began_s": time.time() - 4000}))
    assert small.ask(token, "POST", "/patterns/uploads", json=told).status_code == 201
    assert not kept.exists()


def test_json_beyond_its_limit_is_refused(ask):
    answer = ask("ben", "POST", "/projects", json={"name": "x" * 1_100_000})
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"
