"""People over the gateway."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import quote

from stitchsketch_kernel.client.connection import GatewayClient
from stitchsketch_kernel.client.records import record_of, told
from stitchsketch_kernel.domain.errors import NotKeptError
from stitchsketch_kernel.users.records import ShopFabric, User


class GatewayUserStore:
    """People, as far as the token's owner may: a manager's shop, an administrator's all.

    Parameters
    ----------
    client : GatewayClient
    """

    def __init__(self, client: GatewayClient) -> None:
        self._client = client

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def me(self) -> User:
        """The token's owner."""
        return record_of(User, self._client.ask("GET", "/users/me").json())

    def keep(self, user: User) -> None:
        """See `UserStore`."""
        self._client.ask("PUT", _path(user.subject), json=told(user, "subject"))

    def user(self, subject: str) -> User | None:
        """See `UserStore`."""
        try:
            return record_of(User, self._client.ask("GET", _path(subject)).json())
        except NotKeptError:
            return None

    def of_shop(self, shop: str) -> list[User]:
        """See `UserStore`."""
        return [record_of(User, one) for one in self._client.items("/users", shop=shop)]

    def names(self, shop: str) -> dict[str, str]:
        """See `UserStore`."""
        found = self._client.items("/users/me/colleagues", shop=shop)
        return {one["subject"]: one["name"] for one in found}

    def forget(self, subject: str) -> None:
        """See `UserStore`."""
        with suppress(NotKeptError):
            self._client.ask("DELETE", _path(subject))

    def keep_fabric(self, fabric: ShopFabric) -> ShopFabric:
        """See `UserStore`."""
        body, params = told(fabric, "shop", "id"), {"shop": fabric.shop}
        answer = self._client.ask("PUT", f"/fabrics/{fabric.id}", json=body, params=params)
        return record_of(ShopFabric, answer.json())

    def fabric(self, shop: str, fabric_id: str) -> ShopFabric | None:
        """See `UserStore`."""
        try:
            answer = self._client.ask("GET", f"/fabrics/{fabric_id}", params={"shop": shop})
        except NotKeptError:
            return None
        return record_of(ShopFabric, answer.json())

    def fabrics(self, shop: str) -> list[ShopFabric]:
        """See `UserStore`."""
        return [record_of(ShopFabric, one) for one in self._client.items("/fabrics", shop=shop)]

    def forget_fabric(self, shop: str, fabric_id: str) -> None:
        """See `UserStore`."""
        with suppress(NotKeptError):
            self._client.ask("DELETE", f"/fabrics/{fabric_id}", params={"shop": shop})


def _path(subject: str) -> str:
    return f"/users/{quote(subject, safe='')}"
