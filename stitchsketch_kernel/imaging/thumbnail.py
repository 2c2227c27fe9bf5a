"""A small picture of a photo, for lists."""

from __future__ import annotations

import io
from typing import BinaryIO

from PIL import Image, ImageOps

#: Larger ones aren't decoded for a list.
_MOST_PIXELS = 120_000_000


def small_jpeg(picture: BinaryIO, size_px: tuple[int, int] = (320, 240)) -> bytes | None:
    """The picture, upright and no larger than `size_px`, as a JPEG; None when it can't be read.

    A JPEG is decoded at an eighth to a half of its size where that is enough.
    """
    try:
        with Image.open(picture) as image:
            if image.width * image.height > _MOST_PIXELS:
                return None
            image.draft("RGB", (2 * size_px[0], 2 * size_px[1]))
            upright = ImageOps.exif_transpose(image).convert("RGB")
            upright.thumbnail(size_px)
            out = io.BytesIO()
            upright.save(out, "JPEG", quality=82)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    return out.getvalue()
