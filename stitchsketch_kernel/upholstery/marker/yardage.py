"""How much cloth to buy for a marker: what is used, rounded up to what shops sell."""

from __future__ import annotations

import math

from stitchsketch_kernel.domain.units import MM_PER_M, MM_PER_YARD

#: Cloth is sold by the tenth of a metre and by the quarter of a yard.
METRE_STEP = 0.1
YARD_STEP = 0.25
#: Rounding errors do not buy another step.
_SLACK_MM = 0.01


def metres_to_buy(used_length_mm: float, step: float = METRE_STEP) -> float:
    """Metres to buy, rounded up to `step`."""
    return round(_steps(used_length_mm, step * MM_PER_M) * step, 6)


def yards_to_buy(used_length_mm: float, step: float = YARD_STEP) -> float:
    """Yards to buy, rounded up to `step`."""
    return round(_steps(used_length_mm, step * MM_PER_YARD) * step, 6)


def _steps(length_mm: float, step_mm: float) -> int:
    if not math.isfinite(length_mm) or length_mm < 0 or step_mm <= 0:
        raise ValueError(f"no length to buy: {length_mm} mm in steps of {step_mm} mm")
    return math.ceil(max(0.0, length_mm - _SLACK_MM) / step_mm)
