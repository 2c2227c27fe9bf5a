"""Depth of every view, inside the box around the piece."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stitchsketch_kernel.domain.progress import part

if TYPE_CHECKING:
    from pathlib import Path

    from stitchsketch_kernel.domain.arrays import BoolArray
    from stitchsketch_kernel.domain.model import Depth, Region, SparseModel
    from stitchsketch_kernel.domain.progress import Progress
    from stitchsketch_kernel.imaging.photos import PhotoSet
    from stitchsketch_kernel.pipeline.context import StageContext

#: The masks that were found, as PNG: the folder's name here and in what is published.
MASKS = "masks"
NAME, NUMBER, VERSION = "densify", 4, 7
INPUTS = ("ingest", "scale")
SETTINGS = {
    "region": "stitchsketch_kernel.reconstruction.region:RegionSettings",
    "densify": "stitchsketch_kernel.reconstruction.dense:DenseSettings",
    "masks": "stitchsketch_kernel.reconstruction.cut_out:MaskSettings",
}
FILES = {"masks": ""}
PUBLISHES = {MASKS: f"model/{MASKS}"}
WEIGHT = 250


def compute(context: StageContext) -> dict[str, Any]:
    """Keeps ``region`` (`Region`), a `Depth` a view in ``depths/``, found masks in ``masks/``."""
    from stitchsketch_kernel.domain.model import SparseModel
    from stitchsketch_kernel.imaging.photos import PhotoSet
    from stitchsketch_kernel.pipeline.artefacts import write_value
    from stitchsketch_kernel.reconstruction.dense import depth_maps
    from stitchsketch_kernel.reconstruction.dense.pairs import find_gaps, say_gaps
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
    said = say_gaps(gaps, len(model.views))  # before minutes of computing, not after
    images = {photo.name: photo.path for photo in photos}
    masks = _masks(taken, context)
    depths = depth_maps(
        model,
        images,
        region,
        context.settings("densify"),
        part(context.progress, 0, 0.9),
        masks,
    )
    for mirror in mirrors:
        depths = [without_image(depth, mirror) for depth in depths]
    progress = part(context.progress, 0.9, 0.95)
    found, depths = _found(depths, images, model, region, masks, context, progress)
    (context.folder / "depths").mkdir()
    for number, depth in enumerate(depths):
        context.progress(0.95 + 0.05 * number / len(depths), "keeping depth maps")
        write_value(context.folder / "depths" / f"{number:04d}.npz", depth)
    known = [float((depth.depth_m > 0).mean()) for depth in depths]
    return {
        "views": len(depths),
        "doubts": [said] if said else [],
        "masks": len(masks),
        "masks_found": len(found),
        "known_share": sum(known) / len(known),
        "box_m": [*region.low_m.tolist(), *region.high_m.tolist()],
    }


def _found(
    depths: list[Depth],
    images: dict[str, Path],
    model: SparseModel,
    region: Region,
    drawn: dict[str, BoolArray],
    context: StageContext,
    progress: Progress,
) -> tuple[dict[str, BoolArray], list[Depth]]:
    """Masks of the photos that have none, if they are asked for, and the depths within them."""
    from stitchsketch_kernel.imaging.masks import write_masks
    from stitchsketch_kernel.reconstruction.cut_out import cut_out, within

    settings = context.settings("masks")
    if not settings.find:
        return {}, depths
    found = cut_out(depths, images, model.views, region, settings, progress, set(drawn))
    write_masks(context.folder / MASKS, found)
    lenses = {view.name: view.camera for view in model.views}
    return found, [
        within(depth, found.get(depth.view.name), lenses[depth.view.name]) for depth in depths
    ]


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
