"""What the new cover's page shows and takes: fabrics chosen for it, meshes as bytes, files."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from stitchsketch_kernel.domain.errors import SettingsError
from stitchsketch_kernel.domain.marker import Marker
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.pipeline.cover import MOST_FABRICS
from stitchsketch_kernel.pipeline.cover_run import CoveredRun
from stitchsketch_kernel.pipeline.dressing import FOLDER, Dressed, Worn, strain_of
from stitchsketch_kernel.pipeline.looks import Look, LookSettings
from stitchsketch_kernel.pipeline.offer import Offer
from stitchsketch_kernel.pipeline.renders import renders_in
from stitchsketch_kernel.pipeline.settings import FabricSettings
from stitchsketch_kernel.users.records import ShopFabric
from stitchsketch_kernel.visualization.cover.cloths import KINDS
from stitchsketch_kernel.visualization.palette import ramp
from stitchsketch_kernel.visualization.strain import STRAIN_COLOURS, STRAIN_END_PERCENT
from stitchsketch_widgets.scan_state import ColoredPart, Dressing, TexturedPart
from stitchsketch_widgets.texts import text

#: The cloth of the quote, whose marker is the one below the form.
FACE = "face"
#: A photo of the cloth, from the shop's library.
SWATCH = "swatch"
_COLOR = re.compile(r"#[0-9a-f]{6}", re.IGNORECASE)
_TILE_PX = 1024
#: Of the job's other cloths, before a person chooses.
_OTHERS = ("#8a5a44", "#5f6f52", "#6b5b7b")

#: The photo of a swatch by its SHA-256, as a file in the run's folder.
FetchSwatch = Callable[[str], Path]


@dataclass(frozen=True)
class Picks:
    """Where fabrics are taken from: the quote's face cloth, and the shop's library."""

    offer: Callable[[], Offer]
    library: Sequence[ShopFabric] = ()
    swatch: FetchSwatch | None = None

    def looks_of(self, form: Sequence[Mapping[str, Any]]) -> tuple[Look, ...]:
        """The fabrics that a page has chosen.

        Raises
        ------
        SettingsError
            There are none or too many, or a swatch's photo isn't there.
        """
        if not 1 <= len(form) <= MOST_FABRICS:
            raise SettingsError(text("cover.how_many", most=MOST_FABRICS))
        # all are drawn on the same triangles, welts of a cloth of their own among them
        welt = _welt_of(form[0])
        # no generator: a fabric that there is none of ends its search, and would end that, too
        looks = [self._look(one, welt) for one in form]
        others = self._others(form[0])
        return tuple(replace(look, others=others) for look in looks)

    def others(self) -> list[dict[str, Any]]:
        """The job's other cloths that pieces lie on: name, first colour, whether by a swatch."""
        return [
            {"name": name, "color": _OTHERS[k % len(_OTHERS)], "swatch": self._swatch(name) != ""}
            for k, (name, _) in enumerate(self._laid_others())
        ]

    def _laid_others(self) -> list[tuple[str, Marker]]:
        markers = [one for one in self.offer().markers[1:] if one is not None]
        return [(one.fabric.name, one) for one in markers if one.placements]

    def _others(self, form: Mapping[str, Any]) -> tuple[Look, ...]:
        """How the job's other cloths look: by the library's photo of one of the name, or plain."""
        chosen, looks = form.get("others") or {}, []
        for own, (name, marker) in zip(self.others(), self._laid_others(), strict=True):
            look, folder = LookSettings("plain", _color_of(chosen.get(name, own["color"]))), Path()
            if own["swatch"] and self.swatch is not None:
                photo = self.swatch(self._swatch(name))
                look, folder = LookSettings(swatch=photo.name), photo.parent
            looks.append(Look(FabricSettings(**asdict(marker.fabric)), look, folder, marker))
        return tuple(looks)

    def _swatch(self, name: str) -> str:
        """The SHA-256 of the photo of the library's cloth of a name; empty where it has none."""
        known = [one.swatch_sha256 for one in self.library if one.fabric.name == name]
        return next(filter(None, known), "") if self.swatch is not None else ""

    def choices(self) -> list[dict[str, Any]]:
        """What may be chosen."""
        face = {"of": FACE, "name": self.offer().chosen.cloths[0].fabric.name, "swatch": False}
        return [face] + [
            {
                "of": one.id,
                "name": one.fabric.name,
                "swatch": bool(one.swatch_sha256) and self.swatch is not None,
            }
            for one in self.library
        ]

    def _look(self, one: Mapping[str, Any], welt: LookSettings | None) -> Look:
        look, folder = self._settings(one)
        if one["of"] == FACE:
            offer = self.offer()
            cloth = offer.chosen.cloths[0]
            defects = tuple((z.x_mm, z.y_mm, z.length_mm, z.width_mm) for z in cloth.zones)
            fabric = FabricSettings(**asdict(cloth.fabric), defects_mm=defects)
            marker = offer.markers[0] if offer.markers else None
            return Look(fabric, look, folder, marker, welt)
        shop = next(own for own in self.library if own.id == one["of"])
        return Look(FabricSettings(**asdict(shop.fabric)), look, folder, None, welt)

    def _settings(self, one: Mapping[str, Any]) -> tuple[LookSettings, Path]:
        kind, colors = str(one["kind"]), tuple(str(color) for color in one["colors"])
        if kind == SWATCH:
            shop = next(own for own in self.library if own.id == one["of"])
            if self.swatch is None or not shop.swatch_sha256:
                raise SettingsError(text("cover.no_swatch", name=shop.fabric.name))
            photo = self.swatch(shop.swatch_sha256)
            return LookSettings(swatch=photo.name), photo.parent
        if kind not in KINDS or not all(_COLOR.fullmatch(color) for color in colors):
            raise ValueError(one)
        return LookSettings(kind, colors), Path()


def _color_of(color: Any) -> tuple[str, str]:
    if not _COLOR.fullmatch(str(color)):
        raise ValueError(color)
    return str(color), str(color)


def _welt_of(one: Mapping[str, Any]) -> LookSettings | None:
    color = str(one.get("welt") or "")
    return LookSettings("plain", _color_of(color)) if color else None


def form_of(looks: Sequence[Look], library: Sequence[ShopFabric]) -> list[dict[str, Any]]:
    """The fabrics of a page as they were chosen last; the first is the quote's own."""
    by_name = {one.fabric.name: one.id for one in library}
    form = []
    for number, look in enumerate(looks):
        of = by_name.get(look.fabric.name) if number else FACE
        if of is None:
            continue  # it is in the library no more
        form.append(
            {
                "of": of,
                "kind": SWATCH if look.look.swatch else look.look.kind,
                "colors": list(look.look.colors[:2]),
                "welt": look.welt.colors[0] if look.welt else "",
                "others": {
                    other.fabric.name: other.look.colors[0]
                    for other in look.others
                    if other.look.colors
                },
            }
        )
    return form or [{"of": FACE, "kind": "plain", "colors": [], "welt": "", "others": {}}]


def worn_shown(worn: Worn) -> dict[str, Any]:
    """What a fabric takes and costs, and what is to be said of it."""
    marker = worn.marker
    return {
        "name": marker.fabric.name,
        "used_mm": marker.used_length_mm,
        "cost": marker.cost,
        "currency": marker.fabric.currency,
        "notes": [text("cover.undressed", panel=panel) for panel in worn.undressed],
    }


def dressing_of(dressed: Dressed, at: int) -> Dressing:
    """The furniture in one of its fabrics."""
    worn = dressed.worn[at]
    cloth = TexturedPart(dressed.points_m, dressed.faces, worn.uv, _png(worn.tile))
    return Dressing(worn.marker.fabric.name, [cloth, *_bare(dressed.bare)])


def strain_shown(run: CoveredRun) -> Dressing:
    """What the cloth must give, in colours on the furniture."""
    points, faces, percent = strain_of(run.flats)
    colors = ramp(STRAIN_COLOURS, percent / STRAIN_END_PERCENT)
    return Dressing("", [ColoredPart(points, faces, colors)])


def files_shown(run_dir: Path) -> list[list[Any]]:
    """The files that were made for the customer: name, kind's words, bytes."""
    return [
        [path.name, text(f"cover.file.{path.suffix[1:]}"), path.stat().st_size]
        for path in renders_in(run_dir / FOLDER)
    ]


def _bare(bare: Mesh | None) -> list[ColoredPart]:
    if bare is None:
        return []
    grey = np.full((len(bare.vertices), 3), 170, dtype=np.uint8)
    return [ColoredPart(bare.vertices, bare.faces, grey if bare.colors is None else bare.colors)]


def _png(tile: Any) -> bytes:
    import io

    image = Image.fromarray(np.ascontiguousarray(tile))
    image.thumbnail((_TILE_PX, _TILE_PX), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()
