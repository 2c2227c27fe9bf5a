"""What a finished run holds that its new cover is made of."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from stitchsketch_kernel.domain.errors import RunError, ScaleError
from stitchsketch_kernel.domain.marker import Marker
from stitchsketch_kernel.domain.piece import Pattern
from stitchsketch_kernel.pipeline.artefacts import read_value
from stitchsketch_kernel.pipeline.files import read_json
from stitchsketch_kernel.pipeline.looks import Look, LookSettings
from stitchsketch_kernel.pipeline.record import RunRecord, read_record
from stitchsketch_kernel.pipeline.settings import FabricSettings, settings_from

if TYPE_CHECKING:
    from stitchsketch_kernel.domain.model import Mesh
    from stitchsketch_kernel.domain.piece import FlatPanel
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
        self.record: RunRecord = record
        self.name = str(record.settings.get("job.name", record.name))
        self.flats: tuple[FlatPanel, ...] = read_value(stages / "07_flatten" / "flats.npz", tuple)
        self.pattern = read_value(nest / "pattern.npz", Pattern)
        self.marker = read_value(nest / "marker.npz", Marker)
        self.scan = _scan(stages / "05_mesh")

    def nest_settings(self) -> NestSettings:
        """As the run's own marker was made."""
        from stitchsketch_kernel.upholstery.marker.nest import NestSettings

        kept: dict[str, Any] = self.record.stage("nest").settings.get("nest", {})
        return settings_from(NestSettings, "nest", kept)  # type: ignore[no-any-return]

    def own_look(self) -> Look:
        """The run's own fabric, plain."""
        fabric = self.marker.fabric
        known = {name: getattr(fabric, name) for name in fabric.__dataclass_fields__}
        return Look(FabricSettings(**known), LookSettings(), Path())


def _scan(folder: Path) -> Mesh | None:
    from stitchsketch_kernel.reconstruction.mesh_io import read_mesh

    path = folder / "mesh.ply"
    return read_mesh(path) if path.is_file() else None
