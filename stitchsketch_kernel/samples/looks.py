"""What the furniture of a sample is covered with: rich, plain, striped, tufted cloth, dark leather.

Rich cloth is what stereo likes. The others are what shops have: a cloth of one colour gives little
to match, stripes give the same thing again and again, and leather shows its lamp from each view in
another place. Tufted is plain cloth whose inside back is buttoned (`tufting`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from stitchsketch_kernel.samples import cloth

LOOKS = ("rich", "plain", "striped", "leather", "tufted")

Maker = Callable[[int], cloth.Texture]
_TEAL, _SAGE = (0.085, 0.20, 0.23), (0.22, 0.37, 0.36)
_BRICK, _CLAY = (0.42, 0.15, 0.085), (0.56, 0.30, 0.17)
_GOLD, _NAVY = (0.62, 0.42, 0.13), (0.045, 0.06, 0.14)
_DARK, _OXBLOOD = (0.022, 0.016, 0.013), (0.055, 0.012, 0.010)
#: What is left of the rich cloth's contrast in a plain one.
PLAIN_CONTRAST = 1 / 3.7
#: Share of the light that leather throws back at grazing none, and how rough it is (0 a mirror).
LEATHER_GLOSS, LEATHER_ROUGHNESS = 0.04, 0.35


def makers_of(look: str) -> dict[str, Maker]:
    """Makers of the cloths and piping of the chair and the cushion, by material."""
    covers: dict[str, tuple[Maker, Maker, Maker, Maker]] = {
        "rich": (
            partial(cloth.fabric, colour=_TEAL, motif=_SAGE),
            partial(cloth.piping, colour=_GOLD),
            partial(cloth.fabric, colour=_BRICK, motif=_CLAY),
            partial(cloth.piping, colour=_NAVY),
        ),
        "plain": (
            partial(cloth.fabric, colour=_SAGE, motif=_SAGE, contrast=PLAIN_CONTRAST),
            partial(cloth.piping, colour=_SAGE),
            partial(cloth.fabric, colour=_CLAY, motif=_CLAY, contrast=PLAIN_CONTRAST),
            partial(cloth.piping, colour=_CLAY),
        ),
        "striped": (
            partial(cloth.stripes, colour=_TEAL, other=_SAGE),
            partial(cloth.piping, colour=_GOLD),
            partial(cloth.stripes, colour=_BRICK, other=_CLAY),
            partial(cloth.piping, colour=_NAVY),
        ),
        "leather": (
            partial(cloth.leather, colour=_DARK),
            partial(cloth.leather, colour=_DARK),
            partial(cloth.leather, colour=_OXBLOOD),
            partial(cloth.leather, colour=_OXBLOOD),
        ),
    }
    covers["tufted"] = covers["plain"]
    names = ("cloth armchair", "welt armchair", "cloth cushion", "welt cushion")
    return dict(zip(names, covers[look], strict=True))


def gloss_of(look: str, material: str) -> float:
    """How much of a lamp's light a material mirrors, seen straight on."""
    is_cover = material.startswith(("cloth ", "welt "))
    return LEATHER_GLOSS if look == "leather" and is_cover else 0.0
