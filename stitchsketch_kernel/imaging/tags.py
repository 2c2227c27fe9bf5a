"""Tags of mats and boards found in photos, their centres to a few hundredths of a pixel."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray, ImageArray
from stitchsketch_kernel.domain.board import TagSighting
from stitchsketch_kernel.imaging.boards import STANDARD_DICTIONARY
from stitchsketch_kernel.imaging.drawing import tag_dictionary, tag_modules
from stitchsketch_kernel.imaging.tag_fit import diagonals_cross, fit_tag

#: Below this the pattern isn't really there (a false find, a finger over it, heavy motion blur).
LEAST_CORRELATION = 0.75
#: A fit that moves a corner by more modules than this has run to a neighbour's edge.
_LARGEST_MOVE_MODULES = 0.75
#: Photos up to this size are also searched at twice their size: small tags are read better there.
_UPSCALED_TO_PX = 3200
#: A glimpse is taken at this size: a quarter of a second, and most of the tags that a search finds.
_GLIMPSE_PX = 1600

_log = logging.getLogger(__name__)


def find_tags(
    photo_name: str,
    image: ImageArray,
    dictionaries: Sequence[str] = (STANDARD_DICTIONARY,),
) -> list[TagSighting]:
    """Find the tags of boards in a photo.

    OpenCV finds and reads them at two sizes; `tag_fit` then fits each tag's whole pattern. A tag
    that is seen twice in one photo (a copy, a mirror) is left out: nobody knows which is meant.

    Parameters
    ----------
    photo_name : str
    image : ndarray of uint8, shape (h, w, 3) or (h, w)
        RGB or grey.
    dictionaries : sequence of str
        OpenCV's names.

    Returns
    -------
    list of TagSighting
        Sorted by dictionary and id; pixels in COLMAP's convention.

    Raises
    ------
    SettingsError
        If OpenCV has no dictionary of that name.
    """
    import cv2

    grey: ImageArray = image
    if image.ndim == 3:
        grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)
    found = []
    for dictionary in sorted(set(dictionaries)):
        for tag_id, rough in sorted(_read(grey, dictionary).items()):
            fitted = _fitted(grey, dictionary, tag_id, rough)
            if fitted is None:
                _log.debug("%s: tag %d is too unclear to measure", photo_name, tag_id)
                continue
            # OpenCV puts (0, 0) at the middle of the first pixel, COLMAP at its corner
            corners = fitted + 0.5
            centre = diagonals_cross(corners)
            found.append(TagSighting(photo_name, dictionary, tag_id, corners, centre))
    return found


def glimpse_tags(
    photo_name: str,
    image: ImageArray,
    dictionaries: Sequence[str] = (STANDARD_DICTIONARY,),
) -> list[TagSighting]:
    """About where the tags of boards are, in a tenth of the time that `find_tags` takes.

    To a pixel or so: enough to say which mats a photo shows and where it was taken, never for
    scale. Parameters and result as of `find_tags`.
    """
    import cv2

    grey: ImageArray = image
    if image.ndim == 3:
        grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)
    factor = min(2.0, _GLIMPSE_PX / max(grey.shape))
    found = []
    for dictionary in sorted(set(dictionaries)):
        for tag_id, rough in sorted(_read(grey, dictionary, [factor]).items()):
            corners = rough + 0.5
            centre = diagonals_cross(corners)
            found.append(TagSighting(photo_name, dictionary, tag_id, corners, centre))
    return found


def find_mirrored_tags(
    photo_name: str,
    image: ImageArray,
    own: Sequence[TagSighting],
    dictionaries: Sequence[str] = (STANDARD_DICTIONARY,),
) -> list[TagSighting]:
    """Tags that the photo shows in a mirror: they can be read in the photo turned left to right.

    To a pixel or so, which does to say where the mirror is.

    Parameters
    ----------
    photo_name : str
    image : ndarray of uint8, shape (h, w, 3) or (h, w)
        RGB or grey.
    own : sequence of TagSighting
        What `find_tags` found there. A code turned round may be another code but for a few of its
        36 places, so what lies where one of these lies is no mirrored tag.
    dictionaries : sequence of str

    Returns
    -------
    list of TagSighting
        Pixels of the photo as it was taken; corners in the tag's order as it is printed.
    """
    import cv2

    grey: ImageArray = image
    if image.ndim == 3:
        grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)
    turned = np.ascontiguousarray(grey[:, ::-1])
    found = []
    for dictionary in sorted(set(dictionaries)):
        for tag_id, rough in sorted(_read(turned, dictionary).items()):
            corners = np.array([grey.shape[1], 0]) + (rough + 0.5) * [-1, 1]
            centre = diagonals_cross(corners)
            side = np.linalg.norm(corners[0] - corners[2])
            if all(np.linalg.norm(one.centre_px - centre) > side for one in own):
                found.append(TagSighting(photo_name, dictionary, tag_id, corners, centre))
    return found


def _read(
    grey: ImageArray, dictionary: str, factors: Sequence[float] = ()
) -> dict[int, FloatArray]:
    """Rough corners (4, 2) by tag id; ids seen at two places are left out."""
    import cv2

    detector = cv2.aruco.ArucoDetector(tag_dictionary(dictionary), _parameters())
    factors = factors or ([1.0] if max(grey.shape) > _UPSCALED_TO_PX else [1.0, 2.0])
    seen: dict[int, FloatArray] = {}
    twice: set[int] = set()
    for factor in factors:
        scaled = grey if factor == 1 else _resized(grey, factor)
        corners, ids, _ = detector.detectMarkers(scaled)
        read = [] if ids is None else [int(tag_id) for tag_id in ids.ravel()]
        for quad, tag_id in zip(corners, read, strict=True):
            # cv2.resize keeps pixel corners in place, so middles move by half a pixel of each size
            place = (quad[0].astype(np.float64) + 0.5) / factor - 0.5
            other = seen.setdefault(tag_id, place)
            side = np.linalg.norm(place[0] - place[2])
            if np.linalg.norm(other.mean(axis=0) - place.mean(axis=0)) > 0.25 * side:
                twice.add(tag_id)
    return {tag_id: place for tag_id, place in seen.items() if tag_id not in twice}


def _resized(grey: ImageArray, factor: float) -> ImageArray:
    import cv2

    how = cv2.INTER_CUBIC if factor > 1 else cv2.INTER_AREA
    return np.asarray(cv2.resize(grey, None, fx=factor, fy=factor, interpolation=how), np.uint8)


def _parameters() -> Any:
    """OpenCV's settings for small, slanted, slightly blurred tags.

    Each module is read from its middle third only: on renders of mats 30 degrees above the floor
    that alone raised the tags read from 30 to 54 of 96. No refinement here, `fit_tag` does it.
    """
    import cv2

    parameters = cv2.aruco.DetectorParameters()
    parameters.perspectiveRemovePixelPerCell = 16
    parameters.perspectiveRemoveIgnoredMarginPerCell = 0.35
    parameters.minMarkerPerimeterRate = 0.01
    parameters.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_NONE
    return parameters


def _fitted(
    grey: ImageArray, dictionary: str, tag_id: int, corners: FloatArray
) -> FloatArray | None:
    """The fitted corners, or None when the pattern can't be trusted to be there."""
    modules = tag_modules(dictionary, tag_id)
    fit = fit_tag(grey, modules, corners)
    sides = np.linalg.norm(corners - np.roll(corners, 1, axis=0), axis=1)
    moved = np.linalg.norm(fit.corners_px - corners, axis=1).max()
    if fit.correlation < LEAST_CORRELATION:
        return None
    if moved > max(1.5, _LARGEST_MOVE_MODULES * sides.max() / len(modules)):
        return None
    return fit.corners_px
