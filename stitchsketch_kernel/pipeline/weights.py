"""What the stages of a run will take, so that the whole run's progress is honest.

Few photos or many, of a phone or of an old camera, by a quick engine or a thorough one: what a
stage takes of a run differs five times over. The figures are from `benchmarks/` (processor seconds;
by the clock of two cores depth takes a little more than half of them, a mesh nearly all).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from stitchsketch_kernel.pipeline.stage import Stage
from stitchsketch_kernel.reconstruction.align_costs import costs_of

#: The name under which ingest's figures carry the weights, for those who watch a run.
WEIGHTS = "weights"
#: Depth of one megapixel by each engine, by the clock of two cores. CUDA's isn't known.
_DEPTH_S = {"fast": 0.73, "sgbm": 1.1}
_DEPTH_HIGH_S = 2.0
#: Of the megapixels of a photo, what is known of its piece's depth; one held against others' maps.
_KNOWN, _VOTE_S, _MOST_WITNESSES = 0.25, 0.02, 48
#: Points of an armchair at 2 mm, in Poisson's equation and after it.
_SURFACE_S = 36.0
#: Measuring mats, and looking for a mirror's glass, take so long a photo.
MATS_S, GLASS_S = 0.07, 0.1
#: Aligning's own seconds were measured on a machine that took more than twice as long.
_ALIGN = 0.38
#: Features are looked for in photos twice as large, unless these are as large as this.
_LARGE_MP = 2.5


def likely_weights(
    stages: Sequence[Stage], settings: Mapping[str, Any], photos: int, megapixels: float
) -> dict[str, float]:
    """Seconds by stage, in the stages' order; only how they compare counts.

    Parameters
    ----------
    stages : sequence of Stage
    settings : mapping of str to settings
        By group, as `asked.sound` resolved them.
    photos : int
        Accepted ones.
    megapixels : float
        Of one upright copy, in the mean.
    """
    return {
        stage.name: _OF[stage.name](settings, photos, megapixels)
        if stage.name in _OF and stage.settings.keys() <= settings.keys()
        else stage.weight
        for stage in stages
    }


def _ingest(_: Mapping[str, Any], photos: int, megapixels: float) -> float:
    return photos * (0.05 + 0.06 * megapixels)


def _align(settings: Mapping[str, Any], photos: int, megapixels: float) -> float:
    asked, all_of_them = getattr(settings["align"], "features", "auto"), photos * megapixels
    coarse = asked == "coarse" or (asked == "auto" and megapixels >= _LARGE_MP)
    fine_and_coarse = (0.0, all_of_them) if coarse else (all_of_them, 0.0)
    return _ALIGN * costs_of(photos, all_of_them, *fine_and_coarse).all


def _scale(_: Mapping[str, Any], photos: int, __: float) -> float:
    return 1.5 + (MATS_S + GLASS_S) * photos


def _densify(settings: Mapping[str, Any], photos: int, megapixels: float) -> float:
    asked = settings["densify"]
    most = 0.75 * asked.max_side_px**2 / 1e6
    return float(photos * min(megapixels, most) * _DEPTH_S.get(asked.engine, _DEPTH_HIGH_S))


def _mesh(settings: Mapping[str, Any], photos: int, megapixels: float) -> float:
    fusing = photos * min(photos, _MOST_WITNESSES) * _VOTE_S * _KNOWN * min(megapixels, 1.25)
    if "densify" in settings and settings["densify"].engine == "fast":
        fusing /= 4
    finer = (2.0 / settings["mesh"].voxel_mm) ** 2 * (3.0 / settings["mesh"].cell_mm) ** 3
    return float(fusing + _SURFACE_S * finer + 0.1 * photos)


_OF: Mapping[str, Callable[[Mapping[str, Any], int, float], float]] = MappingProxyType(
    {
        "ingest": _ingest,
        "align": _align,
        "scale": _scale,
        "densify": _densify,
        "mesh": _mesh,
    }
)
