from __future__ import annotations

import json
from pathlib import Path

import pytest

from sensorium.topology.inventory import InventoryError, read_inventory

NODE = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-1"}}
SITE = {"url": "https://netbox.example/api/dcim/sites/1/", "name": "Oslo", "slug": "oslo"}


@pytest.mark.parametrize(
    ("text", "what", "instead"),
    [
        ("lldp.eth0.via=LLDP\nlldp.eth0.chassis.name=a\n", "keyvalue", "lldpctl -f json"),
        ('<?xml version="1.0"?>\n<lldp label="LLDP neighbors">\n', "xml form", "lldpctl -f json"),
        ("-----\nLLDP neighbors:\n-----\n", "prints for people", "lldpctl -f json"),
        ("---\nLocal Intf: Gi0/1\nChassis id: 0011\n", "show lldp neighbors", "snmpwalk"),
        ("Device ID: sw-2\nInterface: Gi0/1\n", "show cdp neighbors", "NAPALM"),
        ("apiVersion: v1\nkind: List\nitems: []\n", "YAML of Kubernetes", "-o json"),
        ("NAME   READY   STATUS\nx   1/1   Running\n", "kubectl prints", "-o json"),
        ("name,status,site\nsw-1,active,Oslo\n", "CSV", "/api/dcim/devices/"),
        (json.dumps({"data": {"device_list": []}}), "GraphQL", "/api/dcim/devices/"),
        (json.dumps({"detail": "Invalid token"}), "refusal of NetBox: Invalid token", "/api/dcim"),
        (json.dumps({"results": [SITE]}), "answer about dcim/sites", "/api/dcim/devices/"),
        (json.dumps({"ansible_facts": {"lldp": {}}}), "no network device", "lldpctl -f json"),
        (json.dumps({"lldp": {"eth0": {"via": "LLDP"}}}), "another form", "lldpctl -f json"),
        (
            json.dumps({"apiVersion": "v1", "kind": "Status", "message": "Unauthorized"}),
            "refusal of the Kubernetes API: Unauthorized",
            "ask again",
        ),
        (json.dumps(NODE) + "\n" + json.dumps(NODE), "begins in line 2", "file of its own"),
        (" \n", "is empty", "save it anew"),
        (json.dumps(NODE)[:40], r"is no JSON \(.*line 1", "known are"),
    ],
)
def test_a_file_is_refused_as_what_it_is_and_with_what_to_export(
    text: str, what: str, instead: str, tmp_path: Path
) -> None:
    (tmp_path / "host.txt").write_text(text)
    with pytest.raises(InventoryError, match=what) as refused:
        read_inventory([tmp_path])
    assert instead in (refused.value.next_step or "")


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_may_begin_as_windows_has_it(coding: str, tmp_path: Path) -> None:
    (tmp_path / "cluster.json").write_text(json.dumps(NODE), encoding=coding)
    assert set(read_inventory([tmp_path]).devices) == {"node-1"}
