"""The default store of people: one JSON document a person or fabric in a SQLite file.

Documents, because MongoDB stands here in a hosted shop: the same document goes there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    MetaData,
    String,
    Table,
    create_engine,
    delete,
    select,
)
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateIndex, CreateTable

from stitchsketch_kernel.domain.errors import StorageError
from stitchsketch_kernel.users.interface import not_yours
from stitchsketch_kernel.users.records import (
    ShopFabric,
    User,
    fabric_document,
    fabric_from_document,
    user_document,
    user_from_document,
)

_METADATA = MetaData()
_USERS = Table(
    "user",
    _METADATA,
    Column("subject", String(400), primary_key=True),
    Column("shop", String(200), index=True, nullable=False),
    Column("document", JSON, nullable=False),
)
_FABRICS = Table(
    "fabric",
    _METADATA,
    Column("id", String(32), primary_key=True),
    Column("shop", String(200), index=True, nullable=False),
    Column("document", JSON, nullable=False),
)


class SqlUserStore:
    """People and fabrics in one SQLite file.

    Parameters
    ----------
    path : Path
        The file; its folder is made when missing.

    Raises
    ------
    StorageError
        The file can't be used.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": 30})
        with self._connection() as connection:
            for table in _METADATA.sorted_tables:  # another process may be making the same
                connection.execute(CreateTable(table, if_not_exists=True))
                for index in table.indexes:
                    connection.execute(CreateIndex(index, if_not_exists=True))

    def close(self) -> None:
        """See `UserStore`."""
        self._engine.dispose()

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except DBAPIError as error:
            raise StorageError(
                f"The shop's file of people {self._path} could not be used ({error.orig}).",
                "Check that its disk has room and that you may write there, then try again.",
            ) from error

    def keep(self, user: User) -> None:
        """See `UserStore`."""
        new = {"shop": user.shop, "document": user_document(user)}
        with self._connection() as connection:
            connection.execute(
                insert(_USERS)
                .values(subject=user.subject, **new)
                .on_conflict_do_update(index_elements=["subject"], set_=new)
            )

    def user(self, subject: str) -> User | None:
        """See `UserStore`."""
        query = select(_USERS.c.document).where(_USERS.c.subject == subject)
        with self._connection() as connection:
            document = connection.scalar(query)
        return None if document is None else user_from_document(document)

    def of_shop(self, shop: str) -> list[User]:
        """See `UserStore`."""
        query = select(_USERS.c.document).where(_USERS.c.shop == shop)
        with self._connection() as connection:
            users = [user_from_document(document) for document in connection.scalars(query)]
        return sorted(users, key=lambda user: (user.name.casefold(), user.subject))

    def names(self, shop: str) -> dict[str, str]:
        """See `UserStore`."""
        return {user.subject: user.name for user in self.of_shop(shop)}

    def forget(self, subject: str) -> None:
        """See `UserStore`."""
        with self._connection() as connection:
            connection.execute(delete(_USERS).where(_USERS.c.subject == subject))

    def keep_fabric(self, fabric: ShopFabric) -> ShopFabric:
        """See `UserStore`."""
        document = fabric_document(fabric)
        with self._connection() as connection:
            kept = connection.execute(
                insert(_FABRICS)
                .values(id=fabric.id, shop=fabric.shop, document=document)
                .on_conflict_do_update(
                    index_elements=["id"],
                    set_={"document": document},
                    where=_FABRICS.c.shop == fabric.shop,
                )
            )
            if kept.rowcount != 1:
                raise not_yours()
        return fabric

    def fabric(self, shop: str, fabric_id: str) -> ShopFabric | None:
        """See `UserStore`."""
        query = select(_FABRICS.c.document).where(
            _FABRICS.c.id == fabric_id, _FABRICS.c.shop == shop
        )
        with self._connection() as connection:
            document = connection.scalar(query)
        return None if document is None else fabric_from_document(document)

    def fabrics(self, shop: str) -> list[ShopFabric]:
        """See `UserStore`."""
        query = select(_FABRICS.c.document).where(_FABRICS.c.shop == shop)
        with self._connection() as connection:
            found = [fabric_from_document(document) for document in connection.scalars(query)]
        return sorted(found, key=lambda one: (one.fabric.name.casefold(), one.id))

    def forget_fabric(self, shop: str, fabric_id: str) -> None:
        """See `UserStore`."""
        with self._connection() as connection:
            connection.execute(
                delete(_FABRICS).where(_FABRICS.c.id == fabric_id, _FABRICS.c.shop == shop)
            )

    def shops(self) -> list[str]:
        """See `UserStore`."""
        query = select(_USERS.c.shop).union(select(_FABRICS.c.shop))
        with self._connection() as connection:
            return sorted(connection.scalars(query))
