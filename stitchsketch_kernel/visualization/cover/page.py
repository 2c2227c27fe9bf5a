"""The customer's page: one file, the old cover and the new ones in 3D, no host asked for anything.

The page's viewer is a script that the caller gives (it is built with the screens); without it, or
on a phone without WebGL, the stills are there.
"""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fast_simplification
import numpy as np
from markupsafe import Markup
from PIL import Image
from scipy.spatial import cKDTree

from stitchsketch_kernel.disk.aside import written_aside
from stitchsketch_kernel.domain.arrays import AnyArray, FloatArray, ImageArray, IntArray
from stitchsketch_kernel.domain.marker import Marker
from stitchsketch_kernel.domain.model import Mesh
from stitchsketch_kernel.domain.prototype import ClothTile, Prototype
from stitchsketch_kernel.visualization.cover.openness import Openness
from stitchsketch_kernel.visualization.cover.scene import linear, vertex_normals
from stitchsketch_kernel.visualization.templating import asset, template

#: The old cover's triangles on a phone; its colours lie at their corners.
_OLD_FACES = 110_000
_TILE_PX, _STILL_PX = 1024, 960


@dataclass(frozen=True)
class Offer:
    """A fabric that the customer may choose.

    Attributes
    ----------
    prototype : Prototype
        Thinned; all offers of a page have the same triangles.
    tile : ClothTile
    marker : Marker
    still : ndarray of uint8, shape (h, w, 3)
    notes : tuple of str
        What the customer should know of it.
    """

    prototype: Prototype
    tile: ClothTile
    marker: Marker
    still: ImageArray
    notes: tuple[str, ...] = ()


def write_page(
    path: Path,
    title: str,
    made_at: str,
    offers: Sequence[Offer],
    old: Mesh | None,
    old_still: ImageArray | None,
    script: str,
) -> None:
    """Write the page; one that was there before is replaced only by a whole one.

    Raises
    ------
    StorageError
        There is no room.
    """
    page = render_page(title, made_at, offers, old, old_still, script)
    with written_aside(path) as aside:
        aside.write_bytes(page.encode("utf-8", "replace"))


def render_page(
    title: str,
    made_at: str,
    offers: Sequence[Offer],
    old: Mesh | None,
    old_still: ImageArray | None,
    script: str,
) -> str:
    """The page as text; every name in it is escaped."""
    data = {
        "old": None if old is None else _old(old),
        "mesh": _mesh(offers[0].prototype),
        "offers": [_offer(one) for one in offers],
    }
    # within a script nothing is escaped but what could end it
    told = json.dumps(data, allow_nan=False).replace("<", "\\u003c")
    rows = [
        {
            "name": one.marker.fabric.name,
            "width": f"{one.marker.fabric.width_mm / 10:.0f} cm",
            "length": f"{one.marker.used_length_mm / 1000:.2f} m ({one.marker.yardage:.2f} yd)",
            "price": _price(one.marker),
            "still": _picture(one.still, _STILL_PX),
            "notes": one.notes,
        }
        for one in offers
    ]
    page = template("cover.html").render(
        title=title,
        made_at=made_at,
        offers=rows,
        priced=any(one.marker.cost > 0 for one in offers),
        has_old=old is not None,
        old_still=None if old_still is None else _picture(old_still, _STILL_PX),
        css=Markup(asset("cover.css")),
        data=Markup(told),
        script=Markup(re.sub(r"<(?=/script|!--)", r"\\x3c", script, flags=re.IGNORECASE)),
    )
    return page.strip() + "\n"


def _price(marker: Marker) -> str:
    return f"{marker.cost:.2f} {marker.fabric.currency}" if marker.cost > 0 else ""


def _mesh(prototype: Prototype) -> dict[str, Any]:
    """Triangles of all panels, how much light comes to them, and the shadow on the floor."""
    points = np.vstack([panel.points_m for panel in prototype.cloth])
    starts = np.cumsum([0, *(len(panel.points_m) for panel in prototype.cloth)])
    faces = np.vstack(
        [panel.faces + at for panel, at in zip(prototype.cloth, starts, strict=False)]
    )
    normals = np.vstack([vertex_normals(p.points_m, p.faces) for p in prototype.cloth])
    light = Openness(points, faces.astype(np.int32))
    open_to = light.of_points(points, normals)
    floor = light.of_floor()
    bare = prototype.bare
    return {
        **_geometry(points, faces.astype(np.int32)),
        "light": _coded((255 * open_to + 0.5).astype(np.uint8)),
        "floor": _coded((255 * (1 - floor) + 0.5).astype(np.uint8)),
        "floor_size": len(floor),
        "floor_box": [float(value) for value in light.floor_box],
        "bare": None if bare is None else {**_geometry(bare.vertices, bare.faces),
                                           "colors": _colors(bare)},
    }  # fmt: skip


def _offer(offer: Offer) -> dict[str, Any]:
    fabric, tile = offer.marker.fabric, offer.tile
    uv = []
    for panel in offer.prototype.cloth:
        here = tile.uv(panel.roll_mm, fabric)
        uv.append(here - np.floor(here.min(axis=0)))
    return {
        "name": fabric.name,
        "uv": _coded(np.vstack(uv).astype("<f4")),
        "color": _picture(tile.color, _TILE_PX),
        "normal": _picture(tile.normal, _TILE_PX),
        "roughness": tile.roughness,
        "sheen": tile.sheen,
    }


def _old(scan: Mesh) -> dict[str, Any]:
    """The scan with fewer triangles, in its own colours."""
    points, faces = scan.vertices, scan.faces
    if len(faces) > _OLD_FACES:
        fewer = fast_simplification.simplify(
            points.astype(np.float32), faces.astype(np.int32), 1 - _OLD_FACES / len(faces)
        )
        points, faces = np.asarray(fewer[0], dtype=float), np.asarray(fewer[1], dtype=np.int32)
    thin = Mesh(points, faces)
    if scan.colors is not None:
        thin = Mesh(points, faces, scan.colors[cKDTree(scan.vertices).query(points)[1]])
    return {**_geometry(points, faces), "colors": _colors(thin)}


def _geometry(points: FloatArray, faces: IntArray) -> dict[str, Any]:
    """Points as 16 bits a coordinate within their box: a fiftieth of a millimetre on a sofa."""
    low, size = points.min(axis=0), np.maximum(np.ptp(points, axis=0), 1e-9)
    return {
        "low": low.tolist(),
        "size": size.tolist(),
        "points": _coded(np.round((points - low) / size * 65535).astype("<u2")),
        "faces": _coded(faces.astype("<u4")),
    }


def _colors(mesh: Mesh) -> str | None:
    if mesh.colors is None:
        return None
    return _coded(np.round(255 * linear(mesh.colors)).astype(np.uint8))


def _coded(values: AnyArray) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode("ascii")


def _picture(pixels: ImageArray, most_px: int) -> str:
    image = Image.fromarray(pixels)
    if max(image.size) > most_px:
        image.thumbnail((most_px, most_px), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=86, optimize=True)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"
