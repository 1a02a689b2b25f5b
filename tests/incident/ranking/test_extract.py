"""What an incident's row is made of, and that nothing later than its opening is in it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.detect.flows.shapes import ShapeKind
from sensorium.incident.ranking.columns import FIXED, SHAPES, columns_of, is_column, told
from sensorium.incident.ranking.extract import row_of, vector_of
from sensorium.model.anomaly import Anomaly, Entity, Feature, Peer
from sensorium.model.entity_kind import EntityKind
from sensorium.model.incident import IncidentKind, Severity
from sensorium.model.label import Opening
from sensorium.model.signals import Signal

NOON = 1_790_000_000_000_000_000
SECOND = 10**9


def anomaly(window: int, *, key: str = "10.0.0.1", **changes: object) -> Anomaly:
    given = {
        "start_ns": NOON + window * 30 * SECOND,
        "end_ns": NOON + (window + 1) * 30 * SECOND,
        "entity": Entity(EntityKind.HOST, key),
        "signal": Signal.FLOWS,
        "detector": "flows.host",
        "score": 9.0,
        "tail_probability": 1e-5,
        "features": (Feature("new_peers", 40.0, 1.0, 12.0),),
        "hosts": ("10.0.0.1",),
        "peers": (Peer("10.0.0.2", 22, 6, True, 0.6), Peer("10.0.0.3", 80, 6, False, 0.3)),
        "summary": "10.0.0.1 met 40 hosts in 30 s; a horizontal scan: 1 port on 40 hosts",
    }
    return Anomaly.make(**{**given, **changes})  # type: ignore[arg-type]  # a test's shorthand


def opening(anomalies: list[Anomaly], at_ns: int) -> Opening:
    ids = tuple(a.id for a in anomalies)
    hosts = ("10.0.0.1", "203.0.113.9", "8.8.8.8", "not an address")
    return Opening(
        "INC-1", at_ns, Severity.HIGH, IncidentKind.INTRUSION, 21.5, "", hosts, ids, len(ids)
    )


def test_a_row_says_what_was_odd_how_much_and_when() -> None:
    log = anomaly(
        1,
        signal=Signal.LOGS,
        detector="logs.template",
        tail_probability=1e-7,
        features=(Feature("novelty", 3.0, 0.0, 3.0),),
        peers=(),
        summary="Failed password for root",
    )
    both = [anomaly(0), log]
    row = row_of(opening(both, NOON + 90 * SECOND), both)
    assert row["severity"] == 3.0
    assert row["surprise"] == 21.5
    assert row["kind.intrusion"] == 1.0
    assert row["detector.flows.host"] == pytest.approx(5.0)
    assert row["detector.logs.template"] == pytest.approx(7.0)
    assert row["decades_most"] == pytest.approx(7.0)
    assert row["decades_mean"] == pytest.approx(6.0)
    assert row["trait.auth_failure"] == pytest.approx(7.0)
    assert row["trait.fan_out"] == pytest.approx(5.0)
    assert row["shape.horizontal scan"] == 1.0
    assert row["novelty"] == 12.0
    assert row["outside_hosts"] == 1.0
    assert row["windows"] == 2.0
    assert row["lasted_s"] == 90.0
    assert row["port"] == 22.0
    assert row["outbound"] == 0.5
    assert "announced" not in row
    # The opening is at 14:14:50 UTC on Monday, 21 September 2026.
    assert row["hour"] == pytest.approx(14 + 14 / 60)
    assert row.get("weekday", 0.0) == 0.0
    assert all(is_column(name) for name in row)


def test_an_announced_change_and_the_kinds_of_entities_are_told() -> None:
    two = [anomaly(0), anomaly(0, key="10.0.0.7")]
    known = replace(opening(two, NOON + 30 * SECOND), change_ref="calendar/1")
    row = row_of(known, two)
    assert row["announced"] == 1.0
    assert row["entity.host"] == row["entities"] == 2.0


@given(
    later=st.lists(st.integers(0, 40), max_size=6),
    unnamed=st.lists(st.integers(0, 3), max_size=4),
    seed=st.integers(0, 99),
)
def test_what_came_or_joined_after_the_opening_changes_nothing(
    later: list[int], unnamed: list[int], seed: int
) -> None:
    first = [anomaly(window) for window in range(4)]
    opened = opening(first, NOON + 4 * 30 * SECOND)
    row = row_of(opened, first)
    loud = {"tail_probability": 1e-12, "detector": "logs.host"}
    after = [anomaly(4 + window, key="10.0.0.2", **loud) for window in later]
    # These had happened by then, and joined later: another incident was merged into this one.
    joined = [anomaly(window, key="10.0.0.3", **loud) for window in unnamed]
    handed = [*first, *after, *joined]
    order = np.random.default_rng(seed).permutation(len(handed))
    assert row_of(opened, [handed[place] for place in order]) == row
    # Even where an opening names one that ended only after it, that one was not known.
    claimed = replace(opened, anomaly_ids=(*opened.anomaly_ids, *(a.id for a in after)))
    assert row_of(claimed, handed) == row


@given(
    value=st.floats(allow_nan=True, allow_infinity=True),
    probability=st.floats(allow_nan=False, min_value=0.0, max_value=1.0),
    share=st.floats(allow_nan=True, allow_infinity=True),
)
def test_a_row_is_finite_whatever_came_over_the_wire(
    value: float, probability: float, share: float
) -> None:
    odd = anomaly(
        0,
        tail_probability=probability,
        features=(Feature("novelty", value, value, value),),
        peers=(Peer("x", 1, 6, True, share),),
    )
    row = row_of(opening([odd], NOON + 30 * SECOND), [odd])
    vector = vector_of(row, columns_of([row]))
    assert np.isfinite(vector).all()
    assert np.isfinite(vector.astype(np.float32)).all()


def test_an_incident_of_which_no_anomaly_is_kept_still_has_a_row() -> None:
    row = row_of(opening([], NOON), [])
    assert row["surprise"] == 21.5
    assert "decades_most" not in row


def test_columns_are_the_fixed_ones_and_those_of_the_detectors_seen() -> None:
    assert columns_of([{"detector.b": 1.0}, {"detector.a": 2.0, "port": 3.0}]) == (
        *FIXED,
        "detector.a",
        "detector.b",
    )
    assert len(set(FIXED)) == len(FIXED)
    assert not is_column("colour")


def test_the_words_for_shapes_are_those_that_detection_ends_a_sentence_with() -> None:
    assert {kind.value.removesuffix(" sending") for kind in ShapeKind} == set(SHAPES)


@pytest.mark.parametrize("value", [0.0, 1.0, 4.0])
def test_every_column_is_said_in_words(value: float) -> None:
    for name in (*FIXED, "detector.flows.pair"):
        words = told(name, value)
        assert words
        assert "{" not in words
        assert "_" not in words


def test_words_name_what_was_measured() -> None:
    assert told("severity", 3.0) == "severity high"
    assert told("weekday", 6.0) == "opened on Sunday"
    assert told("announced", 0.0) == "no planned change announced"
    assert told("detector.flows.pair", 5.25) == "flows.pair at 5.2 decades"
    assert told("trait.auth_failure", 0.0) == "nothing of auth failure"
    assert told("outbound", 0.5) == "50% of it as a client"
