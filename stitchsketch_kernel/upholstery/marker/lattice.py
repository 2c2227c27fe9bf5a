"""Nesting on the cloth's own lattice, round what already lies there: the search that is our own.

Used where spyrrow's can't be: pieces whose pattern must match, pieces that stay where they are,
places that nothing may lie on, rolls that end, hides.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from stitchsketch_kernel.domain.marker import Placement
from stitchsketch_kernel.domain.progress import Progress
from stitchsketch_kernel.upholstery.marker.anneal import anneal, lay
from stitchsketch_kernel.upholstery.marker.copies import Copy
from stitchsketch_kernel.upholstery.marker.improve import Clock
from stitchsketch_kernel.upholstery.marker.job import Job
from stitchsketch_kernel.upholstery.marker.layings import Genes, Laying, Tables
from stitchsketch_kernel.upholstery.marker.phases import feasible_phases
from stitchsketch_kernel.upholstery.marker.tables import make_tables

#: A round of the search between two words to the caller, seconds.
_ROUND_S = 0.25
#: Heat at the beginning and end of each cooling, as shares of the first marker's length.
_HOT, _COLD = 0.01, 0.0004
#: Coolings: the first from the order given, others from a random one, the last from the best.
_COOLINGS = 10


@dataclass(frozen=True)
class Found:
    """Placements of the copies that found a place, and the copies that found none."""

    placements: tuple[Placement, ...]
    left_over: tuple[Copy, ...]


def search_lattice(
    job: Job,
    order: Sequence[tuple[str, int]],
    seconds: float,
    seed: int,
    workers: int,
    progress: Progress,
    clock: Clock = time.monotonic,
) -> Found:
    """Lay the copies of a job that are not pinned, as near to the roll's start as can be found.

    Parameters
    ----------
    job : Job
    order : sequence of copy
        Where to begin the search from: these first, in this order.
    seconds, seed, workers : float, int, int
        Workers (0: one for each processor) search apart from each other, from different seeds.
    progress : Progress
        May raise to end the search.
    clock : callable
        What the seconds are told by.
    """
    fixed = {(one.piece, one.copy) for one in job.pinned}
    loose = [copy for copy in job.copies if copy.key not in fixed]
    if not loose:
        return Found(job.pinned, ())
    tables = make_tables(job, loose)
    by_key = {copy.key: copy for copy in job.copies}
    choices = [feasible_phases(one, by_key, job.room) for one in job.components]
    starts = np.concatenate([[0], np.cumsum([len(one) for one in choices])]).astype(np.int64)
    options = np.concatenate([*choices, np.zeros(0)])
    free = np.array([i for i, one in enumerate(job.components) if one.root_mm is None], np.int64)
    across = np.array(
        [
            0.0 if one.root_mm is not None else c[0]
            for one, c in zip(job.components, choices, strict=True)
        ]
    )
    rank = {key: at for at, key in enumerate(order)}
    ranks = [rank.get(copy.key, len(rank)) for copy in loose]
    genes = Genes(
        np.argsort(ranks, kind="stable").astype(np.int64),
        np.zeros(len(loose), np.bool_),
        np.zeros(len(job.components), np.int64),
        across.astype(float),
    )
    chains = [
        _Chain(tables, genes, options, starts, free, seed + 1009 * i)
        for i in range(_count(workers))
    ]
    share = 0.0
    with ThreadPoolExecutor(len(chains)) as pool:
        # the first time on a machine this compiles the search, which takes a while
        list(pool.map(lambda chain: chain.go(0.0), chains))
        begin = clock()
        while share < 1:
            list(pool.map(lambda chain: chain.go(share), chains))  # noqa: B023  (done at once)
            share = min(1.0, (clock() - begin) / seconds)
            least = min(chain.least for chain in chains)
            progress(min(0.99, share), f"nesting on the lattice, {least / 1000:.2f} m")
    best = min(chains, key=lambda chain: chain.least).best
    return _found(job, loose, tables, best)


class _Chain:
    """One worker's search: the genes it is at, the best it met, how fast it goes."""

    def __init__(
        self, tables: Tables, genes: Genes, options: np.ndarray, starts: np.ndarray,
        free: np.ndarray, seed: int,
    ) -> None:  # fmt: skip
        self._tables, self._choice = tables, (options, starts, free)
        self._genes = Genes(*(gene.copy() for gene in genes))
        self.best = Genes(*(gene.copy() for gene in genes))
        self._random = np.random.default_rng(seed)
        self._rounds, self._cooling = 1, 0
        self._length = 0.0
        self.least = math.inf

    def go(self, share: float) -> None:
        """Search for about a round; `share` of the search is over and the heat falls with it."""
        cooling = min(int(share * _COOLINGS), _COOLINGS - 1)
        if cooling > self._cooling:
            self._begin_anew(cooling)
        heat = self._length * _HOT * (_COLD / _HOT) ** (share * _COOLINGS - cooling)
        begin = time.monotonic()
        self.least = float(
            anneal(
                self._tables, self._genes, self.best, *self._choice, self._rounds, heat,
                self._random,
            )
        )  # fmt: skip
        spent = max(time.monotonic() - begin, 1e-4)
        self._length = self._length or self.least
        self._rounds = int(np.clip(self._rounds * _ROUND_S / spent, 1, 4 * self._rounds + 4))

    def _begin_anew(self, cooling: int) -> None:
        self._cooling = cooling
        last = cooling == _COOLINGS - 1
        for gene, best in zip(self._genes, self.best, strict=True):
            gene[:] = best
        options, starts, free = self._choice
        if not last:
            self._random.shuffle(self._genes.order)
            for g in free:
                self._genes.phase_across[g] = self._random.choice(
                    options[starts[g] : starts[g + 1]]
                )
                self._genes.phase_column[g] = self._random.integers(max(1, self._tables.period))


def _count(workers: int) -> int:
    return workers or os.cpu_count() or 1


def _found(job: Job, loose: Sequence[Copy], tables: Tables, genes: Genes) -> Found:
    n = len(loose)
    laying = Laying(np.full(n, -1), np.zeros(n, np.int64), np.zeros(n), np.zeros(n))
    lay(tables, genes, 0, laying, np.empty(16 * n + 8192), np.empty(16 * n + 8192))
    placements, left = list(job.pinned), []
    for at, copy in enumerate(loose):
        turn = int(laying.turn[at])
        if turn < 0:
            left.append(copy)
            continue
        shape = tables.shape[at, turn]
        x = float(laying.column[at] * tables.step_mm + tables.shift[shape])
        placements.append(copy.placed(x, float(laying.across[at]), job.room.turns_deg[turn]))
    return Found(tuple(placements), tuple(left))
