"""Splats against photos they weren't trained on, beside plain renders of the mesh."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from stitchsketch_kernel.domain.arrays import AnyArray, ImageArray
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.visualization.canvas import tiled
from stitchsketch_kernel.visualization.cover.scene import vertex_normals
from stitchsketch_kernel.visualization.palette import INK, font
from stitchsketch_kernel.visualization.splat.loss import psnr, ssim
from stitchsketch_kernel.visualization.splat.photos import Target
from stitchsketch_kernel.visualization.splat.render import picture
from stitchsketch_kernel.visualization.splat.sights import photo_colors
from stitchsketch_kernel.visualization.splat.splats import Splats
from stitchsketch_kernel.visualization.splat.surface import points_of

PAPER = (1.0, 1.0, 1.0)
_WIDE_PX = 420


@dataclass(frozen=True)
class Score:
    """How near pictures come to photos, over the pixels that the mesh covers; means of photos.

    Attributes
    ----------
    psnr_db, ssim : float
        As they are.
    exposed_db : float
        PSNR once each channel was made brighter or darker to suit the photo, whose exposure nobody
        knows.
    """

    psnr_db: float
    ssim: float
    exposed_db: float


def splat_pictures(splats: Splats, asked: Sequence[Target]) -> list[AnyArray]:
    """The splats on white as each view sees them, 0 to 1."""
    return [picture(splats, target.view, PAPER) for target in asked]


def vertex_pictures(
    mesh: Mesh, asked: Sequence[Target], seen_by: Sequence[Target]
) -> list[AnyArray]:
    """The mesh on white, its vertices in the colours that the photos in `seen_by` give them."""
    colors, _ = photo_colors(mesh.vertices, vertex_normals(mesh.vertices, mesh.faces), seen_by)
    return [_drawn(mesh, target, colors) for target in asked]


def textured_pictures(
    mesh: Mesh, asked: Sequence[Target], seen_by: Sequence[Target]
) -> list[AnyArray]:
    """The mesh on white, each pixel in the colour that photos in `seen_by` have there.

    That is a texture as fine as the photos, which no file of a texture surpasses; even, where the
    targets' exposures are known.
    """
    normals, made = mesh.face_normals(), []
    for target in asked:
        where = target.surface.face >= 0
        points = points_of(target.surface, target.view, where)
        colors, _ = photo_colors(points, normals[target.surface.face[where]], seen_by)
        image = np.ones((*where.shape, 3))
        image[where] = colors
        made.append(_on_paper(image, target))
    return made


def score(pictures: Sequence[AnyArray], asked: Sequence[Target]) -> Score:
    """Means over the photos; see `Score`."""
    rows = []
    for image, target in zip(pictures, asked, strict=True):
        photo, inside = target.on(np.ones(3)).astype(float), target.inside
        own = image[inside]
        gain = (own * photo[inside]).sum(axis=0) / np.maximum((own * own).sum(axis=0), 1e-9)
        rows.append(
            (
                psnr(image, photo, inside),
                ssim(image.astype(float), photo, inside),
                psnr(np.clip(image * gain, 0, 1), photo, inside),
            )
        )
    return Score(*map(float, np.mean(rows, axis=0)))


def beside(
    asked: Sequence[Target], pictures: Mapping[str, Sequence[AnyArray]], title: str, most: int = 4
) -> Image.Image:
    """Photos and pictures of the same views in rows, at most `most` views."""
    tiles = []
    for k in np.linspace(0, len(asked) - 1, min(most, len(asked))).round().astype(int):
        target = asked[k]
        tiles.append(_tile(target.on(np.ones(3)), f"photo {target.view.name}"))
        tiles += [_tile(images[k], name) for name, images in pictures.items()]
    return tiled(tiles, columns=1 + len(pictures), title=title)


def _tile(image: AnyArray, name: str) -> Image.Image:
    height = round(image.shape[0] * _WIDE_PX / image.shape[1])
    out = Image.fromarray(as_bytes(image)).resize((_WIDE_PX, height), Image.Resampling.LANCZOS)
    sheet = Image.new("RGB", (_WIDE_PX, _WIDE_PX + 30), "white")
    out.thumbnail((_WIDE_PX, _WIDE_PX))
    sheet.paste(out, ((_WIDE_PX - out.width) // 2, 30))
    ImageDraw.Draw(sheet).text((6, 4), name, INK, font(18))
    return sheet


def as_bytes(image: AnyArray) -> ImageArray:
    """A picture of 0 to 1 as uint8."""
    return np.asarray(np.clip(np.rint(255 * np.asarray(image)), 0, 255), np.uint8)


def _drawn(mesh: Mesh, target: Target, colors: AnyArray) -> AnyArray:
    """Colours of vertices spread over the triangles that a view sees."""
    face = target.surface.face
    where = face >= 0
    points = points_of(target.surface, target.view, where)
    corners = mesh.vertices[mesh.faces[face[where]]]
    share = _shares(points, corners)
    image = np.ones((*face.shape, 3))
    image[where] = np.einsum("kc,kcd->kd", share, colors[mesh.faces[face[where]]])
    return _on_paper(image, target)


def _shares(points: AnyArray, corners: AnyArray) -> AnyArray:
    """Barycentric shares of points within their triangles, (k, 3)."""
    a, ab, ac = corners[:, 0], corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    ap = points - a
    d00, d01, d11 = (ab * ab).sum(1), (ab * ac).sum(1), (ac * ac).sum(1)
    d20, d21 = (ap * ab).sum(1), (ap * ac).sum(1)
    det = np.maximum(d00 * d11 - d01 * d01, 1e-30)
    v, w = (d11 * d20 - d01 * d21) / det, (d00 * d21 - d01 * d20) / det
    share = np.clip(np.stack([1 - v - w, v, w], axis=1), 0, 1)
    return np.asarray(share / share.sum(axis=1, keepdims=True))


def _on_paper(image: AnyArray, target: Target) -> AnyArray:
    cover = target.mask[..., None] / 255.0
    return np.asarray(cover * image + (1 - cover))


def curve_picture(
    rows: Mapping[str, Sequence[tuple[float, float]]], levels: Mapping[str, float]
) -> Image.Image:
    """PSNR over minutes of training, with lines where the mesh's renders stand."""
    from stitchsketch_kernel.visualization.charts import new_figure, picture_of

    figure = new_figure(760, 420)
    axes = figure.subplots()
    for name, marks in rows.items():
        axes.plot([x for x, _ in marks], [y for _, y in marks], marker="o", label=name)
    for style, (name, level) in zip(("--", ":", "-."), levels.items(), strict=False):
        axes.axhline(level, linestyle=style, color="0.4", label=f"{name} ({level:.2f} dB)")
    axes.set_xlabel("minutes of training")
    axes.set_ylabel("PSNR of held-out photos, dB")
    axes.legend()
    return picture_of(figure)
