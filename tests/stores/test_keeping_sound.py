"""Purge, check and mend: nothing orphaned, nothing dangling, nothing removed that is in use."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest

from stitchsketch_kernel.domain.errors import NotKeptError, StorageError
from stitchsketch_kernel.domain.marker import Fabric
from stitchsketch_kernel.storage.interface import BUCKETS
from stitchsketch_kernel.stores.checking import check, mend
from stitchsketch_kernel.stores.figures import figures_table
from stitchsketch_kernel.stores.purging import purge_old, purge_project
from stitchsketch_kernel.users.records import ShopFabric

AT_ONCE = timedelta(seconds=-2)


def kept(stores, shop="Nadel"):
    return [one for bucket in BUCKETS for one in stores.objects(shop).objects(bucket)]


def swatch(stores, content=b"photo 0", shop="Nadel"):
    stored = stores.objects(shop).put("images", io.BytesIO(content))
    fabric = ShopFabric(shop, Fabric("linen", 1400, 1370), swatch_sha256=stored.sha256)
    return stores.users.keep_fabric(fabric)


def test_a_sound_installation_is_called_so(stores, job):
    swatch(stores)
    [found] = check(stores, ["Nadel"], AT_ONCE)
    assert found.is_sound and found.waiting == 0 and found.sentences() == []


def test_what_is_lost_is_named_with_what_to_do(stores, job):
    photo = stores.projects.photos("Nadel", job.scan.id)[1]
    stores.objects("Nadel").delete("images", photo.sha256)
    linen = swatch(stores, b"swatch")
    stores.objects("Nadel").delete("images", linen.swatch_sha256)
    [found] = check(stores, ["Nadel"], AT_ONCE)
    first, second = found.sentences()
    assert "Lost: 1.jpg of the project Wing chair" in first and "Run it again" in first
    assert "the swatch of linen" in second
    assert not found.is_sound


def test_what_is_left_over_is_removed_once_it_is_old_enough(stores, job):
    stores.objects("Nadel").put("models", io.BytesIO(b"nobody's"))
    [found] = check(stores, ["Nadel"])
    assert found.is_sound and found.waiting == 1  # young: its record may be on its way
    [found] = check(stores, ["Nadel"], AT_ONCE)
    assert [one.bytes for one in found.orphaned] == [8]
    assert "1 stored files" in found.sentences()[0] and "--mend" in found.sentences()[0]
    mend(stores, found)
    assert len(kept(stores)) == 4
    assert check(stores, ["Nadel"], AT_ONCE)[0].is_sound


def test_what_got_its_record_since_it_was_found_is_not_removed(stores, job):
    stores.objects("Nadel").put("images", io.BytesIO(b"swatch"))
    [found] = check(stores, ["Nadel"], AT_ONCE)
    swatch(stores, b"swatch")
    mend(stores, found)
    assert check(stores, ["Nadel"], AT_ONCE)[0].is_sound


def test_a_purge_takes_the_objects_along_but_none_that_is_in_use(stores, job, new_job):
    other = new_job(stores, name="Stool")
    with pytest.raises(NotKeptError):
        purge_project(stores, "Nadel", job.project.id, AT_ONCE)
    assert len(kept(stores)) == 6
    stores.projects.delete_project("Nadel", job.project.id)
    assert purge_project(stores, "Nadel", job.project.id, AT_ONCE) == 2  # photos are shared
    stores.projects.delete_project("Nadel", other.project.id)
    linen = swatch(stores)
    assert purge_project(stores, "Nadel", other.project.id, AT_ONCE) == 3
    assert [one.sha256 for one in kept(stores)] == [linen.swatch_sha256]
    assert check(stores, ["Nadel"], AT_ONCE)[0].is_sound


def test_an_object_put_a_moment_ago_outlives_the_purge(stores, job):
    stores.projects.delete_project("Nadel", job.project.id)
    assert purge_project(stores, "Nadel", job.project.id) == 0
    assert check(stores, ["Nadel"])[0].waiting == 4


def test_a_purge_that_cannot_reach_the_objects_keeps_the_records(stores, job, monkeypatch):
    stores.projects.delete_project("Nadel", job.project.id)

    def away(shop):
        raise StorageError("The object store does not answer.")

    with monkeypatch.context() as patch:
        patch.setattr(stores, "objects", away)
        with pytest.raises(StorageError):
            purge_project(stores, "Nadel", job.project.id)
    assert len(stores.projects.deleted_projects("Nadel")) == 1


def test_only_old_deletions_are_purged(stores, job):
    stores.projects.delete_project("Nadel", job.project.id)
    assert purge_old(stores, "Nadel") == 0
    assert purge_old(stores, "Nadel", AT_ONCE) == 1
    assert stores.projects.deleted_projects("Nadel") == []


def test_all_shops_are_checked_and_none_sees_anothers_objects(stores, job, new_job):
    new_job(stores, "Zwirn")
    swatch(stores, shop="Faden")
    found = check(stores, waits=AT_ONCE)
    assert [one.shop for one in found] == ["Faden", "Nadel", "Zwirn", "local"]
    assert all(one.is_sound for one in found)


def test_the_figures_of_all_runs_are_one_table(stores, job, new_job):
    new_job(stores, name="Stool")
    table = figures_table(stores.projects, "Nadel")
    assert list(table["project"]) == ["Wing chair", "Stool"]
    first = table.iloc[0]
    assert (first["pieces"], first["scale.residual_mm"], first["started_by"]) == (17, 0.25, "anna")
    assert (first["seconds"], first["figure seconds"]) == (128.0, 3)
    empty = figures_table(stores.projects, "Zwirn")
    assert len(empty) == 0 and "project" in empty.columns
