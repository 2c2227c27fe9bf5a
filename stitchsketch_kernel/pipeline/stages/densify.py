"""Depth of every view, inside the box around the piece."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import reduce
from typing import TYPE_CHECKING, Any

from stitchsketch_kernel.domain.progress import part
from stitchsketch_kernel.pipeline.stages.reading import KeptDepths

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stitchsketch_kernel.domain.arrays import BoolArray
    from stitchsketch_kernel.domain.model import Depth, Mirror, Region, SparseModel
    from stitchsketch_kernel.domain.progress import Progress
    from stitchsketch_kernel.imaging.photos import PhotoSet
    from stitchsketch_kernel.pipeline.context import StageContext
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
    """Keeps ``region`` (`Region`), a `Depth` a view in ``depths/``, found masks in ``masks/``.

    Of two sessions each is looked at apart, in its own world: ``regions`` are the boxes there, in
    ``region`` there is the one round both in the first one's world.
    """
    from stitchsketch_kernel.domain.model import SparseModel
    from stitchsketch_kernel.imaging.photos import PhotoSet
    from stitchsketch_kernel.pipeline.stages.reading import depths_of
    from stitchsketch_kernel.pipeline.two_sessions import PREFIXES, motion_of, said_of
    from stitchsketch_kernel.reconstruction.dense import engine_used
    from stitchsketch_kernel.reconstruction.sessions.surfaces import region_of_both

    taken = context.read("ingest", "photos", PhotoSet)
    motion = motion_of(context)
    prefixes = PREFIXES if motion else PREFIXES[:1]
    models = [
        context.read("scale", f"{prefix}own" if motion else "model", SparseModel)
        for prefix in prefixes
    ]
    looks = []
    for prefix, model in zip(prefixes, models, strict=True):
        with said_of(prefix):
            looks.append(_looked(context, model, prefix))
    regions = [look.region for look in looks]
    joint = regions[0]
    if motion:
        context.keep("regions", tuple(regions))
        if not context.settings("region").box_m:  # a box by hand is the first world's
            joint = region_of_both(regions[0], regions[1], motion)
    context.keep("region", joint)
    masks = _masks(taken, context)
    (context.folder / "depths").mkdir()
    doubts, first, count = [], 0, sum(len(model.views) for model in models)
    found: dict[str, BoolArray] = {}
    for prefix, look in zip(prefixes, looks, strict=True):
        last = first + len(look.model.views)
        told = part(context.progress, first / count, last / count)
        with said_of(prefix):
            fit, cut = _depths(context, taken, look, masks, first, told)
        doubts += [look.too_far, fit.say()]
        found |= cut
        first = last
    depths = depths_of(context.folder)
    known = [float((depth.depth_m > 0).mean()) for depth in depths]
    engine = engine_used(context.settings("densify").engine)
    return {
        "views": len(depths),
        "engine": engine,
        "doubts": [said for said in (*doubts, _say_rough(engine)) if said],
        "masks": len(masks),
        "masks_found": len(found),
        "known_share": sum(known) / len(known),
        "box_m": [*joint.low_m.tolist(), *joint.high_m.tolist()],
    }


@dataclass(frozen=True)
class _Look:
    """One session before its depth is looked for: its model without what a mirror shows."""

    model: SparseModel
    region: Region
    mirrors: tuple[Mirror, ...]
    too_far: str


def _looked(context: StageContext, model: SparseModel, prefix: str) -> _Look:
    """The session's box; refused where it shows two pieces or photos stand too far apart."""
    from stitchsketch_kernel.reconstruction.dense.pairs import find_gaps, say_gaps
    from stitchsketch_kernel.reconstruction.region import find_region
    from stitchsketch_kernel.reconstruction.surroundings.mirrors import without_images
    from stitchsketch_kernel.reconstruction.surroundings.two_pieces import refuse_two_pieces

    mirrors = context.read("scale", f"{prefix}mirrors", tuple)
    for mirror in mirrors:
        model = without_images(model, mirror)
    asked = context.settings("region")
    region = find_region(model, replace(asked, box_m=()) if prefix else asked)
    refuse_two_pieces(model, region)
    gaps = find_gaps(model, region, context.settings("densify"))
    # before minutes of computing, not after
    return _Look(model, region, mirrors, say_gaps(gaps, len(model.views)))


def _depths(
    context: StageContext,
    taken: PhotoSet,
    look: _Look,
    masks: dict[str, BoolArray],
    first: int,
    progress: Progress,
) -> tuple[Sparing, dict[str, BoolArray]]:
    """Keep the depth of one session's views under numbers from `first` on; masks that were found.

    Only photos of the same session are compared.
    """
    from stitchsketch_kernel.pipeline.artefacts import write_value
    from stitchsketch_kernel.pipeline.stages.reading import depths_of
    from stitchsketch_kernel.reconstruction.dense.sparing import plan
    from stitchsketch_kernel.reconstruction.surroundings.mirrors import without_image

    model, region = look.model, look.region
    images = {photo.name: photo.path for photo in taken.photos}
    number = {view.name: first + i for i, view in enumerate(model.views)}
    share = 0.9 if context.settings("masks").find else 1.0
    fit = plan(
        context.settings("densify"), model.views, context.free_bytes, context.begun.is_sparing
    )
    told = part(progress, 0, share)
    for depth in _begun_and_new(context, model, images, region, masks, fit, number, told):
        path = context.folder / "depths" / f"{number[depth.view.name]:04d}.npz"
        write_value(path, reduce(without_image, look.mirrors, depth))
    mine = [f"{i:04d}.npz" for i in number.values()]
    depths = KeptDepths([path for path in depths_of(context.folder).paths if path.name in mine])
    return fit, _found(depths, images, model, region, masks, context, part(progress, share, 1))


def _begun_and_new(
    context: StageContext,
    model: SparseModel,
    images: dict[str, Path],
    region: Region,
    masks: dict[str, BoolArray],
    fit: Sparing,
    number: dict[str, int],
    told: Progress,
) -> Iterator[Depth]:
    """The depth of every view: as an earlier run had found it before it ended, or found now."""
    from stitchsketch_kernel.domain.model import Depth
    from stitchsketch_kernel.reconstruction.dense import Asked, each_depth

    begun, done = context.begun, set()
    for view in model.views:
        if (depth := begun.read(number[view.name], Depth)) is not None:
            done.add(view.name)
            fit.note(depth)
            yield depth
    progress = part(told, len(done) / len(number), 1)
    if len(done) == len(number):
        return
    asked = Asked(model, images, region, fit.settings, masks, frozenset(done))
    for depth in each_depth(asked, progress, fit):
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
