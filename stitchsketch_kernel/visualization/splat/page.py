"""The scan's splats as one page: a file that needs nothing else and asks no host for anything."""

from __future__ import annotations

import base64
import io
import json
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import BaseLoader, Environment, StrictUndefined, Template
from markupsafe import Markup
from PIL import Image

from stitchsketch_kernel.disk.aside import write_bytes
from stitchsketch_kernel.domain.arrays import AnyArray, ImageArray
from stitchsketch_kernel.domain.errors import SplatError
from stitchsketch_kernel.visualization.splat.splats import SH_0, Splats, checked, thinned

#: A phone draws these smoothly, and the page stays below 10 MB.
MOST_SHOWN = 250_000
_STILL_PX = 960


def write_page(
    path: Path, title: str, made_at: str, splats: Splats, still: ImageArray, around: float,
    pixel_m: float = 0.0,
) -> None:  # fmt: skip
    """Write the page, aside first and then renamed.

    Parameters
    ----------
    title, made_at : str
        Any text: escaped.
    splats : Splats
        More than `MOST_SHOWN` are thinned.
    still : ndarray of uint8, shape (h, w, 3)
        Shown where there is no WebGL.
    around : float
        Where the eye begins: the angle from x towards y, radians.
    pixel_m : float
        How wide a pixel is on the furniture in the pictures that were trained on, metres; 0: not
        known. Seen from nearer, splats are drawn as wide as they were for it, or paper would show
        between them.

    Raises
    ------
    SplatError
        There is nothing to show, or numbers that can't be.
    """
    page = render_page(title, made_at, splats, still, around, pixel_m)
    write_bytes(path, page.encode("utf-8", "replace"))


def render_page(
    title: str, made_at: str, splats: Splats, still: ImageArray, around: float, pixel_m: float = 0.0
) -> str:
    """The page as text."""
    if not len(splats):
        raise SplatError("There are no splats to show.", "Train them anew.")
    shown = thinned(checked(splats, "What was to be shown"), MOST_SHOWN).with_degree(1)
    size = 100 * np.ptp(np.percentile(shown.means_m, [0.5, 99.5], axis=0), axis=0)
    page = _template().render(
        title=title,
        made_at=made_at,
        size="about "
        + "\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}".join(f"{one:.0f}" for one in size)
        + "\N{NO-BREAK SPACE}cm",
        still=_picture(still),
        css=Markup(_asset("splat.css")),
        data=Markup(json.dumps(_packed(shown, around, pixel_m), allow_nan=False)),
        script=Markup(_asset("splat.js")),
    )
    return page.strip() + "\n"


def _packed(splats: Splats, around: float, pixel_m: float) -> dict[str, Any]:
    """26 bytes a splat, as ``splat.js`` reads them."""
    means = splats.means_m.astype(float)
    low, size = means.min(axis=0), np.maximum(np.ptp(means, axis=0), 1e-9)
    turns = splats.quats / np.linalg.norm(splats.quats, axis=1, keepdims=True)
    # colours from -0.5 to 1.5: what bands of colour take away may lie beyond white
    base = (0.5 + SH_0 * splats.sh[:, 0] + 0.5) / 2
    bands = np.full((len(splats), 12), 128, dtype=np.uint8)
    bands[:, :9] = _byte(splats.sh[:, 1:].reshape(-1, 9) * 128 + 128)
    return {
        "count": len(splats),
        "around": float(around),
        "pixel_m": float(pixel_m),
        "low": low.tolist(),
        "size": size.tolist(),
        "points": _coded(np.rint((means - low) / size * 65535).astype("<u2")),
        "scales": _coded(_byte((splats.log_scales + 10) * 16)),
        "turns": _coded(np.rint(turns * 127).astype(np.int8)),
        "colors": _coded(
            np.column_stack([_byte(255 * base), _byte(255 * splats.opacities()[:, None])])
        ),
        "bands": _coded(bands),
    }


def _byte(values: AnyArray) -> AnyArray:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def _coded(values: AnyArray) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode("ascii")


def _picture(pixels: ImageArray) -> str:
    image = Image.fromarray(pixels)
    image.thumbnail((_STILL_PX, _STILL_PX), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=86, optimize=True)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"


def _asset(name: str) -> str:
    folder = resources.files("stitchsketch_kernel.visualization") / "templates"
    return (folder / name).read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = Environment(
        loader=BaseLoader(), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    return environment.from_string(_asset("splat.html"))
