from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from sensorium.topology.impact import impact_of, table_of
from sensorium.topology.inventory import Cable, Device, DeviceKind, Inventory, Service
from sensorium.topology.roles import roles_of
from sensorium.topology.survey import Sight, Use
from sensorium.topology.transit import ENOUGH_WAYS, Transit, disjoint_ways, shortest_way
from sensorium.topology.wiring import OUTSIDE, Wiring
from tests.topology.site import (
    ABROAD,
    APP,
    DB,
    R1,
    R2,
    USES,
    WEB,
    WS1,
    WS2,
    doubled,
    inside,
    survey,
    wired,
)


def test_hosts_hang_on_the_exporter_that_sees_most_of_their_peers() -> None:
    wiring = wired().wiring
    assert wiring.near[WS1] == {R1}
    assert wiring.near[DB] == {R1}


def test_the_way_out_is_at_the_exporter_that_sees_least_of_the_inside() -> None:
    assert wired().wiring.near[OUTSIDE] == {R2}


def test_exporters_are_joined_by_what_both_report_and_their_ports_told() -> None:
    link = next(x for x in wired().wiring.links if {x.one, x.other} == {R1, R2})
    assert (link.port, link.other_port, link.source) == ("up", "in", "flows")


def test_groups_and_what_only_a_link_knows_are_no_hosts() -> None:
    uses = (*USES, Use(R1, "224.0.0.5", 0, 89), Use("fe80::1", "ff02::1", 0, 58))
    wiring = Wiring.of(survey(uses), Inventory(), inside)
    assert not {"224.0.0.5", "fe80::1", "ff02::1"} & set(wiring.nodes)


def test_a_router_takes_with_it_what_it_alone_connects() -> None:
    found = impact_of(wired(), R2)
    assert found.cut == (next(u for u in wired().wiring.uses if u.server == OUTSIDE),)
    assert (found.lost.pairs, found.whole.pairs) == (1, 5)
    assert found.lost.bytes_of(found.whole) == 0.5
    assert found.carried == found.lost


def test_a_server_takes_its_clients_and_in_turn_theirs() -> None:
    found = impact_of(wired(), APP)
    assert {(u.client, u.server) for u in found.ends} == {(WEB, APP), (APP, DB)}
    assert found.in_turn == {WS1: 1, WS2: 1}
    assert found.services()[0][0] == (APP, 8000, 6)


def test_who_watches_everybody_depends_on_nobody() -> None:
    checks = tuple(Use("10.9.0.1", host, 9100, 6) for host in (WEB, APP, DB, WS1, WS2))
    sights = (Sight("10.9.0.1", R1, 5, 5, 5),)
    transit = Transit(Wiring.of(survey((*USES, *checks), sights), Inventory(), inside))
    assert roles_of(transit)["10.9.0.1"] == "watcher"
    assert roles_of(transit)[WS1] == "client"
    assert "10.9.0.1" not in impact_of(transit, DB).in_turn


def test_a_second_way_keeps_what_runs_over_a_switch() -> None:
    transit = wired(doubled())
    found = impact_of(transit, "core-1")
    assert found.lost.pairs == 0
    assert {(u.client, u.server) for u in found.kept} == {(WS1, WEB), (WS2, WEB)}
    assert found.ways_left == 1
    access = impact_of(transit, "a")
    assert {(u.client, u.server) for u in access.cut} >= {(WS1, WEB), (WS2, WEB)}


def test_roles_say_where_a_device_stands() -> None:
    roles = roles_of(wired(doubled()))
    assert roles["core-1"] == roles["core-2"] == "core switch"
    assert roles_of(wired())[R2] == "border router"
    assert roles_of(wired())[DB] == "server"


def cluster() -> tuple[Transit, str]:
    """A service with two pods on two nodes, used by web."""
    address = "10.96.0.7"
    devices = [
        Device("node-1", DeviceKind.HOST, ("10.3.0.1",)),
        Device("node-2", DeviceKind.HOST, ("10.3.0.2",)),
        Device("pod/a/x", DeviceKind.POD, ("10.4.0.1",), on="node-1"),
        Device("pod/a/y", DeviceKind.POD, ("10.4.0.2",), on="node-2"),
    ]
    cables = tuple(Cable("sw", "", name, "", "lldp") for name in ("node-1", "node-2", "web"))
    service = Service("service/a/shop", (address,), ("pod/a/x", "pod/a/y"))
    inventory = Inventory({d.name: d for d in devices}, cables, (service,))
    found = survey((Use(WEB, address, 80, 6, 100),))
    for device in devices:
        found.identities.state(device.name, device.addresses[0])
    return Transit(Wiring.of(found, inventory, inside)), address


def test_a_node_takes_its_pods_and_a_service_with_another_pod_stays() -> None:
    transit, _ = cluster()
    found = impact_of(transit, "10.3.0.1")
    assert found.carries == ("10.4.0.1",)
    assert found.lost.pairs == 0
    assert impact_of(transit, "sw").lost.pairs == 1


def test_a_chain_of_uses_tells_how_one_depends_on_another() -> None:
    chain = table_of(wired().wiring.uses).dependency_path(WS1, DB)
    assert [(e.client, e.server) for e in chain] == [(WS1, WEB), (WEB, APP), (APP, DB)]
    assert table_of(wired().wiring.uses).dependency_path(DB, WS1) == ()


def test_a_host_abroad_is_not_one_of_ours() -> None:
    assert ABROAD not in wired().wiring.nodes


Near = dict[str, frozenset[str]]


@st.composite
def networks(draw: st.DrawFn) -> Near:
    names = [str(k) for k in range(draw(st.integers(3, 8)))]
    pairs = list(itertools.combinations(names, 2))
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True))
    near: dict[str, set[str]] = {name: set() for name in names}
    for one, other in chosen:
        near[one].add(other)
        near[other].add(one)
    return {name: frozenset(others) for name, others in near.items()}


@given(networks())
def test_there_are_as_many_ways_as_nodes_that_must_fail(near: Near) -> None:
    one, other = "0", "1"
    between = [name for name in near if name not in (one, other)]
    if other in near[one]:
        return
    fewest = next(
        size
        for size in range(len(between) + 1)
        for gone in itertools.combinations(between, size)
        if shortest_way({k: v - set(gone) for k, v in near.items() if k not in gone}, one, other)
        is None
    )
    assert disjoint_ways(near, one, other, frozenset()) == min(fewest, ENOUGH_WAYS)
