"""A mesh as a small picture, for lists."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.visualization.eyes import ParallelEye
from stitchsketch_kernel.visualization.palette import WHITE
from stitchsketch_kernel.visualization.render import Scene

#: From the front, a little from the side and above.
_ALONG = np.array([-0.45, 1.0, -0.6])


def thumbnail(mesh: Mesh, size_px: tuple[int, int] = (320, 240)) -> bytes:
    """The mesh in its own colours, as a JPEG.

    Raises
    ------
    MeshError
        It has no faces.
    """
    eye = ParallelEye.looking(mesh, _ALONG, size_px, None)
    picture = Scene(mesh).render(eye, mesh.colors, background=WHITE).image
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "JPEG", quality=82)
    return out.getvalue()
