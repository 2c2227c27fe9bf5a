"""What is asked about the room that a piece stands in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RoomSettings:
    """What is looked for in the room.

    Attributes
    ----------
    mirrors : bool
        Whether a mirror is looked for, and what it shows left out. To be turned off where a run
        tells of a mirror that isn't there.
    """

    mirrors: bool = True
