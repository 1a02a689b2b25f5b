"""Facts of network devices as Ansible gathers them (``ios_facts``, ``nxos_facts``, ...), as JSON.

As ``ansible -m ... --tree DIR`` and the fact cache ``jsonfile`` write them: ``ansible_net_*``,
alone or under ``ansible_facts``. Its own name is in ``ansible_net_hostname``, else the file's name
says it.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

from sensorium.topology.inventory.model import Device, Inventory
from sensorium.topology.inventory.naming import is_address
from sensorium.topology.inventory.neighbours import (
    Neighbour,
    entries,
    plain_name,
    port_name,
    text,
    texts,
    told,
)


def recognises(document: Any) -> bool:
    """Whether a JSON document has facts of a network device."""
    facts = _facts(document)
    return any(_fact(facts, name) is not None for name in ("neighbors", "hostname"))


def read(document: Any, name: str) -> Inventory:
    """The device with its addresses, and its neighbours."""
    facts = _facts(document)
    hostname = _fact(facts, "hostname")
    own = plain_name(hostname if isinstance(hostname, str) else "") or name
    addresses = tuple(
        address
        for version in (4, 6)
        for address in texts(_fact(facts, f"all_ipv{version}_addresses"))
        if not is_address(address) or _is_own(address)
    )
    return told(Device(own, addresses=addresses), _neighbours(_fact(facts, "neighbors")))


def _facts(document: Any) -> dict[str, Any]:
    found = document.get("ansible_facts", document) if isinstance(document, dict) else None
    return found if isinstance(found, dict) else {}


def _fact(facts: dict[str, Any], name: str) -> Any:
    return facts.get(f"ansible_net_{name}", facts.get(f"net_{name}"))


def _is_own(address: str) -> bool:
    """Whether no other machine has the address too, on a link of its own."""
    found = ip_address(address)
    return not (found.is_loopback or found.is_link_local or found.is_unspecified)


def _neighbours(ports: Any) -> Iterator[Neighbour]:
    for port, listed in ports.items() if isinstance(ports, dict) else ():
        for row in entries(listed):
            yield Neighbour(
                str(port),
                text(row, "host", "sysname", "name"),
                port_name(text(row, "port")),
                texts(row.get("ip")),
            )
