"""A project from a file that was exported elsewhere. Nothing in the file is trusted."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path
from typing import cast

from stitchsketch_kernel.domain.errors import ExchangeError, StorageError
from stitchsketch_kernel.domain.progress import Progress, silent
from stitchsketch_kernel.projects.records import Bundle, Project
from stitchsketch_kernel.storage.interface import BUCKETS, Bucket, is_name
from stitchsketch_kernel.stores.bundle_json import for_shop, from_plain, objects_of
from stitchsketch_kernel.stores.exporting import OBJECTS, RECORDS, SCHEMA
from stitchsketch_kernel.stores.opening import Stores

#: Of all records together; an honest project's are some hundred kilobytes.
_MOST_RECORD_BYTES = 64 << 20
_PIECE_BYTES = 1 << 20


def import_project(stores: Stores, shop: str, source: Path, progress: Progress = silent) -> Project:
    """Keep an exported project as one of the shop's.

    Everything is checked before anything is kept: the list of files, sizes, each SHA-256. Objects
    come first, then all records in one step, so a project is seen whole or not at all.

    Returns
    -------
    Project
        With a new identity, the same whenever the same project is imported into the same shop.

    Raises
    ------
    ExchangeError
        The file is no export, is damaged, or is not what it says it is. Nothing was kept.
    NotKeptError
        It was imported before.
    StorageError
        A store can't be used.
    """
    try:
        with zipfile.ZipFile(source) as archive:
            bundle = _records(archive)
            sizes = objects_of(bundle)
            _check_list(archive, sizes)
            for at, (bucket, sha256) in enumerate(sizes):
                progress(0.5 * at / len(sizes), f"checking {sha256[:12]}")
                _check_content(archive, bucket, sha256)
            ours = for_shop(bundle, shop)
            for at, (bucket, sha256) in enumerate(sizes):
                progress(0.5 + 0.5 * at / len(sizes), f"keeping {sha256[:12]}")
                with archive.open(f"{OBJECTS}/{bucket}/{sha256}") as content:
                    stores.objects(shop).put(cast(Bucket, bucket), content)  # type: ignore[arg-type]
    except StorageError:
        raise
    except OSError as error:
        raise ExchangeError(
            f"{source} can't be opened ({error.strerror or error}).", "Check its name and place."
        ) from error
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise ExchangeError(
            f"{source} is damaged or is no exported project ({error}).",
            "Export it again from where it came.",
        ) from error
    stores.projects.add_bundle(ours)
    progress(1.0, "done")
    return ours.project


def _records(archive: zipfile.ZipFile) -> Bundle:
    try:
        info = archive.getinfo(RECORDS)
    except KeyError as error:
        raise ExchangeError(
            f"{archive.filename} is no exported project: it has no {RECORDS}.",
            "Choose a file that 'stitchsketch project export' wrote.",
        ) from error
    with archive.open(info) as file:
        text = file.read(_MOST_RECORD_BYTES + 1)
    if len(text) > _MOST_RECORD_BYTES:
        raise ExchangeError(
            f"The records in {archive.filename} unfold to more than any project has.",
            "Don't use this file.",
        )
    try:
        plain = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ExchangeError(
            f"The records in {archive.filename} can't be read.",
            "Export it again from where it came.",
        ) from error
    if isinstance(plain, dict) and plain.get("schema") != SCHEMA:
        raise ExchangeError(
            f"{archive.filename} was exported by another version of StitchSketch.",
            "Use the same version on both sides.",
        )
    return from_plain(plain)


def _check_list(archive: zipfile.ZipFile, sizes: dict[tuple[str, str], int]) -> None:
    """The archive holds the records and the objects that they name, and nothing else."""
    for bucket, sha256 in sizes:
        if bucket not in BUCKETS or not is_name(sha256):
            raise _not_what_it_says(archive, f"the record of a file {bucket}/{sha256[:80]!r}")
    wanted = {f"{OBJECTS}/{bucket}/{sha256}": size for (bucket, sha256), size in sizes.items()}
    seen = set()
    for info in archive.infolist():
        if info.filename in seen:
            raise _not_what_it_says(archive, f"{info.filename[:80]!r} twice")
        seen.add(info.filename)
        if info.filename == RECORDS:
            continue
        if info.filename not in wanted:
            raise _not_what_it_says(archive, f"{info.filename[:80]!r}, which no record names")
        if info.compress_type != zipfile.ZIP_STORED or info.file_size != wanted[info.filename]:
            raise _not_what_it_says(archive, f"{info.filename[:80]!r} in another size")
    if missing := set(wanted) - seen:
        raise ExchangeError(
            f"{archive.filename} is not complete: {len(missing)} files are missing.",
            "Export it again from where it came.",
        )


def _check_content(archive: zipfile.ZipFile, bucket: str, sha256: str) -> None:
    digest = hashlib.sha256()
    with archive.open(f"{OBJECTS}/{bucket}/{sha256}") as file:
        while piece := file.read(_PIECE_BYTES):
            digest.update(piece)
    if digest.hexdigest() != sha256:
        raise ExchangeError(
            f"{archive.filename} is damaged: the file {sha256[:12]} is not what it was.",
            "Copy it again, or export it again from where it came.",
        )


def _not_what_it_says(archive: zipfile.ZipFile, what: str) -> ExchangeError:
    return ExchangeError(
        f"{archive.filename} holds {what}: no export of StitchSketch does.", "Don't use this file."
    )
