"""The store of people of a hosted shop: MongoDB, one document a person or fabric."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pymongo import MongoClient
from pymongo.errors import (
    ConfigurationError,
    DuplicateKeyError,
    InvalidURI,
    OperationFailure,
    PyMongoError,
)

from stitchsketch_kernel.domain.errors import AwayError, SettingsError, StorageError
from stitchsketch_kernel.users.interface import not_yours
from stitchsketch_kernel.users.records import (
    ShopFabric,
    User,
    fabric_document,
    fabric_from_document,
    user_document,
    user_from_document,
)

#: A server that says nothing is given up after this.
_ANSWER_MS = 10_000
_DATABASE = "stitchsketch"


class MongoUserStore:
    """People and fabrics in a MongoDB database.

    Parameters
    ----------
    url : str
        ``mongodb://name:password@host:port/database``; the database is ``stitchsketch`` when the
        URL names none.

    Raises
    ------
    SettingsError
        The URL is none of MongoDB.
    StorageError
        The server doesn't answer or refuses.
    """

    def __init__(self, url: str) -> None:
        try:
            self._client: MongoClient[dict[str, Any]] = MongoClient(
                url,
                appname="stitchsketch",
                serverSelectionTimeoutMS=_ANSWER_MS,
                connectTimeoutMS=_ANSWER_MS,
                # the whole of an operation, its second try included
                timeoutMS=2 * _ANSWER_MS,
                w="majority",
            )
        except (InvalidURI, ConfigurationError, ValueError) as error:
            raise SettingsError(
                "STITCHSKETCH_MONGO_URL is not the address of a MongoDB database.",
                "Write it as mongodb://name:password@host:27017/database.",
            ) from error
        database = self._client.get_default_database(_DATABASE)
        self._users, self._fabrics = database["users"], database["fabrics"]
        self._place = f"The database of people {database.name}"
        try:
            with self._in_words():
                self._users.create_index("shop")
                self._fabrics.create_index("shop")
        except StorageError:
            self.close()
            raise

    def close(self) -> None:
        """See `UserStore`."""
        self._client.close()

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except OperationFailure as error:
            reason = (error.details or {}).get("codeName", error.code)
            raise StorageError(
                f"{self._place} refused ({reason}).",
                "Check the name and password in STITCHSKETCH_MONGO_URL, and what they may do.",
            ) from error
        except PyMongoError as error:
            raise AwayError(
                f"{self._place} could not be used ({type(error).__name__}).",
                "Check that the MongoDB server runs and can be reached, then try again.",
            ) from error

    def keep(self, user: User) -> None:
        """See `UserStore`."""
        document = {"_id": user.subject, **user_document(user)}
        with self._in_words():
            self._users.replace_one({"_id": user.subject}, document, upsert=True)

    def user(self, subject: str) -> User | None:
        """See `UserStore`."""
        with self._in_words():
            document = self._users.find_one({"_id": subject})
        return None if document is None else user_from_document(document)

    def of_shop(self, shop: str) -> list[User]:
        """See `UserStore`."""
        with self._in_words():
            users = [user_from_document(document) for document in self._users.find({"shop": shop})]
        return sorted(users, key=lambda user: (user.name.casefold(), user.subject))

    def names(self, shop: str) -> dict[str, str]:
        """See `UserStore`."""
        return {user.subject: user.name for user in self.of_shop(shop)}

    def forget(self, subject: str) -> None:
        """See `UserStore`."""
        with self._in_words():
            self._users.delete_one({"_id": subject})

    def keep_fabric(self, fabric: ShopFabric) -> ShopFabric:
        """See `UserStore`."""
        document = {"_id": fabric.id, **fabric_document(fabric)}
        with self._in_words():
            try:
                # another shop's is not found, so that it would be inserted: its id is taken
                self._fabrics.replace_one(
                    {"_id": fabric.id, "shop": fabric.shop}, document, upsert=True
                )
            except DuplicateKeyError as error:
                raise not_yours() from error
        return fabric

    def fabric(self, shop: str, fabric_id: str) -> ShopFabric | None:
        """See `UserStore`."""
        with self._in_words():
            document = self._fabrics.find_one({"_id": fabric_id, "shop": shop})
        return None if document is None else fabric_from_document(document)

    def fabrics(self, shop: str) -> list[ShopFabric]:
        """See `UserStore`."""
        with self._in_words():
            found = [fabric_from_document(one) for one in self._fabrics.find({"shop": shop})]
        return sorted(found, key=lambda one: (one.fabric.name.casefold(), one.id))

    def forget_fabric(self, shop: str, fabric_id: str) -> None:
        """See `UserStore`."""
        with self._in_words():
            self._fabrics.delete_one({"_id": fabric_id, "shop": shop})

    def shops(self) -> list[str]:
        """See `UserStore`."""
        with self._in_words():
            found = {*self._users.distinct("shop"), *self._fabrics.distinct("shop")}
        return sorted(found)
