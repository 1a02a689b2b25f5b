from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.topology.inventory import (
    Cable,
    Device,
    DeviceKind,
    Inventory,
    InventoryError,
    Port,
    ansible,
    eos,
    junos,
    kubernetes,
    lldp,
    napalm,
    netbox,
    nxos,
    read_inventory,
    snmp,
    textfsm,
)
from sensorium.topology.inventory.joining import together
from sensorium.topology.inventory.model import DamagedError
from tests.topology import neighbour_answers

LLDP = {
    "lldp": {
        "interface": [
            {
                "eth0": {
                    "via": "LLDP",
                    "chassis": {
                        "Core-SW01": {
                            "id": {"type": "mac", "value": "00:11:22:33:44:55"},
                            "mgmt-ip": ["10.0.0.1"],
                            "capability": [
                                {"type": "Bridge", "enabled": True},
                                {"type": "Router", "enabled": False},
                            ],
                        }
                    },
                    "port": {"id": {"type": "ifname", "value": "Gi1/0/24"}},
                }
            },
            {"eth1": {"chassis": {"id": {"type": "mac", "value": "00:00:00:00:00:01"}}}},
        ]
    }
}
LLDP_0 = {
    "lldp": [
        {
            "interface": [
                {
                    "name": "eth0",
                    "chassis": [
                        {
                            "id": [{"type": "mac", "value": "00:11:22:33:44:55"}],
                            "name": [{"value": "Core-SW01"}],
                            "mgmt-ip": [{"value": "10.0.0.1"}],
                            "capability": [{"type": "Bridge", "enabled": True}],
                        }
                    ],
                    "port": [{"id": [{"type": "ifname", "value": "Gi1/0/24"}]}],
                }
            ]
        }
    ]
}
NETBOX_DEVICES = {
    "count": 1,
    "results": [
        {
            "id": 1,
            "name": "Core-SW01",
            "device_type": {"model": "x"},
            "role": {"slug": "core-switch"},
            "site": {"name": "Oslo"},
            "primary_ip": {"address": "10.0.0.1/24"},
        }
    ],
}


def end(device: str, port: str) -> list[dict[str, Any]]:
    return [{"object_type": "dcim.interface", "object": {"device": {"name": device}, "name": port}}]


NETBOX_CABLES = {
    "results": [
        {
            "a_terminations": end("Core-SW01", "Gi1/0/24"),
            "b_terminations": end("host-7", "eth0"),
            "status": {"value": "connected"},
        },
        {
            "a_terminations": end("a", "1"),
            "b_terminations": end("b", "1"),
            "status": {"value": "planned"},
        },
        {"a_terminations": end("a", "1"), "b_terminations": [], "status": {"value": "connected"}},
    ]
}
NETBOX_MORE = {
    "count": 9,
    "next": "https://netbox.example/api/dcim/interfaces/?offset=3",
    "results": [
        {
            "device": {"name": "a"},
            "name": "1",
            "lag": None,
            "connected_endpoints": [{"device": {"name": "b"}, "name": "2"}],
            "connected_endpoints_type": "dcim.interface",
            "connected_endpoints_reachable": True,
        },
        {
            "address": "10.0.0.1/24",
            "role": {"value": "vip"},
            "assigned_object": {"device": {"name": "a"}},
        },
        {"name": "vm", "cluster": {}, "vcpus": 1, "device": {"name": "a"}, "role": None},
    ],
}
KUBERNETES = {
    "apiVersion": "v1",
    "kind": "List",
    "items": [
        {
            "kind": "Node",
            "metadata": {"name": "node-1", "labels": {"topology.kubernetes.io/zone": "z1"}},
            "status": {"addresses": [{"type": "InternalIP", "address": "10.3.0.1"}]},
        },
        {
            "kind": "Pod",
            "metadata": {"name": "x", "namespace": "a"},
            "spec": {"nodeName": "node-1"},
            "status": {"phase": "Running", "podIPs": [{"ip": "10.4.0.1"}]},
        },
        {
            "kind": "Pod",
            "metadata": {"name": "done", "namespace": "a"},
            "status": {"phase": "Succeeded"},
        },
        {
            "kind": "Service",
            "metadata": {"name": "shop", "namespace": "a"},
            "spec": {"clusterIPs": ["10.96.0.7"]},
        },
        {
            "kind": "EndpointSlice",
            "metadata": {
                "name": "shop-1",
                "namespace": "a",
                "labels": {"kubernetes.io/service-name": "shop"},
            },
            "endpoints": [
                {"conditions": {"ready": True}, "targetRef": {"kind": "Pod", "name": "x"}},
                {"conditions": {"ready": False}, "targetRef": {"kind": "Pod", "name": "z"}},
            ],
        },
        {"kind": "ConfigMap", "metadata": {"name": "c"}},
    ],
}
WALK = """.1.0.8802.1.1.2.1.3.3.0 = STRING: "Edge-1"
.1.0.8802.1.1.2.1.3.7.1.3.5 = STRING: "Gi0/5"
.1.0.8802.1.1.2.1.4.1.1.7.0.5.1 = STRING: "Gi1/0/24"
.1.0.8802.1.1.2.1.4.1.1.9.0.5.1 = STRING: "Core-SW01"
.1.0.8802.1.1.2.1.4.1.1.7.0.6.2 = Hex-STRING: 00 11 22 33 44 55
"""
NAMELESS_PORTS = """.1.0.8802.1.1.2.1.3.3.0 = Hex-STRING: 45 64 67 65 2D 31 00
.1.0.8802.1.1.2.1.3.6.0 = STRING: " "
.1.0.8802.1.1.2.1.3.7.1.2.5 = INTEGER: 3
.1.0.8802.1.1.2.1.3.7.1.3.5 = Hex-STRING: 00 11 22 33 44 05
.1.0.8802.1.1.2.1.3.7.1.4.5 = STRING: "Gi0/5"
.1.0.8802.1.1.2.1.3.7.1.2.6 = INTEGER: 3
.1.0.8802.1.1.2.1.3.7.1.3.6 = Hex-STRING: 00 11 22 33 44 06
.1.0.8802.1.1.2.1.3.8.1.5.1.4.10.0.0.9 = INTEGER: 1
.1.0.8802.1.1.2.1.4.1.1.6.0.5.1 = INTEGER: 3
.1.0.8802.1.1.2.1.4.1.1.7.0.5.1 = Hex-STRING: 00 11 22 33 44 55
.1.0.8802.1.1.2.1.4.1.1.8.0.5.1 = STRING: "Gi1/0/24"
.1.0.8802.1.1.2.1.4.1.1.9.0.5.1 = STRING: "Core-SW01"
.1.0.8802.1.1.2.1.4.1.1.12.0.5.1 = STRING: "("
.1.0.8802.1.1.2.1.4.1.1.6.0.6.1 = INTEGER: 5
.1.0.8802.1.1.2.1.4.1.1.7.0.6.1 = STRING: "Te1/1"
.1.0.8802.1.1.2.1.4.1.1.8.0.6.1 = STRING: "to the edge"
.1.0.8802.1.1.2.1.4.1.1.9.0.6.1 = STRING: "core-sw02"
.1.0.8802.1.1.2.1.4.1.1.12.0.6.1 = Hex-STRING: 21 00
.1.0.8802.1.1.2.1.4.1.1.6.0.7.1 = INTEGER: 3
.1.0.8802.1.1.2.1.4.1.1.7.0.7.1 = Hex-STRING: 00 11 22 33 44 77
.1.0.8802.1.1.2.1.4.1.1.9.0.7.1 = STRING: "host-7"
.1.0.8802.1.1.2.1.4.2.1.3.0.5.1.1.4.10.0.0.1 = INTEGER: 2
.1.0.8802.1.1.2.1.4.2.1.4.0.5.1.1.4.10.0.0.1 = INTEGER: 7
.1.0.8802.1.1.2.1.4.2.1.3.0.6.1.1.10.0.0.2 = INTEGER: 2
.1.0.8802.1.1.2.1.4.2.1.3.0.6.1.2.16.254.128.0.0.0.0.0.0.0.0.0.0.0.0.0.2 = INTEGER: 2
.1.0.8802.1.1.2.1.4.2.1.3.0.6.1.6.6.0.17.34.51.68.85 = INTEGER: 2
.1.3.6.1.2.1.31.1.1.1.1.7 = STRING: "Gi0/7"
"""
FORMS = (lldp, netbox, kubernetes, ansible, eos, junos, napalm, nxos, textfsm)
SWITCH = Device("core-sw01", DeviceKind.SWITCH, ("10.0.0.1",))


def is_read_or_refused(form: Any, document: Any) -> bool:
    """Whether a reader gives an inventory, or says what is wrong and what to do; else it raises."""
    try:
        return isinstance(together([form.read(document, "name")]), Inventory)
    except DamagedError as error:
        return bool(str(error) and error.next_step)


@pytest.mark.parametrize("document", [LLDP, LLDP_0], ids=["json", "json0"])
def test_lldp_tells_which_port_of_whom_is_at_each_port(document: Any) -> None:
    found = lldp.read(document, "host-7")
    assert found.cables == (Cable("host-7", "eth0", "core-sw01", "Gi1/0/24", "lldp"),)
    assert found.devices["core-sw01"] == SWITCH


def test_a_port_whose_id_is_no_name_has_its_description() -> None:
    found = snmp.read(NAMELESS_PORTS, "x")
    assert found.cables == (
        Cable("edge-1", "00:11:22:33:44:06", "core-sw02", "Te1/1", "snmp"),
        Cable("edge-1", "Gi0/5", "core-sw01", "Gi1/0/24", "snmp"),
        Cable("edge-1", "Gi0/7", "host-7", "00:11:22:33:44:77", "snmp"),
    )


def test_a_walk_says_what_devices_are_for_and_where_they_are_managed() -> None:
    found = snmp.read(NAMELESS_PORTS, "x").devices
    assert found == {
        "edge-1": Device("edge-1", DeviceKind.SWITCH, ("10.0.0.9",)),
        "core-sw01": Device("core-sw01", DeviceKind.ROUTER, ("10.0.0.1",)),
        "core-sw02": Device("core-sw02", DeviceKind.SWITCH, ("10.0.0.2", "fe80::2")),
        "host-7": Device("host-7"),
    }


def test_a_neighbour_without_a_name_is_left_out_and_counted() -> None:
    assert lldp.read(LLDP, "host-7").left_out == {"lldp neighbours without a name": 1}
    assert snmp.read(WALK, "x").left_out == {"snmp neighbours without a name": 1}


def test_netbox_tells_of_devices_with_their_sites_and_of_cables_in_place() -> None:
    devices = netbox.read(NETBOX_DEVICES, "")
    assert devices.devices["core-sw01"] == Device(
        "core-sw01", DeviceKind.SWITCH, ("10.0.0.1",), "Oslo"
    )
    cables = netbox.read(NETBOX_CABLES, "")
    assert cables.cables == (Cable("core-sw01", "Gi1/0/24", "host-7", "eth0", "netbox"),)
    assert cables.left_out == {
        "netbox cables that are planned": 1,
        "netbox cables that do not join two interfaces": 1,
    }


def test_kubernetes_tells_which_pods_run_where_and_stand_behind_a_service() -> None:
    found = kubernetes.read(KUBERNETES, "")
    assert found.devices["pod/a/x"].on == "node-1"
    assert found.devices["node-1"].site == "z1"
    assert "pod/a/done" not in found.devices
    (service,) = found.services
    assert service.addresses == ("10.96.0.7",)
    assert service.backends == ("pod/a/x",)
    assert found.left_out == {"kubernetes objects of kind ConfigMap": 1, "pods over": 1}


def test_a_walk_of_the_lldp_mib_tells_of_neighbours() -> None:
    found = snmp.read(WALK, "walk")
    assert found.cables == (Cable("edge-1", "Gi0/5", "core-sw01", "Gi1/0/24", "snmp"),)


def test_a_walk_of_interfaces_tells_what_numbers_are_called() -> None:
    walk = """.1.3.6.1.2.1.1.5.0 = STRING: "Edge-1"
.1.3.6.1.2.1.2.2.1.2.5 = STRING: GigabitEthernet0/5
.1.3.6.1.2.1.2.2.1.2.6 = STRING: Null0
.1.3.6.1.2.1.31.1.1.1.1.5 = STRING: Gi0/5
"""
    assert snmp.recognises(walk)
    assert snmp.read(walk + WALK, "x").cables == snmp.read(WALK, "x").cables
    assert snmp.read(walk, "x").ports == (
        Port("edge-1", "Gi0/5", 5, ("GigabitEthernet0/5",), "snmp"),
        Port("edge-1", "Null0", 6, (), "snmp"),
    )


def test_netbox_tells_of_interfaces_and_of_the_networks_of_sites() -> None:
    document = {
        "results": [
            {"device": {"name": "Core-SW01"}, "name": "Gi1/0/24", "mgmt_only": False, "lag": None},
            {"prefix": "10.1.0.0/16", "site": {"name": "Oslo"}},
            {"prefix": "10.2.0.0/16", "scope_type": "dcim.site", "scope": {"name": "Bergen"}},
            {"prefix": "10.3.0.0/16", "scope_type": "dcim.region", "scope": {"name": "North"}},
            {"prefix": "ten", "site": {"name": "Oslo"}},
        ]
    }
    assert netbox.recognises(document)
    found = together([netbox.read(document, "")])
    assert found.ports == (Port("core-sw01", "Gi1/0/24", source="netbox"),)
    assert found.networks == (("10.1.0.0/16", "Oslo"), ("10.2.0.0/16", "Bergen"))
    assert found.left_out == {
        "netbox prefixes of no site": 1,
        "netbox prefixes that are none": 1,
    }


def test_a_cable_that_both_ends_report_is_one_cable(tmp_path: Path) -> None:
    (tmp_path / "host-7.json").write_text(json.dumps(LLDP))
    (tmp_path / "netbox-cables.json").write_text(json.dumps(NETBOX_CABLES))
    (tmp_path / "netbox-devices.json").write_text(json.dumps(NETBOX_DEVICES))
    (tmp_path / "edge-1.txt").write_text(WALK)
    found = read_inventory([tmp_path])
    assert sorted(cable.ends for cable in found.cables) == [
        ("core-sw01", "edge-1"),
        ("core-sw01", "host-7"),
    ]
    assert found.devices["core-sw01"].site == "Oslo"


def test_two_cables_between_two_devices_are_two() -> None:
    one, two = Cable("a", "1", "b", "1", "netbox"), Cable("a", "2", "b", "2", "netbox")
    assert len(together([Inventory({}, (one, two))]).cables) == 2


def test_a_file_of_no_known_form_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(InventoryError, match=r"notes\.txt is no JSON"):
        read_inventory([tmp_path])
    (tmp_path / "notes.txt").write_text("[1, 2]")
    with pytest.raises(InventoryError, match="of no form that is known"):
        read_inventory([tmp_path])
    with pytest.raises(InventoryError, match="cannot be read"):
        read_inventory([tmp_path / "missing"])


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                "lldp interface chassis port id name value kind items metadata spec status "
                "results a_terminations b_terminations object device apiVersion labels "
                "addresses endpoints lldpNeighbors lldp-neighbors-information TABLE_nbor_detail "
                "ROW_nbor_detail ansible_facts ansible_net_neighbors local_interface "
                "neighbor".split()
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(plain)
def test_no_document_makes_a_reader_raise(document: Any) -> None:
    for form in FORMS:
        if form.recognises(document):
            assert is_read_or_refused(form, document)


WRONG = (None, 0, 1.5, True, "", "x", "\ud800", [], {}, [None], [[1]], ["x"], {"x": []})


def spoilt(part: Any, of: Any) -> Iterator[Any]:
    """``of``, in which each value of ``part`` is something else in turn, or is missing."""
    places = list(part) if isinstance(part, dict) else range(len(part))
    for place in places if isinstance(part, dict | list) else ():
        good = part[place]
        for wrong in WRONG:
            part[place] = wrong
            yield of
        part[place] = good
        if isinstance(part, dict):
            del part[place]
            yield of
            part[place] = good
        if isinstance(good, dict | list):
            yield from spoilt(good, of)


@pytest.mark.parametrize(
    "document",
    [
        LLDP,
        LLDP_0,
        NETBOX_DEVICES,
        NETBOX_CABLES,
        NETBOX_MORE,
        KUBERNETES,
        *neighbour_answers.ALL.values(),
    ],
    ids=str,
)
def test_an_export_may_have_anything_anywhere(document: Any) -> None:
    read = 0
    whole = deepcopy(document)
    for wrong in spoilt(whole, whole):
        for form in FORMS:
            if form.recognises(wrong):
                assert is_read_or_refused(form, wrong)
                read += 1
    assert read > 10
    assert whole == document


def test_an_answer_without_entries_tells_of_nothing(tmp_path: Path) -> None:
    (tmp_path / "cables.json").write_text('{"count": 0, "next": null, "results": []}')
    assert read_inventory([tmp_path]) == Inventory()


def test_things_without_a_name_are_left_out_and_counted() -> None:
    nameless = {**NETBOX_DEVICES["results"][0], "name": None}
    document = {"results": [nameless, *NETBOX_DEVICES["results"]]}
    assert netbox.recognises(document)
    found = netbox.read(document, "")
    assert found.left_out == {"netbox devices without a name": 1}
    assert found.devices == netbox.read(NETBOX_DEVICES, "").devices
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {}}
    assert kubernetes.read(node, "").left_out == {
        "kubernetes objects of kind Node without a name": 1
    }


@given(st.text(max_size=200))
def test_no_text_makes_the_walk_raise(text: str) -> None:
    assert is_read_or_refused(snmp, ".1.0.8802.1.1.2.1." + text)


def test_text_that_is_no_address_is_left_out_and_counted() -> None:
    found = together([Inventory({"a": Device("a", addresses=("10.0.0.1", "dhcp"))})])
    assert found.devices["a"].addresses == ("10.0.0.1",)
    assert found.left_out == {"addresses that are none": 1}
