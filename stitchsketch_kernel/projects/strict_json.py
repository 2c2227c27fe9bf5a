"""JSON that every database reads: no NaN, no infinity."""

import json


def dumps(value: object) -> str:
    """`value` as strict JSON.

    Raises
    ------
    ValueError
        It holds NaN or infinity.
    """
    return json.dumps(value, allow_nan=False, ensure_ascii=False)
