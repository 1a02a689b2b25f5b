"""Two incidents that investigations find to be one become one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sensorium.incident import IncidentManager
from sensorium.incident.union import is_one
from sensorium.model.anomaly import Anomaly
from sensorium.model.incident import Incident, IncidentKind, IncidentState, Verdict
from tests.incident import streams
from tests.incident.streams import BACKUP, CORE, DB, EDGE, FILES, OUTSIDE, USERS, WEBSITE, at
from tests.incident.test_manager import fold_all

APART = [
    *streams.exfiltration(600, DB, 90, OUTSIDE),
    *streams.exfiltration(600, FILES, 90, WEBSITE),
]


def full_link(incident: Incident, *routers: str) -> Incident:
    """The incident as an investigation leaves it that found a link to be full."""
    hosts = dict.fromkeys((*routers, *incident.hosts))
    return replace(
        incident,
        state=IncidentState.AWAITING_APPROVAL,
        verdict=Verdict.CONFIRMED,
        kind=IncidentKind.LINK_FAULT,
        title="Interface ge1 of gw-a is full",
        hosts=tuple(hosts),
    )


def investigated(manager: IncidentManager) -> tuple[Incident, Incident]:
    """Two incidents of the same minutes that have no host in common, both concluded alike."""
    first = fold_all(manager, APART, 570, 840)
    one, other = sorted(first.settled, key=lambda i: (i.start_ns, i.id))
    for incident in (one, other):
        manager.concluded(full_link(incident, EDGE, CORE))
    return one, other


def test_two_incidents_concluded_to_be_the_same_become_one_that_is_looked_at_again() -> None:
    manager = streams.manager()
    one, other = investigated(manager)
    updates = fold_all(manager, [], 840, 870)
    assert [(i.id, i.state, i.proof) for i in updates.merged] == [
        (other.id, IncidentState.MERGED, f"part of {one.id}")
    ]
    assert [(i.id, i.state, i.revision) for i in updates.settled] == [
        (one.id, IncidentState.INVESTIGATING, 2)
    ]
    assert set(updates.settled[0].anomaly_ids) == {a.id for a in APART}
    assert set(updates.merged[0].anomaly_ids) == set(other.anomaly_ids)
    assert [i.id for i in manager.incidents()] == [one.id]


def test_what_joins_later_joins_the_whole() -> None:
    manager = streams.manager()
    one, _ = investigated(manager)
    fold_all(manager, [], 840, 870)
    late: list[Anomaly] = streams.exfiltration(690, FILES, 30, WEBSITE)
    updates = manager.fold(late, at(900))
    assert {i.id for i in updates.changed} == {one.id}


def test_a_restart_between_conclusion_and_merger_loses_neither() -> None:
    before = streams.manager()
    one, other = investigated(before)
    after = streams.manager()
    after.restore(before.incidents(), APART)
    updates = fold_all(after, [], 840, 870)
    assert [i.id for i in updates.merged] == [other.id]
    assert [i.id for i in updates.settled] == [one.id]


def incident(main: str, *hosts: str, start: int = 600, end: int = 720) -> Incident:
    found = streams.run(streams.link_fault(600))[0]
    found = replace(found, start_ns=at(start), end_ns=at(end), hosts=(main, *hosts))
    return replace(found, state=IncidentState.ESCALATED, verdict=Verdict.LIKELY)


def test_the_two_ends_of_a_link_are_the_same_subject() -> None:
    assert is_one(incident(EDGE, CORE), incident(CORE, EDGE))
    assert is_one(incident(EDGE, USERS[0]), incident(EDGE, USERS[1]))


@pytest.mark.parametrize(
    "other",
    [
        incident(CORE, USERS[0]),
        incident(BACKUP, EDGE),
        incident(EDGE, CORE, start=720, end=800),
        replace(incident(EDGE, CORE), kind=IncidentKind.SERVICE_FAILURE),
        replace(incident(EDGE, CORE), verdict=Verdict.INCONCLUSIVE),
        replace(incident(EDGE, CORE), state=IncidentState.AUTO_RESOLVED),
        replace(incident(EDGE, CORE), state=IncidentState.INVESTIGATING),
        replace(incident(EDGE, CORE), hosts=()),
        None,
    ],
    ids=["host", "victim", "time", "kind", "doubt", "planned", "unfinished", "nobody", "none"],
)
def test_what_differs_in_subject_time_or_kind_or_is_not_concluded_stays_apart(
    other: Incident | None,
) -> None:
    assert not is_one(incident(EDGE, CORE), other)


def test_conclusions_about_nothing_in_particular_are_not_the_same() -> None:
    unknown = replace(incident(EDGE, CORE), kind=IncidentKind.UNKNOWN)
    assert not is_one(unknown, unknown)
