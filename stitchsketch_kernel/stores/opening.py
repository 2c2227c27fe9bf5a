"""The one place that opens what a shop keeps."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Self

from stitchsketch_kernel.domain.errors import SettingsError
from stitchsketch_kernel.projects.interface import ProjectArchive
from stitchsketch_kernel.storage.interface import ObjectStore, shop_folder
from stitchsketch_kernel.stores.settings import StoreSettings
from stitchsketch_kernel.users.interface import UserArchive


def open_stores(settings: StoreSettings | None = None) -> Stores:
    """The stores that the settings name; those of the environment when absent.

    Raises
    ------
    SettingsError
        The environment names something that can't be used.
    """
    return Stores(settings or StoreSettings.from_env())


class Stores:
    """Projects, people and objects, each opened when it is first asked for.

    Parameters
    ----------
    settings : StoreSettings
    """

    def __init__(self, settings: StoreSettings) -> None:
        self.settings = settings
        self._lock = threading.RLock()
        self._projects: ProjectArchive | None = None
        self._users: UserArchive | None = None
        self._objects: dict[str, ObjectStore] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of all that was opened; it is opened again when it is asked for."""
        with self._lock:
            for store in (self._projects, self._users):
                if store is not None:
                    store.close()
            self._projects = self._users = None
            self._objects.clear()

    @property
    def projects(self) -> ProjectArchive:
        """The projects of all shops.

        Raises
        ------
        StorageError
            The database can't be used now; asked again later it may.
        """
        with self._lock:
            if self._projects is None:
                self._projects = _projects(self.settings)
            return self._projects

    @property
    def users(self) -> UserArchive:
        """The people of all shops; raises as `projects` does."""
        with self._lock:
            if self._users is None:
                self._users = _users(self.settings)
            return self._users

    def objects(self, shop: str) -> ObjectStore:
        """The objects of one shop; raises as `projects` does."""
        with self._lock:
            if shop not in self._objects:
                self._objects[shop] = _objects(self.settings, shop)
            return self._objects[shop]


def _projects(settings: StoreSettings) -> ProjectArchive:
    if not settings.database_url:
        from stitchsketch_kernel.projects.embedded import SqlProjectStore

        return SqlProjectStore(settings.home / "projects.db")
    from stitchsketch_kernel.projects.services import PostgresProjectStore

    return PostgresProjectStore(settings.database_url)


def _users(settings: StoreSettings) -> UserArchive:
    if not settings.mongo_url:
        from stitchsketch_kernel.users.embedded import SqlUserStore

        return SqlUserStore(settings.home / "users.db")
    try:
        from stitchsketch_kernel.users.services import MongoUserStore
    except ModuleNotFoundError as error:
        raise _not_installed("MongoDB") from error
    return MongoUserStore(settings.mongo_url)


def _objects(settings: StoreSettings, shop: str) -> ObjectStore:
    if not settings.s3_endpoint:
        from stitchsketch_kernel.storage.folders import LocalFolders

        return LocalFolders(settings.home / "objects" / shop_folder(shop))
    try:
        from stitchsketch_kernel.storage.s3_settings import S3Settings
        from stitchsketch_kernel.storage.services import S3Objects
    except ModuleNotFoundError as error:
        raise _not_installed("S3 servers") from error
    account = S3Settings(
        settings.s3_endpoint,
        settings.s3_access_key,
        settings.s3_secret_key,
        settings.s3_bucket,
        settings.s3_region,
    )
    return S3Objects(account, shop)


def _not_installed(what: str) -> SettingsError:
    return SettingsError(
        f"What talks with {what} is not installed.",
        "Install it: pip install 'stitchsketch[services]'.",
    )
