"""A project duplicated: the same photos, not sent again; in every store."""

from __future__ import annotations

import pytest

from stitchsketch_kernel.domain.errors import NotKeptError
from stitchsketch_kernel.projects.copying import duplicate
from stitchsketch_kernel.projects.records import Photo, Project, Scan


@pytest.fixture
def chair(store) -> Project:
    project = store.add_project(Project("Nadel", "Chair", customer="Ms Ö", units="inch"))
    for name, count in (("before", 2), ("stripped", 1)):
        scan = store.add_scan("Nadel", Scan(project.id, name))
        for k in range(count):
            store.keep_photo("Nadel", Photo(scan.id, f"{name}-{k}.jpg", f"{k}a" * 32, 10 + k))
    return project


def photos(store, project: Project) -> dict[str, list[tuple[str, str, int]]]:
    return {
        scan.name: [(one.name, one.sha256, one.bytes) for one in store.photos("Nadel", scan.id)]
        for scan in store.scans("Nadel", project.id)
    }


def test_a_copy_has_the_same_photos_and_none_of_the_runs(store, chair):
    copy = duplicate(store, "Nadel", chair.id, "tia")
    assert copy.id != chair.id
    assert (copy.name, copy.customer, copy.units, copy.owner) == (
        "Chair (copy)", "Ms Ö", "inch", "tia"
    )  # fmt: skip
    assert photos(store, copy) == photos(store, chair)
    assert len(photos(store, copy)["before"]) == 2
    assert all(store.runs("Nadel", scan.id) == [] for scan in store.scans("Nadel", copy.id))
    assert duplicate(store, "Nadel", chair.id).name == "Chair (copy 2)"


def test_what_becomes_of_the_copy_leaves_the_first_alone(store, chair):
    copy, before = duplicate(store, "Nadel", chair.id), photos(store, chair)
    [scan, _] = store.scans("Nadel", copy.id)
    store.keep_photo("Nadel", Photo(scan.id, "more.jpg", "0b" * 32, 5))
    store.delete_project("Nadel", copy.id)
    assert photos(store, chair) == before


def test_another_shops_project_is_none(store, chair):
    with pytest.raises(NotKeptError):
        duplicate(store, "Zwirn", chair.id)
