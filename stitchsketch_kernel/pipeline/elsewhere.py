"""Finished stages that another machine has kept, taken over instead of computed again.

A stage's files are kept as they are told (`tracking`): each under its SHA-256, the seal last.
A stage counts only when its seal is of the same key, it has read the very results of the earlier
stages that lie here, and every file that the seal names arrives whole.
"""

from __future__ import annotations

import hashlib
import logging
import shutil
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, cast

from stitchsketch_kernel.domain.errors import StorageError
from stitchsketch_kernel.pipeline.context import KEY
from stitchsketch_kernel.pipeline.files import put_in_place, read_json
from stitchsketch_kernel.pipeline.folder import RunFolder
from stitchsketch_kernel.pipeline.stage import Stage

if TYPE_CHECKING:
    from stitchsketch_kernel.projects.records import Artefact, StageRun
    from stitchsketch_kernel.storage.interface import Bucket, ObjectStore
    from stitchsketch_kernel.stores import Stores

log = logging.getLogger(__name__)

_PIECE_BYTES = 1 << 20


class Elsewhere:
    """What other machines of the shop have finished.

    Parameters
    ----------
    folder : RunFolder
        Of the run that may take it over.
    shop : str
        Empty: that of the environment.
    ask : bool
        Whether to ask the stores at all; they are asked only where they are servers.
    """

    def __init__(self, folder: RunFolder, shop: str, ask: bool) -> None:
        self._folder, self._shop, self._ask = folder, shop, ask
        self._stores: Stores | None = None

    def close(self) -> None:
        """Let go of the stores, if they were asked."""
        if self._stores is not None:
            self._stores.close()

    def take(
        self, stage: Stage, key: str, job: Mapping[str, Any], earlier: Mapping[str, str]
    ) -> bool:
        """Whether the stage was found elsewhere and lies in the run's folder now.

        A store that is away, or a file that is damaged, costs no more than the stage's computing.
        """
        if not self._ask:
            return False
        try:
            return self._take(stage, key, job, earlier)
        except OSError as error:
            # asked again for each stage it would hold up the run
            self._ask = False
            log.warning("Nothing is taken from the shop's stores: %s", error)
        except Exception as error:
            self._ask = False
            log.warning("What the shop's stores keep can't be used: %s", error)
        return False

    def _take(
        self, stage: Stage, key: str, job: Mapping[str, Any], earlier: Mapping[str, str]
    ) -> bool:
        stores = self._open()
        if not stores.settings.keeps_stages:
            self._ask = False
            return False
        shop = self._shop or stores.settings.shop
        for made in stores.projects.made_under(shop, key):
            files = [one for one in stores.projects.artefacts(shop, made.run_id)
                     if one.stage == stage.name]  # fmt: skip
            fetch = _Fetch(stores.objects(shop), files, self._folder, stage)
            if fetch.take(made, key, job, earlier):
                log.info("%s: taken from run %s", stage.name, made.run_id)
                return True
        return False

    def _open(self) -> Stores:
        from stitchsketch_kernel.stores import open_stores

        if self._stores is None:
            self._stores = open_stores()
        return self._stores


class _Fetch:
    """One stage of one run, being brought here."""

    def __init__(
        self, objects: ObjectStore, files: list[Artefact], folder: RunFolder, stage: Stage
    ) -> None:
        self._objects, self._folder, self._stage = objects, folder, stage
        before = f"stages/{stage.folder_name}/"
        self._files = {
            one.where.removeprefix(before): one
            for one in files
            if one.where.startswith(before) and one.bucket
        }
        self._notebook = next(
            (one for one in files if one.where == f"notebooks/{stage.notebook.name}"), None
        )

    def take(
        self, made: StageRun, key: str, job: Mapping[str, Any], earlier: Mapping[str, str]
    ) -> bool:
        if KEY not in self._files:
            return False
        aside = self._folder.begin(self._stage, job)
        try:
            self._bring(self._files[KEY], aside / KEY)
            seal = read_json(aside / KEY)
            # by the seal it is known whether the rest, which may be large, is worth bringing
            if not seal or not self._folder.fits(seal, key, earlier):
                return False
            if set(seal["files"]) - {"job.json"} != set(self._files) - {KEY}:
                return False
            for name, one in self._files.items():
                if name != KEY:
                    self._bring(one, _below(aside, name))
            return self._folder.take_over(self._stage, aside, seal) and self._bring_notebook()
        finally:
            shutil.rmtree(aside, ignore_errors=True)

    def _bring_notebook(self) -> bool:
        """The technician's record comes along when it was kept; the stage is whole without it."""
        if self._notebook is not None:
            aside = self._folder.notebooks / f".{self._stage.notebook.name}.aside"
            try:
                self._bring(self._notebook, aside)
                put_in_place(aside, self._folder.notebooks / self._stage.notebook.name)
            except OSError as error:
                log.info("the executed notebook is not there: %s", error)
            finally:
                aside.unlink(missing_ok=True)
        return True

    def _bring(self, one: Artefact, path: Path) -> None:
        bring(self._objects, cast("Bucket", one.bucket), one.sha256, path)


def bring(objects: ObjectStore, bucket: Bucket, sha256: str, path: Path) -> None:
    """Bring a stored file, and hold it against its name.

    Raises
    ------
    StorageError
        It isn't there, or isn't what its name says: then there is no file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with objects.open(bucket, sha256) as source, path.open("wb") as file:
        while piece := source.read(_PIECE_BYTES):
            digest.update(piece)
            file.write(piece)
    if digest.hexdigest() != sha256:
        path.unlink()
        raise StorageError(
            f"The stored file {sha256[:12]} of {bucket} is damaged.",
            "'stitchsketch check' tells what else is.",
        )


def _below(folder: Path, name: str) -> Path:
    """The place of a file in a folder; never one outside of it, whatever the name says."""
    path = (folder / PurePosixPath(name)).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise StorageError(f"A stage's file is called {name!r}, which leads out of its folder.")
    return path
