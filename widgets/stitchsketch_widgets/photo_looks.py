"""Photos looked at one after the other as they arrive, while the page goes on."""

from __future__ import annotations

import logging
import shutil
import tempfile
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from stitchsketch_kernel.domain.errors import StitchSketchError
from stitchsketch_kernel.imaging.boards import STANDARD_DICTIONARY
from stitchsketch_kernel.imaging.look import PhotoLook, look_at
from stitchsketch_kernel.storage.interface import ObjectStore
from stitchsketch_widgets.texts import text

log = logging.getLogger(__name__)


class PhotoLooks:
    """First looks at a scan's photos, by name.

    Parameters
    ----------
    objects : ObjectStore
        Has the photos' content.
    changed : callable
        Called after each look, from a thread of its own.
    dictionaries : sequence of str
        Of the tags to look for.
    """

    def __init__(
        self,
        objects: ObjectStore,
        changed: Callable[[], None],
        dictionaries: Sequence[str] = (STANDARD_DICTIONARY,),
    ) -> None:
        self._objects, self._changed, self._dictionaries = objects, changed, tuple(dictionaries)
        # one at a time: a photo takes up to half a gigabyte while it is looked at
        self._worker = ThreadPoolExecutor(1, "looks")
        self._lock = threading.Lock()
        self._waiting = 0
        self._looks: dict[str, PhotoLook] = {}
        self._faults: dict[str, str] = {}

    @property
    def waiting(self) -> int:
        """How many are still to be looked at."""
        return self._waiting

    def found(self) -> tuple[dict[str, PhotoLook], dict[str, str]]:
        """The looks, and why a photo could not be looked at, by name, as they stand."""
        with self._lock:
            return dict(self._looks), dict(self._faults)

    def ask(self, name: str, sha256: str) -> None:
        """Look at a photo when those before it were."""
        with self._lock:
            self._waiting += 1
        self._worker.submit(self._look, name, sha256)

    def close(self) -> None:
        """Look at no more."""
        self._worker.shutdown(wait=False, cancel_futures=True)

    def _look(self, name: str, sha256: str) -> None:
        look, fault = None, ""
        try:
            look = self._looked(name, sha256)
        except StitchSketchError as error:
            fault = str(error)
        except Exception:
            log.warning("%s can't be looked at", name, exc_info=True)
            fault = text("drop.not_looked", name=name)
        with self._lock:
            self._waiting -= 1
            if look is not None:
                self._looks[name] = look
            else:
                self._faults[name] = fault
        self._changed()

    def _looked(self, name: str, sha256: str) -> PhotoLook:
        with tempfile.TemporaryDirectory(prefix="stitchsketch-look-") as folder:
            place = Path(folder) / "photo"
            with self._objects.open("images", sha256) as content, place.open("wb") as file:
                shutil.copyfileobj(content, file, 1 << 20)
            return look_at(place, name, self._dictionaries)
