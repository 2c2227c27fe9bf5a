"""What is lost, and what is left over: records without their object, objects without a record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from stitchsketch_kernel.projects.records import Reference
from stitchsketch_kernel.storage.interface import BUCKETS, ObjectStore, StoredObject
from stitchsketch_kernel.stores.opening import Stores

#: An object younger than this may wait for its record: a run stores first and tells then, and what
#: it tells may lie in its spool while the database is away.
WAITS = timedelta(hours=24)


@dataclass(frozen=True)
class Findings:
    """What a check of one shop found.

    Attributes
    ----------
    shop : str
    dangling : list of Reference
        Records whose object is not there, or is of another size.
    orphaned : list of StoredObject
        Objects that no record names, put longer ago than `WAITS`.
    waiting : int
        Younger ones.
    leftovers : int
        Uploads that never ended.
    """

    shop: str
    dangling: list[Reference] = field(default_factory=list)
    orphaned: list[StoredObject] = field(default_factory=list)
    waiting: int = 0
    leftovers: int = 0

    @property
    def is_sound(self) -> bool:
        """Whether there is nothing to mend."""
        return not (self.dangling or self.orphaned or self.leftovers)

    def sentences(self) -> list[str]:
        """What was found and how to mend it, for a person."""
        told = [
            f"Lost: {one.of} (the stored file {one.sha256[:12]} of {one.bucket}). Run it again, or "
            "import the project from an export."
            for one in self.dangling
        ]
        if self.orphaned:
            size_mb = sum(one.bytes for one in self.orphaned) / 1e6
            told.append(
                f"Left over: {len(self.orphaned)} stored files ({size_mb:.1f} MB) that belong to "
                "nothing. 'stitchsketch check --mend' removes them."
            )
        if self.leftovers:
            told.append(
                f"Left over: {self.leftovers} uploads that never ended. 'stitchsketch check "
                "--mend' removes them."
            )
        return [f"{self.shop}: {sentence}" for sentence in told]


def check(
    stores: Stores, shops: Iterable[str] | None = None, waits: timedelta = WAITS
) -> list[Findings]:
    """Hold every shop's records against its objects.

    Parameters
    ----------
    stores : Stores
    shops : iterable of str, optional
        All that projects or people are kept of when absent.
    waits : timedelta
        How long an object may wait for its record.

    Returns
    -------
    list of Findings
        One a shop.

    Raises
    ------
    StorageError
        A store can't be used.
    """
    if shops is None:
        shops = sorted({*stores.projects.shops(), *stores.users.shops(), stores.settings.shop})
    return [_check_shop(stores, shop, waits) for shop in shops]


def mend(stores: Stores, findings: Findings) -> None:
    """Remove what is left over; what is lost can't be made here.

    An object that got its record since it was found is left alone.

    Raises
    ------
    StorageError
        A store can't be used.
    """
    objects = stores.objects(findings.shop)
    remove_unreferenced(stores, findings.shop, objects, findings.orphaned)
    objects.clear_leftovers()


def remove_unreferenced(
    stores: Stores, shop: str, objects: ObjectStore, candidates: Iterable[StoredObject]
) -> int:
    """Remove those objects that no record names now; how many."""
    named = {(one.bucket, one.sha256) for one in all_references(stores, shop)}
    removed = 0
    for one in candidates:
        if (one.bucket, one.sha256) not in named:
            objects.delete(one.bucket, one.sha256)
            removed += 1
    return removed


def all_references(stores: Stores, shop: str) -> list[Reference]:
    """Every object that a record of the shop names: of projects, and swatches of fabrics."""
    swatches = [
        Reference("images", one.swatch_sha256, -1, f"the swatch of {one.fabric.name}")
        for one in stores.users.fabrics(shop)
        if one.swatch_sha256
    ]
    return [*stores.projects.references(shop), *swatches]


def _check_shop(stores: Stores, shop: str, waits: timedelta) -> Findings:
    objects = stores.objects(shop)
    # records first: an object is stored before its record, so a record found has its object
    references = all_references(stores, shop)
    kept: dict[tuple[str, str], StoredObject] = {
        (one.bucket, one.sha256): one for bucket in BUCKETS for one in objects.objects(bucket)
    }
    dangling = [one for one in references if not _is_kept(one, kept)]
    named = {(one.bucket, one.sha256) for one in references}
    unnamed = [one for name, one in kept.items() if name not in named]
    before = datetime.now(UTC) - waits
    orphaned = [one for one in unnamed if one.put is None or one.put < before]
    return Findings(shop, dangling, orphaned, len(unnamed) - len(orphaned), objects.leftovers())


def _is_kept(one: Reference, kept: dict[tuple[str, str], StoredObject]) -> bool:
    found = kept.get((one.bucket, one.sha256))
    return found is not None and one.bytes in {-1, found.bytes}
