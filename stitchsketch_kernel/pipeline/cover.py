"""``stitchsketch cover``: a finished run in up to four fabrics, before anything is cut."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stitchsketch_kernel.disk.aside import renamed_when_whole
from stitchsketch_kernel.domain.errors import SettingsError
from stitchsketch_kernel.domain.progress import Progress, part, silent
from stitchsketch_kernel.pipeline.cover_run import CoveredRun
from stitchsketch_kernel.pipeline.files import disk_in_words, write_json
from stitchsketch_kernel.pipeline.looks import Look, read_look

if TYPE_CHECKING:
    from stitchsketch_kernel.domain.prototype import ClothTile, Prototype
    from stitchsketch_kernel.visualization.cover.page import Offer

MOST_FABRICS = 4
#: On a phone, and in a GLB, triangles are about this wide.
_PHONE_MM = 11.0
#: More triangles than this are made fewer before pictures are taken.
_MOST_FACES = 800_000


@dataclass(frozen=True)
class CoverSettings:
    """What is made.

    Attributes
    ----------
    seconds : int
        How long to look for each fabric's marker.
    frames : int
        Of the turntable; 0: none.
    size_px : (int, int)
        Of stills and frames.
    """

    seconds: int = 10
    frames: int = 40
    size_px: tuple[int, int] = (1280, 960)

    def __post_init__(self) -> None:
        if not (1 <= self.seconds <= 86_400 and 0 <= self.frames <= 720):
            raise SettingsError(
                f"{self.seconds} seconds and {self.frames} frames can't be.",
                "Give 1 second or more, and 0 to 720 frames.",
            )


@dataclass(frozen=True)
class CoverRecord:
    """What was made: for each fabric its figures, the page's path (None without a viewer)."""

    folder: Path
    fabrics: tuple[dict[str, Any], ...]
    page: Path | None
    notes: tuple[str, ...] = ()


def cover(
    run: Path,
    fabrics: Sequence[Path | Look] = (),
    out: Path | None = None,
    settings: CoverSettings | None = None,
    progress: Progress = silent,
) -> CoverRecord:
    """Show a run's furniture in new fabrics.

    Parameters
    ----------
    run : Path
        A finished run's folder; nothing in it is changed but ``cover/``.
    fabrics : sequence of Path or Look
        Fabrics or files of them; the run's own when there are none.
    out : Path, optional
        ``RUN/cover`` without.
    settings : CoverSettings, optional
    progress : Progress

    Raises
    ------
    RunError
        The folder holds no finished run.
    ScaleError
        Its size is not known, so neither are length and price.
    StitchSketchError
        A fabric's file is wrong, or its pieces can't be laid on it.
    """
    settings = settings or CoverSettings()
    if len(fabrics) > MOST_FABRICS:
        raise SettingsError(
            f"{len(fabrics)} fabrics were given.",
            f"At most {MOST_FABRICS} are shown side by side.",
        )
    looks = [one if isinstance(one, Look) else read_look(one) for one in fabrics]
    made = CoveredRun(run)
    folder = (out or run / "cover").resolve()
    with disk_in_words(folder):
        folder.mkdir(parents=True, exist_ok=True)
        return _Covering(made, looks or [made.own_look()], folder, settings, progress).made()


@dataclass(frozen=True)
class MakeCover:
    """The work of making a cover's files, for a process of its own; see `cover`."""

    run: Path
    looks: tuple[Look, ...]
    settings: CoverSettings = CoverSettings()

    def go(self, progress: Progress) -> CoverRecord:
        """What was made; raises as `cover` does."""
        return cover(self.run, self.looks, settings=self.settings, progress=progress)


class _Covering:
    """One fabric after the other, and then the page of all."""

    def __init__(
        self,
        run: CoveredRun,
        looks: Sequence[Look],
        folder: Path,
        settings: CoverSettings,
        progress: Progress,
    ) -> None:
        self._run, self._looks, self._folder = run, looks, folder
        self._settings, self._progress = settings, progress
        self._first: tuple[Prototype, Prototype] | None = None
        self._notes: list[str] = []

    def made(self) -> CoverRecord:
        share = 0.9 / len(self._looks)
        offers, told, taken = [], [], set[str]()
        for number, look in enumerate(self._looks):
            here = part(self._progress, number * share, (number + 1) * share)
            name = _file_name(look.fabric.name, taken)
            offer, figures = self._fabric(look, name, here)
            offers.append(offer)
            told.append(figures)
        page = self._page(offers)
        write_json(
            self._folder / "cover.json",
            {"name": self._run.name, "fabrics": told, "notes": self._notes},
        )
        self._progress(1.0, "done")
        return CoverRecord(self._folder, tuple(told), page, tuple(self._notes))

    def _fabric(self, look: Look, name: str, progress: Progress) -> tuple[Offer, dict[str, Any]]:
        from stitchsketch_kernel.upholstery.marker.links import MATCHED_MM
        from stitchsketch_kernel.upholstery.prototype.truth import seam_jumps
        from stitchsketch_kernel.visualization.cover.glb import write_glb
        from stitchsketch_kernel.visualization.cover.page import Offer
        from stitchsketch_kernel.visualization.cover.usdz import can_write_usdz, write_usdz

        run = self._run
        fabric = look.fabric.fabric()
        tile = look.tile(fabric)
        marker = run.marker_for(look, self._settings.seconds, part(progress, 0, 0.3))
        full = run.dressed(look, marker)
        thin = self._thin(full)
        progress(0.35, f"{fabric.name}: pictures")
        still = self._pictures(full, tile, name, part(progress, 0.35, 0.95))
        write_glb(self._folder / f"{name}.glb", thin, tile, f"{run.name} in {fabric.name}")
        if can_write_usdz():
            write_usdz(self._folder / f"{name}.usdz", thin, tile)
        else:
            self._say("No USDZ was written: install it with pip install 'stitchsketch[ar]'.")
        jumps = [jump for jump in seam_jumps(full, run.pattern, marker) if jump.matched]
        notes = tuple(
            f"{panel} has no piece on the marker and is left out." for panel in full.undressed
        )
        figures = {
            "name": fabric.name,
            "files": name,
            "used_length_mm": marker.used_length_mm,
            "yardage": marker.yardage,
            "cost": marker.cost,
            "currency": fabric.currency,
            "match": marker.match.value,
            "seams_matched": len(jumps),
            "worst_seam_on_mesh_mm": max((jump.at_mm for jump in jumps), default=None),
            "seams_within_all_along": sum(jump.along_mm <= MATCHED_MM for jump in jumps),
            "seams_that_could_all_along": sum(jump.allowed_mm <= MATCHED_MM for jump in jumps),
            "tile_mm": [tile.across_mm, tile.along_mm],
            "look": asdict(look.look),
        }
        return Offer(thin, tile, marker, still, notes), figures

    def _thin(self, full: Prototype) -> Prototype:
        """For phones; all fabrics get the very same triangles."""
        from stitchsketch_kernel.upholstery.prototype.carry import redressed, thinned

        if self._first is None:
            self._first = full, thinned(full, _PHONE_MM)
            return self._first[1]
        return redressed(self._first[1], self._first[0], full)

    def _pictures(
        self, full: Prototype, tile: ClothTile, name: str, progress: Progress
    ) -> Any:  # an image
        from stitchsketch_kernel.upholstery.prototype.carry import thinned
        from stitchsketch_kernel.visualization.cover.scene import covered
        from stitchsketch_kernel.visualization.cover.studio import Dress, still
        from stitchsketch_kernel.visualization.cover.turntable import (
            turntable,
            write_film,
            write_gif,
        )

        faces = sum(len(panel.faces) for panel in full.panels)
        if faces > _MOST_FACES:
            self._say(
                f"The mesh has {faces:,} triangles; pictures were taken of fewer, "
                f"{_PHONE_MM / 2:g} mm wide."
            )
            full = thinned(full, _PHONE_MM / 2)
        shown = covered(full)
        dress = Dress.of(shown, tile, full.fabric)
        image = still(shown, dress, size_px=self._settings.size_px)
        _save(self._folder / f"{name}.png", image)
        if self._settings.frames:
            frames = turntable(
                shown, dress, self._settings.frames, self._settings.size_px, progress
            )
            for ending in ("webm", "mp4"):
                write_film(self._folder / f"{name}.{ending}", frames)
            write_gif(self._folder / f"{name}.gif", frames)
        return image

    def _page(self, offers: Sequence[Offer]) -> Path | None:
        from stitchsketch_kernel.visualization.cover.page import write_page
        from stitchsketch_kernel.visualization.cover.scene import uncovered
        from stitchsketch_kernel.visualization.cover.studio import Dress, still

        self._progress(0.92, "the customer's page")
        scan, before = self._run.scan, None
        if scan is not None:
            bare = uncovered(scan)
            before = still(bare, Dress.none(bare), size_px=self._settings.size_px)
            _save(self._folder / "as-it-is.png", before)
        script = viewer_script()
        if script is None:
            self._say(
                "No page for the customer was written: its viewer is not built. Build it with "
                "'make widgets'."
            )
            return None
        path = self._folder / "cover.html"
        made_at = datetime.now().astimezone().strftime("%Y-%m-%d")
        write_page(path, self._run.name, made_at, offers, scan, before, script)
        return path

    def _say(self, words: str) -> None:
        if words not in self._notes:
            self._notes.append(words)


def viewer_script() -> str | None:
    """The page's viewer, as `make widgets` builds it; None where it isn't built."""
    spec = find_spec("stitchsketch_widgets")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / "static" / "cover_page.js"
        if path.is_file():
            return path.read_text(encoding="utf-8")
    return None


def _file_name(fabric: str, taken: set[str]) -> str:
    """A name that any system takes, another one for each fabric."""
    bare = re.sub(r"[^a-z0-9]+", "-", fabric.lower()).strip("-")[:40] or "fabric"
    name, number = bare, 2
    while name in taken or name in {"cover", "as-it-is"}:
        name, number = f"{bare}-{number}", number + 1
    taken.add(name)
    return name


def _save(path: Path, image: Any) -> None:
    from PIL import Image

    with renamed_when_whole(path) as aside:
        Image.fromarray(image).save(aside, "PNG")
