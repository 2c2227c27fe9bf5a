"""What the parts are called that drawn seams leave of the proposed panels."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from stitchsketch_kernel.domain.arrays import FloatArray, IntArray

#: A face and the name of the panel it belongs to; the name of what is to be ignored is empty.
Seed = tuple[int, str]
IGNORED = ""
#: Labels of parts that are no panel, and of those that are divided between seeds of several names.
NOTHING, SHARED = -1, -2


@dataclass(frozen=True)
class NamedParts:
    """The label of each part (into `names`, or `NOTHING`, or `SHARED`), shape (parts,)."""

    label: IntArray
    names: list[str]


def named_parts(
    part: IntArray,
    whole: IntArray,
    base: IntArray,
    areas: FloatArray,
    panels: tuple[str, ...],
    seeds: list[Seed],
) -> NamedParts:
    """Name the parts.

    A part with seeds of one name takes that name. Of those without, the largest keeps the name of
    its panel, unless a seed gave that to another part of it; the rest are numbered.

    Parameters
    ----------
    part : ndarray of int, shape (m,)
        By face: the part that seams left.
    whole : ndarray of int, shape (m,)
        By face: the connected region that it is a part of.
    base : ndarray of int32, shape (m,)
        By face: the proposed panel, -1 for none.
    areas : ndarray, shape (m,)
    panels : tuple of str
        Names of the proposed panels.
    seeds : list of (int, str)
    """
    count = int(part.max(initial=-1)) + 1
    face = np.zeros(count, dtype=np.int64)
    face[part] = np.arange(len(part))
    size = np.bincount(part, areas)
    given: dict[int, set[str]] = defaultdict(set)
    taken: dict[int, set[str]] = defaultdict(set)
    for at, name in seeds:
        given[int(part[at])].add(name)
        taken[int(base[at])].add(name)
    names = list(dict.fromkeys([*panels, *(name for _, name in seeds if name != IGNORED)]))
    label = np.full(count, NOTHING, dtype=np.int32)
    main: dict[int, int] = {}
    for one in np.argsort(-size, kind="stable").tolist():
        panel, region = int(base[face[one]]), int(whole[face[one]])
        largest = main.setdefault(panel, one)
        if one in given:
            label[one] = _of_seeds(given[one], names)
        elif panel < 0 or size[one] <= 0:
            continue
        elif region != whole[face[largest]]:
            # a loose bit of the panel goes with the most of it
            label[one] = max(int(label[largest]), NOTHING)
        elif panels[panel] not in taken[panel]:
            label[one] = panel
            taken[panel].add(panels[panel])
        else:
            label[one] = len(names)
            names.append(_numbered(panels[panel], names))
    return NamedParts(label, names)


def _of_seeds(given: set[str], names: list[str]) -> int:
    if len(given) > 1:
        return SHARED
    (name,) = given
    return NOTHING if name == IGNORED else names.index(name)


def _numbered(name: str, names: list[str]) -> str:
    return next(one for k in range(2, len(names) + 3) if (one := f"{name}-{k}") not in names)


def with_numbers(names: list[str], parents: tuple[int, ...]) -> tuple[str, ...]:
    """Names and those of further parts, each numbered after the panel that it was a part of."""
    called = list(names)
    for parent in parents:
        called.append(_numbered(names[parent], called))
    return tuple(called)


def renamed(names: tuple[str, ...], new: dict[str, str]) -> tuple[tuple[str, ...], dict[str, str]]:
    """Names after renaming, and what is left of `new` because nothing was called so."""
    left = {old: name for old, name in new.items() if old not in names}
    return tuple(new.get(name, name) for name in names), left
