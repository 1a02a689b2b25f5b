"""Interfaces: which there are, what runs over each, and what is lost without it."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from sensorium.topology.impact import impact_of_interface
from sensorium.topology.interface import Interfaces
from sensorium.topology.inventory import Cable, Device, DeviceKind, Inventory, Port
from sensorium.topology.rows import interface_rows, link_rows, towards
from sensorium.topology.survey import Use
from sensorium.topology.tally import Tally
from sensorium.topology.transit import Transit, search
from sensorium.topology.wiring import OUTSIDE, Wiring
from tests.topology.site import APP, DB, R1, R2, SIGHTS, USES, WEB, WS1, WS2, inside, survey

PORTS = {
    (WS1, WEB): {(R1, 3), (R1, 4)},
    (WS2, WEB): {(R1, 3), (R1, 4)},
    (WEB, APP): {(R1, 4)},
    (APP, DB): {(R1, 4)},
}
REPORTED = tuple(
    replace(
        use,
        ports=frozenset(PORTS.get((use.client, use.server), {(R1, 2), (R1, 3), (R2, 7), (R2, 8)})),
    )
    for use in USES
)
ALL = tuple((use.client, use.server) for use in REPORTED[:4])


def flows_alone() -> tuple[Transit, Interfaces]:
    transit = Transit(Wiring.of(survey(REPORTED), Inventory(), inside))
    return transit, Interfaces(transit)


def pairs(transit: Transit, places: frozenset[int]) -> set[tuple[str, str]]:
    return {(use.client, use.server) for use in transit.uses_at(places)}


def test_an_interface_is_named_as_its_device_names_it_and_found_by_number() -> None:
    _, interfaces = flows_alone()
    assert set(interfaces.all) == {f"{R1}#{n}" for n in ("users", "4", "up")} | {
        f"{R2}#{n}" for n in ("in", "8")
    }
    assert interfaces.find(R1, "USERS") == interfaces.find(R1, "3") == f"{R1}#users"
    assert interfaces.find(R1, "99") is None
    assert interfaces.all[f"{R1}#users"].number == 3


def test_an_interface_is_found_by_the_long_form_of_a_short_name() -> None:
    cable = Cable("r1", "Gi0/1", "r2", "ge-0/0/1.0", "lldp")
    devices = {name: Device(name, DeviceKind.ROUTER) for name in ("r1", "r2")}
    transit = Transit(Wiring.of(survey(REPORTED), Inventory(devices, (cable,)), inside))
    interfaces = Interfaces(transit)
    r1, r2 = (transit.wiring.find(name) or "" for name in ("r1", "r2"))
    assert interfaces.find(r1, "GigabitEthernet0/1") == f"{r1}#Gi0/1"
    assert interfaces.find(r2, "ge-0/0/1") == f"{r2}#ge-0/0/1.0"
    assert interfaces.find(r1, "GigabitEthernet0/2") is None


def test_an_interface_carries_what_its_exporter_reported_there() -> None:
    transit, interfaces = flows_alone()
    users = interfaces.all[f"{R1}#users"]
    assert pairs(transit, interfaces.carried(users)) == {(WS1, WEB), (WS2, WEB), (WS1, OUTSIDE)}
    assert users.neighbours == (WS1, WS2)


def test_where_no_file_tells_of_links_what_it_carried_is_what_is_lost() -> None:
    transit, interfaces = flows_alone()
    found = impact_of_interface(transit, interfaces, f"{R1}#4")
    assert {(u.client, u.server) for u in found.cut} == {*ALL}
    assert (found.ends, found.kept, found.ways_left) == ((), (), None)
    assert not interfaces.is_placed(interfaces.all[f"{R1}#4"])


def test_who_depends_on_a_client_beyond_an_interface_is_told_in_turn() -> None:
    transit, interfaces = flows_alone()
    uses = (*REPORTED[:1], *(replace(u, ports=frozenset({(R1, 6)})) for u in REPORTED[3:4]))
    transit = Transit(Wiring.of(survey(uses), Inventory(), inside))
    interfaces = Interfaces(transit)
    assert impact_of_interface(transit, interfaces, f"{R1}#6").in_turn == {}
    chain = Transit(Wiring.of(survey((*uses, REPORTED[2])), Inventory(), inside))
    found = impact_of_interface(chain, Interfaces(chain), f"{R1}#6")
    assert found.in_turn == {WEB: 1, WS1: 2}


def test_the_way_out_is_at_the_interface_where_the_outside_comes_in() -> None:
    transit, _ = flows_alone()
    link = next(x for x in transit.wiring.links if OUTSIDE in (x.one, x.other))
    assert (link.one, link.port, link.other) == (R2, "8", OUTSIDE)


def campus(second: bool = True) -> tuple[Transit, Interfaces]:
    """Workstations and servers on a switch each, two cables between the switches or one."""
    cables = [
        Cable("a", "49", "b", "49", "lldp"),
        Cable("a", "1", "ws1", "", "lldp"),
        Cable("a", "2", "ws2", "", "lldp"),
        *(Cable("b", str(n), name, "", "lldp") for n, name in enumerate(("web", "app", "db"))),
    ]
    if second:
        cables.append(Cable("a", "50", "b", "50", "lldp"))
    devices = {
        "a": Device("a", DeviceKind.SWITCH),
        "b": Device("b", DeviceKind.SWITCH),
        "ws1": Device("ws1", DeviceKind.HOST, (WS1,)),
        "ws2": Device("ws2", DeviceKind.HOST, (WS2,)),
    }
    found = survey(REPORTED[:4], ())
    for name, address in (("ws1", WS1), ("ws2", WS2)):
        found.identities.state(name, address)
    transit = Transit(Wiring.of(found, Inventory(devices, tuple(cables)), inside))
    return transit, Interfaces(transit)


def test_one_of_two_cables_takes_nothing_and_the_only_one_all_that_runs_over_it() -> None:
    transit, interfaces = campus()
    both = {(WS1, WEB), (WS2, WEB)}
    trunk = interfaces.all["a#49"]
    assert pairs(transit, interfaces.carried(trunk)) == both
    assert interfaces.lost(trunk) == frozenset()
    assert interfaces.severed(trunk) == frozenset()
    transit, interfaces = campus(second=False)
    assert pairs(transit, interfaces.lost(interfaces.all["a#49"])) == both
    assert pairs(transit, interfaces.lost(interfaces.all["b#49"])) == both
    assert pairs(transit, interfaces.lost(interfaces.all["a#1"])) == {(WS1, WEB)}


def test_one_of_two_cables_is_not_the_only_way_though_the_pair_of_devices_is() -> None:
    for second in (True, False):
        transit, _ = campus(second)
        rows = link_rows(transit.wiring, {("a", "b"), ("a", WS1)})
        alone = {(row["one"], row["other"]): row["only_way"] for row in rows}
        assert alone["a", "b"] is (not second)
        assert sum(row["one"] == "a" and row["other"] == "b" for row in rows) == 1 + second


def test_a_second_cable_does_not_change_what_is_said_of_devices() -> None:
    one, two = (campus(second)[0] for second in (False, True))
    assert one.wiring.near == two.wiring.near
    assert one.lost_without(frozenset({"a"})) == two.lost_without(frozenset({"a"}))


def test_numbers_of_flows_and_names_of_cables_meet_in_what_files_say_of_ports() -> None:
    """The walk says that port 4 is Gi0/4, and a neighbour that it is at GigabitEthernet0/4."""
    inventory = Inventory(
        {"r1": Device("r1", DeviceKind.ROUTER)},
        (Cable("r1", "GigabitEthernet0/4", "web", "eth0", "lldp"),),
        ports=(Port("r1", "Gi0/4", 4, ("GigabitEthernet0/4",), "snmp"),),
    )
    transit = Transit(Wiring.of(survey(REPORTED), inventory, inside))
    interfaces = Interfaces(transit)
    port = interfaces.all[f"{R1}#Gi0/4"]
    # Flows say that the others come in there too.
    assert (port.number, port.neighbours) == (4, (WEB, APP, DB))
    assert {link.source for link in port.links} == {"lldp", "flows"}
    assert interfaces.is_placed(port)
    assert pairs(transit, interfaces.lost(port)) == {*ALL}


def test_rows_put_what_takes_most_first_and_say_where_it_leads() -> None:
    transit, interfaces = flows_alone()
    rows = interface_rows(interfaces, transit, Tally.of(transit.wiring.uses))
    assert [row["key"] for row in rows[:2]] == [f"{R1}#4", f"{R1}#users"]
    assert rows[0]["on_paths"] == rows[0]["lost_share"] == 0.8
    assert towards(interfaces.all[f"{R1}#4"], transit.wiring) == "3 hosts"
    assert towards(interfaces.all[f"{R1}#up"], transit.wiring) == f"r2 ({R2})"
    assert towards(interfaces.all[f"{R2}#8"], transit.wiring) == "outside"


def test_what_is_not_a_host_of_ours_has_no_interfaces() -> None:
    assert SIGHTS
    assert all(one.device in (R1, R2) for one in flows_alone()[1].all.values())


@given(st.data())
def test_what_is_cut_is_what_had_a_way_and_has_none(data: st.DataObject) -> None:
    """The shortcut for leaves against a search for every use."""
    transit, _ = campus(second=data.draw(st.booleans()))
    known = sorted(transit.wiring.between)
    severed = frozenset(data.draw(st.lists(st.sampled_from(known), unique=True)))
    near = {key: set(others) for key, others in transit.wiring.near.items()}
    for one, other in severed:
        near[one].discard(other)
        near[other].discard(one)

    def reached(start: str) -> set[str]:
        seen, waiting = {start}, [start]
        while waiting:
            for other in near[waiting.pop()] - seen:
                seen.add(other)
                waiting.append(other)
        return seen

    expected = {
        place
        for place, use in enumerate(transit.wiring.uses)
        if use.server not in reached(use.client)
    }
    assert transit.cut_without(severed) == expected


@given(st.data())
def test_what_runs_over_a_link_is_what_its_shortest_way_is_longer_without(
    data: st.DataObject,
) -> None:
    """In a ring of switches with a host each: the two hops of a way against a count of links."""
    size = data.draw(st.integers(3, 7))
    hosts = [f"10.3.0.{n}" for n in range(1, size + 1)]
    cables = [Cable(f"s{n}", "", f"s{(n + 1) % size}", "", "lldp") for n in range(size)]
    cables += [Cable(f"s{n}", "", f"h{n}", "", "lldp") for n in range(size)]
    devices = {f"h{n}": Device(f"h{n}", DeviceKind.HOST, (a,)) for n, a in enumerate(hosts)}
    uses = tuple(Use(a, b, 443, 6) for a in hosts for b in hosts if a != b)
    found = survey(uses, ())
    for name, device in devices.items():
        found.identities.state(name, device.addresses[0])
    transit = Transit(Wiring.of(found, Inventory(devices, tuple(cables)), inside))
    place = data.draw(st.integers(0, size - 1))
    one, other = place, (place + 1) % size
    over = {(u.client, u.server) for u in transit.uses_at(transit.over_link(_pair(one, other)))}
    expected = set()
    for a in range(size):
        for b in range(size):
            right, left = (b - a) % size, (a - b) % size
            rightward = right and right <= left and (one - a) % size < right
            leftward = left and left <= right and (a - other) % size < left
            if rightward or leftward:
                expected.add((hosts[a], hosts[b]))
    assert over == expected
    carried = {(u.client, u.server) for u in transit.carriers.get(f"s{one}", ())}
    away = {key: search(transit.wiring.near, key) for key in (*hosts, f"s{one}")}
    assert carried == {
        (u.client, u.server)
        for u in uses
        if away[u.client][f"s{one}"] + away[f"s{one}"][u.server] == away[u.client][u.server]
    }


def _pair(one: int, other: int) -> tuple[str, str]:
    first, second = sorted((f"s{one}", f"s{other}"))
    return first, second
