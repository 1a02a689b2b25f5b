"""What routers show follows the traffic that crosses them."""

from __future__ import annotations

from dataclasses import replace

from sensorium.model.anomaly import Anomaly, Entity, Peer
from sensorium.model.entity_kind import EntityKind
from sensorium.model.incident import IncidentKind
from tests.incident import streams
from tests.incident.streams import BACKUP, CORE, DB, OUTSIDE, USERS, feature, run


def interface(second: float, router: str, ends: tuple[str, str], share: float) -> Anomaly:
    """An interface that carries more than usual, most of it between two ends."""
    peers = tuple(Peer(end, 0, 0, out, share) for end, out in zip(ends, (False, True), strict=True))
    template = streams.host(second, router, [feature("bytes_in", 6e7, 2e6)], peers)
    return Anomaly.make(
        start_ns=template.start_ns,
        end_ns=template.end_ns,
        entity=Entity(EntityKind.INTERFACE, f"{router}#{len(ends[0])}"),
        signal=template.signal,
        detector="flows.interface",
        score=9.0,
        tail_probability=1e-6,
        features=template.features,
        hosts=(router,),
        peers=peers,
        summary="an interface took in much",
    )


def counters(start: float, seconds: int = 90) -> list[Anomaly]:
    name = "node_network_transmit_bytes_total"
    return [streams.series(start + s, CORE, name, p=1e-6) for s in range(0, seconds, 30)]


def test_a_routers_counters_join_the_attack_whose_traffic_it_carries() -> None:
    found = run([*streams.intrusion(600), *counters(600)])
    assert [i.kind for i in found] == [IncidentKind.INTRUSION]
    assert {a.id for a in counters(600)} <= set(found[0].anomaly_ids)


def test_counters_that_move_before_flows_are_told_of_wait_for_them() -> None:
    early = counters(600, 60)
    found = run([*early, *streams.exfiltration(660, DB, 90)])
    assert len(found) == 1
    assert {a.id for a in early} <= set(found[0].anomaly_ids)


def test_an_announced_backup_takes_along_the_interface_that_carried_it() -> None:
    carried = interface(660, CORE, (DB, BACKUP), 0.97)
    found = run([*streams.backup(600), carried], streams.backup_change(600))
    assert [i.change_ref for i in found] == ["backup-1@example"]
    assert carried.id in found[0].anomaly_ids


def test_an_announced_backup_does_not_excuse_an_interface_that_carried_something_else() -> None:
    other = interface(690, CORE, (USERS[0], OUTSIDE), 0.8)
    found = run([*streams.backup(600), other], streams.backup_change(600))
    assert all(other.id not in i.anomaly_ids for i in found if i.change_ref)


def test_a_router_that_moves_when_announced_work_is_over_is_not_moved_by_it() -> None:
    lingers = streams.series(840, DB, "node_sockstat_UDP_mem")
    later = counters(840, 60)
    found = run([*streams.backup(600), lingers, *later], streams.backup_change(600))
    assert lingers.id in found[0].anomaly_ids
    assert [i.change_ref for i in found if {a.id for a in later} & set(i.anomaly_ids)] in ([], [""])


def test_what_a_router_shows_while_announced_work_runs_is_that_works() -> None:
    moved = counters(630, 120)
    found = run([*streams.backup(600), *moved], streams.backup_change(600))
    assert [i.change_ref for i in found] == ["backup-1@example"]
    assert {a.id for a in moved} <= set(found[0].anomaly_ids)


def test_who_is_left_on_an_interface_that_fell_silent_did_not_silence_it() -> None:
    fallen = interface(600, CORE, (USERS[0], OUTSIDE), 0.9)
    fallen = replace(fallen, features=(feature("bytes_in", 0.0, 2e6, -9.0),))
    found = run([fallen, *streams.link_fault(600)])
    assert len(found) == 1
    assert OUTSIDE not in found[0].hosts


def test_a_router_that_loses_a_carrier_is_an_incident_with_nothing_else_to_go_by() -> None:
    lost = streams.series(600, CORE, "node_network_carrier_changes_total", p=4e-4)
    found = run([lost])
    assert [i.kind for i in found] == [IncidentKind.LINK_FAULT]
    assert found[0].hosts == (CORE,)
    elsewhere = streams.series(600, USERS[0], "node_network_carrier_changes_total", p=4e-4)
    assert not run([elsewhere])
