"""Ports by their long and short names, and by their units."""

from __future__ import annotations

import pytest

from sensorium.topology.port_names import find_port


@pytest.mark.parametrize(
    ("wanted", "known"),
    [
        ("Gi0/1", "GigabitEthernet0/1"),
        ("GigabitEthernet0/1", "Gi0/1"),
        ("gi0/1", "Gi0/1"),
        ("Gig 1/0/24", "GigabitEthernet1/0/24"),
        ("Te1/1/1", "TenGigabitEthernet1/1/1"),
        ("Hu0/0/0/3", "HundredGigE0/0/0/3"),
        ("Po10", "port-channel10"),
        ("Eth1/49", "Ethernet1/49"),
        ("Et49/1", "Ethernet49/1"),
        ("GE1/0/1", "GigabitEthernet1/0/1"),
        ("XGE1/0/1", "Ten-GigabitEthernet1/0/1"),
        ("BE7", "Bundle-Ether7"),
        ("ge-0/0/1.0", "ge-0/0/1"),
        ("ge-0/0/1", "ge-0/0/1.0"),
        ("xe-0/0/0:3.12", "xe-0/0/0:3"),
        ("Gi0/1.100", "GigabitEthernet0/1"),
        ("48", "48"),
    ],
)
def test_two_names_of_one_port_meet(wanted: str, known: str) -> None:
    others = ["GigabitEthernet0/11", "TenGigabitEthernet0/1", "ge-0/0/11", "xe-0/0/1", "Vlan1", ""]
    assert find_port(wanted, [*others, known]) == known


@pytest.mark.parametrize(
    ("wanted", "known"),
    [
        ("Gi0/1", "GigabitEthernet0/11"),
        ("Gi0/1", "TenGigabitEthernet0/1"),
        ("Gi1/0/1", "Gi0/1"),
        ("ge-0/0/1", "xe-0/0/1"),
        ("G0/1", "GigabitEthernet0/1"),
        ("ge-0/0/1.0", "ge-0/0/1.1"),
        ("48", "Ethernet48"),
        ("uplink", "up"),
        ("", "Gi0/1"),
    ],
)
def test_names_of_two_ports_do_not(wanted: str, known: str) -> None:
    assert find_port(wanted, [known]) is None


def test_a_short_name_that_may_be_of_two_ports_is_of_neither() -> None:
    assert find_port("Tw1/0/1", ["TwoGigabitEthernet1/0/1", "TwentyFiveGigE1/0/1"]) is None
    assert find_port("ge-0/0/1", ["ge-0/0/1.0", "ge-0/0/1.7"]) is None


def test_the_name_itself_comes_before_all_that_are_like_it() -> None:
    names = ["GigabitEthernet0/1", "Gi0/1", "Gi0/1.100"]
    assert [find_port(name, names) for name in names] == names
    assert find_port("ge-0/0/1.0", ["ge-0/0/1", "ge-0/0/1.0"]) == "ge-0/0/1.0"
