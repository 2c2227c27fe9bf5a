"""The default store of people: one JSON document a person in a SQLite file.

Documents, because MongoDB stands here in a hosted shop: the same document goes there.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Column, MetaData, String, Table, create_engine, delete, insert, select
from sqlalchemy.exc import OperationalError

from stitchsketch_kernel.domain.errors import StorageError
from stitchsketch_kernel.users.records import Preferences, Role, User

_METADATA = MetaData()
_USERS = Table(
    "user",
    _METADATA,
    Column("subject", String(400), primary_key=True),
    Column("shop", String(200), index=True, nullable=False),
    Column("document", JSON, nullable=False),
)


class SqlUserStore:
    """People in one SQLite file.

    Parameters
    ----------
    path : Path
        The file; its folder is made when missing.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": 30})
        try:
            _METADATA.create_all(self._engine)
        except OperationalError as error:
            raise StorageError(
                f"The shop's file of people {path} could not be used ({error.orig}).",
                "Check that its disk has room and that you may write there, then try again.",
            ) from error

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()

    def keep(self, user: User) -> None:
        """See `UserStore`."""
        with self._engine.begin() as connection:
            connection.execute(delete(_USERS).where(_USERS.c.subject == user.subject))
            connection.execute(
                insert(_USERS).values(subject=user.subject, shop=user.shop, document=asdict(user))
            )

    def user(self, subject: str) -> User | None:
        """See `UserStore`."""
        query = select(_USERS.c.document).where(_USERS.c.subject == subject)
        with self._engine.connect() as connection:
            document = connection.scalar(query)
        return None if document is None else user_from_document(document)

    def of_shop(self, shop: str) -> list[User]:
        """See `UserStore`."""
        query = select(_USERS.c.document).where(_USERS.c.shop == shop)
        with self._engine.connect() as connection:
            users = [user_from_document(document) for document in connection.scalars(query)]
        return sorted(users, key=lambda user: (user.name.casefold(), user.subject))

    def forget(self, subject: str) -> None:
        """See `UserStore`."""
        with self._engine.begin() as connection:
            connection.execute(delete(_USERS).where(_USERS.c.subject == subject))


def user_from_document(document: dict[str, Any]) -> User:
    """The person that a document tells of."""
    preferences = Preferences(**document["preferences"])
    return User(**{**document, "role": Role(document["role"]), "preferences": preferences})
