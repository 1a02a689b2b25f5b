"""The life of incidents in the manager: settling, late anomalies, reopening, restarts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sensorium.incident import IncidentManager, IncidentUpdates
from sensorium.model.anomaly import Anomaly
from sensorium.model.incident import Incident, IncidentState, Verdict
from tests.incident import streams
from tests.incident.streams import DB, FILES, USERS, WEB, at

STEP = 30


def fold_all(
    manager: IncidentManager, anomalies: list[Anomaly], start: float, end: float
) -> IncidentUpdates:
    """Fold window by window, as the pipeline does, and gather what happened."""
    total = IncidentUpdates()
    for second in range(int(start), int(end), STEP):
        mine = [a for a in anomalies if at(second) < a.end_ns <= at(second + STEP)]
        updates = manager.fold(mine, at(second + STEP))
        for name in ("opened", "joined", "settled", "reopened", "merged"):
            getattr(total, name).extend(getattr(updates, name))
        total.latest.update(updates.latest)
    return total


def closed(incident: Incident) -> Incident:
    return replace(
        incident,
        state=IncidentState.AUTO_RESOLVED,
        verdict=Verdict.PLANNED,
        title="as concluded",
        proof=incident.change_ref,
    )


def test_an_incident_is_withheld_while_causes_may_yet_join() -> None:
    manager = streams.manager()
    attack = streams.intrusion(600)
    early = fold_all(manager, attack, 570, 660)
    assert not early.opened
    later = fold_all(manager, attack, 660, 720)
    assert [i.state for i in later.opened] == [IncidentState.OPEN]


def test_what_joins_before_settling_changes_the_description() -> None:
    manager = streams.manager()
    attack = streams.intrusion(600)
    updates = fold_all(manager, attack, 570, 1200)
    assert updates.opened[0].title == "Port scan and password guessing from pc-2 (10.1.0.13)"
    assert "lateral movement" in updates.latest[updates.opened[0].id].title


def test_a_weak_late_anomaly_joins_without_waking_anybody() -> None:
    manager = streams.manager()
    attack = streams.intrusion(600)
    first = fold_all(manager, attack, 570, 990)
    assert len(first.settled) == 1
    stray = streams.series(960, USERS[2], "node_netstat_Tcp_ActiveOpens", p=4e-4)
    late = fold_all(manager, [stray], 960, 1110)
    assert not late.reopened


def test_work_that_runs_on_beyond_its_plan_is_looked_at_again() -> None:
    plan = streams.backup_change(600, 120)
    manager = streams.manager(plan)
    work = streams.backup(600, 900)
    first = fold_all(manager, work, 570, 1200)
    assert [i.change_ref for i in first.settled] == [plan.ref]
    assert first.settled[0].end_ns > plan.end_ns + 120 * streams.SECOND
    manager.concluded(closed(first.settled[0]))
    again = fold_all(manager, work, 1200, 1900)
    assert [i.state for i in again.reopened] == [IncidentState.REOPENED]
    assert [(i.id, i.revision) for i in again.settled] == [(first.settled[0].id, 2)]


def test_the_same_transfer_long_after_its_plan_is_another_cause() -> None:
    plan = streams.backup_change(600, 120)
    found = streams.run([*streams.backup(600, 120), *streams.backup(1200, 120)], plan)
    assert [i.change_ref for i in found] == [plan.ref, ""]


def test_the_same_failure_soon_after_reopens_its_incident_with_a_new_revision() -> None:
    manager = streams.manager()
    first = fold_all(manager, streams.service_failure(600, 90), 570, 840)
    assert [i.revision for i in first.settled] == [1]
    manager.concluded(replace(first.settled[0], state=IncidentState.ESCALATED))
    again = fold_all(manager, streams.service_failure(930, 90), 900, 1300)
    assert [i.state for i in again.reopened] == [IncidentState.REOPENED]
    assert [(i.id, i.revision) for i in again.settled] == [(first.settled[0].id, 2)]
    assert not again.opened


def test_a_conclusion_is_kept_while_late_anomalies_only_add_to_it() -> None:
    manager = streams.manager()
    first = fold_all(manager, streams.service_failure(600, 90), 570, 840)
    manager.concluded(
        replace(first.settled[0], state=IncidentState.AWAITING_APPROVAL, title="as concluded")
    )
    weak = [
        streams.log(840, WEB, "nginx upstream timed out (110: <*>)", p=9e-4),
        streams.service(840, WEB, 80, [streams.feature("bytes", 2e4, 9e5)], (), p=9e-4),
    ]
    late = fold_all(manager, weak, 840, 930)
    assert [(i.title, i.state) for i in late.joined] == [
        ("as concluded", IncidentState.AWAITING_APPROVAL)
    ]
    assert weak[0].id in late.joined[0].anomaly_ids


def test_a_conclusion_that_comes_after_a_reopening_does_not_undo_it() -> None:
    manager = streams.manager()
    first = fold_all(manager, streams.service_failure(600, 90), 570, 840)
    again = fold_all(manager, streams.service_failure(930, 60), 900, 1000)
    assert again.reopened
    manager.concluded(replace(first.settled[0], state=IncidentState.ESCALATED))
    assert manager.incidents()[0].state is IncidentState.REOPENED


def test_a_conclusion_on_an_incident_nobody_remembers_is_ignored() -> None:
    manager = streams.manager()
    other = streams.run(streams.intrusion(600))[0]
    manager.concluded(other)
    assert manager.incidents() == ()


@pytest.mark.parametrize("crash", [690, 750, 810, 900, 960])
def test_a_restart_in_the_middle_ends_with_the_same_incidents(crash: int) -> None:
    attack = [*streams.intrusion(600), *streams.service_failure(690)]
    whole = fold_all(streams.manager(), attack, 570, 1500)
    before = streams.manager()
    first = fold_all(before, attack, 570, crash)
    after = streams.manager()
    after.restore(first.changed, [a for a in attack if a.end_ns <= at(crash)])
    second = fold_all(after, attack, crash, 1500)
    latest = {**first.latest, **second.latest}

    def essence(incidents: dict[str, Incident]) -> set[tuple[str, frozenset[str], str]]:
        return {(i.id, frozenset(i.anomaly_ids), i.title) for i in incidents.values()}

    assert essence(latest) == essence(whole.latest)


def test_windows_folded_again_after_a_restart_count_once() -> None:
    attack = streams.intrusion(600)
    manager = streams.manager()
    fold_all(manager, attack, 570, 900)
    before = manager.incidents()
    manager.fold(attack, at(900))
    assert [len(i.anomaly_ids) for i in manager.incidents()] == [len(i.anomaly_ids) for i in before]


def test_each_step_is_counted() -> None:
    manager = streams.manager()
    fold_all(manager, streams.intrusion(600), 570, 1500)
    observe = manager._steps
    values = {
        s.labels["step"]: s.value for m in observe.collect() for s in m.samples if "total" in s.name
    }
    assert values["opened"] == values["settled"] == 1.0


def test_two_attackers_at_once_are_two_incidents() -> None:
    both = [
        *streams.scan(600, USERS[0], [WEB, FILES]),
        *streams.guessing(660, USERS[0], FILES),
        *streams.scan(600, USERS[4], [DB, WEB]),
        *streams.guessing(660, USERS[4], DB),
    ]
    found = streams.run(both)
    assert {i.hosts[0] for i in found} == {USERS[0], USERS[4]}
