"""What a store of people must do, whatever stands behind it."""

from __future__ import annotations

from typing import Protocol

from stitchsketch_kernel.users.records import User


class UserStore(Protocol):
    """People by the subject of their identity provider."""

    def keep(self, user: User) -> None:
        """Keep a person; the last word on a subject counts."""
        ...

    def user(self, subject: str) -> User | None:
        """The person with that subject, or None."""
        ...

    def of_shop(self, shop: str) -> list[User]:
        """The shop's people by name."""
        ...

    def forget(self, subject: str) -> None:
        """Forget a person; nothing happens where there is none."""
        ...
