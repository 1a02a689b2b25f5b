"""When hosts call each other: the kernels against slow twins, and what is kept of whom."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.detect.flows.assembly import FlowAssembly
from sensorium.detect.flows.beats import KEPT, Beats, Calls
from sensorium.detect.kernels import beating
from sensorium.detect.testing import START_NS, Talks, flow_batch
from sensorium.detect.windows import Part

SECOND = 1_000_000_000
Beat = tuple[int, float, float]


def slow_beats(calls: list[tuple[int, int, int]]) -> list[Beat]:
    """Beginning, seconds since the last and bytes of each beat, from (begin, length, bytes)."""
    beats: list[list[float]] = []
    heard = 0
    for began, length, size in sorted(calls):
        if beats and began < heard + 2 * SECOND:
            beats[-1][2] += size
            heard = max(heard, began + length)
        else:
            since = (began - beats[-1][0]) / SECOND if beats else 0.0
            beats.append([began, since, size])
            heard = began + length
    return [(int(b[0]), b[1], b[2]) for b in beats]


@given(
    st.lists(
        st.tuples(
            st.integers(1, 200 * SECOND), st.integers(0, 20 * SECOND), st.integers(0, 100_000)
        ),
        min_size=1,
        max_size=40,
    )
)
def test_calls_become_the_beats_that_going_through_them_in_order_finds(
    calls: list[tuple[int, int, int]],
) -> None:
    began, length, size = (np.array(column, np.int64) for column in zip(*calls, strict=True))
    times, count = np.zeros((1, 2), np.int64), np.zeros(1, np.int32)
    gaps, volumes = np.zeros((1, KEPT), np.float32), np.zeros((1, KEPT), np.float32)
    rows = np.zeros(len(began), np.int64)
    order = np.argsort(began, kind="stable")
    beating.beat(order, rows, began, began + length, size, times, count, gaps, volumes)
    expected = slow_beats(calls)
    assert count[0] == len(expected)
    assert times[0, 0] == expected[-1][0]
    for number, (_, since, volume) in list(enumerate(expected))[-KEPT:]:
        assert gaps[0, number % KEPT] == pytest.approx(since, rel=1e-6)
        assert volumes[0, number % KEPT] == pytest.approx(volume, rel=1e-5)


def slow_evidence(gaps: np.ndarray, sizes: np.ndarray) -> tuple[float, float, float]:
    """Decades, period and jitter, by the formulas as they are written down."""
    gaps = np.sort(gaps)
    middle, multiples = np.median(np.log(gaps)), np.arange(1, 5)
    shares = np.array([0.80, 0.12, 0.04, 0.02])
    away = np.log(gaps) - middle
    irregular = 0.8 / 0.8 * np.exp(-((away / 0.8) ** 2) / 2)
    irregular += 0.2 / 2.4 * np.exp(-((away / 2.4) ** 2) / 2)
    best = (-math.inf, 0.0, 0.0)
    for guess in (np.median(gaps), gaps[len(gaps) // 4]):
        period, jitter = float(guess), 0.15
        for turn in range(7):
            ratio = (gaps / period)[:, None]
            spread = jitter * np.sqrt(multiples)
            each = shares * ratio * np.exp(-(((ratio - multiples) / spread) ** 2) / 2) / spread
            total = each.sum(axis=1) + 0.02 * irregular
            gained = float(np.log(total / irregular).sum())
            share = each / total[:, None]
            if turn == 6 or (share * multiples).sum() < 1:
                break
            squares = (share * (ratio - multiples) ** 2 / multiples).sum()
            jitter = float(np.clip(np.sqrt(squares / share.sum()), 0.01, 0.35))
            period = float((share * gaps[:, None]).sum() / (share * multiples).sum())
        if gained > best[0]:
            best = gained, period, jitter * period
    logs = np.log(sizes + 64.0)
    spread = max(float(np.median(np.abs(logs - np.median(logs)))), 0.02)
    alike = min(max(math.log10(0.2 / spread), -1.0), 1.0)
    decades = (best[0] - 1.5 * math.log(len(gaps))) / math.log(10) + alike
    return decades, best[1], best[2]


def judged(gaps: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """What the kernel tells of one pair."""
    out = np.empty((1, beating.TOLD))
    beats = np.array([len(gaps) + 1], np.int32)
    intervals = np.zeros((1, KEPT), np.float32)
    intervals[0, 1 : len(gaps) + 1] = gaps
    volumes = np.zeros((1, KEPT), np.float32)
    volumes[0, : len(sizes)] = sizes
    beating.judge(np.array([0]), beats, intervals, volumes, out)
    return out[0]


@given(
    st.lists(st.floats(30, 90, width=32), min_size=5, max_size=23),
    st.integers(0, 4),
    st.integers(0, 2**32 - 1),
)
def test_the_evidence_is_that_of_the_formulas(near: list[float], far: int, seed: int) -> None:
    gaps = np.array(near, np.float32).astype(float)
    gaps[: min(far, len(gaps) // 3)] *= 2.0
    sizes = np.random.default_rng(seed).lognormal(6, 0.3, len(gaps) + 1).astype(np.float32)
    told = judged(gaps, sizes)
    decades, period, jitter = slow_evidence(gaps, sizes.astype(float))
    assert told[beating.BEATS] == len(gaps) + 1
    assert told[beating.DECADES] == pytest.approx(decades, rel=1e-6, abs=1e-6)
    assert told[beating.PERIOD] == pytest.approx(period, rel=1e-6)
    assert told[beating.JITTER] == pytest.approx(jitter, rel=1e-6)


@pytest.mark.parametrize("jitter", [0.0, 0.1, 0.3])
def test_calls_with_jitter_and_missed_beats_are_regular(jitter: float) -> None:
    rng = np.random.default_rng(1)
    for _ in range(50):
        skipped = rng.geometric(0.9, KEPT - 1)
        gaps = 300 * rng.uniform(1 - jitter, 1 + jitter, KEPT - 1) * skipped
        told = judged(gaps, np.full(KEPT, 500.0))
        assert told[beating.DECADES] > 3
        assert told[beating.PERIOD] == pytest.approx(300, rel=0.2)


def test_calls_that_people_make_are_seldom_regular() -> None:
    rng = np.random.default_rng(2)
    found = 0
    for _ in range(500):
        gaps = 2 + rng.exponential(60, KEPT - 1)
        found += judged(gaps, rng.lognormal(7, 1, KEPT))[beating.DECADES] > 3
    assert found == 0


def calls_of(talks: Talks) -> Calls:
    """The calls of exchanges that all end in one window."""
    batch = flow_batch(talks, np.random.default_rng(0))
    return Calls.of_window(FlowAssembly(1000).build([Part(batch)], START_NS))


def test_what_many_clients_call_is_not_followed() -> None:
    at = np.array([1.0])
    beats = Beats(1000)
    few = [Talks.to(at, f"10.1.0.{n}", "10.2.0.1", 80) for n in range(1, 4)]
    beats.learn(calls_of(Talks.join(few)), 0)
    assert len(beats) == 3
    many = [Talks.to(at, f"10.1.0.{n}", "10.2.0.1", 80) for n in range(1, 30)]
    beats.learn(calls_of(Talks.join(many)), 1)
    assert len(beats) == 0


def test_calls_that_nobody_answers_are_not_followed() -> None:
    beats = Beats(1000)
    beats.learn(calls_of(Talks.to(np.array([1.0]), "10.1.0.1", "10.2.0.1", 80, answered=False)), 0)
    assert len(beats) == 0
