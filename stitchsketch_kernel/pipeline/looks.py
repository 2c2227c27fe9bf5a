"""What a fabric's file says of how the cloth looks, beside what it says of the roll."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from stitchsketch_kernel.domain.errors import SettingsError
from stitchsketch_kernel.domain.marker import Fabric, Marker
from stitchsketch_kernel.domain.prototype import ClothTile
from stitchsketch_kernel.pipeline.files import read_table
from stitchsketch_kernel.pipeline.settings import FabricSettings, settings_from
from stitchsketch_kernel.visualization.cover.cloths import ClothDesign, built_in

_EXAMPLE = 'Write it as JSON or TOML: width_mm = 1400 and, below [look], kind = "plaid".'


@dataclass(frozen=True)
class LookSettings:
    """How a cloth looks: a built-in one, or a photo of a swatch.

    Attributes
    ----------
    kind : str
        ``plain``, ``stripe``, ``check``, ``plaid``, ``floral`` or ``leather``.
    colors : tuple of str
        ``#rrggbb``, the ground first.
    swatch : str
        A photo of the cloth, beside the fabric's file or with its whole path; instead of a kind.
    mm_per_px : float
        Its scale where no mat lies in it; 0: from the mat.
    ruler_mm, ruler_px : float, (x, y, x, y)
        Or the length between two points of the photo, and these points.
    crop_px : (left, top, width, height)
        What of the photo is cloth; all of it but the mat without.
    sheen : float
        0 to 1; below 0: the kind's own.
    """

    kind: str = "plain"
    colors: tuple[str, ...] = ()
    swatch: str = ""
    mm_per_px: float = 0.0
    ruler_mm: float = 0.0
    ruler_px: tuple[float, ...] = ()
    crop_px: tuple[float, ...] = ()
    sheen: float = -1.0

    def design(self) -> ClothDesign:
        """The built-in cloth."""
        return ClothDesign(self.kind, self.colors, None if self.sheen < 0 else self.sheen)


@dataclass(frozen=True)
class Look:
    """A fabric and how it looks; `folder` is where its file lies.

    Attributes
    ----------
    marker : Marker, optional
        Where the pieces lie on it already, as by a person's hand; without it they are laid.
    welt : LookSettings, optional
        How the welts' own cloth looks, the same for all fabrics that are shown together; without
        it they are of the fabric.
    others : tuple of Look
        The job's other cloths with their markers, of which the pieces are cut that this one has
        none of.
    """

    fabric: FabricSettings
    look: LookSettings
    folder: Path
    marker: Marker | None = None
    welt: LookSettings | None = None
    others: tuple[Look, ...] = ()

    def tile(self, fabric: Fabric) -> ClothTile:
        """The cloth's tile.

        Raises
        ------
        StitchSketchError
            There is no such built-in cloth, or the swatch's photo can't be used.
        """
        if not self.look.swatch:
            return built_in(self.look.design(), fabric)
        from stitchsketch_kernel.imaging.swatch import SwatchScale, swatch_tile

        look = self.look
        scale = SwatchScale(look.mm_per_px, look.ruler_mm, look.ruler_px, look.crop_px)
        sheen = {} if look.sheen < 0 else {"sheen": look.sheen}
        return swatch_tile(self.folder / look.swatch, fabric, scale, **sheen)

    def welt_color(self, fabric: Fabric) -> tuple[int, int, int] | None:
        """Of the welts' own cloth: a cord is too thin to show more of it; None without one."""
        if self.welt is None:
            return None
        tile = replace(self, look=self.welt).tile(fabric)
        red, green, blue = tile.color.reshape(-1, 3).mean(axis=0).round().astype(int).tolist()
        return red, green, blue


def read_look(path: Path) -> Look:
    """A fabric's file: its settings, and those below ``[look]``.

    Raises
    ------
    SettingsError
        It can't be read, or says what can't be.
    """
    table = read_table(path, _EXAMPLE)
    look: Any = table.pop("look", {})
    if not isinstance(look, dict):
        raise SettingsError(f"{path.name}: look should be a table.", _EXAMPLE)
    for group, kind, values in (("fabric", FabricSettings, table), ("look", LookSettings, look)):
        known = kind.__dataclass_fields__
        if unknown := [name for name in values if name not in known]:
            raise SettingsError(
                f"{path.name}: there is no {group}.{unknown[0]}.",
                f"Known are {', '.join(known)}.",
            )
    wanted: LookSettings = settings_from(LookSettings, "look", look)
    wanted.design()  # a wrong colour is said before minutes of nesting
    return Look(
        settings_from(FabricSettings, "fabric", table),
        wanted,
        path.resolve().parent,
    )
