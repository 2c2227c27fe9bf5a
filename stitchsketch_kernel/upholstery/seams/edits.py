"""The small text file in which a person says what the panels are.

One thing a line, ``#`` begins a remark, places are metres in the model (x y z)::

    panel SEAT  0.12 0.30 0.45     # a seed: this place belongs to the panel SEAT
    ignore      0.40 0.10 0.05     # a seed of what is no cloth
    seam  0.1 0.2 0.4 ; 0.1 0.3 0.4 ; 0.1 0.4 0.4    # a seam runs along these points
    name  P3 SEAT                  # call the proposed panel P3 SEAT
    edge  S04 staple               # how a seam is made
    grain SEAT  0 1 0              # direction of the warp

With any ``panel`` line the panels are those of the seeds; without, the proposal is kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray
from stitchsketch_kernel.domain.errors import PanelError, SettingsError
from stitchsketch_kernel.domain.panel import EdgeKind, PanelMap

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_+-]{0,31}")
_MOST_BYTES = 1_000_000


@dataclass(frozen=True)
class PanelEdits:
    """What a person wrote. `seeds` are (name, place); `cuts` are polylines, each shape (k, 3)."""

    seeds: tuple[tuple[str, FloatArray], ...] = ()
    ignored: tuple[FloatArray, ...] = ()
    cuts: tuple[FloatArray, ...] = ()
    names: tuple[tuple[str, str], ...] = ()
    kinds: tuple[tuple[str, EdgeKind], ...] = ()
    grains: tuple[tuple[str, FloatArray], ...] = ()


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
                    "Lines begin with panel, ignore, seam, name, edge or grain; see the "
                    "remarks at the head of a proposal.",
                ) from error
    return edits


def _with_line(edits: PanelEdits, line: str) -> PanelEdits:
    word, rest = [*line.split(None, 1), ""][:2]
    if word == "panel":
        name, place = rest.split(None, 1)
        return replace(edits, seeds=(*edits.seeds, (_name(name), _place(place))))
    if word == "ignore":
        return replace(edits, ignored=(*edits.ignored, _place(rest)))
    if word == "seam":
        points = np.array([_place(part) for part in rest.split(";")])
        if len(points) < 2:
            raise ValueError("a seam needs two points")
        return replace(edits, cuts=(*edits.cuts, points))
    if word == "name":
        old, new = rest.split()
        return replace(edits, names=(*edits.names, (_name(old), _name(new))))
    if word == "edge":
        seam, kind = rest.split()
        return replace(edits, kinds=(*edits.kinds, (_name(seam), EdgeKind(kind))))
    if word == "grain":
        name, place = rest.split(None, 1)
        direction = _place(place)
        if not np.linalg.norm(direction) > 0:
            raise ValueError("a direction needs a length")
        return replace(edits, grains=(*edits.grains, (_name(name), direction)))
    raise ValueError(word)


def _name(word: str) -> str:
    if not _NAME.fullmatch(word):
        raise ValueError(word)
    return word


def _place(text: str) -> FloatArray:
    place = np.array([float(number) for number in text.split()])
    if place.shape != (3,) or not np.isfinite(place).all():
        raise ValueError(text)
    return place


def write_edits(panels: PanelMap, path: Path) -> None:
    """Write the panels as a file to be edited: seeds in their middles, seams with their kinds.

    As it stands it changes nothing (every line is a remark); a line takes effect when its ``#`` is
    taken away.
    """
    lines = [*(f"# {line}".rstrip() for line in (__doc__ or "").strip().splitlines()), "#"]
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


def apply_names(panels: PanelMap, edits: PanelEdits) -> PanelMap:
    """Rename panels, in their seams too; `PanelError` for a name that isn't there."""
    known = {panel.name for panel in panels.panels}
    new = dict(edits.names)
    for old in new:
        if old not in known:
            raise PanelError(
                f"There is no panel {old} to rename.", f"There are: {', '.join(sorted(known))}."
            )
    final = [new.get(panel.name, panel.name) for panel in panels.panels]
    twice = {name for name in final if final.count(name) > 1}
    if twice:
        raise PanelError(f"Two panels are called {sorted(twice)[0]}.", "Give each its own name.")
    return replace(
        panels,
        panels=tuple(replace(p, name=name) for p, name in zip(panels.panels, final, strict=True)),
        seams=tuple(
            replace(
                seam,
                left=new.get(seam.left, seam.left),
                right=None if seam.right is None else new.get(seam.right, seam.right),
            )
            for seam in panels.seams
        ),
    )


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
