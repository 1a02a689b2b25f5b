"""What comes back slowly after a fault neither prolongs it nor joins it to the next one."""

from __future__ import annotations

from sensorium.incident import IncidentConfig
from sensorium.incident.cluster import Cluster
from sensorium.incident.footprint import Footprint, footprint
from sensorium.incident.group import Group
from sensorium.model.anomaly import Anomaly, Peer
from sensorium.model.incident import IncidentKind
from tests.incident import streams
from tests.incident.streams import APP, USERS, WEB, WEBSITE, at, feature, run


def afterglow(start: float, seconds: int) -> list[Anomaly]:
    """Gauges of two hosts that stay as odd as the failure left them."""
    names = ("node_sockstat_TCP_tw", "process_open_fds", "node_netstat_Tcp_CurrEstab")
    return [
        streams.series(start + s, who, name)
        for s in range(0, seconds, streams.WINDOW)
        for who in (APP, WEB)
        for name in names
    ]


def slow_downloads(start: float, seconds: int = 120) -> list[Anomaly]:
    """A user waits for a site outside: the user's own servers have no part in it."""
    out, user = [], USERS[0]
    for second in range(0, seconds, streams.WINDOW):
        slow = [feature("bytes_in", 4e7, 1e5), feature("duration", 40, 0.1)]
        out.append(streams.host(start + second, user, slow, (Peer(WEBSITE, 80, 6, True, 0.95),)))
        out.append(streams.pair(start + second, user, WEBSITE, 80, slow))
        asker = (Peer(user, 80, 6, False, 1.0),)
        out.append(streams.service(start + second, WEBSITE, 80, slow, asker))
    return out


def group_of(*windows: list[Anomaly]) -> Group:
    group = Group(0, IncidentConfig().memory_s)
    for anomalies in windows:
        group.absorb(Cluster(APP, prints(*anomalies)), extends=True)
    return group


def prints(*anomalies: Anomaly) -> list[Footprint]:
    return [footprint(a, str, surprise=2.0) for a in anomalies]


def test_gauges_that_stay_odd_after_a_failure_do_not_bridge_it_to_the_next_fault() -> None:
    found = run(
        [
            *streams.service_failure(600, 120),
            *afterglow(600, 270),
            *slow_downloads(870),
        ]
    )
    assert [i.kind for i in found if WEB in i.hosts] == [IncidentKind.SERVICE_FAILURE]
    assert len(found) == 2
    assert WEBSITE in found[1].hosts
    assert found[1].start_ns == at(870)


def test_what_lingers_belongs_to_the_failure_and_is_no_incident_of_its_own() -> None:
    stream = [*streams.service_failure(600, 120), *afterglow(600, 420)]
    (found,) = run(stream)
    assert set(found.anomaly_ids) == {a.id for a in stream}


def test_a_client_in_trouble_elsewhere_did_not_get_it_from_a_failure_that_is_over() -> None:
    stray = streams.pair(720, USERS[0], WEBSITE, 80, [feature("bytes_up", 9e4, 1e4, 4.0)], p=9e-4)
    found = run([*streams.service_failure(600, 120), stray, *slow_downloads(750)])
    assert len(found) == 2


def test_a_client_in_trouble_with_what_failed_just_before_suffers_from_that() -> None:
    vain = [feature("failed", 30, 0), feature("failed_share", 0.9, 0)]
    late = [streams.host(750, user, vain, (Peer(WEB, 80, 6, True, 0.95),)) for user in USERS[:3]]
    (found,) = run([*streams.service_failure(600, 120), *late])
    assert {a.id for a in late} <= set(found.anomaly_ids)


def test_a_series_that_turns_the_other_way_is_news() -> None:
    rose = streams.series(0, APP, "node_sockstat_TCP_inuse", value=9, expected=1)
    stays = streams.series(30, APP, "node_sockstat_TCP_inuse", value=9, expected=1)
    fell = streams.series(30, APP, "node_sockstat_TCP_inuse", value=0, expected=4)
    assert group_of([rose]).continues_as(prints(stays))
    assert not group_of([rose]).continues_as(prints(fell))


def test_something_else_beside_what_lingers_is_news() -> None:
    rose = streams.series(0, APP, "node_sockstat_TCP_inuse")
    stays = streams.series(30, APP, "node_sockstat_TCP_inuse")
    error = streams.log(30, APP, "shop ERROR no connection")
    chance = footprint(error, str, surprise=1.5)
    assert not group_of([rose]).continues_as([*prints(stays), *prints(error), *prints(error)])
    assert group_of([rose]).continues_as([*prints(stays), chance])


def test_news_end_with_the_last_window_that_told_any() -> None:
    gauges = [[streams.series(t, APP, "process_open_fds")] for t in (0, 30, 60)]
    group = group_of(*gauges)
    assert group.last_ns == at(90)
    assert group.news_ns == at(30)
    assert group.lately(0) == prints(*gauges[0])


def test_a_stray_anomaly_that_came_before_is_not_the_beginning() -> None:
    early = footprint(streams.log(0, APP, "message 7"), str, surprise=1.2)
    group = Group(0, IncidentConfig().memory_s)
    group.absorb(Cluster(APP, [early]), extends=True)
    strong = [streams.log(90, APP, "shop ERROR"), streams.series(90, APP, "up")]
    group.absorb(Cluster(APP, prints(*strong)), extends=True)
    assert group.start_ns == at(0)
    assert group.onset_ns == at(90)
