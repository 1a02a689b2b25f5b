from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from sensorium.incident import IncidentConfig
from sensorium.model.incident import IncidentKind, IncidentState, Severity
from tests.incident import streams
from tests.incident.streams import (
    APP,
    BACKUP,
    CORE,
    DB,
    EDGE,
    FILES,
    NAMES,
    OUTSIDE,
    USERS,
    WEB,
    at,
    run,
)

DAY = [
    *streams.intrusion(500),
    *streams.service_failure(900),
    *streams.link_fault(1200),
    *streams.backup(1440),
    *streams.deployment(1800),
    *streams.noise(2, 300, 2100),
]
PLANS = (streams.backup_change(1440), streams.deployment_change(1800))


def test_an_intrusion_is_one_incident_from_scan_to_exfiltration() -> None:
    found = run(streams.intrusion(600))
    assert [i.kind for i in found] == [IncidentKind.INTRUSION]
    assert {USERS[2], WEB, FILES, OUTSIDE} <= set(found[0].hosts[:5])
    assert found[0].hosts[0] == USERS[2]
    assert found[0].severity is Severity.CRITICAL
    assert found[0].title == (
        "Port scan, password guessing and lateral movement from pc-2 (10.1.0.13)"
    )
    assert len(found[0].anomaly_ids) == len(streams.intrusion(600))


def test_hundreds_of_alerts_of_a_failing_service_are_one_incident() -> None:
    found = run(streams.service_failure(600))
    assert [i.kind for i in found] == [IncidentKind.SERVICE_FAILURE]
    assert len(found[0].anomaly_ids) == len(streams.service_failure(600)) > 150
    assert found[0].title == "Service failure on orders (10.2.0.30), port 8000/tcp"
    assert {WEB, APP} <= set(found[0].hosts)


def test_both_routers_of_a_flapping_link_and_who_suffers_are_one_incident() -> None:
    found = run(streams.link_fault(600))
    assert [i.kind for i in found] == [IncidentKind.LINK_FAULT]
    assert {EDGE, CORE, *USERS} <= set(found[0].hosts)
    assert found[0].title == "Link fault at gw-a (10.9.0.1) and gw-b (10.9.0.2)"


def test_an_announced_backup_is_an_incident_that_names_its_announcement() -> None:
    found = run(streams.backup(600), streams.backup_change(600))
    assert [i.change_ref for i in found] == ["backup-1@example"]
    assert set(found[0].hosts) == {DB, BACKUP}
    assert found[0].severity is Severity.INFO


def test_side_effects_seen_before_the_backups_traffic_go_to_it_all_the_same() -> None:
    found = run(streams.backup(600), streams.backup_change(600))
    assert len(found[0].anomaly_ids) == len(streams.backup(600))


def test_the_same_backup_unannounced_is_nobodys_plan() -> None:
    found = run(streams.backup(600))
    assert [(i.kind, i.change_ref) for i in found] == [(IncidentKind.BULK_TRANSFER, "")]


def test_an_announcement_of_another_time_explains_nothing() -> None:
    found = run(streams.backup(600), streams.backup_change(2000))
    assert [i.change_ref for i in found] == [""]


def test_a_deployment_takes_its_services_restart_and_its_clients_errors_along() -> None:
    found = run(streams.deployment(600), streams.deployment_change(600))
    assert [(i.kind, i.change_ref) for i in found] == [(IncidentKind.DEPLOYMENT, "deploy-1")]
    assert len(found[0].anomaly_ids) == len(streams.deployment(600))


def test_an_attack_inside_a_backups_window_gets_its_own_incident() -> None:
    mix = [*streams.backup(600, 300), *streams.intrusion(630)]
    found = run(mix, streams.backup_change(600))
    assert {i.change_ref for i in found} == {"", "backup-1@example"}
    attack = next(i for i in found if not i.change_ref)
    assert attack.kind is IncidentKind.INTRUSION
    assert {USERS[2], WEB, FILES, OUTSIDE} <= set(attack.hosts)


def test_data_leaving_the_backups_own_source_is_not_excused_by_the_backup() -> None:
    mix = [
        *streams.backup(600, 300),
        *streams.scan(630, USERS[2]),
        *streams.guessing(690, USERS[2], WEB),
        *streams.lateral(780, WEB, DB),
        *streams.exfiltration(810, DB),
    ]
    found = run(mix, streams.backup_change(600))
    attack = next(i for i in found if not i.change_ref)
    assert {USERS[2], WEB, DB, OUTSIDE} <= set(attack.hosts)
    leaving = {a.id for a in streams.exfiltration(810, DB) if OUTSIDE in str(a.peers)}
    assert leaving <= set(attack.anomaly_ids)


def test_a_scan_does_not_swallow_an_unannounced_transfer_between_two_of_its_targets() -> None:
    found = run([*streams.scan(630, USERS[0]), *streams.backup(600)])
    assert {i.kind for i in found} == {IncidentKind.INTRUSION, IncidentKind.BULK_TRANSFER}


def test_a_whole_day_comes_out_as_its_five_causes_despite_noise() -> None:
    found = run(DAY, *PLANS)
    assert [(i.kind, i.change_ref) for i in found] == [
        (IncidentKind.INTRUSION, ""),
        (IncidentKind.SERVICE_FAILURE, ""),
        (IncidentKind.LINK_FAULT, ""),
        (IncidentKind.BULK_TRANSFER, "backup-1@example"),
        (IncidentKind.DEPLOYMENT, "deploy-1"),
    ]
    assert all(i.state is IncidentState.INVESTIGATING for i in found)


def test_chance_anomalies_alone_are_no_incident() -> None:
    found = [len(run(streams.noise(seed, 300))) for seed in range(12)]
    assert max(found) <= 2
    assert sum(found) <= 8


def test_one_odd_window_of_one_host_is_no_incident() -> None:
    assert not run([streams.series(600, DB, "node_netstat_x", p=1e-12)])


@settings(max_examples=6)
@given(st.integers(0, 999), st.lists(st.integers(0, 2400), max_size=12))
def test_the_outcome_does_not_depend_on_order_or_on_how_calls_are_divided(
    seed: int, cuts: list[int]
) -> None:
    mixed = list(DAY)
    Random(seed).shuffle(mixed)
    divided = streams.manager(*PLANS)
    latest, settled = {}, []
    for cut in [*sorted(cuts), 3000]:
        arrived = [a for a in mixed if a.end_ns <= at(cut)]
        mixed = [a for a in mixed if a.end_ns > at(cut)]
        updates = divided.fold(arrived, at(cut))
        latest |= updates.latest
        settled += updates.settled
    whole = streams.manager(*PLANS).fold(DAY, at(3000))
    assert latest == whole.latest
    assert settled == whole.settled


def test_a_host_with_two_addresses_is_one_host() -> None:
    twin = "10.9.9.9"
    manager = streams.manager()
    from sensorium.model.signals import Signal
    from tests.topology.batches import logs

    manager._identities.observe(Signal.LOGS, logs((twin, NAMES[EDGE], streams.BEGAN)))
    anomalies = [
        a
        for n in range(4)
        for a in (
            streams.log(600 + 30 * n, (EDGE, twin)[n % 2], "ifplugd Link beat lost on ge0"),
            streams.series(600 + 30 * n, EDGE, "node_network_carrier_changes_total"),
        )
    ]
    found = manager.fold(anomalies, at(2000)).changed
    assert [i.hosts for i in found] == [(EDGE,)]


def test_settling_waits_for_quiet_and_at_most_so_long() -> None:
    config = IncidentConfig(settle_s=120, max_wait_s=300)
    short = streams.manager(config=config)
    short.fold(streams.service_failure(600, 120), at(839))
    assert not short.fold([], at(839)).settled
    assert short.fold([], at(840)).settled
    long = streams.manager(config=config)
    assert long.fold(streams.service_failure(600, 900), at(930)).settled


def test_the_first_settled_incident_is_its_first_revision() -> None:
    updates = streams.manager().fold(streams.intrusion(600), at(2000))
    assert [(i.state, i.revision) for i in updates.settled] == [(IncidentState.INVESTIGATING, 1)]
