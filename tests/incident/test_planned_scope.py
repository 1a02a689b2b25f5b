from __future__ import annotations

from dataclasses import replace

import pytest

from sensorium.incident.explained import Explainer, Fit
from sensorium.incident.footprint import footprint
from sensorium.incident.planned_scope import (
    Aspect,
    Talk,
    check_host,
    check_time,
    check_transfer,
    check_volume,
    parse_ports,
)
from sensorium.model.anomaly import Anomaly, Peer
from sensorium.model.change import Change, ChangeKind, ChangeScope
from tests.incident import streams
from tests.incident.streams import APP, BACKUP, DB, FILES, NAMES, OUTSIDE, USERS, WEB, at, feature

ADDRESSES = {name: address for address, name in NAMES.items()}
BACKUP_PLAN = streams.backup_change(600)
DEPLOYMENT = streams.deployment_change(600)


def resolve(name: str) -> str | None:
    return ADDRESSES.get(name, name if name.startswith("10.") else None)


def explained(anomaly: Anomaly, change: Change) -> Fit:
    explainer = Explainer(resolve, lambda h, s, p: (h, s, p) == (WEB, APP, 8000), 60, 120)
    return explainer.fit(footprint(anomaly, str, surprise=3.0), change)


def test_the_announced_pair_direction_and_port_fit() -> None:
    answer = check_transfer(BACKUP_PLAN, Talk(DB, BACKUP, 22, 6), resolve)
    assert answer.fits
    assert len(answer.reasons_for) == 3
    assert not answer.reasons_against


@pytest.mark.parametrize(
    ("talk", "aspect"),
    [
        (Talk(BACKUP, DB, 22, 6), Aspect.DIRECTION),
        (Talk(DB, OUTSIDE, 22, 6), Aspect.HOST),
        (Talk(FILES, BACKUP, 22, 6), Aspect.HOST),
        (Talk(DB, BACKUP, 5432, 6), Aspect.PORT),
        (Talk(DB, BACKUP, 22, 17), Aspect.PORT),
    ],
)
def test_another_pair_direction_or_port_does_not(talk: Talk, aspect: Aspect) -> None:
    answer = check_transfer(BACKUP_PLAN, talk, resolve)
    assert not answer.fits
    assert aspect in {r.aspect for r in answer.reasons if not r.fits}


def test_a_plan_that_names_no_pair_allows_no_traffic() -> None:
    vague = replace(BACKUP_PLAN, scope=ChangeScope(hosts=("ledger",), ports=("22/tcp",)))
    assert not check_transfer(vague, Talk(DB, BACKUP, 22, 6), resolve).fits


def test_a_host_nobody_knows_is_not_in_the_plan() -> None:
    unknown = replace(BACKUP_PLAN, scope=replace(BACKUP_PLAN.scope, peers=("elsewhere",)))
    assert not check_transfer(unknown, Talk(DB, BACKUP, 22, 6), resolve).fits


def test_time_has_some_room_at_both_ends_and_no_more() -> None:
    def fits(start: float, end: float) -> bool:
        return check_time(BACKUP_PLAN, at(start), at(end), lead_s=60, overrun_s=120).fits

    assert fits(540, 1020)
    assert not fits(539, 700)
    assert not fits(800, 1021)


def test_volume_counts_only_where_a_limit_was_announced() -> None:
    within, above = check_volume(BACKUP_PLAN, 9e8), check_volume(BACKUP_PLAN, 2e9)
    assert within is not None
    assert within.fits
    assert above is not None
    assert not above.fits
    assert "above the announced limit of 1,000 MB" in above.text
    assert check_volume(DEPLOYMENT, 1.0) is None


def test_hosts_are_announced_by_name_or_address() -> None:
    by_address = replace(BACKUP_PLAN, scope=ChangeScope(hosts=(DB,), peers=("keeper",)))
    assert check_host(by_address, DB, resolve).fits
    assert check_host(by_address, BACKUP, resolve).fits
    assert not check_host(by_address, WEB, resolve).fits


def test_ports_are_read_as_announced() -> None:
    assert parse_ports(["22/tcp", "53/udp", "873", "ssh", ""]) == {(22, 6), (53, 17), (873, 6)}


def test_the_backups_own_traffic_is_explained() -> None:
    for anomaly in streams.backup(600):
        assert explained(anomaly, BACKUP_PLAN) in (Fit.TRAFFIC, Fit.COMPATIBLE)


def test_nothing_of_an_attack_on_the_same_host_is_explained() -> None:
    attack = [
        *streams.scan(630, USERS[0], [DB]),
        *streams.guessing(630, USERS[0], DB),
        streams.pair(630, DB, OUTSIDE, 80, [feature("bytes_up", 4e7, 0)]),
        streams.host(630, DB, [feature("novelty", 6, 0)], (Peer(OUTSIDE, 80, 6, True, 0.9),)),
    ]
    assert {explained(a, BACKUP_PLAN) for a in attack} == {Fit.NO}


def test_log_lines_that_name_a_stranger_are_not_a_backups() -> None:
    line = streams.log(630, DB, "sshd session opened for user ops")
    stranger = replace(line, peers=(Peer(USERS[0], 0, 0, False, 1.0),))
    assert explained(line, BACKUP_PLAN) is Fit.COMPATIBLE
    assert explained(stranger, BACKUP_PLAN) is Fit.NO


def test_errors_are_not_what_a_backup_announces() -> None:
    assert explained(streams.log(630, DB, "kernel I/O error on sda"), BACKUP_PLAN) is Fit.NO


def test_a_deployment_explains_its_service_its_host_and_its_clients_trouble() -> None:
    assert {explained(a, DEPLOYMENT) for a in streams.deployment(600)} <= {
        Fit.TRAFFIC,
        Fit.COMPATIBLE,
    }


def test_a_deployment_explains_neither_another_port_nor_another_host() -> None:
    vain = [feature("failed", 20, 0)]
    assert explained(streams.pair(600, WEB, APP, 22, vain), DEPLOYMENT) is Fit.NO
    assert explained(streams.pair(600, WEB, DB, 8000, vain), DEPLOYMENT) is Fit.NO
    assert explained(streams.log(600, DB, "postgres FATAL: too many"), DEPLOYMENT) is Fit.NO


def test_a_deployment_window_does_not_excuse_a_scan_of_its_host() -> None:
    for anomaly in streams.scan(600, USERS[0], [APP]):
        assert explained(anomaly, DEPLOYMENT) is Fit.NO


def test_maintenance_excuses_outages_of_its_hosts_and_nothing_they_do() -> None:
    scope = ChangeScope(hosts=("ledger",))
    plan = Change(at(600), at(1200), ChangeKind.MAINTENANCE, "calendar", scope, "patching", "m-1")
    silent = streams.series(630, DB, "up", value=0, expected=1)
    assert explained(silent, plan) is Fit.COMPATIBLE
    assert explained(streams.exfiltration(630, DB)[0], plan) is Fit.NO
