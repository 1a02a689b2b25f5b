"""What the memory says of edges, against sets and lists."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.links.network.habits import _BELIEF, _LONG, _STEP
from sensorium.links.network.memory import TalkMemory
from sensorium.links.network.names import COLUMN, FEATURES
from sensorium.links.network.table import in_order

Pairs = set[tuple[int, int]]
Log = list[tuple[int, int, int, bool]]
HOST = st.integers(1, 8)
WINDOWS = st.lists(
    st.tuples(st.sets(st.tuples(HOST, HOST), min_size=1, max_size=12), st.integers(1, 40)),
    min_size=1,
    max_size=8,
)
ANGLES = {"source_taste", "target_taste", "same_targets", "same_sources", "through"}


def ends(edges: Pairs) -> tuple[np.ndarray, np.ndarray]:
    pairs = np.array(sorted(edges), np.uint64).reshape(-1, 2)
    return pairs[:, 0].copy(), pairs[:, 1].copy()


class Plain:
    """Everything by name; with so few hosts, no ring is ever full."""

    def __init__(self) -> None:
        self.seen: dict[tuple[int, int], int] = {}
        self.log: Log = []
        self.reversed = 0

    def learn(self, edges: Pairs, window: int) -> None:
        for a, b in sorted(edges):
            first = (a, b) not in self.seen
            self.log.append((a, b, window, first))
            self.seen[a, b] = window
            self.reversed += first and (b, a) in self.seen

    def out(self, host: int) -> Log:
        return [row for row in self.log if row[0] == host]

    def into(self, host: int) -> Log:
        return [row for row in self.log if row[1] == host]

    def degree(self, host: int) -> int:
        return len(self.out(host)) + len(self.into(host))

    def idle(self, host: int, window: int) -> float:
        times = [row[2] for row in self.out(host) + self.into(host)]
        return math.log1p(min(window - max(times), _LONG) / _STEP if times else _LONG / _STEP)

    def rarity(self, rows: Log) -> float:
        firsts, usual = sum(row[3] for row in rows), (len(self.seen) + 1) / (len(self.log) + 2)
        return -math.log((firsts + _BELIEF * usual) / (len(rows) + _BELIEF))

    def shared(self, a: int, b: int) -> float:
        via_out = {c for x, c in self.seen if x == a and (c, b) in self.seen}
        via_in = {
            c for c, x in self.seen if x == a and ((c, b) in self.seen or (b, c) in self.seen)
        }
        return sum(1 / math.log(2 + self.degree(c)) for group in (via_out, via_in) for c in group)

    def alike(self, a: int, b: int) -> float:
        return sum(
            1 / math.sqrt(1 + len(self.out(other)))
            for x, middle in self.seen
            if x == a
            for other, y in self.seen
            if y == middle and other != a and (other, b) in self.seen
        )

    def features(self, a: int, b: int, window: int, among: Pairs) -> dict[str, float]:
        out, into, new = self.out(a), self.into(b), (a, b) not in self.seen
        strangers = not self.degree(a), not self.degree(b)
        between = new and not any(strangers)
        busy = [sum((x == host) + (y == host) for x, y in among) - 1 for host in (a, b)]
        return {
            "new": new,
            "age": 0.0 if new else math.log1p(window - self.seen[a, b]),
            "source_rarity": self.rarity(out),
            "target_rarity": self.rarity(into),
            "source_idle": self.idle(a, window),
            "target_idle": self.idle(b, window),
            "source_out": math.log1p(len(out)),
            "source_in": math.log1p(len(self.into(a))),
            "target_out": math.log1p(len(self.out(b))),
            "target_in": math.log1p(len(into)),
            "shared": math.log1p(self.shared(a, b)) if between else 0.0,
            "alike": math.log1p(self.alike(a, b)) if between else 0.0,
            "reverse": (b, a) in self.seen,
            "reciprocity": -math.log((self.reversed + 1) / (len(self.seen) + 10)),
            "source_stranger": strangers[0],
            "target_stranger": strangers[1],
            "source_only_answers": not strangers[0] and not out,
            "target_only_asks": not strangers[1] and not into,
            "source_firsts": sum(r[3] for r in out) / max(len({r[2] for r in out}), 1),
            "target_firsts": sum(r[3] for r in into) / max(len({r[2] for r in into}), 1),
            "source_busy": math.log1p(min(busy[0], 8)),
            "target_busy": math.log1p(min(busy[1], 8)),
        }


@given(WINDOWS)
def test_what_is_known_of_an_edge_is_what_a_list_of_all_edges_says(
    windows: list[tuple[Pairs, int]],
) -> None:
    memory, plain, now = TalkMemory(), Plain(), 0
    for edges, step in windows:
        now += step
        found = memory.features(*ends(edges), now)
        for row, (a, b) in zip(found, sorted(edges), strict=True):
            told = plain.features(a, b, now, edges)
            expected = {name: float(value) for name, value in told.items()}
            got = {name: float(row[COLUMN[name]]) for name in FEATURES if name not in ANGLES}
            assert got == pytest.approx(expected, rel=1e-4, abs=1e-4)
        memory.learn(*ends(edges), now, np.ones(len(edges), np.bool_))
        plain.learn(edges, now)
    assert {tuple(pair) for pair in memory.known()[0].tolist()} == set(plain.seen)


def crowd(rng: np.random.Generator, edges: int, hosts: int) -> tuple[np.ndarray, np.ndarray]:
    drawn = np.unique(rng.integers(1, hosts, (edges, 2)).astype(np.uint64), axis=0)
    return drawn[:, 0].copy(), drawn[:, 1].copy()


def test_the_order_of_a_windows_edges_changes_nothing() -> None:
    rng = np.random.default_rng(5)
    one, other = TalkMemory(), TalkMemory()
    for window in range(5):
        source, target = crowd(rng, 300, 60)
        mixed, taken = rng.permutation(len(source)), np.ones(len(source), np.bool_)
        one.learn(source, target, window, taken)
        other.learn(source[mixed], target[mixed], window, taken)
    source, target = crowd(rng, 300, 60)
    np.testing.assert_array_equal(
        one.features(source, target, 5), other.features(source, target, 5)
    )


def test_features_change_nothing() -> None:
    memory = TalkMemory()
    source, target = crowd(np.random.default_rng(6), 200, 50)
    memory.learn(source, target, 0, np.ones(len(source), np.bool_))
    first = memory.features(source, target, 3)
    np.testing.assert_array_equal(first, memory.features(source, target, 3))


def test_an_edge_that_is_not_taken_stays_new() -> None:
    memory = TalkMemory()
    source, target = np.array([1, 2], np.uint64), np.array([5, 5], np.uint64)
    memory.learn(source, target, 0, np.array([True, False]))
    assert memory.features(source, target, 1)[:, COLUMN["new"]].tolist() == [0.0, 1.0]
    assert len(memory) == 1


def test_its_tables_are_bounded_and_keep_the_latest() -> None:
    memory = TalkMemory(max_hosts=2_000, max_edges=3_000)
    rng = np.random.default_rng(7)
    for window in range(30):
        source, target = crowd(rng, 400, 1_000_000)
        memory.learn(source, target, window, np.ones(len(source), np.bool_))
        assert memory.hosts <= 2_000
        assert len(memory) <= 3_000
    known = memory.features(source, target, 30)[:, COLUMN["new"]]
    assert not known.any()
    assert memory.nbytes < 20_000_000


def test_a_host_without_vectors_takes_a_few_hundred_bytes() -> None:
    memory, hosts = TalkMemory(10**6, 10**7, width=0), 20_000
    keys = np.random.default_rng(3).integers(1, 2**64, hosts, np.uint64)
    for window in range(4):
        part = keys[: (window + 1) * hosts // 4]
        memory.learn(part, np.roll(part, 1), window, np.ones(len(part), np.bool_))
    assert memory.hosts == hosts
    # Each has been given some two or three neighbours by then, whose edges take room too.
    assert memory.nbytes < 600 * hosts


def test_a_window_with_more_than_fits_loses_what_is_left_over() -> None:
    memory = TalkMemory(max_hosts=100, max_edges=100)
    source, target = crowd(np.random.default_rng(8), 5_000, 1_000_000)
    for window in range(1, 4):
        memory.learn(source, target, window, np.ones(len(source), np.bool_))
        assert memory.dropped == window * (len(source) - 25)
        assert memory.hosts <= 100
        assert len(memory) <= 100
    assert np.isfinite(memory.features(source, target, 3)).all()


def test_those_who_talk_with_the_same_point_the_same_way() -> None:
    memory = TalkMemory()
    edges = {(a, b) for a in (1, 2, 3) for b in range(100, 110)}
    edges |= {(a, b) for a in (4, 5, 6) for b in range(200, 210)}
    edges -= {(1, 105)}
    for window in range(2):
        memory.learn(*ends(edges), window, np.ones(len(edges), np.bool_))
    likely, unlikely = memory.features(*ends({(1, 105), (1, 205)}), 2)
    for angle in ("source_taste", "target_taste"):
        assert likely[COLUMN[angle]] > unlikely[COLUMN[angle]] + 0.4


def test_without_vectors_all_but_the_angles_is_the_same() -> None:
    rng, full, slim = np.random.default_rng(9), TalkMemory(), TalkMemory(width=0)
    for window in range(6):
        source, target = crowd(rng, 300, 60)
        told, said = (memory.features(source, target, window) for memory in (full, slim))
        angles = [COLUMN[name] for name in sorted(ANGLES)]
        assert not said[:, angles].any()
        told[:, angles] = 0.0
        np.testing.assert_array_equal(told, said)
        for memory in (full, slim):
            memory.learn(source, target, window, np.ones(len(source), np.bool_))
    again = TalkMemory(width=0)
    again.restore(slim.kept())
    np.testing.assert_array_equal(
        again.features(source, target, 7), slim.features(source, target, 7)
    )
    assert 2 * slim.nbytes < full.nbytes


@given(st.integers(0, 2**32 - 1), st.integers(0, 400), st.sampled_from([1, 3, 30, 10**6]))
def test_pairs_are_put_in_the_order_that_sorting_gives(seed: int, many: int, hosts: int) -> None:
    rng = np.random.default_rng(seed)
    keys = rng.integers(1, 2**64, hosts, np.uint64)
    if seed % 2:
        keys >>= np.uint64(50)
    source, target = keys[rng.integers(0, hosts, many)], keys[rng.integers(0, hosts, many)]
    order = in_order(source, target)
    assert sorted(order.tolist()) == list(range(many))
    expected = np.lexsort((target, source))
    np.testing.assert_array_equal(source[order], source[expected])
    np.testing.assert_array_equal(target[order], target[expected])
