"""A view of splats, and the gradients of whatever is made of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stitchsketch_kernel.domain.arrays import AnyArray, IntArray
from stitchsketch_kernel.domain.photo import Camera, View
from stitchsketch_kernel.visualization.splat.parts import in_parts
from stitchsketch_kernel.visualization.splat.project import BLUR_PX2, project, project_back
from stitchsketch_kernel.visualization.splat.splats import Splats
from stitchsketch_kernel.visualization.splat.tiles import draw, draw_back, gathered, tiled

_COLORS = np.array([6, 7, 8], dtype=np.int32)
_WITH_DEPTH = np.array([6, 7, 8, 9], dtype=np.int32)


@dataclass(frozen=True)
class Drawn:
    """What `drawn` made, with what its gradients need.

    Attributes
    ----------
    image : ndarray, shape (h, w, 3)
        sRGB 0 to 1 on black: multiplied by how much of the pixel the splats cover.
    clear : ndarray, shape (h, w)
        How much light comes through from behind, 0 to 1.
    depth_m : ndarray, shape (h, w), or None
        Along the camera's z, mean of what is seen; 0 where nothing is.
    seen : ndarray of bool, shape (n,)
    """

    image: AnyArray
    clear: AnyArray
    depth_m: AnyArray | None
    seen: AnyArray
    shapes: AnyArray
    reach: AnyArray
    first: IntArray
    splats: IntArray


def drawn(
    splats: Splats, view: View, depth: bool = False, blur_px2: float = BLUR_PX2,
    pixel_m: float = 0.0,
) -> Drawn:  # fmt: skip
    """Draw splats as a camera without distortion sees them.

    Parameters
    ----------
    splats : Splats
        All arrays of one floating type, in which everything is computed.
    view : View
    depth : bool
        Whether depth is drawn too.
    blur_px2 : float
        Added to each ellipse's variance. A quarter of it where the picture has half the size
        shows splats of the same size in space.
    pixel_m : float
        How wide the pixels are that splats were trained to fill, metres; nearer than that they are
        drawn as wide as they were for these. `gradients` are those without.
    """
    camera, dtype = view.camera, splats.means_m.dtype
    width, height = camera.width_px, camera.height_px
    shapes = np.zeros((len(splats), 10), dtype=dtype)
    reach = np.zeros((len(splats), 2), dtype=dtype)
    in_parts(
        project, len(splats), splats.means_m, splats.log_scales, splats.quats,
        splats.opacity_logits, splats.sh, *_camera(view, blur_px2, pixel_m), width, height,
        shapes, reach,
    )  # fmt: skip
    seen = reach[:, 0] > 0
    order = np.flatnonzero(seen)
    order = order[np.argsort(shapes[order, 9], kind="stable")]
    first, per_tile = tiled(shapes, reach, order, width, height)
    channels = _WITH_DEPTH if depth else _COLORS
    image = np.empty((height, width, len(channels)), dtype=dtype)
    clear = np.empty((height, width), dtype=dtype)
    in_parts(draw, len(first) - 1, shapes, reach, first, per_tile, channels, image, clear, least=1)
    depth_m = None
    if depth:
        covered = 1 - clear
        depth_m = np.where(covered > 0.5, image[..., 3] / np.maximum(covered, 0.5), 0)
        image = np.ascontiguousarray(image[..., :3])
    return Drawn(image, clear, depth_m, seen, shapes, reach, first, per_tile)


def gradients(
    splats: Splats, view: View, made: Drawn, of_image: AnyArray, of_clear: AnyArray
) -> tuple[Splats, AnyArray]:
    """Gradients of a number with respect to the splats, from those to the picture.

    Returns
    -------
    of_splats : Splats
        Zero for those that are not seen.
    of_middles_px : ndarray, shape (n, 2)
        With respect to where each splat's middle lies in the picture.
    """
    dtype = splats.means_m.dtype
    parts = np.empty((len(made.splats), 9), dtype=dtype)
    in_parts(
        draw_back, len(made.first) - 1, made.shapes, made.reach, made.first, made.splats,
        made.image, made.clear, np.ascontiguousarray(of_image, dtype=dtype),
        np.ascontiguousarray(of_clear, dtype=dtype), parts, least=1,
    )  # fmt: skip
    of_shapes = np.empty((len(splats), 9), dtype=dtype)
    gathered(parts, made.splats, of_shapes)
    out = Splats(
        *(
            np.zeros_like(a)
            for a in (splats.means_m, splats.log_scales, splats.quats, splats.opacity_logits,
                      splats.sh)
        )
    )  # fmt: skip
    in_parts(
        project_back, len(splats), splats.means_m, splats.log_scales, splats.quats, splats.sh,
        *_camera(view), made.shapes, made.seen, of_shapes, out.means_m, out.log_scales,
        out.quats, out.opacity_logits, out.sh,
    )  # fmt: skip
    return out, of_shapes[:, :2]


def picture(
    splats: Splats, view: View, paper: tuple[float, float, float], pixel_m: float = 0.0
) -> AnyArray:
    """The splats on plain paper (sRGB, 0 to 1), shape (h, w, 3), 0 to 1; `pixel_m` as `drawn`."""
    made = drawn(splats, view, pixel_m=pixel_m)
    return np.asarray(np.clip(made.image + made.clear[..., None] * np.asarray(paper), 0, 1))


def _camera(
    view: View, blur_px2: float = BLUR_PX2, pixel_m: float = 0.0
) -> tuple[AnyArray, AnyArray, AnyArray]:
    camera = view.camera
    lens = np.array([camera.fx, camera.fy, camera.cx, camera.cy, blur_px2, pixel_m])
    return np.ascontiguousarray(view.rotation, float), np.asarray(view.translation, float), lens


def looking(low_m: AnyArray, high_m: AnyArray, around: float, size_px: tuple[int, int]) -> View:
    """A view of a box from `around` (the angle from x towards y, radians), a little from above."""
    middle, up = (np.asarray(low_m) + np.asarray(high_m)) / 2, 0.35
    out = np.array([np.cos(around) * np.cos(up), np.sin(around) * np.cos(up), np.sin(up)])
    z, x = -out, np.array([-np.sin(around), np.cos(around), 0.0])
    rotation = np.stack([x, np.cross(z, x), z])
    eye = middle + 1.35 * float(np.linalg.norm(np.asarray(high_m) - low_m)) * out
    width, height = size_px
    focal = 1.2 * min(width, height * 1.2)
    camera = Camera(width, height, focal, focal, width / 2, height / 2)
    return View("still", camera, rotation, -rotation @ eye)
