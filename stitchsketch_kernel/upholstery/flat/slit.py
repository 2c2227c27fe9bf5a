"""A flat panel meshed with slits: where a dart will be sewn, its two legs are two borders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import igl
import numpy as np
from scipy.spatial import cKDTree

from stitchsketch_kernel.domain.arrays import FloatArray, IntArray
from stitchsketch_kernel.upholstery.geometry.border import border_loop
from stitchsketch_kernel.upholstery.geometry.triangles import triangulate

#: Points nearer to a slit's points than this share of their distance make way for it: then no
#: point lies in a circle over one of its steps, and every step is an edge of Delaunay's.
CLEAR = 0.72


@dataclass(frozen=True)
class SlitMesh:
    """A disk, its border running in and out of every slit.

    Attributes
    ----------
    flat : ndarray, shape (n, 2)
        Closed, as it was given: both legs of a slit lie on each other.
    faces : ndarray of int32, shape (m, 3)
        Counter-clockwise.
    source : ndarray of int32, shape (n,)
        Which of the points given a vertex is: the border's, then the inner ones, then those of
        the slits in order without their mouths.
    border : ndarray of int32
        Counter-clockwise, the first not repeated.
    legs : tuple of (ndarray, ndarray)
        For each slit its two sides as they are walked: to the apex, and back.
    """

    flat: FloatArray
    faces: IntArray
    source: IntArray
    border: IntArray
    legs: tuple[tuple[IntArray, IntArray], ...]


def slit_mesh(
    border: FloatArray, inner: FloatArray, slits: Sequence[tuple[int, FloatArray]]
) -> SlitMesh | None:
    """Mesh an outline with slits that run into it.

    Parameters
    ----------
    border : ndarray, shape (b, 2)
        Counter-clockwise and simple, the first not repeated.
    inner : ndarray, shape (k, 2)
        Points within it; those beside a slit are left out.
    slits : sequence of (int, ndarray of shape (s, 2))
        The border's point where one begins, and its points from the first after that to the apex.

    Returns
    -------
    SlitMesh or None
        None where slits cross or touch each other or the border.
    """
    if slits and not _apart(border, slits):
        return None
    lines = [line for _, line in slits]
    kept = np.arange(len(inner))
    for mouth, line in slits:
        step = np.linalg.norm(np.diff(np.vstack([border[mouth], line]), axis=0), axis=1).max()
        kept = kept[cKDTree(line).query(inner[kept])[0] > CLEAR * step]
    flat = np.vstack([border, inner[kept], *lines])
    ends = len(border) + len(inner) + np.arange(sum(map(len, lines)))
    source = np.concatenate([np.arange(len(border)), len(border) + kept, ends])
    faces = triangulate(flat, len(border))
    if faces is None:
        return None
    chains, first = [], len(border) + len(kept)
    for mouth, line in slits:
        chains.append(np.concatenate([[mouth], first + np.arange(len(line))]))
        first += len(line)
    return _opened(flat, faces, source.astype(np.int32), chains)


def _apart(border: FloatArray, slits: Sequence[tuple[int, FloatArray]]) -> bool:
    """Whether no slit's point comes nearer to another slit, or to the border, than its own step."""
    for index, (mouth, line) in enumerate(slits):
        whole = np.vstack([border[mouth], line])
        step = float(np.linalg.norm(np.diff(whole, axis=0), axis=1).max())
        away = np.linalg.norm(border - border[mouth], axis=1) > 2 * step
        if away.any() and cKDTree(border[away]).query(line)[0].min() < CLEAR * step:
            return False
        for other_mouth, other in slits[:index]:
            there = np.vstack([border[other_mouth], other])
            if cKDTree(there).query(whole)[0].min() < 1.3 * step:
                return False
    return True


def _opened(
    flat: FloatArray, faces: IntArray, source: IntArray, chains: list[IntArray]
) -> SlitMesh | None:
    """The mesh cut along chains of vertices that are edges of it."""
    wanted = {
        (min(a, b), max(a, b))
        for chain in chains
        for a, b in zip(chain[:-1].tolist(), chain[1:].tolist(), strict=True)
    }
    size = len(flat)
    sides = np.sort(np.stack([faces, np.roll(faces, -1, axis=1)], axis=-1), axis=-1)
    keys = sides[..., 0].astype(np.int64) * size + sides[..., 1]
    cut = np.isin(keys, [a * size + b for a, b in wanted])
    if len(np.unique(keys[cut])) != len(wanted):
        return None
    index: IntArray = np.arange(size, dtype=np.int32)
    if wanted:
        lifted = np.column_stack([flat, np.zeros(size)])
        found = igl.cut_mesh(
            np.ascontiguousarray(lifted),
            np.ascontiguousarray(faces, dtype=np.int64),
            np.ascontiguousarray(cut, dtype=np.int64),
        )
        faces, index = (
            np.asarray(found[1], dtype=np.int32),
            np.asarray(found[2], dtype=np.int32).ravel(),
        )
    border = border_loop(faces)
    if border is None:
        return None
    faces = _without_ears(flat[index], faces, border)
    legs = _legs(border, index, chains)
    if legs is None:
        return None
    return SlitMesh(flat[index], faces, source[index], border, legs)


def _without_ears(flat: FloatArray, faces: IntArray, border: IntArray) -> IntArray:
    """Corners that hang on the panel by one triangle alone get an edge inwards."""
    count = len(flat)
    on_border = np.zeros(count, dtype=bool)
    on_border[border] = True
    rim = set((border.astype(np.int64) * count + np.roll(border, -1)).tolist())
    across = {
        (int(a), int(b)): index
        for index, face in enumerate(faces.tolist())
        for a, b in zip(face, face[1:] + face[:1], strict=True)
    }
    out = faces.copy()
    touched: set[int] = set()
    for index in np.flatnonzero(on_border[faces].all(axis=1)).tolist():
        inner = [
            (a, b, c)
            for a, b, c in (np.roll(faces[index], turn).tolist() for turn in range(3))
            if a * count + b not in rim
        ]
        if len(inner) != 1:
            continue
        a, b, tip = inner[0]
        other = across[b, a]
        far = next(int(v) for v in faces[other] if v not in (a, b))
        flipped = np.array([[a, far, tip], [far, b, tip]], dtype=np.int32)
        if touched & {index, other} or (_areas(flat, flipped) <= 0).any():
            continue
        out[[index, other]] = flipped
        touched |= {index, other}
    return out


def _areas(flat: FloatArray, faces: IntArray) -> FloatArray:
    a, b, c = (flat[faces[:, i]] for i in range(3))
    ab, ac = b - a, c - a
    return np.asarray(ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0])


def _legs(
    border: IntArray, index: IntArray, chains: list[IntArray]
) -> tuple[tuple[IntArray, IntArray], ...] | None:
    walked = index[border]
    legs = []
    for chain in chains:
        apex = np.flatnonzero(walked == chain[-1])
        if len(apex) != 1:
            return None
        steps = np.arange(len(chain))
        into = border[(apex[0] - steps[::-1]) % len(border)]
        out = border[(apex[0] + steps) % len(border)]
        if not (np.array_equal(index[into], chain) and np.array_equal(index[out], chain[::-1])):
            return None
        legs.append((into, out))
    return tuple(legs)
