"""A person of a shop, as a value."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal


class Role(StrEnum):
    """What a person may do; told in one table when the gateway comes."""

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
