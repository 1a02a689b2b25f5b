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

from sensorium.detect.arrays import F64, I64, U64
from sensorium.ingest.compiled import inner, kernel
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


@inner
def _age(state: Sketches, then: float, now: float, half: int) -> float:
    age = now - then
    if age < _TABLE:
        return float(state.fading[int(age), half])
    return float(0.5 ** (age * -math.log2(state.fading[1, half])))


@inner
def _advance(state: Sketches, tick: float) -> float:
    """Move the clock on; what it says now."""
    clock = state.clock
    if clock[0] < 0.0:
        clock[0] = clock[1] = tick
        clock[2] = 1.0
    elif tick > clock[1]:
        kept = _age(state, clock[1], tick, 3)
        # Each tick since then counts one, faded: a geometric series.
        clock[2] = clock[2] * kept + (1.0 - kept) / (1.0 - state.fading[1, 3])
        clock[1] = tick
    return float(clock[1])


@inner
def _touch_source(state: Sketches, key: int, now: float, more: float) -> tuple[float, float, float]:
    fast = slow = mean = np.inf
    for row in range(_ROWS):
        cell = state.sources[row, (key * _ODD[row]) >> state.shift[0]]
        if cell[0] != now:
            cell[1] *= _age(state, cell[0], now, 0)
            cell[2] *= _age(state, cell[0], now, 1)
            cell[3] *= _age(state, cell[0], now, 3)
            cell[0] = now
        cell[1] += more
        cell[2] += more
        cell[3] += more
        fast, slow, mean = min(fast, cell[1]), min(slow, cell[2]), min(mean, cell[3])
    return fast, slow, mean


@inner
def _touch_target(state: Sketches, key: int, now: float, more: float) -> tuple[float, float]:
    slow = long = np.inf
    for row in range(_ROWS):
        cell = state.targets[row, (key * _ODD[row]) >> state.shift[0]]
        if cell[0] != now:
            cell[1] *= _age(state, cell[0], now, 1)
            cell[2] *= _age(state, cell[0], now, 2)
            cell[0] = now
        cell[1] += more
        cell[2] += more
        slow, long = min(slow, cell[1]), min(long, cell[2])
    return slow, long


@inner
def _touch_edge(state: Sketches, key: int, now: float, more: float) -> float:
    fast = np.inf
    for row in range(_ROWS):
        cell = state.edges[row, (key * _ODD[row]) >> state.shift[0]]
        if cell[0] != now:
            cell[1] *= _age(state, cell[0], now, 0)
            cell[0] = now
        cell[1] += more
        fast = min(fast, cell[1])
    return fast


@inner
def _edge_key(source: Any, target: Any) -> Any:
    return (source * _STEP) ^ (target + (source >> np.uint64(32)))


@inner
def _oddness(
    fast: float, slow: float, usual: float, asked: float, long: float, edge: float
) -> float:
    burst = fast * slow / usual
    return 0.25 * math.log(burst * burst * burst / usual * asked * asked * long / (edge * edge))


@kernel
def _score(state: Sketches, source: U64, target: U64, ticks: I64, out: F64) -> None:
    for at in range(len(source)):
        now = _advance(state, float(ticks[at]))
        fast, slow, mean = _touch_source(state, source[at], now, 1.0)
        asked, long = _touch_target(state, target[at], now, 1.0)
        edge = _touch_edge(state, _edge_key(source[at], target[at]), now, 1.0)
        out[at] = _oddness(fast, slow, mean / state.clock[2], asked, long, edge)


@kernel
def _add(state: Sketches, source: U64, target: U64, counts: F64, tick: float) -> None:
    now = _advance(state, tick)
    for at in range(len(source)):
        _touch_source(state, source[at], now, counts[at])
        _touch_target(state, target[at], now, counts[at])
        _touch_edge(state, _edge_key(source[at], target[at]), now, counts[at])


@inner
def _least(state: Sketches, cells: F64, key: int, column: int, now: float, half: int) -> float:
    """What a count will have faded to at ``now``."""
    least = np.inf
    for row in range(_ROWS):
        cell = cells[row, (key * _ODD[row]) >> state.shift[0]]
        least = min(least, cell[column] * _age(state, cell[0], max(now, cell[0]), half))
    return least


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
    now, elapsed = max(tick, state.clock[1]), 1.0
    if state.clock[0] >= 0.0:
        kept = _age(state, state.clock[1], now, 3)
        elapsed = state.clock[2] * kept + (1.0 - kept) / (1.0 - state.fading[1, 3])
    for at in range(len(source)):
        a, b, more = source[at], target[at], of_source[at]
        fast = _least(state, state.sources, a, 1, now, 0) + more
        slow = _least(state, state.sources, a, 2, now, 1) + more
        mean = _least(state, state.sources, a, 3, now, 3) + more
        asked = _least(state, state.targets, b, 1, now, 1) + of_target[at]
        long = _least(state, state.targets, b, 2, now, 2) + of_target[at]
        edge = _least(state, state.edges, _edge_key(a, b), 1, now, 0) + counts[at]
        out[at] = _oddness(fast, slow, mean / elapsed, asked, long, edge)


def _summed(keys: U64, counts: F64) -> F64:
    """The sum of the counts of equal keys, in each place."""
    _, group = np.unique(keys, return_inverse=True)
    return np.asarray(np.bincount(group, counts)[group], np.float64)
