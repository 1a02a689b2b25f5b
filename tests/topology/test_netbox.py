from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sensorium.topology.inventory import Cable, Device, DeviceKind, Inventory, read_inventory

URL = "https://netbox.example/api"


def read(folder: Path, *answers: Any) -> Inventory:
    for number, answer in enumerate(answers):
        (folder / f"{number}.json").write_text(json.dumps(answer))
    return read_inventory([folder])


def answer(*entries: Any, **more: Any) -> dict[str, Any]:
    return {"count": len(entries), "next": None, "previous": None, "results": entries} | more


def end(kind: str, device: str, port: str) -> dict[str, Any]:
    return {"object_type": f"dcim.{kind}", "object": {"device": {"name": device}, "name": port}}


def cable(a: list[Any], b: list[Any]) -> dict[str, Any]:
    return {"a_terminations": a, "b_terminations": b, "status": {"value": "connected"}}


def interface(name: str, **more: Any) -> dict[str, Any]:
    return {"device": {"name": "SW-1"}, "name": name, "mgmt_only": False, "lag": None, **more}


def device(name: str) -> dict[str, Any]:
    return {"url": f"{URL}/dcim/devices/1/", "name": name, "device_type": {}, "site": {}}


@pytest.mark.parametrize("status", [{"value": "connected"}, {"value": True}, "connected", None])
def test_cables_of_netbox_2_are_read(status: Any, tmp_path: Path) -> None:
    entry = {
        "termination_a_type": "dcim.interface",
        "termination_a": {"device": {"name": "SW-1"}, "name": "1"},
        "termination_b_type": "dcim.interface",
        "termination_b": {"device": {"name": "sw-2"}, "name": "2"},
        "status": status,
    }
    assert read(tmp_path, answer(entry)).cables == (Cable("sw-1", "1", "sw-2", "2", "netbox"),)
    planned = read(tmp_path, answer(entry | {"status": {"value": False}}))
    assert planned.left_out == {"netbox cables that are planned": 1}


def test_power_consoles_and_patch_panels_are_no_links(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        answer(
            cable([end("poweroutlet", "pdu", "1")], [end("powerport", "sw-1", "psu")]),
            cable([end("consoleport", "sw-1", "con")], [end("consoleserverport", "cs", "7")]),
            cable([end("interface", "sw-1", "1")], [end("frontport", "panel", "1")]),
        ),
    )
    assert not found.devices
    assert found.left_out == {"netbox cables that do not join two interfaces": 3}


def test_a_cable_that_fans_out_is_a_link_to_each_end(tmp_path: Path) -> None:
    fan = [end("interface", f"h{n}", "eth0") for n in (1, 2)]
    found = read(tmp_path, answer(cable([end("interface", "sw-1", "1")], fan)))
    assert found.cables == tuple(Cable("sw-1", "1", f"h{n}", "eth0", "netbox") for n in (1, 2))


@pytest.mark.parametrize("many", [True, False])
def test_what_an_interface_reaches_through_panels_is_a_link(many: bool, tmp_path: Path) -> None:
    key, far = "connected_endpoint", {"device": {"name": "sw-2"}, "name": "2"}
    ends = {f"{key}s": [far], f"{key}s_type": "dcim.interface", f"{key}s_reachable": True}
    if not many:
        ends = {key: far, f"{key}_type": "dcim.interface", f"{key}_reachable": True}
    found = read(tmp_path, answer(interface("1", **ends)))
    assert found.cables == (Cable("sw-1", "1", "sw-2", "2", "netbox"),)


def test_a_path_with_a_gap_is_no_link(tmp_path: Path) -> None:
    far = {"device": {"name": "sw-2"}, "name": "2"}
    gap = interface(
        "1",
        connected_endpoints=[far],
        connected_endpoints_type="dcim.interface",
        connected_endpoints_reachable=False,
    )
    assert not read(tmp_path, answer(gap)).cables


def test_pages_that_are_in_no_file_are_counted(tmp_path: Path) -> None:
    ahead = f"{URL}/dcim/devices/?limit=2&offset=2"
    first = answer(device("a"), device("b"), count=5, next=ahead)
    last = answer(device("e"), count=5, previous=ahead)
    assert read(tmp_path, first).left_out == {"netbox dcim/devices on pages that are in no file": 3}
    assert list(read(tmp_path, first, last).left_out.values()) == [2]
    middle = answer(device("c"), device("d"), count=5, next=ahead, previous=ahead)
    assert not read(tmp_path, first, last, middle).left_out


def test_virtual_machines_are_hosts_on_their_device(tmp_path: Path) -> None:
    machine = {
        "name": "VM-1",
        "cluster": {"name": "c"},
        "vcpus": 2,
        "device": {"name": "HV-1"},
        "site": {"name": "Oslo"},
        "primary_ip4": {"address": "10.5.0.1/24"},
    }
    found = read(tmp_path, answer(machine)).devices["vm-1"]
    assert found == Device("vm-1", DeviceKind.HOST, ("10.5.0.1",), "Oslo", "hv-1")


def test_a_device_has_all_the_addresses_of_its_interfaces(tmp_path: Path) -> None:
    def address(text: str, **more: Any) -> dict[str, Any]:
        return {"address": text, "assigned_object": {"device": {"name": "SW-1"}}, **more}

    found = read(
        tmp_path,
        answer(
            address("10.0.0.1/24"),
            address("10.9.9.1/30", role={"value": "loopback"}),
            address("10.0.0.254/24", role={"value": "vrrp"}),
            address("10.0.0.7/24") | {"assigned_object": None},
        ),
    )
    assert found.devices["sw-1"].addresses == ("10.0.0.1", "10.9.9.1")
    assert found.left_out == {
        "netbox addresses of several devices": 1,
        "netbox addresses of no device": 1,
    }
