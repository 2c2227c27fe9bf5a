"""A person of a shop, as a value."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any, Literal
from uuid import uuid4

from stitchsketch_kernel.domain.marker import Fabric


class Role(StrEnum):
    """What a person is in the shop; the gateway's table says what that allows."""

    UPHOLSTERER = "upholsterer"
    TECHNICIAN = "technician"
    MANAGER = "manager"
    ADMIN = "admin"


@dataclass(frozen=True)
class Preferences:
    """What a person or shop likes: units to read, own allowances by edge kind, usual fabric."""

    units: Literal["mm", "inch"] = "mm"
    allowances_mm: dict[str, float] = field(default_factory=dict)
    default_fabric: str = ""


@dataclass(frozen=True)
class User:
    """A person, by the subject that the shop's identity provider gives."""

    subject: str
    shop: str
    name: str = ""
    role: Role = Role.UPHOLSTERER
    preferences: Preferences = field(default_factory=Preferences)


@dataclass(frozen=True)
class ShopFabric:
    """A cloth of a shop's library.

    Attributes
    ----------
    shop : str
    fabric : Fabric
    supplier, code : str
        Where it is bought, and under which number.
    composition : str
        As on the roll's label.
    swatch_sha256 : str
        Its photo, in the shop's bucket ``images``; empty: none.
    id : str
    """

    shop: str
    fabric: Fabric
    supplier: str = ""
    code: str = ""
    composition: str = ""
    swatch_sha256: str = ""
    id: str = field(default_factory=lambda: uuid4().hex)


def user_document(user: User) -> dict[str, Any]:
    """A person as a plain document."""
    return {**asdict(user), "role": user.role.value}


def user_from_document(document: dict[str, Any]) -> User:
    """The person that a document tells of; what a later version added to it is passed over."""
    known = _known(User, document)
    preferences = Preferences(**_known(Preferences, document.get("preferences", {})))
    return User(**{**known, "role": Role(document["role"]), "preferences": preferences})


def fabric_document(fabric: ShopFabric) -> dict[str, Any]:
    """A fabric as a plain document."""
    return asdict(fabric)


def fabric_from_document(document: dict[str, Any]) -> ShopFabric:
    """The fabric that a document tells of; what a later version added to it is passed over."""
    known = _known(ShopFabric, document)
    return ShopFabric(**{**known, "fabric": Fabric(**_known(Fabric, document["fabric"]))})


def _known(kind: type, document: dict[str, Any]) -> dict[str, Any]:
    names = {one.name for one in fields(kind)}
    return {name: value for name, value in document.items() if name in names}
