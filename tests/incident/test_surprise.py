from __future__ import annotations

from dataclasses import replace

from sensorium.incident.cluster import cover, surprise_of
from sensorium.incident.footprint import Footprint, footprint
from sensorium.incident.surprise import CAP_DECADES, Rarity, surprises
from sensorium.model.anomaly import Anomaly, Peer
from sensorium.model.incident import Severity
from sensorium.model.signals import Signal
from tests.incident import streams
from tests.incident.streams import APP, BACKUP, DB, OUTSIDE, SERVERS, USERS, WEB, feature


def weights(*anomalies: Anomaly, rarity: Rarity | None = None) -> list[float]:
    found = surprises(anomalies, rarity or Rarity(), 3.0, lambda _: False)
    return [found[a.id] for a in anomalies]


def printed(anomaly: Anomaly, surprise: float = 2.0) -> Footprint:
    return footprint(anomaly, str, surprise=surprise)


def test_the_further_beyond_the_gate_the_more_surprising_up_to_a_cap() -> None:
    odd = [streams.series(0, WEB, f"m{p}", p=10.0**-p) for p in (3, 5, 12)]
    just, more, most = weights(*odd)
    assert just < more < most == CAP_DECADES


def test_a_host_that_alone_calls_another_as_a_clock_is_enough_for_an_incident() -> None:
    def beacon(clients: float) -> Anomaly:
        told = [feature("jitter", 0.05, 1.0, 4.0), feature("clients", clients, 0.0, 0.0)]
        return replace(
            streams.pair(0, USERS[0], OUTSIDE, 443, told, p=1e-4), detector="flows.beacon"
        )

    alone, with_others = weights(beacon(1.0))[0], weights(beacon(2.0))[0]
    assert alone == with_others + 10.0
    opened = streams.run([beacon(1.0)])
    assert [(i.hosts, i.severity) for i in opened] == [((USERS[0], OUTSIDE), Severity.LOW)]
    assert not streams.run([beacon(2.0)])


def test_a_signal_that_hardly_ever_speaks_is_more_surprising_when_it_does() -> None:
    log, series = weights(streams.log(0, WEB, "x", p=1e-3), streams.series(0, WEB, "x", p=1e-3))
    assert log > series


def test_a_signal_that_always_says_something_tells_little() -> None:
    rarity = Rarity()
    before = rarity.base(Signal.LOGS)
    for window in range(40):
        chatter = [streams.log(30 * window, host, "again", p=1e-3) for host in SERVERS]
        rarity.learn(chatter, hosts=len(SERVERS))
    assert rarity.base(Signal.LOGS) < before / 4


def test_one_storm_does_not_make_a_signal_common() -> None:
    rarity = Rarity()
    before = rarity.base(Signal.FLOWS)
    for window in range(10):
        quiet = [streams.series(30 * window, WEB, "m", p=1e-3)]
        rarity.learn(quiet, hosts=len(SERVERS))
    rarity.learn(streams.scan(300, USERS[0], seconds=30), hosts=len(SERVERS))
    assert rarity.base(Signal.FLOWS) >= before


def test_the_same_metric_on_many_hosts_at_once_is_shared_among_them() -> None:
    everywhere = [streams.series(0, host, "clock_skew", p=1e-6) for host in (*SERVERS, *USERS)]
    alone = weights(everywhere[0])[0]
    assert max(weights(*everywhere)) < alone / 2


def test_many_series_of_one_host_are_hardly_more_than_one() -> None:
    one = [printed(streams.series(0, WEB, "a"))]
    many = [printed(streams.series(0, WEB, f"a{n}")) for n in range(50)]
    hosts = [printed(streams.series(0, host, "a")) for host in SERVERS]
    assert surprise_of(many) <= CAP_DECADES
    assert surprise_of(hosts) == len(SERVERS) * surprise_of(one)


def test_an_entity_that_stays_odd_tells_less_each_time() -> None:
    lasting = [printed(streams.series(30 * n, WEB, "stuck")) for n in range(10)]
    assert 2.0 < surprise_of(lasting) < 6.0


def test_a_scanner_explains_what_its_targets_show() -> None:
    clusters = cover(printed(a) for a in streams.scan(0, USERS[0], seconds=30))
    assert [c.anchor for c in clusters] == [USERS[0]]


def test_a_failing_server_explains_its_clients() -> None:
    vain = [feature("failed", 50, 0)]
    clients = [streams.host(0, u, vain, (Peer(APP, 8000, 6, True, 0.95),)) for u in USERS]
    assert [c.anchor for c in cover(map(printed, clients))] == [APP]


def test_two_causes_in_one_window_are_two_clusters() -> None:
    scan = streams.scan(0, USERS[0], [WEB, APP], seconds=30)
    copy = streams.pair(0, DB, BACKUP, 22, [feature("bytes_up", 6e7, 1e5)])
    anchors = [c.anchor for c in cover(map(printed, [*scan, copy]))]
    assert anchors[0] == USERS[0]
    assert len(anchors) == 2
