"""A host that begins to call another regularly, among regular calls that are usual."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from sensorium.detect.config import DetectConfig
from sensorium.detect.detectors.beacon import BeaconDetector
from sensorium.detect.gate import Gate
from sensorium.detect.protocol import Explanation, Window
from sensorium.detect.testing import NS, START_NS, Talks, everyday, flow_batch
from sensorium.detect.wording import lasting
from sensorium.model.signals import Signal

Cutting = Callable[..., list[Window]]
LENGTH, HALF = 3600.0, 1800.0
VICTIM, FAR = "10.1.0.12", "198.51.100.66"


def every(
    seconds: float, begin: float, client: str, server: str, port: int = 443, jitter: float = 0.0
) -> Talks:
    """A call every so many seconds from ``begin`` on."""
    rng = np.random.default_rng(int(begin) + port)
    at = begin + np.cumsum(seconds * rng.uniform(1 - jitter, 1 + jitter, 400))
    return Talks.to(at[at < LENGTH - 5], client, server, port, up=620, down=310)


def strongest(cutting: Cutting, *parts: Talks, whom: str = "") -> tuple[float, Explanation | None]:
    """The most that is made of any pair (or one with a server) in any window, and what is said."""
    batch = flow_batch(Talks.join(list(parts)), np.random.default_rng(5))
    detector = BeaconDetector(DetectConfig())
    most, told = 0.0, None
    for window in cutting({Signal.FLOWS: batch}):
        scored = detector.score(window)
        for place, odd in enumerate(scored.oddness[:, 0].tolist()):
            said = detector.explain(window, scored, place, [0])
            if odd > most and whom in said.hosts[1]:
                most, told = odd, said
        detector.learn(window, scored, np.zeros(len(scored), np.bool_))
    return most, told


def others(begin: float = 1.0) -> list[Talks]:
    """What goes on all the time."""
    return [every(30, begin + n, f"10.3.0.{n}", "10.2.0.53", 53) for n in range(1, 9)]


@pytest.mark.parametrize("jitter", [0.0, 0.2])
def test_calls_that_began_lately_and_that_nobody_else_makes_are_odd(
    cutting: Cutting, jitter: float
) -> None:
    most, told = strongest(cutting, *others(), every(60, HALF, VICTIM, FAR, jitter=jitter))
    assert most > 3
    assert told is not None
    assert told.hosts == (VICTIM, FAR)
    assert "nobody else does" in told.summary
    assert f"{VICTIM} calls {FAR} (443/tcp) every" in told.summary


def test_calls_that_were_there_from_the_start_are_usual(cutting: Cutting) -> None:
    most, _ = strongest(cutting, *others(), every(60, 1.0, VICTIM, FAR))
    assert most == 0


def test_calls_that_many_make_are_usual(cutting: Cutting) -> None:
    calls = [every(60, HALF + n, f"10.1.0.{n}", FAR) for n in range(1, 12)]
    assert strongest(cutting, *others(), *calls)[0] == 0


def test_a_host_that_begins_to_poll_many_is_usual(cutting: Cutting) -> None:
    polls = [every(15, HALF + n, VICTIM, f"10.4.0.{n}", 9100) for n in range(1, 12)]
    assert strongest(cutting, *others(), *polls)[0] == 0


def test_a_server_that_few_begin_to_call_each_at_its_own_port_is_usual(cutting: Cutting) -> None:
    calls = [every(20, HALF + n, f"10.1.0.{n}", FAR, 8000 + n) for n in range(1, 12)]
    assert strongest(cutting, *others(), *calls)[0] == 0


def test_a_port_that_is_called_regularly_by_all_is_usual(cutting: Cutting) -> None:
    clocks = [every(64, 2.0 + n, f"10.1.0.{n}", f"192.0.2.{n}", 123) for n in range(1, 8)]
    assert strongest(cutting, *others(), *clocks, every(64, HALF, VICTIM, FAR, 123))[0] == 0


def test_calls_at_any_time_are_not_odd(cutting: Cutting) -> None:
    rng = np.random.default_rng(9)
    at = HALF + np.cumsum(2 + rng.exponential(40, 40))
    calls = Talks.to(at[at < LENGTH - 5], VICTIM, FAR, 443, up=rng.lognormal(7, 1))
    assert strongest(cutting, *others(), calls)[0] < 2


def test_a_long_connection_that_is_told_of_in_pieces_is_no_beacon(cutting: Cutting) -> None:
    at = np.arange(HALF, LENGTH - 70, 60.0)
    pieces = Talks.to(at, VICTIM, FAR, 443, seconds=59.8)
    assert strongest(cutting, *others(), pieces)[0] == 0


def test_the_more_often_such_calls_begin_the_less_odd_they_are(cutting: Cutting) -> None:
    last = every(60, HALF, VICTIM, FAR)
    alone, _ = strongest(cutting, *others(), last)
    before = [
        every(20, 400.0 + 99 * n, f"10.1.1.{n}", f"192.0.2.{n}", 7000 + n) for n in range(1, 9)
    ]
    among, _ = strongest(cutting, *others(), *before, last, whom=FAR)
    assert 0 < among < alone - 1


def test_amid_everyday_traffic_only_the_beacon_passes(cutting: Cutting) -> None:
    rng = np.random.default_rng(3)
    talks = Talks.join([everyday(rng, LENGTH), every(60, HALF, VICTIM, FAR, jitter=0.1)])
    detector, config = BeaconDetector(DetectConfig()), DetectConfig()
    gate = Gate(detector.features, config.pass_rate, config.calibration_half_life_windows)
    passed: dict[int, Explanation] = {}
    for window in cutting({Signal.FLOWS: flow_batch(talks, rng)}):
        scored = detector.score(window)
        verdicts = gate.judge(scored)
        for place in np.flatnonzero(verdicts.passed):
            passed[window.end_ns] = detector.explain(window, scored, int(place), [0])
        gate.learn(scored, verdicts)
        detector.learn(window, scored, verdicts.passed)
    assert {told.entity.key for told in passed.values()} == {f"{VICTIM}>{FAR}"}
    # It goes on being told while it is new, and is not held against itself.
    assert len(passed) > 10
    assert min(passed) <= START_NS + int((HALF + 15 * 60) * NS)
    told = passed[min(passed)]
    assert told.features[0].name == "jitter"
    assert told.peers[0].address == FAR


def test_times_are_told_in_units_that_fit() -> None:
    assert [lasting(s) for s in (4.2, 60, 300, 7200)] == ["4.2 s", "60 s", "5 min", "2 h"]


def test_memory_is_bounded(cutting: Cutting) -> None:
    batch = flow_batch(
        Talks.join([every(30, n / 9, f"10.1.{n}.1", f"10.5.{n}.1") for n in range(250)]),
        np.random.default_rng(1),
    )
    detector = BeaconDetector(DetectConfig(max_entities=100))
    for window in cutting({Signal.FLOWS: batch.slice(0, 4000)}):
        scored = detector.score(window)
        detector.learn(window, scored, np.zeros(len(scored), np.bool_))
    assert 0 < detector.entities() <= 100
