"""The small text file in which a person says what the panels are.

One thing a line, ``#`` begins a remark, places are metres in the model (x y z)::

    panel SEAT  0.12 0.30 0.45     # a seed: this place belongs to the panel SEAT
    ignore      0.40 0.10 0.05     # a seed of what is no cloth
    seam  0.1 0.2 0.4 ; 0.1 0.3 0.4 ; 0.1 0.4 0.4    # a seam: along folds from point to point
    keep                           # the proposal stays; seeds change the panels they lie in
    name  P3 SEAT                  # call the proposed panel P3 SEAT
    edge  S04 staple               # how a seam is made
    grain SEAT  0 1 0              # direction of the warp

With ``panel`` lines and no ``keep`` the panels are those of the seeds alone; else the proposal is
corrected: a seam divides what it crosses; a panel with seeds of one name takes that name, one with
seeds of several is divided between them, and panels with seeds of one name are joined.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.errors import PanelError, SettingsError
from stitchsketch_kernel.domain.panel import EdgeKind, PanelMap

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_+-]{0,31}")
_MOST_BYTES = 1_000_000


@dataclass(frozen=True)
class PanelEdits:
    """What a person wrote or clicked; places are metres in the model.

    Attributes
    ----------
    seeds : tuple of (str, ndarray)
        A panel's name and a place on it, shape (3,).
    ignored : tuple of ndarray
        Places that are no cloth.
    cuts : tuple of ndarray
        Seams, each by its points, shape (k, 3).
    names : tuple of (str, str)
        A panel's name and what it is called instead.
    kinds, grains : tuple
        (seam, kind) and (panel, direction).
    keeps : bool
        With seeds: whether the proposal stays where none lies. Without seeds it always does.
    """

    seeds: tuple[tuple[str, FloatArray], ...] = ()
    ignored: tuple[FloatArray, ...] = ()
    cuts: tuple[FloatArray, ...] = ()
    names: tuple[tuple[str, str], ...] = ()
    kinds: tuple[tuple[str, EdgeKind], ...] = ()
    grains: tuple[tuple[str, FloatArray], ...] = ()
    keeps: bool = False


def read_edits(path: Path) -> PanelEdits:
    """Read a file of panels.

    Raises
    ------
    SettingsError
        The file can't be read, or a line of it isn't understood; names file and line.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise SettingsError(f"The file of panels {path.name} is far too long.", "Check it.")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"The file of panels {path} can't be read ({error}).", "Check its name and place."
        ) from error
    edits = PanelEdits()
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split("#", 1)[0].strip()
        if words:
            try:
                edits = _with_line(edits, words)
            except (ValueError, IndexError) as error:
                raise SettingsError(
                    f"Line {number} of {path.name} isn't understood: {words!r}.",
                    "Lines begin with panel, ignore, seam, keep, name, edge or grain; see the "
                    "remarks at the head of a proposal.",
                ) from error
    return edits


def _with_line(edits: PanelEdits, line: str) -> PanelEdits:
    word, rest = [*line.split(None, 1), ""][:2]
    change: dict[str, Any]
    match word:
        case "panel":
            name, place = rest.split(None, 1)
            change = {"seeds": (*edits.seeds, (_name(name), _place(place)))}
        case "ignore":
            change = {"ignored": (*edits.ignored, _place(rest))}
        case "seam":
            points = np.array([_place(part) for part in rest.split(";")])
            if len(points) < 2:
                raise ValueError("a seam needs two points")
            change = {"cuts": (*edits.cuts, points)}
        case "keep" if not rest:
            change = {"keeps": True}
        case "name":
            old, new = rest.split()
            change = {"names": (*edits.names, (_name(old), _name(new)))}
        case "edge":
            seam, kind = rest.split()
            change = {"kinds": (*edits.kinds, (_name(seam), EdgeKind(kind)))}
        case "grain":
            name, place = rest.split(None, 1)
            direction = _place(place)
            if not np.linalg.norm(direction) > 0:
                raise ValueError("a direction needs a length")
            change = {"grains": (*edits.grains, (_name(name), direction))}
        case _:
            raise ValueError(line)
    return replace(edits, **change)


def _name(word: str) -> str:
    if not is_name(word):
        raise ValueError(word)
    return word


def is_name(word: str) -> bool:
    """Whether a panel or seam can be called so: letters, digits, ``_ + -``, 32 at most."""
    return _NAME.fullmatch(word) is not None


def _place(text: str) -> FloatArray:
    place = np.array([float(number) for number in text.split()])
    if place.shape != (3,) or not np.isfinite(place).all():
        raise ValueError(text)
    return place


def edits_as_text(edits: PanelEdits) -> str:
    """The lines that `read_edits` makes the same edits of."""
    lines = ["keep"] if edits.keeps else []
    lines += [f"panel {name} {_written(place)}" for name, place in edits.seeds]
    lines += [f"ignore {_written(place)}" for place in edits.ignored]
    lines += [f"seam {' ; '.join(map(_written, points))}" for points in edits.cuts]
    lines += [f"name {old} {new}" for old, new in edits.names]
    lines += [f"edge {seam} {kind}" for seam, kind in edits.kinds]
    lines += [f"grain {name} {_written(direction)}" for name, direction in edits.grains]
    return "".join(f"{line}\n" for line in lines)


def _written(place: FloatArray) -> str:
    # the shortest digits that are read as the same number
    return " ".join(repr(float(number)) for number in place)


def write_edits(panels: PanelMap, path: Path) -> None:
    """Write the panels as a file to be edited: seeds in their middles, seams with their kinds.

    As it stands it changes nothing (every line is a remark); a line takes effect when its ``#`` is
    taken away.
    """
    lines = [*(f"# {line}".rstrip() for line in (__doc__ or "").strip().splitlines()), "#"]
    lines.append("# keep")
    centres = panels.mesh.vertices[panels.mesh.faces].mean(axis=1)
    for panel in panels.panels:
        own = centres[panel.faces]
        middle = own[np.argmin(((own - own.mean(axis=0)) ** 2).sum(axis=1))]
        lines.append(f"# panel {panel.name}  {middle[0]:.4f} {middle[1]:.4f} {middle[2]:.4f}")
    for seam in panels.seams:
        sides = seam.left if seam.right is None else f"{seam.left} and {seam.right}"
        lines.append(f"# edge {seam.id} {seam.edge_kind}   # {seam.length_mm:.0f} mm, {sides}")
    aside = path.with_name(f"{path.name}.partial")
    aside.write_text("\n".join(lines) + "\n", encoding="utf-8")
    aside.replace(path)


def apply_kinds(panels: PanelMap, edits: PanelEdits) -> PanelMap:
    """Set edge kinds and grain directions; `PanelError` for a seam or panel that isn't there."""
    kinds, grains = dict(edits.kinds), dict(edits.grains)
    _known("seam", kinds.keys() - {seam.id for seam in panels.seams})
    _known("panel", grains.keys() - {panel.name for panel in panels.panels})
    return replace(
        panels,
        panels=tuple(
            replace(panel, grain_m=grains[panel.name] / np.linalg.norm(grains[panel.name]))
            if panel.name in grains
            else panel
            for panel in panels.panels
        ),
        seams=tuple(
            replace(seam, edge_kind=kinds.get(seam.id, seam.edge_kind)) for seam in panels.seams
        ),
    )


def _known(what: str, missing: set[str]) -> None:
    if missing:
        raise PanelError(
            f"There is no {what} called {sorted(missing)[0]}.",
            "Take the names from the proposal of this very run.",
        )
