"""A swatch's photo as plain daylight would show it: a mat's paper tells what white is."""

from __future__ import annotations

import numpy as np

from stitchsketch_kernel.domain.arrays import AnyArray, FloatArray, ImageArray

#: sRGB of paper in plain daylight, and how much brighter or darker a photo is made by it at most.
_PAPER, _MOST_BRIGHTER = 240.0, 2.5
#: Pixels of each that are asked, and with fewer of either nothing is changed.
_ASKED, _LEAST = 12_000, 400


def by_daylight(picture: ImageArray, cloth: AnyArray, tags: AnyArray) -> ImageArray:
    """Even light over the whole picture, as bright and as white as the paper tells.

    How light falls off over mat and cloth is one parabola in the logarithm of tone, fitted to
    both, whose own tones are unknowns beside it. Paper that the photo made all white tells no more
    than that the cloth isn't darker.

    Parameters
    ----------
    picture : ndarray of uint8, shape (h, w, 3)
        From right above.
    cloth, tags : ndarray of bool, shape (h, w)
        Where cloth is, and where a mat's tags with paper between them.
    """
    tone = picture.mean(axis=2, dtype=np.float32)
    if tags.sum() < _LEAST or cloth.sum() < _LEAST:
        return picture
    dark, light = np.percentile(tone[tags], [5, 95])
    paper = tags & (tone > (dark + light) / 2)
    rng = np.random.default_rng(0)
    places = [_some(mask, rng) for mask in (cloth, paper)]
    y, x = (np.concatenate([place[k] for place in places]) for k in (0, 1))
    is_paper = np.repeat([0.0, 1.0], [len(place[0]) for place in places])
    design = np.column_stack([_slope(y, x, tone.shape), 1 - is_paper, is_paper])
    found = np.linalg.lstsq(design, np.log(tone[y, x] + 1), rcond=None)[0]
    rows, columns = (np.arange(side) for side in tone.shape)
    lamp = np.concatenate(  # row by row: the whole design would be as large as five pictures
        [
            np.exp(_slope(np.full_like(columns, row), columns, tone.shape) @ found[:5])
            for row in rows
        ]
    ).reshape(tone.shape)
    lamp = np.clip(lamp / np.median(lamp[paper]), 1 / _MOST_BRIGHTER, _MOST_BRIGHTER)
    white = np.median(picture[paper] / lamp[paper][:, None], axis=0)
    more = np.clip(_PAPER / np.maximum(white, 1), 1 / _MOST_BRIGHTER, _MOST_BRIGHTER)
    return np.asarray(np.clip(picture / lamp[..., None] * more + 0.5, 0, 255), np.uint8)


def _some(mask: AnyArray, rng: np.random.Generator) -> tuple[AnyArray, AnyArray]:
    """Rows and columns of at most `_ASKED` of a mask's pixels."""
    flat = np.flatnonzero(mask)
    if len(flat) > _ASKED:
        flat = rng.choice(flat, _ASKED, replace=False)
    y, x = np.unravel_index(flat, mask.shape)
    return np.asarray(y), np.asarray(x)


def _slope(y: AnyArray, x: AnyArray, shape: tuple[int, ...]) -> FloatArray:
    """A parabola's parts without its constant, (k, 5)."""
    u, v = 2 * x / shape[1] - 1.0, 2 * y / shape[0] - 1.0
    return np.column_stack([u, v, u * u, u * v, v * v])
