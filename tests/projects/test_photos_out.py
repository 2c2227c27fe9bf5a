"""Photos that were taken out of a scan, in every store of projects."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stitchsketch_kernel.domain.errors import NotKeptError
from stitchsketch_kernel.projects.copying import duplicate
from stitchsketch_kernel.projects.records import Photo


def test_a_photo_taken_out_is_not_the_scans_but_can_be_put_back(store, job):
    project, scan, _ = job
    here, out = Photo(scan.id, "a.jpg", "aa" * 32, 5), Photo(scan.id, "b.jpg", "bb" * 32, 6)
    for photo in (here, out, replace(out, left_out=True)):
        store.keep_photo("Nadel", photo)
    assert store.photos("Nadel", scan.id) == [here]
    assert store.photos("Nadel", scan.id, left_out=True) == [replace(out, left_out=True)]
    copy = duplicate(store, "Nadel", project.id)
    [copied] = store.scans("Nadel", copy.id)
    assert [one.name for one in store.photos("Nadel", copied.id)] == ["a.jpg"]
    with pytest.raises(NotKeptError):
        store.photos("Zwirn", scan.id, left_out=True)
    store.keep_photo("Nadel", out)
    assert store.photos("Nadel", scan.id) == [here, out]


@pytest.mark.parametrize("store", ["embedded", "services"], indirect=True)
def test_its_content_is_kept_until_the_project_is_purged(store, job):
    project, scan, _ = job
    store.keep_photo("Nadel", Photo(scan.id, "b.jpg", "bb" * 32, 6, left_out=True))
    assert [one.sha256 for one in store.references("Nadel")] == ["bb" * 32]
    assert store.bundle("Nadel", project.id).photos[0].left_out
    store.delete_project("Nadel", project.id)
    assert [one.sha256 for one in store.purge_project("Nadel", project.id)] == ["bb" * 32]
