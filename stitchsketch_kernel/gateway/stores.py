"""What stands behind the gateway: the three stores, by their interfaces."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from stitchsketch_kernel.projects.interface import ProjectStore
from stitchsketch_kernel.storage.interface import ObjectStore
from stitchsketch_kernel.users.interface import UserStore


@dataclass(frozen=True)
class Stores:
    """Projects, people, and for each shop the objects that are its own."""

    projects: ProjectStore
    users: UserStore
    objects: Callable[[str], ObjectStore]


def embedded_stores(home: Path) -> Stores:
    """Stores on this machine's disk, below `home`.

    Raises
    ------
    StorageError
        They can't be made there.
    """
    from stitchsketch_kernel.projects.embedded import SqlProjectStore
    from stitchsketch_kernel.storage.folders import LocalFolders
    from stitchsketch_kernel.users.embedded import SqlUserStore

    return Stores(
        SqlProjectStore(home / "projects.db"),
        SqlUserStore(home / "users.db"),
        lambda shop: LocalFolders(home / "objects" / folder_of(shop)),
    )


def folder_of(shop: str) -> str:
    """A shop's folder: no name of a shop can lead elsewhere, or to another shop's."""
    return hashlib.sha256(shop.encode()).hexdigest()[:32]
