"""What a camera wrote into a photo about itself. EXIF is written by strangers: nothing is trusted.

Anything that is missing, of a wrong type or out of any sensible range counts as not known.
"""

from __future__ import annotations

import logging
import math
import warnings
from dataclasses import dataclass
from typing import Any

#: Diagonal of the 36 x 24 mm frame to which CIPA's "35 mm equivalent" refers.
FULL_FRAME_DIAGONAL_MM = math.hypot(36.0, 24.0)
#: A focal length from EXIF is believed between these multiples of the longer side (fisheye lenses
#: and long telephotos aside, which this pipeline doesn't take).
FOCAL_SIDES = (0.3, 12.0)

_ORIENTATION = 0x0112
_MAKE, _MODEL, _EXIF_IFD = 0x010F, 0x0110, 0x8769
_FOCAL_MM, _FOCAL_35 = 0x920A, 0xA405
_PIXELS_X, _PIXELS_Y, _PLANE_RESOLUTION_X, _PLANE_UNIT = 0xA002, 0xA003, 0xA20E, 0xA210
_LENS = 0xA434
#: Millimetres of FocalPlaneResolutionUnit: inch, cm, mm, µm (EXIF 2.32 and Adobe's additions).
_UNIT_MM = {1: 25.4, 2: 25.4, 3: 10.0, 4: 1.0, 5: 0.001}
_LONGEST_WORD = 64

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CameraFacts:
    """What EXIF tells of the camera; 0 or ``""`` where it tells nothing.

    Attributes
    ----------
    orientation : int
        EXIF's 1 to 8; 1 is upright.
    focal_35_mm : float
        35 mm equivalent, by the diagonal.
    plane_px_per_mm : float
        Of the sensor, in pixels of a picture of `taken_px`.
    taken_px : tuple of int
        Width and height as the camera wrote them; an edited photo may have others.
    """

    make: str = ""
    model: str = ""
    lens: str = ""
    orientation: int = 1
    focal_mm: float = 0.0
    focal_35_mm: float = 0.0
    plane_px_per_mm: float = 0.0
    taken_px: tuple[int, int] = (0, 0)

    def key(self, width_px: int, height_px: int) -> str:
        """Photos with the same key share one camera: make, model, lens, zoom and size."""
        who = "/".join(word or "?" for word in (self.make, self.model, self.lens))
        return f"{who}/{self.focal_mm:.2f}mm/{self.focal_35_mm:.0f}mm/{width_px}x{height_px}"


def camera_facts(exif: Any) -> CameraFacts:
    """Read what is sane in a picture's EXIF.

    Parameters
    ----------
    exif : PIL.Image.Exif

    Returns
    -------
    CameraFacts
    """
    try:
        with warnings.catch_warnings():  # Pillow warns of damaged EXIF; it is expected here
            warnings.simplefilter("ignore")
            main, detail = dict(exif), dict(exif.get_ifd(_EXIF_IFD))
    except Exception as error:  # Pillow raises many kinds on damaged EXIF; none may stop a photo
        _log.info("EXIF can't be read: %s", error)
        return CameraFacts()
    unit_mm = _UNIT_MM.get(int(_number(detail.get(_PLANE_UNIT))) or 2, 0.0)
    resolution = _number(detail.get(_PLANE_RESOLUTION_X))
    orientation = int(_number(main.get(_ORIENTATION)))
    return CameraFacts(
        make=_word(main.get(_MAKE)),
        model=_word(main.get(_MODEL)),
        lens=_word(detail.get(_LENS)),
        orientation=orientation if 1 <= orientation <= 8 else 1,
        focal_mm=_number(detail.get(_FOCAL_MM)),
        focal_35_mm=_number(detail.get(_FOCAL_35)),
        plane_px_per_mm=resolution / unit_mm if unit_mm else 0.0,
        taken_px=(int(_number(detail.get(_PIXELS_X))), int(_number(detail.get(_PIXELS_Y)))),
    )


def focal_px(facts: CameraFacts, width_px: int, height_px: int) -> float | None:
    """Focal length in pixels of a picture of this size, or None when EXIF doesn't tell.

    ``f35 * diagonal_px / 43.27`` from the 35 mm equivalent (CIPA DCG-001: by the diagonal), else
    the focal length times the resolution of the sensor. A photo whose sides have another ratio than
    the camera gave them was cropped, by nobody knows how much: None.
    """
    if all(facts.taken_px) and not _same_shape(facts.taken_px, (width_px, height_px)):
        return None
    focal = facts.focal_35_mm * math.hypot(width_px, height_px) / FULL_FRAME_DIAGONAL_MM
    longer = max(width_px, height_px)
    if not focal:
        # EXIF gives the resolution along the longer side of the picture as it was taken
        scale = longer / max(facts.taken_px) if all(facts.taken_px) else 1.0
        focal = facts.focal_mm * facts.plane_px_per_mm * scale
    low, high = (sides * longer for sides in FOCAL_SIDES)
    return focal if low <= focal <= high else None


def _same_shape(a: tuple[int, int], b: tuple[int, int]) -> bool:
    """Whether two sizes have the same ratio, upright or on their side, to a rounded pixel."""
    ratio_a, ratio_b = max(a) / min(a), max(b) / min(b)
    return math.isclose(ratio_a, ratio_b, rel_tol=0.01)


def _number(value: Any) -> float:
    """A finite positive number below a million, or 0."""
    try:
        number = float(value)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return 0.0
    return number if 0 < number < 1e6 else 0.0


def _word(value: Any) -> str:
    """A short printable word; a slash would split the key."""
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    if not isinstance(text, str):
        return ""
    printable = "".join(sign if sign.isprintable() else " " for sign in text[: 4 * _LONGEST_WORD])
    return " ".join(printable.replace("/", " ").split())[:_LONGEST_WORD]
