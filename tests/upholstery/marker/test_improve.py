"""The search for a shorter layout keeps to its time and its turns, and can be stopped."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest
import shapely

from stitchsketch_kernel.domain.errors import NestError
from stitchsketch_kernel.domain.marker import Fabric
from stitchsketch_kernel.domain.piece import Pattern, Piece
from stitchsketch_kernel.domain.progress import Cancelled, silent
from stitchsketch_kernel.upholstery.marker import improve as improving
from stitchsketch_kernel.upholstery.marker import plain, solver
from stitchsketch_kernel.upholstery.marker.chain import Chain
from stitchsketch_kernel.upholstery.marker.coarse import coarse_of, depth_at, summed
from stitchsketch_kernel.upholstery.marker.compact import compact
from stitchsketch_kernel.upholstery.marker.depths import depths_of
from stitchsketch_kernel.upholstery.marker.improve import improve
from stitchsketch_kernel.upholstery.marker.nest import NestSettings, nest
from stitchsketch_kernel.upholstery.marker.separate import separate
from stitchsketch_kernel.upholstery.marker.solver import solve
from stitchsketch_kernel.upholstery.marker.strip import Layout, Strip
from stitchsketch_kernel.upholstery.marker.turned import Cut, Laid, turned

HOOK = np.array([[0, 0], [300, 0], [300, 80], [90, 80], [90, 400], [0, 400]], dtype=float)
WEDGE = np.array([[0, 0], [260, 40], [60, 330]], dtype=float)
WIDTH = 900.0
GOING = np.zeros(1, np.bool_)


def row(turns=(0.0, 180.0), gap=420.0):
    """Pieces in a row, apart, and where they lie."""
    cuts = [Cut(ring, turns) for ring in (HOOK, WEDGE) for _ in range(3)]
    outlines = turned(cuts, WIDTH)
    return outlines, *outlines.layout([Laid(gap * i, 30.0, 0.0) for i in range(len(cuts))])


def strip_of(outlines) -> Strip:
    shapes = outlines.shapes
    return Strip(shapes.low, shapes.high, outlines.first, outlines.turns, WIDTH, 0.09)


def chain_of(outlines, shape, at, anew=False) -> Chain:
    shapes = outlines.shapes
    length = float((at + shapes.high[shape])[:, 0].max())
    return Chain(
        shapes, depths_of(shapes.rings), strip_of(outlines), shape, at, length, 1, anew
    )  # fmt: skip


class Ticking:
    """A clock that goes on by a tick each time it is looked at."""

    def __init__(self, tick_s: float) -> None:
        self._ticks, self._tick_s, self.now = itertools.count(), tick_s, 0.0

    def __call__(self) -> float:
        self.now = next(self._ticks) * self._tick_s
        return self.now


def test_the_search_ends_when_its_time_has_come():
    """From the first look at the clock to the last there are the seconds given, and few ticks."""
    clock = Ticking(0.02)
    improve(*row(), 3.0, 1, 2, silent, clock)
    assert 2.0 < clock.now < 3.0 + 10 * 0.02


def test_time_is_kept_for_pushing_together_at_the_end(monkeypatch):
    """What that took at the beginning it will take again."""
    clock, real = Ticking(0.02), improving.compact

    def slow(*given, **late):
        for _ in range(50):
            clock()
        return real(*given, **late)

    improving.make_ready()
    monkeypatch.setattr(improving, "compact", slow)
    improve(*row(), 6.0, 1, 1, silent, clock)
    assert 5.0 < clock.now < 6.0 + 10 * 0.02


def test_a_layout_is_pushed_together_only_while_there_is_time():
    outlines, shape, at = row()
    before, length = improving.pushed(outlines.shapes, shape, at, 5.0, lambda: 6.0)
    assert np.array_equal(before, at)
    assert improving.pushed(outlines.shapes, shape, at, 7.0, lambda: 6.0)[1] < length


def test_pieces_are_set_apart_no_further_when_it_is_late():
    outlines, shape, at = row(gap=100.0)
    for halt, some in ((np.ones(1, np.bool_), False), (GOING, True)):
        layout = Layout(shape.copy(), at[:, 0].copy(), at[:, 1].copy())
        ones = np.ones((len(shape), len(shape)))
        depths, strip = depths_of(outlines.shapes.rings), strip_of(outlines)
        overlap, rounds = separate(
            depths, coarse_of(depths, strip), strip, layout, ones.copy(), ones,
            900.0, 50, 1, 200, halt, np.random.default_rng(1),
        )  # fmt: skip
        assert (rounds > 0) == some
        assert overlap > 0 or some


def test_pieces_are_pushed_together_no_further_when_it_is_late():
    outlines, shape, at = row()
    looks = itertools.count()
    assert compact(outlines.shapes, shape, at, late=lambda: True).overlap == np.inf
    some = compact(outlines.shapes, shape, at, late=lambda: next(looks) >= 2)
    assert some.length > 1.1 * compact(outlines.shapes, shape, at).length


def test_whoever_stops_the_search_stops_its_workers():
    """When `progress` raises, what is compiled is told by the flag that it looks at."""

    class Patient:
        length, halted = 1.0, False

        def go(self, halt, late):
            for _ in range(500):
                if halt[0]:
                    self.halted = True
                    return
                time.sleep(0.01)
            raise AssertionError("nobody said that it is over")

    def stop(share: float, note: str) -> None:
        raise Cancelled

    chains = [Patient(), Patient()]
    with pytest.raises(Cancelled):
        improving._search(
            chains, improving._Watch(time.monotonic, time.monotonic() + 600), 0.0, 600.0, stop
        )
    assert all(chain.halted for chain in chains)


@pytest.mark.parametrize(("turns", "allowed"), [((0.0,), {0.0}), ((0.0, 180.0), {0.0, 180.0})])
def test_the_search_keeps_to_the_turns_allowed(turns, allowed):
    """A cloth with nap: no piece is ever head down, though it would be shorter so."""
    outlines, shape, at = row(turns)
    for anew in (False, True):
        chain = chain_of(outlines, shape, at, anew)
        met = set()
        for _ in range(30):
            chain.go(GOING, lambda: False)
            met |= {float(outlines.rotation_deg[s]) for s in (*chain.shape, *chain._layout.shape)}
        assert met == allowed


@pytest.mark.parametrize(("affordable", "share"), [(False, 0.9), (True, 0.1)])
def test_where_the_search_has_not_the_time_spyrrow_has_it(monkeypatch, affordable, share):
    """Grids of 120 shapes take longer than 20 s allow; two shapes' don't."""
    asked, searched = [], []

    def begun(cuts, width_mm, seconds, *rest):
        asked.append(seconds)
        return [Laid(310.0 * i, 0.0, 0.0) for i in range(len(cuts))]

    def improved(outlines, shape, at, *rest):
        searched.append(rest[0])
        return shape, at

    monkeypatch.setattr(solver, "_begun_layout", begun)
    monkeypatch.setattr(solver, "improve", improved)
    count = 2 if affordable else 120
    cuts = [Cut(HOOK * (1 - 0.001 * i), (0.0,)) for i in range(count)]
    laid = solve(cuts, WIDTH, 20, 1, 2, silent)
    assert asked == [20 * share] and bool(searched) == affordable
    if not affordable:
        # its layout is pushed together all the same
        assert max(one.x_mm for one in laid) < 0.99 * 310 * (count - 1)


def test_a_layout_of_the_search_is_checked_on_the_true_outlines(monkeypatch):
    """What the search says of its coarse outlines does not count."""
    piece = Piece("HOOK", HOOK, HOOK, (), (), np.array([[50.0, 50.0], [50.0, 99.0]]), 2, False)
    pattern, wool = Pattern("test", (piece,), (), "mat", 0.1), Fabric("Wool", 1400.0, 1370.0)
    for apart, sound in ((305.0, True), (304.0, False)):
        monkeypatch.setattr(
            plain, "solve", lambda cuts, *rest, x=apart: [Laid(x * i, 10, 0) for i in range(2)]
        )
        if sound:
            assert len(nest(pattern, wool, NestSettings(separation_mm=5.0)).placements) == 2
        else:
            with pytest.raises(NestError, match="nearer to each other than 5 mm"):
                nest(pattern, wool, NestSettings(separation_mm=5.0))


def test_outlines_turned_by_half_share_their_grids():
    """Read from the other side; what they tell is what exact geometry tells."""
    rings = turned([Cut(HOOK, (0.0, 180.0)), Cut(WEDGE, (0.0, 90.0, 180.0))], WIDTH).shapes.rings
    shared, rng = depths_of(rings), np.random.default_rng(2)
    alone = sum(
        depths_of([a, b]).pair[0, 1, 9] >= 0 for k, a in enumerate(rings) for b in rings[: k + 1]
    )
    assert len(np.unique(shared.pair[..., 9])) < alone
    for _ in range(400):
        i, j = rng.integers(0, len(rings), 2)
        low, high = shared.pair[i, j, :2], shared.pair[i, j, 2:4]
        place = rng.uniform(low, high)
        one, other = shapely.Polygon(rings[i]), shapely.Polygon(rings[j] + place)
        deep = depth_at(shared, i, j, *place)
        step = 1 / shared.pair[i, j, 4]
        if deep > step:
            assert one.intersection(other).area > 0
        elif deep == 0:
            assert one.buffer(-step).intersection(other.buffer(-step)).area == 0


def test_what_lies_where_a_large_piece_is_put_goes_where_that_came_from():
    outlines, shape, at = row()
    chain = chain_of(outlines, shape, at)
    chain._layout.x[:] = [0.0, 420.0, 840.0, 1260.0, 10.0, 1680.0]
    chain._layout.y[:] = [0.0, 0.0, 0.0, 0.0, 5.0, 0.0]
    chain._now = 3000.0
    pole = chain._poles[chain._layout.shape[4]] + [10.0, 5.0]
    chain._layout.x[0] += pole[0] - 45.0
    chain._layout.y[0] += pole[1] - 200.0
    before = chain._layout.x.copy()
    chain._carry(0, np.array([700.0, 0.0]), (0, 1))
    assert chain._layout.x[4] == pytest.approx(before[4] + 700.0)
    assert np.array_equal(np.delete(chain._layout.x, 4), np.delete(before, 4))


def test_a_worker_goes_on_from_another_s_shorter_layout():
    outlines, shape, at = row()
    one, other = chain_of(outlines, shape, at), chain_of(outlines, shape, at, anew=True)
    while one.length == other.length:
        one.go(GOING, lambda: False)
    other.take(one)
    assert other.length == one.length and np.array_equal(other.at, one.at)
    for _ in range(5):
        other.go(GOING, lambda: False)
    assert other.length <= one.length and other._now < one.length


def test_sums_over_the_strip_are_what_looked_up_depths_add_up_to():
    """At each place of the lattice to a step of it, with weights; nothing where a piece is free."""
    outlines, shape, at = row(gap=250.0)
    rings, strip = outlines.shapes.rings, strip_of(outlines)
    depths = depths_of(rings)
    coarse = coarse_of(depths, strip)
    layout = Layout(shape.copy(), at[:, 0].copy(), at[:, 1].copy())
    weights, length = np.full((len(shape), len(shape)), 2.0), 2000.0
    weights[0, 3] = weights[3, 0] = 6.0
    step = coarse.step
    total = np.empty(int((length / step + 3) * (WIDTH / step + 3)), np.float32)
    s = int(strip.first[0]) + 1
    rows, columns = summed(coarse, strip, layout, weights, length, 0, s, total)
    unit = depths.depth.max() * depths.unit / 255
    corner = -strip.low[s]
    assert (columns - 2) * step < length - strip.high[s, 0] - corner[0] <= (columns - 1) * step
    for r, c in itertools.product(range(0, rows, 3), range(0, columns, 3)):
        x, y = corner + step * np.array([c, r])
        told = sum(
            weights[0, j] * depth_at(depths, layout.shape[j], s, x - layout.x[j], y - layout.y[j])
            for j in range(1, len(shape))
        )
        # places are rounded to the lattice and depths up to a unit, for each piece that is met
        near = sum(
            weights[0, j] for j in range(1, len(shape))
            if np.all(np.abs([x - layout.x[j], y - layout.y[j]]) < 800.0)
        )  # fmt: skip
        assert abs(total[r * columns + c] * unit - told) <= near * (step + unit)


def test_a_shortest_layout_is_pressed_at_a_place_drawn():
    """What lies before that place stays, and what lies beyond comes nearer."""
    outlines, shape, at = row()
    one, other = chain_of(outlines, shape, at), chain_of(outlines, shape, at)
    other.take(one)
    moved = other.at[:, 0] - other._layout.x
    assert other._now == pytest.approx(one.length - moved.max())
    assert 0.0005 <= moved.max() / one.length <= 0.003
    assert np.all((np.abs(moved) < 1e-9) | (np.abs(moved - moved.max()) < 1e-9))
    places = set()
    for _ in range(20):
        other._press()
        places.add(int(np.sum(np.abs(other.at[:, 0] - other._layout.x) > 1e-9)))
    assert len(places) > 2
