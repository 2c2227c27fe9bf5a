"""The search for a marker, run as a script by `nest_solver`; imports nothing of the kernel."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def search(task: dict[str, Any]) -> dict[str, Any]:
    """Ask spyrrow: the strip's length, and where each outline lies.

    Equal outlines are one item with a demand.
    """
    import spyrrow

    groups: dict[str, list[int]] = {}
    for index, cut in enumerate(task["cuts"]):
        groups.setdefault(json.dumps(cut), []).append(index)
    items, members = [], {}
    for number, (text, indices) in enumerate(groups.items()):
        cut, name = json.loads(text), str(number)
        outline = [(x, y) for x, y in cut["outline"]]
        items.append(spyrrow.Item(name, outline, len(indices), cut["turns"]))
        members[name] = list(indices)
    config = spyrrow.StripPackingConfig(
        early_termination=True,
        total_computation_time=task["seconds"],
        num_workers=task["workers"] or None,
        seed=task["seed"],
    )
    solution = spyrrow.StripPackingInstance("roll", task["width_mm"], items).solve(config)
    laid: list[dict[str, float]] = [{}] * len(task["cuts"])
    for placed in solution.placed_items:
        x, y = placed.translation
        laid[members[placed.id].pop(0)] = {
            "x_mm": float(x),
            "y_mm": float(y),
            "rotation_deg": float(placed.rotation),
        }
    return {"length_mm": float(solution.width), "laid": laid}


def main(asked: Path, answered: Path) -> None:
    """Read the task, write where each outline lies."""
    task = json.loads(asked.read_text(encoding="utf-8"))
    aside = answered.with_suffix(".partial")
    aside.write_text(json.dumps(search(task)), encoding="utf-8")
    aside.replace(answered)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
