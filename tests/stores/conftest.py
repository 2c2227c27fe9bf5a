"""An installation of files, one of servers, and a job with all that belongs to one."""

from __future__ import annotations

import io
from dataclasses import dataclass
from uuid import uuid4

import pytest

from stitchsketch_kernel.projects.records import (
    Artefact,
    Photo,
    Project,
    Quote,
    Run,
    Scan,
    StageRun,
    Status,
)
from stitchsketch_kernel.stores import Stores, StoreSettings


def embedded(request, home):
    return StoreSettings(home)


def services(request, home):
    postgres, mongo, ceph = (
        request.getfixturevalue(name) for name in ("postgres", "mongo", "ceph")
    )
    return StoreSettings(
        home, "local", postgres.new_database(), mongo.new_database(), ceph.endpoint,
        ceph.owner.access_key, ceph.owner.secret_key, f"tests-{uuid4()}",
    )  # fmt: skip


INSTALLATIONS = {"embedded": embedded, "services": services}


@pytest.fixture(params=INSTALLATIONS)
def stores(request, tmp_path):
    settings = INSTALLATIONS[request.param](request, tmp_path / "home")
    with Stores(settings) as stores:
        yield stores


@pytest.fixture
def elsewhere(tmp_path):
    """Another installation."""
    with Stores(StoreSettings(tmp_path / "elsewhere")) as stores:
        yield stores


@dataclass
class Job:
    """A project with one of everything."""

    project: Project
    scan: Scan
    run: Run


def new_job(stores: Stores, shop: str = "Nadel", name: str = "Wing chair") -> Job:
    objects, projects = stores.objects(shop), stores.projects
    project = projects.add_project(Project(shop, name, customer="Ms Ö"))
    scan = projects.add_scan(shop, Scan(project.id, "before stripping"))
    for at in range(2):
        photo = objects.put("images", io.BytesIO(f"photo {at}".encode()))
        projects.keep_photo(shop, Photo(scan.id, f"{at}.jpg", photo.sha256, photo.bytes))
    run = projects.start_run(shop, Run(scan.id, "/jobs/1", started_by="anna"))
    figures = {"pieces": 17, "seconds": 3, "scale": {"residual_mm": 0.25}}
    projects.record_stage(
        shop, StageRun(run.id, "mesh", Status.COMPLETED, 128.0, "ab" * 32, figures)
    )
    mesh = objects.put("models", io.BytesIO(f"mesh of {name}".encode()))
    where = "model/mesh.ply"
    projects.add_artefact(
        shop, Artefact(run.id, "mesh", "ply", mesh.sha256, mesh.bytes, where, "models")
    )
    offer = objects.put("patterns", io.BytesIO(f"quote of {name}".encode()))
    projects.keep_quote(shop, Quote(run.id, 129_900, sha256=offer.sha256, bytes=offer.bytes))
    projects.finish_run(shop, run.id, Status.COMPLETED)
    return Job(project, scan, run)


@pytest.fixture
def job(stores):
    return new_job(stores)


@pytest.fixture(name="new_job")
def another_job():
    """A maker of such jobs."""
    return new_job
