"""Who asks, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from stitchsketch_kernel.users.records import User


@dataclass(frozen=True)
class Identity:
    """What a token proves.

    Attributes
    ----------
    subject : str
        Of the identity provider.
    scopes : frozenset of str, optional
        What the token is limited to; None: whatever its owner's role may do.
    expires_s : float
        When it ends, in seconds since 1970.
    """

    subject: str
    scopes: frozenset[str] | None
    expires_s: float


class TokenVerifier(Protocol):
    """One kind of tokens."""

    def identity(self, token: str) -> Identity:
        """Whose token it is; `ProblemError` (401, or 503 when nobody answers) when it is none."""
        ...


@dataclass(frozen=True)
class Caller:
    """A person who may come in, and how long the token holds."""

    user: User
    scopes: frozenset[str] | None
    expires_s: float
