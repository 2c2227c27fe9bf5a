"""Photo drop: hundreds of photos sent from the page, each looked at as it arrives."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import anywidget
import traitlets

from stitchsketch_kernel.domain.errors import PhotoError, StitchSketchError
from stitchsketch_kernel.domain.photo import PhotoNote
from stitchsketch_kernel.imaging.boards import MOST_MATS, standard_mats
from stitchsketch_kernel.imaging.look import PhotoLook, mats_seen, notes_of
from stitchsketch_kernel.imaging.names import by_number, safe_names
from stitchsketch_kernel.pipeline.incoming import Coming, Incoming
from stitchsketch_kernel.projects.interface import ProjectStore
from stitchsketch_kernel.projects.records import Photo
from stitchsketch_kernel.storage.interface import ObjectStore
from stitchsketch_widgets.bundle import built
from stitchsketch_widgets.photo_looks import PhotoLooks
from stitchsketch_widgets.texts import text, texts

log = logging.getLogger(__name__)

_MATS = standard_mats(MOST_MATS)
#: A message of the page may have 10 MB at Jupyter's servers; a piece is far below that.
PIECE_BYTES = 1 << 20
#: The page is told of looks no more often than this.
_TELL_EVERY_S = 0.4


@dataclass(frozen=True)
class GatewayWay:
    """Where a page behind the hub sends its photos itself.

    Attributes
    ----------
    path : str
        Of the gateway, on the host that the page came from.
    token : callable
        The person's own token, asked anew each time.
    """

    path: str
    token: Callable[[], str]


class PhotoDrop(anywidget.AnyWidget):
    """The photos of a scan on the screen, and the way to add more.

    Photos come in pieces that go on where they ended: straight to the gateway where there is one
    on the page's own host, else as messages of the page to its kernel, which only who may open
    the page can send; no other door is opened for them.

    The token is never a part of the state that a notebook would save: it is told when the page
    asks for it.

    Parameters
    ----------
    projects : ProjectStore
    objects : ObjectStore
    incoming : Incoming
        Takes what comes as messages.
    shop, scan_id : str
    gateway : GatewayWay, optional
    """

    _esm = built("photo_drop.js")
    _css = built("photo_drop.css")

    texts = traitlets.Dict(help="the words").tag(sync=True)
    photos: traitlets.List[Any] = traitlets.List(help="name, sha256, state, notes, mats").tag(
        sync=True
    )
    out: traitlets.List[Any] = traitlets.List(help="names of photos taken out").tag(sync=True)
    said: traitlets.List[Any] = traitlets.List(help="what is said of all of them").tag(sync=True)
    waiting = traitlets.Int(0, help="photos not looked at yet").tag(sync=True)
    sending = traitlets.Int(0, help="photos on their way, as the page says").tag(sync=True)
    mats_wanted = traitlets.Bool(True, help="whether mats give the scale").tag(sync=True)
    error = traitlets.Unicode(help="why the photos can't be shown").tag(sync=True)

    def __init__(
        self,
        projects: ProjectStore,
        objects: ObjectStore,
        incoming: Incoming,
        shop: str,
        scan_id: str,
        gateway: GatewayWay | None = None,
        **traits: Any,
    ) -> None:
        self._projects, self._objects, self._incoming = projects, objects, incoming
        self._shop, self._scan_id, self._gateway = shop, scan_id, gateway
        self._lock, self._told_s = threading.RLock(), 0.0
        self._watchers: list[Callable[[], None]] = []
        self._thumbnails: set[str] = set()
        self._kept: dict[str, Photo] = {}
        self._out: dict[str, Photo] = {}
        #: What is said of the photos that were looked at.
        self.notes: list[PhotoNote] = []
        super().__init__(texts=texts("drop"), **traits)
        self.looks = PhotoLooks(objects, self._looked)
        self._open()
        self.observe(lambda _: self._tell(), "mats_wanted")
        self.on_msg(self._on_message)

    def watch(self, told: Callable[[], None]) -> None:
        """Call `told` whenever photos have come or were looked at."""
        self._watchers.append(told)

    @property
    def kept(self) -> list[Photo]:
        """The scan's photos, in the order in which they were taken."""
        return sorted(self._kept.values(), key=lambda one: by_number(one.name))

    def _open(self) -> None:
        try:
            for photo in self._projects.photos(self._shop, self._scan_id):
                self._add(photo)
            out = self._projects.photos(self._shop, self._scan_id, left_out=True)
            self._out = {photo.name: photo for photo in out}
            self._tell()
        except StitchSketchError as error:
            self.error = str(error)

    def _add(self, photo: Photo) -> None:
        self._kept[photo.name] = photo
        self.looks.ask(photo.name, photo.sha256)

    def _looked(self) -> None:
        """A photo was looked at: tell, but not at every one of hundreds."""
        if self.looks.waiting and time.monotonic() - self._told_s < _TELL_EVERY_S:
            return
        self._tell()

    def _tell(self) -> None:
        with self._lock:
            self._told_s = time.monotonic()
            looks, faults = self.looks.found()
            shown = [looks[one.name] for one in self.kept if one.name in looks]
            self.notes = notes = notes_of(shown, self.mats_wanted)
            with self.hold_sync():
                self.photos = [_shown(one, looks, faults, notes) for one in self.kept]
                self.out = sorted(self._out, key=by_number)
                self.waiting = self.looks.waiting
                done = shown and not self.waiting
                self.said = [note.text for note in notes if not note.photo] if done else []
            for look in shown:
                if look.photo.name not in self._thumbnails:
                    self._send_thumbnail(look)
        for told in self._watchers:
            told()

    def _send_thumbnail(self, look: PhotoLook) -> None:
        self._thumbnails.add(look.photo.name)
        self.send({"is": "thumbnail", "name": look.photo.name}, [look.thumbnail])

    def _on_message(self, _: Any, asked: Any, buffers: list[Any]) -> None:
        number = asked.get("number") if isinstance(asked, dict) else None
        try:
            answer = self._answer(asked, buffers)
        except StitchSketchError as error:
            # what is wrong with the photo itself stays wrong; the rest may pass
            answer = {"wrong": str(error), "for_good": isinstance(error, PhotoError)}
        except (KeyError, TypeError, ValueError, IndexError, AttributeError):
            log.warning("a message of the page isn't understood", exc_info=True)
            answer = {"wrong": text("drop.not_understood"), "for_good": True}
        self.send({"is": "answer", "number": number, **answer})

    def _answer(self, asked: dict[str, Any], buffers: list[Any]) -> dict[str, Any]:
        match asked["do"]:
            case "way":
                return self._way()
            case "thumbnails":
                looks, _ = self.looks.found()
                for look in looks.values():
                    self._send_thumbnail(look)
            case "begin":
                return _coming(self._incoming.begin(*_named(asked)))
            case "piece":
                offset, piece = int(asked["offset"]), memoryview(buffers[0]).cast("B")
                return _coming(self._incoming.go_on(*_named(asked), offset, piece))
            case "give_up":
                self._incoming.give_up(str(asked["sha256"]), int(asked["bytes"]))
            case "arrived":
                return self._arrived(*_named(asked))
            case "take_out" | "put_back":
                return self._moved(str(asked["name"]), out=asked["do"] == "take_out")
            case other:
                raise ValueError(other)
        return {}

    def _moved(self, name: str, *, out: bool) -> dict[str, Any]:
        """Take a photo out of what runs see, or put it back; its content stays in the store."""
        here, there = (self._kept, self._out) if out else (self._out, self._kept)
        photo = replace(here[name], left_out=out)
        self._projects.keep_photo(self._shop, photo)
        with self._lock:
            del here[name]
            there[name] = photo
            if not out:
                self.looks.ask(name, photo.sha256)
        self._tell()
        return {"name": name}

    def _way(self) -> dict[str, Any]:
        most = self._incoming.most_bytes
        if self._gateway is None:
            return {"kind": "page", "piece_bytes": PIECE_BYTES, "most_bytes": most}
        return {
            "kind": "gateway", "path": self._gateway.path, "token": self._gateway.token(),
            "piece_bytes": PIECE_BYTES, "most_bytes": most,
        }  # fmt: skip

    def _arrived(self, name: str, sha256: str, size: int) -> dict[str, Any]:
        """Keep a photo whose content is in the store; the name that it is kept under."""
        for photo in self._kept.values():
            if photo.sha256 == sha256:
                return {"name": photo.name, "double": True}
        for photo in self._out.values():
            if photo.sha256 == sha256:
                return {**self._moved(photo.name, out=False), "double": False}
        if not self._objects.exists("images", sha256):
            raise StitchSketchError(text("drop.not_here", name=name))
        kept = Photo(self._scan_id, safe_names([*self._kept, *self._out, name])[-1], sha256, size)
        self._projects.keep_photo(self._shop, kept)
        with self._lock:
            self._add(kept)
        self._tell()
        return {"name": kept.name, "double": False}


def _named(asked: dict[str, Any]) -> tuple[str, str, int]:
    return str(asked["name"]), str(asked["sha256"]), int(asked["bytes"])


def _coming(coming: Coming) -> dict[str, Any]:
    return {"offset": coming.offset_bytes, "stored": coming.stored is not None}


def _shown(
    photo: Photo, looks: dict[str, PhotoLook], faults: dict[str, str], notes: list[PhotoNote]
) -> dict[str, Any]:
    look, fault = looks.get(photo.name), faults.get(photo.name, "")
    said = [
        {"kind": note.kind, "severity": note.severity, "text": note.text}
        for note in notes
        if note.photo == photo.name
    ]
    if fault:
        said.append({"kind": "unreadable", "severity": "refuse", "text": fault})
    return {
        "name": photo.name,
        "sha256": photo.sha256,
        "bytes": photo.bytes,
        "looked": look is not None or bool(fault),
        "notes": said,
        "mats": [name.removeprefix("mat ") for name in mats_seen(look, _MATS)] if look else [],
    }
