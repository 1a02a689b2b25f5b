"""What every detector must do, whichever it is: see sensorium.detect.protocol."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from sensorium.detect.config import DetectConfig
from sensorium.detect.protocol import Scored, Window
from sensorium.detect.registry import build_detectors
from sensorium.detect.testing import (
    NS,
    START_NS,
    Talks,
    flow_batch,
    log_batch,
    metric_batch,
    scan,
)
from sensorium.model.signals import Signal
from sensorium.state.arrays import StateError

NAMES = [detector.name for detector in build_detectors(DetectConfig(), lambda _: None)]

Courses = Callable[..., Any]
Cutting = Callable[..., list[Window]]
Batches = dict[Signal, pa.RecordBatch]


def same(one: list[Scored], other: list[Scored]) -> None:
    assert len(one) == len(other)
    for a, b in zip(one, other, strict=True):
        for name in ("keys", "values", "expected", "oddness", "strata"):
            np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)


@pytest.fixture(scope="module")
def shuffled(quiet: Batches, cutting: Cutting) -> list[Window]:
    rng = np.random.default_rng(0)
    return cutting({s: b.take(pa.array(rng.permutation(b.num_rows))) for s, b in quiet.items()})


@pytest.fixture(scope="module")
def attacked(quiet: Batches, cutting: Cutting) -> list[Window]:
    attack = flow_batch(scan("10.1.0.12", ("10.2.0.10",), 450.0), np.random.default_rng(1))
    return cutting(quiet | {Signal.FLOWS: pa.concat_batches([quiet[Signal.FLOWS], attack])})


@pytest.fixture(scope="module")
def crowded(cutting: Cutting) -> list[Window]:
    return [window for turn in range(4) for window in cutting(crowd(turn), 100)]


@pytest.fixture(scope="module")
def unchanging(cutting: Cutting) -> list[Window]:
    return cutting(clockwork(24))


@pytest.fixture(scope="module")
def gaping(quiet: Batches, cutting: Cutting) -> list[Window]:
    """The quiet minutes with a fifth of all that may be missing missing, and metrics that are no
    numbers."""
    return cutting({signal: without_some(batch) for signal, batch in quiet.items()})


@pytest.mark.parametrize("name", NAMES)
class TestEveryDetector:
    def test_it_scores_something_in_everyday_traffic(
        self, name: str, course: Courses, quiet_windows: list[Window]
    ) -> None:
        made = course(name)
        scored = made.run(quiet_windows)
        assert sum(len(s) + s.unmoved for s in scored) > 0
        for s in scored:
            assert s.keys.tolist() == sorted(set(s.keys.tolist()))
            assert s.oddness.shape == s.values.shape == s.expected.shape
            assert s.oddness.shape == (len(s), len(made.detector.features))
            assert not np.isinf(s.oddness).any()

    def test_it_gives_the_same_answer_twice(
        self, name: str, course: Courses, quiet_windows: list[Window]
    ) -> None:
        same(course(name).run(quiet_windows), course(name).run(quiet_windows))

    def test_the_order_of_records_within_windows_does_not_matter(
        self, name: str, course: Courses, quiet_windows: list[Window], shuffled: list[Window]
    ) -> None:
        same(course(name).run(quiet_windows), course(name).run(shuffled))

    def test_scoring_changes_nothing(
        self, name: str, course: Courses, quiet_windows: list[Window]
    ) -> None:
        made = course(name)
        made.run(quiet_windows[:-1])
        last = quiet_windows[-1]
        same([made.detector.score(last)], [made.detector.score(replace(last))])

    def test_it_looks_at_nothing_later(
        self, name: str, course: Courses, quiet_windows: list[Window], attacked: list[Window]
    ) -> None:
        same(course(name).run(quiet_windows)[:15], course(name).run(attacked)[:15])

    def test_its_memory_is_bounded(self, name: str, course: Courses, crowded: list[Window]) -> None:
        made = course(name, max_entities=100)
        made.run(crowded)
        assert made.detector.entities() <= (4096 if name == "flows.host.joint" else 100)

    def test_a_window_without_its_signal_is_no_error(
        self, name: str, course: Courses, quiet_windows: list[Window]
    ) -> None:
        bare = {"flows": None, "logs": None, "metrics": None}
        windows = [
            replace(window, **(bare | {kept: getattr(window, kept)}))
            for kept in bare
            for window in quiet_windows[:4]
        ]
        course(name).run([*quiet_windows[:12], *windows, *quiet_windows[12:]])

    def test_what_never_changes_is_never_odd(
        self, name: str, course: Courses, unchanging: list[Window]
    ) -> None:
        for scored in course(name).run(unchanging)[12:]:
            assert (np.nan_to_num(np.abs(scored.oddness)) < 2.0).all()

    def test_what_is_missing_or_no_number_makes_nothing_infinite(
        self, name: str, course: Courses, gaping: list[Window]
    ) -> None:
        made = course(name)
        for scored in made.run(gaping):
            assert not np.isinf(scored.oddness).any()
            assert not np.isinf(scored.values).any()
        window = gaping[-1]
        scored = made.detector.score(window)
        for place in range(min(len(scored), 5)):
            assert made.detector.explain(window, scored, place, [0]).summary

    @pytest.mark.parametrize("known", [0, 7, 14])
    def test_one_that_takes_its_state_over_goes_on_as_it_would_have(
        self, name: str, course: Courses, quiet_windows: list[Window], known: int
    ) -> None:
        one, other = course(name), course(name)
        one.run(quiet_windows[:known])
        other.follow(one)
        whole = one.run(quiet_windows[known:])
        same(whole, other.run(quiet_windows[known:]))
        assert sum(len(scored) + scored.unmoved for scored in whole) > 0
        assert one.detector.entities() == other.detector.entities()

    def test_one_that_has_given_entities_up_can_be_followed_too(
        self, name: str, course: Courses, crowded: list[Window]
    ) -> None:
        one, other = course(name, max_entities=100), course(name, max_entities=100)
        one.run(crowded[:3])
        other.follow(one)
        same(one.run(crowded[3:]), other.run(crowded[3:]))

    def test_a_state_taken_out_does_not_change_any_more(
        self, name: str, course: Courses, quiet_windows: list[Window]
    ) -> None:
        made = course(name)
        made.run(quiet_windows[:7])
        state = made.detector.state()
        before = {key: array.copy() for key, array in state.items()}
        made.run(quiet_windows[7:])
        for key, array in state.items():
            np.testing.assert_array_equal(array, before[key], err_msg=key)

    def test_a_state_that_lacks_something_or_has_it_in_another_form_is_refused(
        self, name: str, course: Courses, quiet_windows: list[Window]
    ) -> None:
        made = course(name)
        made.run(quiet_windows)
        state = dict(made.detector.state())
        assert state
        assert all(array.dtype.kind in "biuf" for array in state.values())
        other = course(name).detector
        for key, array in state.items():
            wrong = [array.astype(np.complex128), array[None], array.astype(object)]
            for changed in (*({key: w} for w in wrong), {}):
                rest = {k: a for k, a in state.items() if k != key}
                with pytest.raises(StateError):
                    other.restore({**rest, **changed})

    def test_a_gap_between_windows_is_no_error(
        self, name: str, course: Courses, quiet_windows: list[Window]
    ) -> None:
        later = [
            replace(w, index=w.index + 500, start_ns=w.start_ns + gap, end_ns=w.end_ns + gap)
            for gap in (500 * 30 * NS,)
            for w in quiet_windows[10:]
        ]
        one, other = course(name), course(name)
        scored = one.run([*quiet_windows[:10], *later])
        same(scored, other.run([*quiet_windows[:10], *later]))
        assert not any(np.isinf(s.oddness).any() for s in scored)

    def test_it_explains_what_it_scored(
        self, name: str, course: Courses, quiet_windows: list[Window]
    ) -> None:
        made = course(name)
        made.run(quiet_windows[:-1])
        window, detector = quiet_windows[-1], made.detector
        scored = detector.score(window)
        for place in range(min(len(scored), 5)):
            told = detector.explain(window, scored, place, [0])
            assert told.entity.kind is detector.kind
            assert told.entity.key
            assert told.hosts
            assert told.summary
            assert len(told.peers) <= 6
            assert all(0 <= peer.share <= 1 for peer in told.peers)


def crowd(turn: int) -> Batches:
    """One window in which 300 hosts that nobody knows do everything at once."""
    n, at = 300, turn * 30.0
    moments = np.full(n, at + 1.0)
    parts = [
        Talks.to(moments[:1], f"10.{turn}.{i // 250}.{i % 250 + 1}", f"10.200.{i % 7}.9", 80)
        for i in range(n)
    ]
    parts += [Talks.to(moments[:1], "10.9.9.9", f"10.{turn}.9.{i % 250}", i + 1) for i in range(n)]
    rng = np.random.default_rng(turn)
    lines = [
        (at + 1.0, f"10.{turn}.{i // 250}.{i % 250 + 1}", 9, f"app{i}", f"word{chr(97 + i % 26)} x")
        for i in range(n)
    ]
    samples = [
        (at + 1.0, f"metric_{turn}_{i}", {"instance": f"h{turn}x{i}:1"}, 1.0, "gauge")
        for i in range(n)
    ]
    return {
        Signal.FLOWS: flow_batch(Talks.join(parts), rng),
        Signal.LOGS: log_batch(lines),
        Signal.METRICS: metric_batch(samples),
    }


def without_some(batch: pa.RecordBatch) -> pa.RecordBatch:
    """A batch in which every fifth value of what may be missing is null, NaN or infinite."""
    turn = np.arange(batch.num_rows)
    columns = []
    for at, field in enumerate(batch.schema):
        column = batch.column(at)
        if field.name in ("body", "app", "proc_id", "severity_number", "source_address"):
            column = pc.if_else(pa.array((turn + at) % 5 == 0), pa.scalar(None, field.type), column)
        elif field.name == "value":
            worst = np.select(
                [turn % 10 == 0, turn % 10 == 5], [np.nan, np.inf], np.asarray(column)
            )
            column = pa.array(worst)
        columns.append(column)
    return pa.RecordBatch.from_arrays(columns, schema=batch.schema)


def clockwork(windows: int) -> Batches:
    """The same in every window: exchanges, lines, and samples of every kind."""
    at = np.arange(windows) * 30.0 + 5.0
    parts = [
        Talks.to(at, "10.0.1.1", "10.0.2.1", 80),
        Talks.to(at, "10.0.1.2", "10.0.2.1", 80, answered=False),
        Talks.to(at, "10.0.1.2", "203.0.113.7", 53, proto=17, down=100, up=50),
    ]
    talks = Talks.join(parts)
    lines = [(t, "10.0.1.1", 9, "app", f"tick {int(t)}") for t in at.tolist()]
    labels = {"instance": "10.0.1.1:9100"}
    samples = [(t, "temperature", labels, 20.0, "gauge") for t in at.tolist()]
    samples += [(t, "ticks_total", labels, t * 3.0, "counter") for t in at.tolist()]
    samples += [(t, "resets_total", labels, (t % 90) * 3.0, "counter") for t in at.tolist()]
    samples += [(t, "nothing", labels, float("nan"), "gauge") for t in at.tolist()]
    flows = flow_batch(talks, np.random.default_rng(0))
    moment = flows.schema.get_field_index("time_received_ns")
    ends = flows.column("time_flow_end_ns").to_numpy() + NS
    flows = flows.set_column(moment, flows.schema.field(moment), pa.array(ends))
    return {
        Signal.FLOWS: flows,
        Signal.LOGS: log_batch(lines),
        Signal.METRICS: metric_batch(samples),
    }


def test_every_detector_has_a_name_of_its_own_led_by_its_signal() -> None:
    detectors = build_detectors(DetectConfig(), lambda _: None)
    assert len(set(NAMES)) == len(NAMES)
    for detector in detectors:
        assert detector.name.startswith(detector.signal.value)
    assert START_NS % (30 * NS) == 0
