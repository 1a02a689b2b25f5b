"""First contacts by host: who passes for odd, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from sensorium.detect.config import DetectConfig
from sensorium.detect.detectors.edge import EdgeDetector, reasons_of
from sensorium.detect.protocol import Scored, Window
from sensorium.detect.testing import Talks, flow_batch
from sensorium.links.network.names import COLUMN
from sensorium.model.signals import Signal

Batches = dict[Signal, pa.RecordBatch]
Cutting = Callable[..., list[Window]]
LATERAL = ("10.1.0.12", "10.1.0.13")


@pytest.fixture(scope="module")
def moved(quiet: Batches, cutting: Cutting) -> list[Window]:
    """Ten quiet minutes, at the end of which one workstation logs in to another."""
    talk = Talks.to(np.array([550.0]), *LATERAL, 22)
    lateral = flow_batch(talk, np.random.default_rng(3))
    return cutting({Signal.FLOWS: pa.concat_batches([quiet[Signal.FLOWS], lateral])})


def led(windows: list[Window], **settings: Any) -> tuple[EdgeDetector, list[Scored]]:
    """A detector that has learned all windows but the last, and their scores."""
    detector, scores = EdgeDetector(DetectConfig(**settings)), []
    for window in windows:
        scores.append(detector.score(window))
        detector.learn(window, scores[-1], np.zeros(len(scores[-1]), np.bool_))
    return detector, scores


def test_a_login_from_workstation_to_workstation_is_the_oddest_of_settled_traffic(
    moved: list[Window],
) -> None:
    _, scores = led(moved)
    late = [float(s.oddness.max(initial=0.0)) for s in scores[8:]]
    assert int(np.argmax(late)) + 8 == 18


def test_it_says_with_whom_and_why(moved: list[Window]) -> None:
    detector, _ = led(moved[:18])
    window = moved[18]
    scored = detector.score(window)
    place = int(np.argmax(scored.oddness[:, 0]))
    told = detector.explain(window, scored, place, [0])
    assert told.entity.key == LATERAL[0]
    assert told.hosts == (LATERAL[0],)
    assert (told.peers[0].address, told.peers[0].port) == (LATERAL[1], 22)
    assert f"{LATERAL[0]} talked with {LATERAL[1]} (22/tcp)" in told.summary
    assert "never seen" in told.summary
    assert "the server only ever asked" in told.summary
    assert [feature.name for feature in told.features] == [
        "unlikely",
        "first_contacts",
        "shared_neighbours",
    ]


def test_a_host_that_passed_stays_odd_until_it_is_held_no_longer(moved: list[Window]) -> None:
    detector, _ = led(moved[:18], hold_windows=2)
    window, seen = moved[18], []
    for _ in range(4):
        scored = detector.score(window)
        odd = scored.oddness[:, 0] == scored.oddness.max(initial=0.0)
        seen.append(len(scored))
        detector.learn(window, scored, odd)
    assert seen[0] >= seen[1] >= seen[2] > 0
    assert not len(detector.score(window))


def test_many_first_contacts_are_one_anomaly_odder_than_one(
    quiet: Batches, cutting: Cutting
) -> None:
    def last(servers: int) -> Scored:
        talks = [
            Talks.to(np.array([550.0]), LATERAL[0], f"10.9.0.{i + 1}", 22) for i in range(servers)
        ]
        batch = flow_batch(Talks.join(talks), np.random.default_rng(3))
        windows = cutting({Signal.FLOWS: pa.concat_batches([quiet[Signal.FLOWS], batch])})
        return led(windows[:19])[1][18]

    one, many = last(1), last(60)
    assert len(one) == len(many)
    assert many.oddness.max() > one.oddness.max() + 2


def test_reasons_follow_from_what_is_known() -> None:
    known = np.zeros(len(COLUMN), np.float32)
    assert reasons_of(known) == ["never seen", "no shared neighbours"]
    known[COLUMN["shared"]] = 0.5
    assert reasons_of(known) == ["never seen"]
    for name in ("source_only_answers", "target_only_asks", "reverse"):
        known[COLUMN[name]] = 1
    known[COLUMN["reciprocity"]] = 4
    assert reasons_of(known) == [
        "never seen",
        "the client only ever answered",
        "the server only ever asked",
        "against the usual direction",
    ]
    known[COLUMN["source_stranger"]] = known[COLUMN["target_stranger"]] = 1
    assert reasons_of(known)[:3] == ["never seen", "the client is new", "the server is new"]
