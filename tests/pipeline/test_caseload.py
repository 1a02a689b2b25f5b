"""A storm's incidents are investigated a few at a time, the worst first, and none is lost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sensorium.incident import IncidentUpdates
from sensorium.model.incident import Incident, IncidentKind, IncidentState, Severity, Verdict
from sensorium.observe import Observe
from sensorium.pipeline.caseload import Caseload


def settled(number: int, severity: Severity = Severity.LOW, surprise: float = 12.0) -> Incident:
    return Incident(
        id=f"INC-{number:08x}",
        state=IncidentState.INVESTIGATING,
        severity=severity,
        verdict=Verdict.UNKNOWN,
        kind=IncidentKind.UNKNOWN,
        title="",
        start_ns=1,
        end_ns=2,
        hosts=("10.0.0.1",),
        anomaly_ids=(f"an-{number}",),
        surprise=surprise,
        change_ref="",
        revision=1,
    )


def window(*changed: Incident) -> IncidentUpdates:
    """What a window did that changed these; those that are ``investigating`` have just settled."""
    new = [incident for incident in changed if incident.state is IncidentState.INVESTIGATING]
    return IncidentUpdates(settled=new, latest={incident.id: incident for incident in changed})


def test_as_many_as_a_window_allows_are_taken_in_the_order_in_which_they_settled() -> None:
    load = Caseload(Observe(), 3)
    first, second = settled(9), settled(1, Severity.HIGH)
    load.follow(window(first, second))
    assert load.take() == [first, second]
    assert load.take() == []


def test_the_worst_of_too_many_go_first_and_the_others_in_later_windows() -> None:
    observe = Observe()
    load = Caseload(observe, 2)
    mild = [settled(n, surprise=10.0 + n) for n in range(3)]
    grave = settled(7, Severity.CRITICAL)
    load.follow(window(*mild, grave))
    assert load.take() == [mild[2], grave]
    assert observe.value("sensorium_investigations_waiting") == 2
    assert observe.value("sensorium_investigations_put_off_total") == 2
    load.follow(window())
    assert load.take() == [mild[0], mild[1]]
    assert observe.value("sensorium_investigations_waiting") == 0


def test_what_joins_while_an_incident_waits_is_investigated_with_it() -> None:
    load = Caseload(Observe(), 1)
    waits, other = settled(1), settled(2, Severity.HIGH)
    load.follow(window(waits, other))
    load.take()
    grown = replace(waits, anomaly_ids=("an-1", "an-late"))
    load.follow(IncidentUpdates(joined=[grown], latest={grown.id: grown}))
    assert load.take() == [grown]


def test_what_is_reopened_or_merged_while_it_waits_is_not_investigated_as_it_was() -> None:
    load = Caseload(Observe(), 1)
    first, second, other = settled(1), settled(2), settled(3, Severity.HIGH)
    load.follow(window(first, second, other))
    load.take()
    load.follow(
        window(
            replace(first, state=IncidentState.REOPENED),
            replace(second, state=IncidentState.MERGED),
        )
    )
    assert load.take() == []
    again = replace(first, revision=2)
    load.follow(window(again))
    assert load.take() == [again]


def test_where_people_have_taught_an_order_it_decides_who_goes_first_and_nobody_is_left() -> None:
    asked: list[int] = []

    def oldest_first(incidents: Iterable[Incident]) -> list[Incident]:
        found = sorted(incidents, key=lambda incident: incident.id)
        asked.append(len(found))
        return found

    load = Caseload(Observe(), 2, oldest_first)
    grave = settled(7, Severity.CRITICAL)
    mild = [settled(n) for n in range(3)]
    load.follow(window(grave, *mild))
    assert load.take() == mild[:2]
    # Where all can be taken there is nothing to order.
    assert load.take() == [grave, mild[2]]
    assert asked == [4]
