"""What was made of a run to be looked at: the cover's files, splats; kept with its records."""

from __future__ import annotations

from pathlib import Path

from stitchsketch_kernel.domain.errors import StitchSketchError
from stitchsketch_kernel.pipeline.files import read_json
from stitchsketch_kernel.pipeline.record import read_record
from stitchsketch_kernel.projects.interface import ProjectStore
from stitchsketch_kernel.projects.records import RENDERED, RENDERS, Artefact
from stitchsketch_kernel.storage.interface import ObjectStore

#: Endings of what may be looked at; a cover's and splats' folders hold more.
ENDINGS = (".html", ".glb", ".usdz", ".webm", ".mp4", ".gif", ".png", ".ply", ".spz")
_FOLDER, _TOLD = "cover", "cover.json"


def renders_in(folder: Path) -> list[Path]:
    """The files of a folder that are to be looked at, the page first.

    Of a cover those that were made last: the folder may hold earlier fabrics', too.
    """
    files = [one for one in folder.glob("[!.]*") if one.suffix in ENDINGS and one.is_file()]
    if folder.name == _FOLDER:
        told = read_json(folder / _TOLD) or {"fabrics": []}
        last = {"cover", "as-it-is", *(str(one["files"]) for one in told["fabrics"])}
        files = [one for one in files if one.stem in last and told["fabrics"]]
    return sorted(files, key=lambda one: (ENDINGS.index(one.suffix), one.name))


def keep_renders(
    projects: ProjectStore, objects: ObjectStore, shop: str, run_id: str, run_dir: Path
) -> list[Artefact]:
    """Keep what was made of a run in the shop's stores, where the gateway gives it out.

    A file that is made again takes its earlier one's place among the run's records.

    Raises
    ------
    StorageError, NotKeptError
        It can't be kept, or the run isn't this shop's.
    """
    kept = []
    for name in RENDERED:
        for path in renders_in(run_dir / name):
            with path.open("rb") as file:
                stored = objects.put("renders", file)
            where = f"{name}/{path.name}"
            render = Artefact(
                run_id, name, path.suffix[1:], stored.sha256, stored.bytes, where, RENDERS
            )
            projects.add_artefact(shop, render)
            kept.append(render)
    return kept


def kept_where_tracked(run_dir: Path) -> str:
    """Keep what was made of a run if the run itself is kept; what came of it, a sentence.

    The files lie in the run's folder whatever becomes of that: a store that is away is told of in
    the sentence, and raises nothing. Empty where the run isn't listed among the projects.
    """
    from stitchsketch_kernel.stores import open_stores

    record = read_record(run_dir)
    if record is None or not record.run_id:
        return ""
    try:
        with open_stores() as stores:
            shop = stores.settings.shop
            kept = keep_renders(stores.projects, stores.objects(shop), shop, record.run_id, run_dir)
    except StitchSketchError as error:
        return f"Not kept with the run: {error} Give the same command again to keep it."
    return f"Kept with the run: {len(kept)} files."
