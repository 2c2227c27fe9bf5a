"""The stores of people; each implementation is one line in `STORES`."""

from __future__ import annotations

import pytest
from serving import over_gateway

from stitchsketch_kernel.client import GatewayUserStore
from stitchsketch_kernel.users.embedded import SqlUserStore
from stitchsketch_kernel.users.services import MongoUserStore


def embedded(request):
    return SqlUserStore(request.getfixturevalue("tmp_path") / "users.sqlite")


def services(request):
    return MongoUserStore(request.getfixturevalue("mongo").new_database())


def gateway(_request):
    return over_gateway(GatewayUserStore, "ada")


def gateway_on_servers(request):
    return GatewayUserStore(request.getfixturevalue("on_servers").client("ada"))


STORES = {"embedded": embedded, "services": services, "gateway": gateway,
          "gateway on servers": gateway_on_servers}  # fmt: skip


@pytest.fixture(params=STORES)
def store(request):
    store = STORES[request.param](request)
    yield store
    store.close()
