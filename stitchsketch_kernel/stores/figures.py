"""The figures of all runs as one table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stitchsketch_kernel.projects.interface import ProjectStore

if TYPE_CHECKING:
    import pandas as pd

_OWN = (
    "project", "customer", "furniture_type", "scan", "run", "started", "started_by", "run_status",
    "stage", "status", "seconds",
)  # fmt: skip

#: What names of settings begin with.
_SETTINGS = "settings."


def figures_table(projects: ProjectStore, shop: str) -> pd.DataFrame:
    """One row a stage of every run of the shop: who and when, then every figure in its own column.

    Figures of figures are named with a dot (``scale.residual_mm``); one that is called like a
    column of the run itself stays ``figure seconds``. A figure that a stage doesn't have is
    missing there. What a run was computed with stands at each of its stages
    (``settings.align.max_features``), so that any figure can be held against any setting.

    Raises
    ------
    StorageError
        The database can't be used.
    """
    import pandas as pd

    rows: list[dict[str, Any]] = []
    settings: dict[str, dict[str, Any]] = {}
    for project, scan, run, stage in projects.history(shop):
        values = (
            project.name, project.customer, project.furniture_type, scan.name, run.id, run.started,
            run.started_by, run.status.value, stage.stage, stage.status.value, stage.seconds,
        )  # fmt: skip
        own = dict(zip(_OWN, values, strict=True))
        flat = _flat(stage.figures)
        given = {name: value for name, value in flat.items() if name.startswith(_SETTINGS)}
        settings.setdefault(run.id, {}).update(given)
        rows.append({**{f"figure {k}": v for k, v in flat.items()}, **own})
    for row in rows:
        row.update({f"figure {name}": value for name, value in settings[row["run"]].items()})
    table = pd.DataFrame(rows)
    named = sorted(name for name in table.columns if name not in _OWN)
    table = table.reindex(columns=[*_OWN, *named])
    return table.rename(columns=_plain_name)


def _plain_name(column: str) -> str:
    name = column.removeprefix("figure ")
    return column if name in _OWN else name


def _flat(figures: dict[str, Any], before: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in figures.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{before}{name}.")
        else:
            flat[f"{before}{name}"] = value
    return flat
