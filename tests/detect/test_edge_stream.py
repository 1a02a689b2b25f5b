"""The edge stream's scores, against a twin that keeps every count by itself."""

from __future__ import annotations

import math
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sensorium.detect.arrays import F64, I64, U64
from sensorium.detect.edge_stream import FAST, LONG, MEAN, SLOW, EdgeStream
from sensorium.detect.keys import mix

EDGES = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(0, 400)), min_size=1, max_size=40
)


class PlainCounts:
    """Counts that fade with one half-life, exact, one by one."""

    def __init__(self, half_life: float) -> None:
        self.half_life = half_life
        self.seen: dict[object, list[float]] = defaultdict(list)

    def one_more(self, key: object, now: float) -> float:
        self.seen[key].append(now)
        return sum(0.5 ** ((now - then) / self.half_life) for then in self.seen[key])


def plain(source: list[int], target: list[int], ticks: list[int]) -> list[float]:
    sources = {half: PlainCounts(half) for half in (FAST, SLOW, MEAN)}
    targets = {half: PlainCounts(half) for half in (SLOW, LONG)}
    edges, scores, now, elapsed = PlainCounts(FAST), [], ticks[0], 1.0
    for a, b, tick in zip(source, target, ticks, strict=True):
        while now < tick:
            now += 1
            elapsed = elapsed * 0.5 ** (1 / MEAN) + 1.0
        fast, slow, mean = (sources[half].one_more(a, now) for half in (FAST, SLOW, MEAN))
        asked, long = (targets[half].one_more(b, now) for half in (SLOW, LONG))
        scores.append(
            0.75 * math.log(fast)
            + 0.75 * math.log(slow)
            - math.log(mean / elapsed)
            + 0.5 * math.log(asked)
            + 0.25 * math.log(long)
            - 0.5 * math.log(edges.one_more((a, b), now))
        )
    return scores


def columns(edges: list[tuple[int, int, int]]) -> tuple[U64, U64, I64]:
    source, target, ticks = (np.array(column) for column in zip(*edges, strict=True))
    return mix(source.astype(np.uint64)), mix(target.astype(np.uint64)), ticks.astype(np.int64)


@given(EDGES)
def test_scores_are_those_of_counts_kept_one_by_one(edges: list[tuple[int, int, int]]) -> None:
    edges = sorted(edges, key=lambda edge: edge[2])
    expected = plain(*(list(column) for column in zip(*edges, strict=True)))
    assert EdgeStream().score(*columns(edges)) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(EDGES, st.integers(0, 40))
@settings(max_examples=30, deadline=None)
def test_how_the_stream_is_divided_changes_nothing(
    edges: list[tuple[int, int, int]], cut: int
) -> None:
    source, target, ticks = columns(edges)
    whole, parts = EdgeStream(), EdgeStream()
    together = whole.score(source, target, ticks)
    pieces = [parts.score(source[s], target[s], ticks[s]) for s in (slice(cut), slice(cut, None))]
    np.testing.assert_array_equal(together, np.concatenate(pieces))


def test_a_tick_of_the_past_counts_as_the_latest() -> None:
    late, right = EdgeStream(), EdgeStream()
    source, target, ticks = columns([(1, 2, 5), (1, 2, 9), (3, 2, 7)])
    np.testing.assert_array_equal(
        late.score(source, target, ticks), right.score(source, target, np.maximum(ticks, [5, 9, 9]))
    )


def test_nothing_is_scored_of_nothing() -> None:
    none = np.empty(0, np.uint64)
    assert len(EdgeStream().score(none, none, np.empty(0, np.int64))) == 0


def busy(rng: np.random.Generator, ticks: int) -> list[tuple[int, int, int]]:
    """Thirty sources that talk with ten targets, a few times a tick each."""
    edges = []
    for tick in range(ticks):
        for source in range(30):
            edges += [(source, 100 + int(rng.integers(10)), tick) for _ in range(rng.poisson(3))]
    return edges


@pytest.mark.parametrize(
    "odd",
    [
        [(7, 103, 100) for _ in range(500)],
        [(5000 + i % 3, 103, 100) for i in range(500)],
        [(5000, 100 + i % 10, 100) for i in range(500)],
    ],
    ids=["of one host by one", "by strangers", "of all hosts by one"],
)
def test_a_flood_scores_above_what_is_usual(odd: list[tuple[int, int, int]]) -> None:
    stream = EdgeStream()
    usual = stream.score(*columns(busy(np.random.default_rng(1), 100)))[-1000:]
    found = stream.score(*columns(odd))
    assert np.median(found) > np.quantile(usual, 0.99)


def test_memory_stays_as_it_was_made() -> None:
    stream = EdgeStream(256)
    before = stream.nbytes
    strangers = np.arange(100_000, dtype=np.uint64)
    scores = stream.score(
        mix(strangers), mix(strangers + np.uint64(10**9)), np.sort(strangers).astype(np.int64) // 50
    )
    assert stream.nbytes == before
    assert np.isfinite(scores).all()


def test_a_tenth_of_the_cells_gives_nearly_the_same_scores() -> None:
    edges = columns(busy(np.random.default_rng(2), 60))
    difference = np.abs(EdgeStream(1 << 12).score(*edges) - EdgeStream().score(*edges))
    assert np.quantile(difference, 0.95) < 1e-6


def window_of(edges: list[tuple[int, int, int]]) -> tuple[U64, U64, F64, list[tuple[int, int]]]:
    pairs = sorted({edge[:2] for edge in edges})
    counts = np.array([sum(edge[:2] == pair for edge in edges) for pair in pairs], np.float64)
    source, target, _ = columns([(*pair, 0) for pair in pairs])
    return source, target, counts, pairs


@given(EDGES, EDGES)
@settings(max_examples=25, deadline=None)
def test_a_surge_is_what_the_last_edge_of_its_tick_would_score(
    before: list[tuple[int, int, int]], now: list[tuple[int, int, int]]
) -> None:
    before = sorted(before, key=lambda edge: edge[2])
    whole = EdgeStream()
    whole.score(*columns(before))
    source, target, counts, pairs = window_of(now)
    surge = whole.surge(source, target, counts, 401)
    np.testing.assert_array_equal(surge, whole.surge(source, target, counts, 401))
    for place, pair in enumerate(pairs):
        last = EdgeStream()
        rest = [(*edge[:2], 401) for edge in now]
        rest.remove((*pair, 401))
        scores = last.score(*columns([*before, *rest, (*pair, 401)]))
        assert surge[place] == pytest.approx(scores[-1], rel=1e-9, abs=1e-9)


@given(EDGES)
@settings(max_examples=25, deadline=None)
def test_edges_counted_together_are_edges_counted_one_by_one(
    edges: list[tuple[int, int, int]],
) -> None:
    one, together = EdgeStream(), EdgeStream()
    one.score(*columns([(a, b, 7) for a, b, _ in edges]))
    source, target, counts, _ = window_of(edges)
    together.add(source, target, counts, 7)
    probe = columns([(1, 2, 9), (3, 3, 30)])
    np.testing.assert_allclose(one.score(*probe), together.score(*probe), rtol=1e-9)
