"""Depth of every view, inside the box around the piece."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

from stitchsketch_kernel.domain.progress import part

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stitchsketch_kernel.domain.arrays import BoolArray
    from stitchsketch_kernel.domain.model import Depth, Region, SparseModel
    from stitchsketch_kernel.domain.progress import Progress
    from stitchsketch_kernel.imaging.photos import PhotoSet
    from stitchsketch_kernel.pipeline.context import StageContext
    from stitchsketch_kernel.pipeline.stages.reading import KeptDepths
    from stitchsketch_kernel.reconstruction.dense.sparing import Sparing

#: The masks that were found, as PNG: the folder's name here and in what is published.
MASKS = "masks"
NAME, NUMBER, VERSION = "densify", 4, 9
INPUTS = ("ingest", "scale")
SETTINGS = {
    "region": "stitchsketch_kernel.reconstruction.region:RegionSettings",
    "densify": "stitchsketch_kernel.reconstruction.dense:DenseSettings",
    "masks": "stitchsketch_kernel.reconstruction.cut_out:MaskSettings",
}
FILES = {"masks": ""}
PUBLISHES = {MASKS: f"model/{MASKS}"}
WEIGHT = 270


def compute(context: StageContext) -> dict[str, Any]:
    """Keeps ``region`` (`Region`), a `Depth` a view in ``depths/``, found masks in ``masks/``."""
    from stitchsketch_kernel.domain.model import SparseModel
    from stitchsketch_kernel.imaging.photos import PhotoSet
    from stitchsketch_kernel.pipeline.artefacts import write_value
    from stitchsketch_kernel.pipeline.stages.reading import depths_of
    from stitchsketch_kernel.reconstruction.dense import engine_used
    from stitchsketch_kernel.reconstruction.dense.pairs import find_gaps, say_gaps
    from stitchsketch_kernel.reconstruction.dense.sparing import plan
    from stitchsketch_kernel.reconstruction.mirrors import without_image, without_images
    from stitchsketch_kernel.reconstruction.region import find_region
    from stitchsketch_kernel.reconstruction.two_pieces import refuse_two_pieces

    taken = context.read("ingest", "photos", PhotoSet)
    photos = taken.photos
    model = context.read("scale", "model", SparseModel)
    mirrors = context.read("scale", "mirrors", tuple)
    for mirror in mirrors:
        model = without_images(model, mirror)
    region = find_region(model, context.settings("region"))
    context.keep("region", region)
    refuse_two_pieces(model, region)
    gaps = find_gaps(model, region, context.settings("densify"))
    too_far = say_gaps(gaps, len(model.views))  # before minutes of computing, not after
    images = {photo.name: photo.path for photo in photos}
    masks = _masks(taken, context)
    (context.folder / "depths").mkdir()
    number = {view.name: i for i, view in enumerate(model.views)}
    share = 0.9 if context.settings("masks").find else 1.0
    fit = plan(
        context.settings("densify"), model.views, context.free_bytes, context.begun.is_sparing
    )
    for depth in _begun_and_new(context, model, images, region, masks, fit, share):
        path = context.folder / "depths" / f"{number[depth.view.name]:04d}.npz"
        write_value(path, reduce(without_image, mirrors, depth))
    depths = depths_of(context.folder)
    found = _found(depths, images, model, region, masks, context, part(context.progress, share, 1))
    known = [float((depth.depth_m > 0).mean()) for depth in depths]
    engine = engine_used(context.settings("densify").engine)
    return {
        "views": len(depths),
        "engine": engine,
        "doubts": [said for said in (too_far, fit.say(), _say_rough(engine)) if said],
        "masks": len(masks),
        "masks_found": len(found),
        "known_share": sum(known) / len(known),
        "box_m": [*region.low_m.tolist(), *region.high_m.tolist()],
    }


def _begun_and_new(
    context: StageContext,
    model: SparseModel,
    images: dict[str, Path],
    region: Region,
    masks: dict[str, BoolArray],
    fit: Sparing,
    share: float,
) -> Iterator[Depth]:
    """The depth of every view: as an earlier run had found it before it ended, or found now."""
    from stitchsketch_kernel.domain.model import Depth
    from stitchsketch_kernel.reconstruction.dense import each_depth

    begun, number = context.begun, {view.name: i for i, view in enumerate(model.views)}
    done = set()
    for view in model.views:
        if (depth := begun.read(number[view.name], Depth)) is not None:
            done.add(view.name)
            fit.note(depth)
            yield depth
    progress = part(context.progress, share * len(done) / len(number), share)
    if len(done) == len(number):
        return
    for depth in each_depth(model, images, region, fit, progress, masks, frozenset(done)):
        begun.keep(number[depth.view.name], depth)
        yield depth


def _say_rough(engine: str) -> str:
    """A sentence for the report; empty for engines whose depth may be cut by."""
    if engine not in {"fast", "sgbm"}:
        return ""
    return (
        f"Depth was found by the {engine} engine, for a first look: sizes may be off by twice as "
        "much. Run it anew in full, without a first look, before you cut."
    )


def _found(
    depths: KeptDepths,
    images: dict[str, Path],
    model: SparseModel,
    region: Region,
    drawn: dict[str, BoolArray],
    context: StageContext,
    progress: Progress,
) -> dict[str, BoolArray]:
    """Masks of the photos that have none, if they are asked for; depths are cut to them."""
    from stitchsketch_kernel.imaging.masks import write_masks
    from stitchsketch_kernel.pipeline.artefacts import write_value
    from stitchsketch_kernel.reconstruction.cut_out import cut_out, within

    settings = context.settings("masks")
    if not settings.find:
        return {}
    found = cut_out(depths, images, model.views, region, settings, progress, set(drawn))
    write_masks(context.folder / MASKS, found)
    lenses = {view.name: view.camera for view in model.views}
    for path, depth in zip(depths.paths, depths, strict=True):
        if depth.view.name in found:
            write_value(path, within(depth, found[depth.view.name], lenses[depth.view.name]))
    return found


def _masks(taken: PhotoSet, context: StageContext) -> dict[str, BoolArray]:
    """The masks that lie beside the photos, by the photos' names."""
    from stitchsketch_kernel.imaging.masks import find_masks, read_mask

    folder = context.file("masks")
    if folder is None or not folder.is_dir():
        return {}
    by_name = {photo.name: photo for photo in taken.photos}
    left_out = [note.photo for note in taken.notes if note.severity == "refuse"]
    found = find_masks(folder, taken.photos, left_out)
    return {name: read_mask(path, by_name[name]) for name, path in found.items()}
