from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sensorium.topology.inventory import Cable, DeviceKind, Inventory, read_inventory
from tests.topology import neighbour_answers as answers


def read(folder: Path, **documents: Any) -> Inventory:
    for name, document in documents.items():
        (folder / f"{name}.json").write_text(json.dumps(document))
    return read_inventory([folder])


@pytest.mark.parametrize("form", answers.ALL)
def test_every_form_tells_of_the_same_cable(form: str, tmp_path: Path) -> None:
    source = "cdp" if "cdp" in form else "lldp"
    (tmp_path / "sw-1.json").write_text(json.dumps(answers.ALL[form]))
    found = read_inventory([tmp_path])
    assert found.cables == (Cable("sw-1", "Ethernet1", "sw-2", "Ethernet2", source),)
    assert set(found.devices) == {"sw-1", "sw-2"}
    assert not found.left_out


@pytest.mark.parametrize("form", ["eos detail", "nxos", "nxos cdp", "textfsm", "textfsm cdp"])
def test_detailed_forms_tell_what_a_neighbour_is_and_where_it_is_managed(
    form: str, tmp_path: Path
) -> None:
    switch = read(tmp_path, x=answers.ALL[form]).devices["sw-2"]
    assert switch.kind is DeviceKind.SWITCH
    assert switch.addresses == ("10.0.0.2",)


def test_facts_tell_of_the_devices_own_addresses_but_not_of_those_that_all_have(
    tmp_path: Path,
) -> None:
    assert read(tmp_path, x=answers.ANSIBLE).devices["sw-1"].addresses == ("10.0.0.1",)


def test_a_neighbour_without_a_name_goes_by_its_address_else_it_is_counted(tmp_path: Path) -> None:
    chassis = {"id": {"type": "mac", "value": "00:11:22:33:44:55"}}
    port = {"id": {"type": "local", "value": "7"}}
    managed = {"chassis": {**chassis, "mgmt-ip": "10.0.0.9"}, "port": port}
    nobody = {"chassis": chassis, "port": port}
    document = {"lldp": {"interface": [{"eth0": managed}, {"eth1": nobody}]}}
    found = read(tmp_path, host=document)
    assert found.cables == (Cable("host", "eth0", "10.0.0.9", "7", "lldp"),)
    assert found.left_out == {"lldp neighbours without a name": 1}


def test_a_device_with_a_short_and_a_full_name_is_one(tmp_path: Path) -> None:
    full = [{**answers.TEXTFSM_CDP[0], "neighbor_name": "sw-2.example.net"}]
    found = read(tmp_path, **{"sw-1": answers.NXOS, "sw-1.example.net": full})
    assert set(found.devices) == {"sw-1", "sw-2"}
    assert len(found.cables) == 1


def test_a_short_name_of_two_full_ones_is_of_neither(tmp_path: Path) -> None:
    oslo, bergen = ({**answers.TEXTFSM[0], "NEIGHBOR": f"sw-2.{site}.net"} for site in ("o", "b"))
    found = read(tmp_path, a=[oslo], b=[bergen], c=answers.NAPALM)
    assert {"sw-2.o.net", "sw-2.b.net", "sw-2"} < set(found.devices)
