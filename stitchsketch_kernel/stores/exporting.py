"""A project in one file, to be imported elsewhere: all records and all objects, or an error.

The file is a ZIP of ``project.json`` and ``objects/BUCKET/SHA256``, the latter as they are, without
compression: photos and meshes hardly shrink, and a reader needn't fear what they unfold to.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, cast

import stitchsketch_kernel
from stitchsketch_kernel.disk.aside import renamed_when_whole
from stitchsketch_kernel.domain.errors import StorageError
from stitchsketch_kernel.domain.progress import Progress, silent
from stitchsketch_kernel.storage.interface import Bucket, ObjectStore
from stitchsketch_kernel.stores.bundle_json import objects_of, to_plain
from stitchsketch_kernel.stores.opening import Stores

SCHEMA = 1
RECORDS, OBJECTS = "project.json", "objects"
_PIECE_BYTES = 1 << 20


def export_project(
    stores: Stores, shop: str, project_id: str, target: Path, progress: Progress = silent
) -> None:
    """Write a project to `target`, which appears whole or not at all.

    Raises
    ------
    NotKeptError
        There is no such project in this shop.
    StorageError
        One of its objects is lost or damaged, or `target` can't be written.
    """
    bundle = stores.projects.bundle(shop, project_id)
    # what lies between photos and cut files is many times as large, and can be computed again
    kept = [one for one in bundle.artefacts if not one.where.startswith("stages/")]
    bundle = replace(bundle, artefacts=kept)
    sizes, objects = objects_of(bundle), stores.objects(shop)
    header = {"schema": SCHEMA, "stitchsketch": stitchsketch_kernel.__version__}
    with _whole(target) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for at, ((bucket, sha256), size) in enumerate(sorted(sizes.items())):
            progress(at / len(sizes), f"{OBJECTS}: {sha256[:12]}")
            _add(archive, objects, cast(Bucket, bucket), sha256, size)
        records = json.dumps(header | to_plain(bundle), indent=1, ensure_ascii=False)
        archive.writestr(RECORDS, records, zipfile.ZIP_DEFLATED)
    progress(1.0, "done")


def _add(
    archive: zipfile.ZipFile, objects: ObjectStore, bucket: Bucket, sha256: str, size: int
) -> None:
    name = f"{OBJECTS}/{bucket}/{sha256}"
    digest, copied = hashlib.sha256(), 0
    with objects.open(bucket, sha256) as source, archive.open(name, "w", force_zip64=True) as to:
        while piece := source.read(_PIECE_BYTES):
            digest.update(piece)
            copied += len(piece)
            to.write(piece)
    if digest.hexdigest() != sha256 or copied != size:
        raise StorageError(
            f"The stored file {sha256[:12]} of {bucket} is damaged, so the export would be.",
            "Run the stage that makes it again.",
        )


@contextmanager
def _whole(target: Path) -> Iterator[BinaryIO]:
    """A file that is written aside and then renamed; the disk's own errors in words."""
    try:
        with renamed_when_whole(target) as aside, aside.open("wb") as file:
            yield file
    except StorageError:
        raise
    except OSError as error:
        raise StorageError(
            f"{target} could not be written ({error.strerror}).",
            "Check that its disk has room and that you may write there.",
        ) from error
