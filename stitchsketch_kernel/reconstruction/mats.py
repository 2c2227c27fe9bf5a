"""Tags in space, and how well each mat's tags lie where the mat says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.board import Board, TagSighting
from stitchsketch_kernel.domain.model import SparseModel
from stitchsketch_kernel.reconstruction.triangulate import Triangulated, triangulate
from stitchsketch_kernel.reconstruction.upright import umeyama

#: Tags in space by (dictionary, id).
TagPoints: TypeAlias = dict[tuple[str, int], Triangulated]

#: Fewer tags than this don't show whether a mat lies flat.
_LEAST_TAGS = 4
#: A tag this far off where the others put it is a false find or under a crease.
_STRAY_MM = 3.0


@dataclass(frozen=True)
class BoardFit:
    """A mat laid over its triangulated tags.

    Attributes
    ----------
    board : Board
    tag_ids : tuple of int
        Those used.
    metres_per_unit : float
    residuals_mm : ndarray, shape (n,)
        How far each tag lies from where the mat says.
    relative_sigma : float
        Standard deviation of `metres_per_unit` over itself.
    stretch : float
        Width over height as seen, over what it should be; 1 for a true print.
    """

    board: Board
    tag_ids: tuple[int, ...]
    metres_per_unit: float
    residuals_mm: FloatArray
    relative_sigma: float
    stretch: float

    @property
    def rms_mm(self) -> float:
        """RMS of the residuals."""
        return float(np.sqrt((self.residuals_mm**2).mean()))

    @property
    def freedom(self) -> int:
        """Degrees of freedom that the residuals have left (a similarity takes 7)."""
        return max(1, 3 * len(self.tag_ids) - 7)


def triangulate_tags(
    model: SparseModel, sightings: Sequence[TagSighting], least_views: int
) -> TagPoints:
    """Where each tag's centre is, in the model's units."""
    views = {view.name: view for view in model.views}
    pixels: dict[tuple[str, int], dict[str, FloatArray]] = defaultdict(dict)
    for sighting in sightings:
        pixels[sighting.dictionary, sighting.tag_id][sighting.photo] = sighting.centre_px
    found = {key: triangulate(views, seen, least_views) for key, seen in pixels.items()}
    return {key: point for key, point in found.items() if point is not None}


def fit_board(board: Board, tags: TagPoints) -> BoardFit | None:
    """Fit a board to its tags; None when fewer than four were seen well, or one row only."""
    ids = [tag for tag in board.tag_ids if (board.dictionary, tag) in tags]
    while len(ids) >= _LEAST_TAGS:
        seen = np.array([tags[board.dictionary, tag].point for tag in ids])
        known = _centres_mm(board, ids)
        if np.linalg.matrix_rank(known - known.mean(axis=0), tol=1e-6) < 2:
            return None  # tags in a row leave open how the board is turned about it
        fit = umeyama(seen, known)
        off = known - fit.apply(seen)
        residuals = np.linalg.norm(off, axis=1)
        worst = int(np.argmax(residuals))
        stray = residuals[worst] > max(_STRAY_MM, 4 * float(np.median(residuals)))
        if stray and len(ids) > _LEAST_TAGS:
            del ids[worst]
            continue
        spread = float(np.sqrt(((known - known.mean(axis=0)) ** 2).sum()))
        sigma_mm = float(np.sqrt((off**2).sum() / max(1, 3 * len(ids) - 7)))
        # paper and printer are true to 0.05 mm at best, whatever the photos say
        relative = max(sigma_mm, 0.05) / spread
        return BoardFit(
            board,
            tuple(ids),
            fit.scale / 1000,
            residuals,
            relative,
            _stretch(fit.apply(seen), known),
        )
    return None


def _centres_mm(board: Board, ids: list[int]) -> FloatArray:
    """Centres (n, 3) of the tags on the board; flat where the board is given in the plane."""
    rows = [board.tag_ids.index(tag) for tag in ids]
    centres = np.asarray(board.centres_mm, dtype=float)[rows]
    if centres.shape[1] == 3:
        return centres
    return np.column_stack([centres, np.zeros(len(centres))])


def _stretch(seen: FloatArray, known: FloatArray) -> float:
    """How much wider than high the print came out, from the best affine map in the plane."""
    centred_seen, centred = seen - seen.mean(axis=0), known - known.mean(axis=0)
    flat = centred[:, :2]
    if np.linalg.matrix_rank(flat, tol=1.0) < 2:
        return 1.0
    affine = np.linalg.lstsq(flat, centred_seen[:, :2], rcond=None)[0]
    return float(np.linalg.norm(affine[0]) / np.linalg.norm(affine[1]))


def misplaced_views(
    model: SparseModel, sightings: Sequence[TagSighting], tags: TagPoints
) -> tuple[str, ...]:
    """Views whose tags mostly lie elsewhere than where the other views put them.

    Cloth that repeats can put a photo on the wrong side of the room with a small reprojection
    error; a mat can't be in two places.
    """
    views = {view.name: view for view in model.views}
    off: dict[str, list[bool]] = defaultdict(list)
    for sighting in sightings:
        point = tags.get((sighting.dictionary, sighting.tag_id))
        if point is not None and sighting.photo in views:
            off[sighting.photo].append(sighting.photo not in point.photos)
    return tuple(
        sorted(
            name
            for name, wrong in off.items()
            if len(wrong) >= _LEAST_TAGS and sum(wrong) > len(wrong) / 2
        )
    )
