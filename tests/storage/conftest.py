"""The stores of objects; each implementation is one line in `STORES`."""

from __future__ import annotations

from contextlib import closing
from uuid import uuid4

import pytest
from serving import over_gateway

from stitchsketch_kernel.client import GatewayObjectStore
from stitchsketch_kernel.storage.folders import LocalFolders
from stitchsketch_kernel.storage.interface import shop_folder
from stitchsketch_kernel.storage.s3_settings import S3Settings
from stitchsketch_kernel.storage.services import S3Objects


@pytest.fixture
def s3_settings(request):
    """An S3 server; created only for those who ask for it."""
    ceph = request.getfixturevalue("ceph")
    return S3Settings(ceph.endpoint, ceph.owner.access_key, ceph.owner.secret_key)


def embedded(request, shop):
    return LocalFolders(request.getfixturevalue("tmp_path") / "objects" / shop_folder(shop))


def services(request, shop):
    return S3Objects(request.getfixturevalue("s3_settings"), shop)


@pytest.fixture
def an_administrator():
    """Somebody's client who may act for any shop."""
    store = over_gateway(lambda client: GatewayObjectStore(client, "none"), "ada")
    yield store._client
    store.close()


def gateway(request, shop):
    return GatewayObjectStore(request.getfixturevalue("an_administrator"), shop)


@pytest.fixture
def an_administrator_on_servers(on_servers):
    """The same, of a gateway on real servers."""
    with closing(on_servers.client("ada")) as client:
        yield client


def gateway_on_servers(request, shop):
    return GatewayObjectStore(request.getfixturevalue("an_administrator_on_servers"), shop)


STORES = {"embedded": embedded, "services": services, "gateway": gateway,
          "gateway on servers": gateway_on_servers}  # fmt: skip


@pytest.fixture(params=STORES)
def kind(request):
    return request.param


@pytest.fixture
def store(request, kind):
    """A store of a shop that no test had before."""
    return STORES[kind](request, f"Nadel {uuid4()}")


@pytest.fixture
def other_shop(request, kind, store):
    """Another shop's, of the same installation."""
    return STORES[kind](request, f"Zwirn {uuid4()}")
