"""The shop's fabric library."""

from __future__ import annotations

from typing import Any

from stitchsketch_kernel.domain.errors import NotKeptError
from stitchsketch_kernel.domain.marker import Fabric
from stitchsketch_kernel.gateway.guard import Allowed
from stitchsketch_kernel.gateway.models import NewFabric, Page, values_of
from stitchsketch_kernel.gateway.paging import DEFAULT_LIMIT, Cursor, Limit, page
from stitchsketch_kernel.gateway.routes.route import FabricId, Route
from stitchsketch_kernel.users.records import ShopFabric


def of_shop(
    access: Allowed, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[ShopFabric]:
    """The shop's fabrics by name."""
    found = access.users.fabrics(access.shop)
    return page(found, lambda one: (one.fabric.name.casefold(), one.id), limit, cursor)


def read(access: Allowed, fabric_id: FabricId) -> ShopFabric:
    """One fabric."""
    found = access.users.fabric(access.shop, fabric_id)
    if found is None:
        raise NotKeptError("There is no such fabric in this shop.", "Choose one from the list.")
    return found


def keep(access: Allowed, fabric_id: FabricId, fabric: NewFabric) -> ShopFabric:
    """Keep a fabric of the shop's library; the last word counts."""
    values: dict[str, Any] = values_of(fabric)
    cloth = Fabric(**values_of(values.pop("fabric")))
    kept = ShopFabric(shop=access.shop, id=fabric_id, fabric=cloth, **values)
    return access.users.keep_fabric(kept)


def forget(access: Allowed, fabric_id: FabricId) -> None:
    """Take a fabric out of the library."""
    read(access, fabric_id)  # 404 for another shop's
    access.users.forget_fabric(access.shop, fabric_id)


ROUTES = (
    Route("fabrics.list", of_shop, model=Page[ShopFabric]),
    Route("fabrics.read", read, model=ShopFabric),
    Route("fabrics.keep", keep, model=ShopFabric),
    Route("fabrics.forget", forget, status=204),
)
