"""What a finished run holds that its new cover is made of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stitchsketch_kernel.domain.errors import RunError, ScaleError
from stitchsketch_kernel.domain.marker import Marker
from stitchsketch_kernel.domain.piece import Pattern
from stitchsketch_kernel.domain.progress import Progress, silent
from stitchsketch_kernel.pipeline.artefacts import read_value
from stitchsketch_kernel.pipeline.files import read_json
from stitchsketch_kernel.pipeline.looks import Look, LookSettings
from stitchsketch_kernel.pipeline.record import read_record
from stitchsketch_kernel.pipeline.settings import FabricSettings, settings_from

if TYPE_CHECKING:
    from stitchsketch_kernel.domain.model import Mesh
    from stitchsketch_kernel.domain.piece import FlatPanel
    from stitchsketch_kernel.domain.prototype import Prototype
    from stitchsketch_kernel.upholstery.marker.nest import NestSettings


class CoveredRun:
    """What a finished run holds that the cover is made of."""

    def __init__(self, folder: Path) -> None:
        record = read_record(folder)
        stages = folder / "stages"
        nest = stages / "08_nest"
        if record is None or not (stages / "07_flatten" / "flats.npz").is_file():
            raise RunError(
                f"{folder} holds no finished run.", "Give the folder that 'stitchsketch run' made."
            )
        refused = (read_json(nest / "figures.json") or {}).get("refused")
        if refused:
            raise ScaleError("There is no marker to take the cloth from.", str(refused))
        if not (nest / "marker.npz").is_file():
            raise RunError(f"The run in {folder} has no marker yet.", "Run it to its end first.")
        self.folder, self.record = folder, record
        self.name = str(record.settings.get("job.name", record.name))
        self.flats: tuple[FlatPanel, ...] = read_value(stages / "07_flatten" / "flats.npz", tuple)
        laid = nest if (nest / "pattern.npz").is_file() else stages / "07_flatten"
        self.pattern = read_value(laid / "pattern.npz", Pattern)
        self.marker = read_value(nest / "marker.npz", Marker)
        self.scan = _scan(stages / "05_mesh")

    def nest_settings(self) -> NestSettings:
        """As the run's own marker was made."""
        from stitchsketch_kernel.upholstery.marker.nest import NestSettings

        kept: dict[str, Any] = self.record.stage("nest").settings.get("nest", {})
        return settings_from(NestSettings, "nest", kept)  # type: ignore[no-any-return]

    def marker_for(self, look: Look, seconds: int, progress: Progress = silent) -> Marker:
        """A look's own marker, or the run's where it is the same fabric, else a new one.

        Parameters
        ----------
        look : Look
        seconds : int
            How long to search for a new one, by the run's other settings.
        progress : Progress
        """
        from stitchsketch_kernel.domain.marker import MatchLevel
        from stitchsketch_kernel.upholstery.marker.nest import nest

        if look.marker is not None:
            return look.marker
        fabric = look.fabric.fabric()
        if fabric == self.marker.fabric and look.fabric.zones() == self.marker.zones:
            return self.marker
        asked = replace(self.nest_settings(), seconds=seconds)
        if not fabric.has_repeat:
            asked = replace(asked, match="none")
        elif MatchLevel(asked.match) is MatchLevel.NONE:
            asked = replace(asked, match="visible_seams")
        return nest(self.pattern, fabric, asked, progress, zones=look.fabric.zones())

    def dressed(self, look: Look, marker: Marker) -> Prototype:
        """The furniture in a fabric by its marker, with welts, and in the job's other cloths."""
        from stitchsketch_kernel.upholstery.prototype.contrast import with_others
        from stitchsketch_kernel.upholstery.prototype.dress import dress, with_pieces
        from stitchsketch_kernel.upholstery.prototype.piping import with_piping

        face = dress(self.flats, self.pattern, marker, self.scan)
        others = [
            (dress(own, self.pattern, one.marker), one.tile(one.marker.fabric))
            for one in look.others
            if one.marker is not None and (own := with_pieces(self.flats, self.pattern, one.marker))
        ]
        bare = with_others(face, others, self.scan)
        return with_piping(bare, self.pattern, self._cord_mm(), look.welt_color(marker.fabric))

    def _cord_mm(self) -> float:
        """Of the run's own rules; the trade's where the run doesn't tell."""
        from stitchsketch_kernel.pipeline.context import open_stage
        from stitchsketch_kernel.pipeline.offers import rules_of
        from stitchsketch_kernel.upholstery.pieces.rules import TradeRules

        try:
            rules = rules_of(open_stage(self.folder, "flatten"))
        except RunError:
            rules = TradeRules.default()
        return rules.welt_cord_mm

    def own_look(self) -> Look:
        """The run's own fabric, plain."""
        fabric = self.marker.fabric
        known = {name: getattr(fabric, name) for name in fabric.__dataclass_fields__}
        return Look(FabricSettings(**known), LookSettings(), Path())


def _scan(folder: Path) -> Mesh | None:
    from stitchsketch_kernel.reconstruction.mesh_io import read_mesh

    path = folder / "mesh.ply"
    return read_mesh(path) if path.is_file() else None
