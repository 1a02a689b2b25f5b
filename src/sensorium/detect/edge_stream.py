"""How odd is each edge of a stream, who talks to whom and when, at line rate and in fixed memory.

Counts live in sketches that any number of nodes share: two rows of cells, each key has a cell in
either, and the smaller of the two is believed (Cormode and Muthukrishnan 2005, "An improved data
stream summary: the count-min sketch"; for edge streams Bhatia et al. 2020, "MIDAS"). Counts fade
with half-lives in ticks; each cell fades when it is touched. A tick is whatever the caller counts
time in: a minute, a window.

An edge is odd where its source says much more than it usually does, now and for a while; where its
target is asked much, for a while and for long; and more so where this is not said to one
target alone:

    3/4 log(source, fast) + 3/4 log(source, slow) - log(the source's mean per tick)
    + 1/2 log(target, slow) + 1/4 log(target, long) - 1/2 log(edge, fast)

An edge's score counts the edge itself and nothing after it.
"""

from __future__ import annotations

import math
from typing import Any, Final, NamedTuple

import numpy as np

from sensorium.detect.arrays import F64, I64, U64, Number
from sensorium.ingest.compiled import inlined, kernel
from sensorium.state.arrays import State, taken

FAST: Final = 1.0
SLOW: Final = 30.0
LONG: Final = 1_000.0
MEAN: Final = 50_000.0
"""Half-lives in ticks. The last is that of the mean, in which ticks without traffic count."""

_ROWS: Final = 2
_ODD: Final = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F], np.uint64)
_STEP: Final = np.uint64(0xBF58476D1CE4E5B9)
_WORD: Final = 64
_TABLE: Final = 256
_LEARNED: Final = ("sources", "targets", "edges", "clock")


class Sketches(NamedTuple):
    """All that is kept. Cells are float64: the tick of the latest touch, then faded counts.

    ``sources`` (2, cells, 4): tick, fast, slow, mean. ``targets`` (2, cells, 4): tick, slow, long,
    unused. ``edges`` (2, cells, 2): tick, fast. ``shift`` turns a hash into a cell.
    ``clock`` (3,): the first tick, the latest one, and the ticks from one to the other with the
    mean's fading. ``fading`` (256, 4): what is left after so many ticks, by half-life.
    """

    sources: F64
    targets: F64
    edges: F64
    clock: F64
    fading: F64
    shift: U64


class EdgeStream:
    """Scores edges in order of time; ``cells`` is rounded up to a power of two.

    Four cells take 640 bytes: the default of 32,768 takes 5.2 MB, whatever the number of nodes.
    """

    def __init__(self, cells: int = 1 << 15) -> None:
        bits = max(int(cells) - 1, 1).bit_length()
        size = 1 << bits
        ages = np.arange(_TABLE, dtype=np.float64)
        halves = np.array([FAST, SLOW, LONG, MEAN])
        self._state = Sketches(
            sources=np.zeros((_ROWS, size, 4)),
            targets=np.zeros((_ROWS, size, 4)),
            edges=np.zeros((_ROWS, size, 2)),
            clock=np.array([-1.0, 0.0, 0.0]),
            fading=0.5 ** (ages[:, None] / halves),
            shift=np.array([_WORD - bits], np.uint64),
        )

    @property
    def nbytes(self) -> int:
        """Memory, whatever was seen."""
        return sum(int(part.nbytes) for part in self._state)

    def score(self, source: U64, target: U64, ticks: I64) -> F64:
        """Count ``n`` edges in, one after the other, and say how odd each was when it came.

        Nodes are any 64-bit keys. A tick before the latest one counts as the latest.
        """
        out = np.empty(len(source))
        _score(self._state, source, target, ticks, out)
        return out

    def surge(
        self,
        source: U64,
        target: U64,
        counts: F64,
        tick: int,
        sums: tuple[F64, F64] | None = None,
    ) -> F64:
        """How odd ``n`` distinct edges of one tick would be, had ``counts`` of each come in it.

        Each is scored as if it were the last of the tick. ``sums`` are those of ``counts`` over all
        edges of the same source, and of the same target, where they are known. Changes nothing.
        """
        out = np.empty(len(source))
        of_source, of_target = sums or (_summed(source, counts), _summed(target, counts))
        _read(self._state, source, target, of_source, of_target, counts, float(tick), out)
        return out

    def add(self, source: U64, target: U64, counts: F64, tick: int) -> None:
        """Count edges of one tick in."""
        _add(self._state, source, target, counts, float(tick))

    def state(self) -> State:
        """The cells, and the clock."""
        kept = self._state
        return {name: getattr(kept, name).copy() for name in _LEARNED}

    def restore(self, state: State) -> None:
        """Take over what :meth:`state` gave to a stream of as many cells."""
        now = self._state
        learned = {
            name: taken(state, name, np.float64, *getattr(now, name).shape) for name in _LEARNED
        }
        self._state = now._replace(**learned)


@inlined
def _age(fading: F64, then: Number, now: Number, half: int) -> float:
    age = now - then
    if age < _TABLE:
        return float(fading[int(age), half])
    return float(0.5 ** (age * -math.log2(fading[1, half])))


@inlined
def _advance(clock: F64, fading: F64, tick: Number) -> float:
    """Move the clock on; what it says now."""
    if clock[0] < 0.0:
        clock[0] = clock[1] = tick
        clock[2] = 1.0
    elif tick > clock[1]:
        kept = _age(fading, clock[1], tick, 3)
        # Each tick since then counts one, faded: a geometric series.
        clock[2] = clock[2] * kept + (1.0 - kept) / (1.0 - fading[1, 3])
        clock[1] = tick
    return float(clock[1])


@inlined
def _touch_source(
    cells: F64, fading: F64, shift: np.uint64, key: np.uint64, now: Number, more: Number
) -> tuple[Any, Any, Any]:
    fast = slow = mean = np.inf
    for row in range(_ROWS):
        at = (key * _ODD[row]) >> shift
        then = cells[row, at, 0]
        if then != now:
            cells[row, at, 1] *= _age(fading, then, now, 0)
            cells[row, at, 2] *= _age(fading, then, now, 1)
            cells[row, at, 3] *= _age(fading, then, now, 3)
            cells[row, at, 0] = now
        cells[row, at, 1] += more
        cells[row, at, 2] += more
        cells[row, at, 3] += more
        fast, slow = min(fast, cells[row, at, 1]), min(slow, cells[row, at, 2])
        mean = min(mean, cells[row, at, 3])
    return fast, slow, mean


@inlined
def _touch_target(
    cells: F64, fading: F64, shift: np.uint64, key: np.uint64, now: Number, more: Number
) -> tuple[Any, Any]:
    slow = long = np.inf
    for row in range(_ROWS):
        at = (key * _ODD[row]) >> shift
        then = cells[row, at, 0]
        if then != now:
            cells[row, at, 1] *= _age(fading, then, now, 1)
            cells[row, at, 2] *= _age(fading, then, now, 2)
            cells[row, at, 0] = now
        cells[row, at, 1] += more
        cells[row, at, 2] += more
        slow, long = min(slow, cells[row, at, 1]), min(long, cells[row, at, 2])
    return slow, long


@inlined
def _touch_edge(
    cells: F64, fading: F64, shift: np.uint64, key: np.uint64, now: Number, more: Number
) -> Any:
    fast = np.inf
    for row in range(_ROWS):
        at = (key * _ODD[row]) >> shift
        if cells[row, at, 0] != now:
            cells[row, at, 1] *= _age(fading, cells[row, at, 0], now, 0)
            cells[row, at, 0] = now
        cells[row, at, 1] += more
        fast = min(fast, cells[row, at, 1])
    return fast


@inlined
def _edge_key(source: Any, target: Any) -> Any:
    return (source * _STEP) ^ (target + (source >> np.uint64(32)))


@inlined
def _oddness(
    fast: Number, slow: Number, usual: Number, asked: Number, long: Number, edge: Number
) -> Any:
    burst = fast * slow / usual
    return 0.25 * math.log(burst * burst * burst / usual * asked * asked * long / (edge * edge))


@kernel
def _score(state: Sketches, source: U64, target: U64, ticks: I64, out: F64) -> None:
    # Arrays come out of their tuple once: to take one out in the loop counts a reference.
    sources, targets, edges, clock, fading, shifts = state
    shift = shifts[0]
    for at in range(len(source)):
        a, b, now = source[at], target[at], _advance(clock, fading, float(ticks[at]))
        fast, slow, mean = _touch_source(sources, fading, shift, a, now, 1.0)
        asked, long = _touch_target(targets, fading, shift, b, now, 1.0)
        edge = _touch_edge(edges, fading, shift, _edge_key(a, b), now, 1.0)
        out[at] = _oddness(fast, slow, mean / clock[2], asked, long, edge)


@kernel
def _add(state: Sketches, source: U64, target: U64, counts: F64, tick: float) -> None:
    sources, targets, edges, clock, fading, shifts = state
    shift, now = shifts[0], _advance(clock, fading, tick)
    for at in range(len(source)):
        a, b, more = source[at], target[at], counts[at]
        _touch_source(sources, fading, shift, a, now, more)
        _touch_target(targets, fading, shift, b, now, more)
        _touch_edge(edges, fading, shift, _edge_key(a, b), now, more)


@inlined
def _least_of_source(
    cells: F64, fading: F64, shift: np.uint64, key: np.uint64, now: Number
) -> tuple[Any, Any, Any]:
    """What a source's counts will have faded to at ``now``."""
    fast = slow = mean = np.inf
    for row in range(_ROWS):
        at = (key * _ODD[row]) >> shift
        then = cells[row, at, 0]
        until = max(now, then)
        fast = min(fast, cells[row, at, 1] * _age(fading, then, until, 0))
        slow = min(slow, cells[row, at, 2] * _age(fading, then, until, 1))
        mean = min(mean, cells[row, at, 3] * _age(fading, then, until, 3))
    return fast, slow, mean


@inlined
def _least_of_target(
    cells: F64, fading: F64, shift: np.uint64, key: np.uint64, now: Number
) -> tuple[Any, Any]:
    slow = long = np.inf
    for row in range(_ROWS):
        at = (key * _ODD[row]) >> shift
        then = cells[row, at, 0]
        until = max(now, then)
        slow = min(slow, cells[row, at, 1] * _age(fading, then, until, 1))
        long = min(long, cells[row, at, 2] * _age(fading, then, until, 2))
    return slow, long


@inlined
def _least_of_edge(cells: F64, fading: F64, shift: np.uint64, key: np.uint64, now: Number) -> Any:
    fast = np.inf
    for row in range(_ROWS):
        at = (key * _ODD[row]) >> shift
        then = cells[row, at, 0]
        fast = min(fast, cells[row, at, 1] * _age(fading, then, max(now, then), 0))
    return fast


@kernel
def _read(
    state: Sketches,
    source: U64,
    target: U64,
    of_source: F64,
    of_target: F64,
    counts: F64,
    tick: float,
    out: F64,
) -> None:
    sources, targets, edges, clock, fading, shifts = state
    shift, now, elapsed = shifts[0], max(tick, clock[1]), 1.0
    if clock[0] >= 0.0:
        kept = _age(fading, clock[1], now, 3)
        elapsed = clock[2] * kept + (1.0 - kept) / (1.0 - fading[1, 3])
    for at in range(len(source)):
        a, b = source[at], target[at]
        fast, slow, mean = _least_of_source(sources, fading, shift, a, now)
        asked, long = _least_of_target(targets, fading, shift, b, now)
        edge = _least_of_edge(edges, fading, shift, _edge_key(a, b), now)
        fast, slow, mean = fast + of_source[at], slow + of_source[at], mean + of_source[at]
        asked, long, edge = asked + of_target[at], long + of_target[at], edge + counts[at]
        out[at] = _oddness(fast, slow, mean / elapsed, asked, long, edge)


def _summed(keys: U64, counts: F64) -> F64:
    """The sum of the counts of equal keys, in each place."""
    _, group = np.unique(keys, return_inverse=True)
    return np.asarray(np.bincount(group, counts)[group], np.float64)
