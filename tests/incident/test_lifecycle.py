from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.incident.lifecycle import TRANSITIONS, IllegalTransition, is_settled, transition
from sensorium.model.incident import Incident, IncidentKind, IncidentState, Severity, Verdict

STATES = st.sampled_from(list(IncidentState))


def incident(state: IncidentState) -> Incident:
    return Incident(
        id="INC-00000001",
        state=state,
        severity=Severity.HIGH,
        verdict=Verdict.UNKNOWN,
        kind=IncidentKind.UNKNOWN,
        title="something",
        start_ns=1,
        end_ns=2,
        hosts=("10.0.0.1",),
        anomaly_ids=("an-1",),
        surprise=12.0,
    )


def test_every_state_has_its_row_in_the_table() -> None:
    assert set(TRANSITIONS) == set(IncidentState)


@given(st.lists(STATES, max_size=30))
def test_no_walk_leaves_the_table(wishes: list[IncidentState]) -> None:
    now = incident(IncidentState.OPEN)
    for wish in wishes:
        allowed = wish is now.state or wish in TRANSITIONS[now.state]
        if allowed:
            now = transition(now, wish)
            assert now.state is wish
        else:
            with pytest.raises(IllegalTransition, match=f"cannot become {wish}"):
                transition(now, wish)


@given(STATES)
def test_every_state_can_be_reached_from_the_first_and_none_is_a_dead_end(
    state: IncidentState,
) -> None:
    reached, frontier = set(), {IncidentState.OPEN}
    while frontier:
        reached |= frontier
        frontier = {n for s in frontier for n in TRANSITIONS[s]} - reached
    assert state in reached
    assert TRANSITIONS[state]


def test_an_incident_is_never_resolved_without_an_investigation() -> None:
    for state, following in TRANSITIONS.items():
        if IncidentState.AUTO_RESOLVED in following:
            assert state is IncidentState.INVESTIGATING


def test_nothing_returns_to_open() -> None:
    assert not any(IncidentState.OPEN in following for following in TRANSITIONS.values())


def test_other_fields_change_along() -> None:
    now = transition(incident(IncidentState.OPEN), IncidentState.INVESTIGATING, revision=1)
    assert (now.revision, now.title) == (1, "something")


def test_anomalies_join_late_once_somebody_was_asked_to_look() -> None:
    assert not is_settled(IncidentState.OPEN)
    assert not is_settled(IncidentState.REOPENED)
    assert is_settled(IncidentState.ESCALATED)
