"""What a store of people must do, whatever stands behind it."""

from __future__ import annotations

from typing import Protocol

from stitchsketch_kernel.domain.errors import NotKeptError
from stitchsketch_kernel.users.records import ShopFabric, User


class UserStore(Protocol):
    """People by the subject of their identity provider, and the shops' fabrics."""

    def keep(self, user: User) -> None:
        """Keep a person; the last word on a subject counts."""
        ...

    def user(self, subject: str) -> User | None:
        """The person with that subject, or None."""
        ...

    def of_shop(self, shop: str) -> list[User]:
        """The shop's people by name."""
        ...

    def names(self, shop: str) -> dict[str, str]:
        """What the shop's people are called, by subject, in the order of their names."""
        ...

    def forget(self, subject: str) -> None:
        """Forget a person; nothing happens where there is none."""
        ...

    def keep_fabric(self, fabric: ShopFabric) -> ShopFabric:
        """Keep a cloth of the shop's library; the last word on its id counts.

        Raises
        ------
        NotKeptError
            The id is another shop's.
        """
        ...

    def fabric(self, shop: str, fabric_id: str) -> ShopFabric | None:
        """A cloth of the shop's library, or None."""
        ...

    def fabrics(self, shop: str) -> list[ShopFabric]:
        """The shop's library by name."""
        ...

    def forget_fabric(self, shop: str, fabric_id: str) -> None:
        """Take a cloth out of the library; nothing happens where there is none."""
        ...

    def close(self) -> None:
        """Let go of the database."""
        ...


class UserArchive(UserStore, Protocol):
    """What only the installation itself may do; the gateway doesn't offer it."""

    def shops(self) -> list[str]:
        """All shops that have people or fabrics."""
        ...


def not_yours() -> NotKeptError:
    """The sentence for a fabric's id that another shop has."""
    return NotKeptError("There is no such fabric in this shop.", "Choose one from the list.")
