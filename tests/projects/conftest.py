"""The stores of projects; each implementation is one line in `STORES`."""

from __future__ import annotations

import pytest
from serving import over_gateway

from stitchsketch_kernel.client import GatewayProjectStore
from stitchsketch_kernel.projects.embedded import SqlProjectStore
from stitchsketch_kernel.projects.interface import ProjectStore
from stitchsketch_kernel.projects.records import Project, Run, Scan
from stitchsketch_kernel.projects.services import PostgresProjectStore


def embedded(request):
    return SqlProjectStore(request.getfixturevalue("tmp_path") / "projects.sqlite")


def services(request):
    return PostgresProjectStore(request.getfixturevalue("postgres").new_database())


def gateway(_request):
    return over_gateway(GatewayProjectStore, "tia")


def gateway_on_servers(request):
    return GatewayProjectStore(request.getfixturevalue("on_servers").client("tia"))


def administrator(_request):
    return over_gateway(GatewayProjectStore, "ada")


STORES = {"embedded": embedded, "services": services, "gateway": gateway,
          "gateway on servers": gateway_on_servers}  # fmt: skip
#: Only where a test says so.
MORE = {"administrator": administrator}


@pytest.fixture(params=STORES)
def store(request):
    store = {**STORES, **MORE}[request.param](request)
    yield store
    store.close()


@pytest.fixture
def job(store: ProjectStore) -> tuple[Project, Scan, Run]:
    project = store.add_project(Project(shop="Nadel", name="Wing chair", customer="Ms Ö"))
    scan = store.add_scan("Nadel", Scan(project.id, "before stripping"))
    return project, scan, store.start_run("Nadel", Run(scan.id, "/jobs/1"))
