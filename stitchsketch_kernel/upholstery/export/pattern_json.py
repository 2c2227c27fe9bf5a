"""``pattern.json``: a pattern and its marker without loss, by a published schema.

`pattern.schema.json` beside this file is the contract. Numbers are written so that they read back
to the same bit; what is not known (NaN) is null.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from enum import Enum
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np

from stitchsketch_kernel.disk.aside import written_aside
from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.cloth import Cloth, Fit
from stitchsketch_kernel.domain.errors import ExportError, SettingsError
from stitchsketch_kernel.domain.marker import (
    Fabric,
    Marker,
    MatchLevel,
    PhaseMatch,
    Placement,
    Zone,
)
from stitchsketch_kernel.domain.panel import EdgeKind
from stitchsketch_kernel.domain.piece import Notch, Pattern, Piece, PieceEdge, SeamPair

SCHEMA = "stitchsketch-pattern/1"


def write_pattern_json(path: Path, pattern: Pattern, marker: Marker | None = None) -> None:
    """Write a pattern, and its marker where there is one.

    An unscaled pattern is written too, as ``"units": "unscaled"``: it is to look at, not to cut.

    Raises
    ------
    ExportError
        A value is not by the schema: a point that is no number, a currency that is no code.
    StorageError
        The disk is full or the folder can't be written; an older file stays as it was.
    """
    data = _as_data(pattern, marker)
    try:
        _validator().validate(data)
    except jsonschema.ValidationError as error:
        raise ExportError(
            f"The pattern can't be written: at {error.json_path}, {error.message[:200]}.",
            "Correct the fabric or the rules that it comes from.",
        ) from error
    text = json.dumps(data, allow_nan=False, ensure_ascii=False, indent=1)
    with written_aside(path) as aside:
        aside.write_text(text + "\n", encoding="utf-8")


def read_pattern_json(path: Path) -> tuple[Pattern, Marker | None]:
    """Read a pattern and its marker.

    Raises
    ------
    SettingsError
        The file can't be read or is not by the schema; says where.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_constant)
        _validator().validate(data)
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"The pattern in {path.name} can't be read: {error}.", "Write it anew."
        ) from error
    except jsonschema.ValidationError as error:
        raise SettingsError(
            f"{path.name} is no pattern of kind {SCHEMA}: at {error.json_path}, "
            f"{error.message[:200]}.",
            "Correct it, or write it anew.",
        ) from error
    pattern, marker = _pattern(data), _marker(data["marker"])
    _check_names(path, pattern, marker)
    return pattern, marker


def pattern_schema() -> dict[str, Any]:
    """The published JSON schema of ``pattern.json``."""
    text = resources.files(__package__).joinpath("pattern.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


@cache
def _validator() -> Any:
    schema = pattern_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def _check_names(path: Path, pattern: Pattern, marker: Marker | None) -> None:
    """What a schema can't say: piece names are unique, and the marker lays no other."""
    names = [piece.name for piece in pattern.pieces]
    placed = {one.piece for one in marker.placements} if marker else set()
    wrong = {name for name in names if names.count(name) > 1} | (placed - set(names))
    if wrong:
        raise SettingsError(
            f"{path.name}: piece {', '.join(sorted(wrong))} is there twice, or is laid on the "
            "roll and not there.",
            "Correct it, or write it anew.",
        )


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


def _as_data(pattern: Pattern, marker: Marker | None) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "name": pattern.name,
        "units": "unscaled" if pattern.scale_method == "none" else "mm",
        "scale": {
            "method": pattern.scale_method,
            "uncertainty_percent": _known(pattern.scale_uncertainty_percent),
        },
        "pieces": [_plain(asdict(piece)) for piece in pattern.pieces],
        "seams": [_plain(asdict(pair)) for pair in pattern.seams],
        "notes": list(pattern.notes),
        "override": pattern.override,
        "check_mm": pattern.check_mm,
        "cloth": None if pattern.cloth is None else asdict(pattern.cloth),
        "marker": None if marker is None else _plain(asdict(marker)),
    }


def _plain(value: Any) -> Any:
    """Values of the domain as JSON knows them; field names are the schema's."""
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, Enum):
        return value.value
    return _known(value) if isinstance(value, float) else value


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _figure(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _points(value: list[Any]) -> FloatArray:
    return np.array(value, dtype=np.float64)


def _pattern(data: dict[str, Any]) -> Pattern:
    return Pattern(
        data["name"],
        tuple(_piece(one) for one in data["pieces"]),
        tuple(_pair(one) for one in data["seams"]),
        data["scale"]["method"],
        _figure(data["scale"]["uncertainty_percent"]),
        tuple(data["notes"]),
        # files from before the gate don't have it
        data.get("override", ""),
        float(data.get("check_mm", 5.0)),
        # nor files from before pieces were judged by their own cloth this, and each piece its fit
        None if data.get("cloth") is None else Cloth(**data["cloth"]),
    )


def _piece(data: dict[str, Any]) -> Piece:
    mean, high = data["strain_percent"]
    # files from before each size had its ± don't have it
    width, length = data.get("size_uncertainty_mm", (None, None))
    return Piece(
        data["name"],
        _points(data["sew_line_mm"]),
        _points(data["cut_line_mm"]),
        tuple(_edge(one) for one in data["edges"]),
        tuple(_notch(one) for one in data["notches"]),
        _points(data["grain_mm"]),
        int(data["quantity"]),
        data["mirrored"],
        _figure(data["uncertainty_mm"]),
        (_figure(mean), _figure(high)),
        tuple(_points(line) for line in data["internal_mm"]),
        tuple(data["notes"]),
        (_figure(width), _figure(length)),
        None if data.get("fit") is None else Fit(**data["fit"]),
    )


def _notch(data: dict[str, Any]) -> Notch:
    sew, cut = _points(data["sew_mm"]), _points(data["cut_mm"])
    return Notch(data["seam"], float(data["station"]), sew, cut, float(data["depth_mm"]))


def _edge(data: dict[str, Any]) -> PieceEdge:
    return PieceEdge(
        data["seam"],
        EdgeKind(data["edge_kind"]),
        _points(data["line_mm"]),
        data["forward"],
        float(data["allowance_mm"]),
    )


def _pair(data: dict[str, Any]) -> SeamPair:
    within = ("length_uncertainty_mm", "place_uncertainty_mm", "furniture_mm")
    told = {name: _figure(data.get(name)) for name in within}
    return SeamPair(**{**data, **told, "edge_kind": EdgeKind(data["edge_kind"])})


def _marker(data: dict[str, Any] | None) -> Marker | None:
    if data is None:
        return None
    # what matching and zones are told by is newer than the schema: files without it are read too
    kept = {
        **data,
        "fabric": Fabric(**data["fabric"]),
        "placements": tuple(Placement(**one) for one in data["placements"]),
        "match": MatchLevel(data.get("match", MatchLevel.NONE)),
        "matches": tuple(PhaseMatch(**one) for one in data.get("matches", ())),
        "zones": tuple(Zone(**one) for one in data.get("zones", ())),
    }
    return Marker(**kept)
