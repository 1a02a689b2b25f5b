from __future__ import annotations

from sensorium.model.anomaly import Anomaly, Peer
from sensorium.model.incident import Incident, Severity
from sensorium.topology.behind import Behind
from sensorium.topology.inventory import Cable, Device, DeviceKind, Inventory
from tests.incident import streams
from tests.incident.streams import CORE, NAMES, SERVERS, USERS, WEBSITE, WINDOW, at

SWITCH = "10.9.0.50"
CABLES = (
    Cable("gw-b", "", "sw-users", "", "lldp"),
    *(Cable("sw-users", "", NAMES[user], "", "lldp") for user in USERS),
    *(Cable("gw-b", "", NAMES[server], "", "lldp") for server in SERVERS),
)
DEVICES = {"sw-users": Device("sw-users", DeviceKind.SWITCH, (SWITCH,))}


def switch_fault(start: float) -> list[Anomaly]:
    """A switch that exports no flows loses its link; who hangs on it asks in vain."""
    out = []
    for second in range(0, 90, WINDOW):
        out.append(streams.log(start + second, SWITCH, "ifplugd Link beat lost on ge0"))
        out.append(streams.series(start + second, SWITCH, "node_network_carrier_changes_total"))
        for user in USERS:
            vain = [streams.feature("failed_share", 0.7, 0)]
            peers = (Peer(WEBSITE, 80, 6, True, 0.9),)
            out.append(streams.host(start + second, user, vain, peers, p=1e-5))
    return out


def incidents(inventory: Inventory) -> list[Incident]:
    manager = streams.manager(inventory=inventory)
    for device in inventory.devices.values():
        for address in device.addresses:
            manager._identities.state(device.name, address)
    return sorted(
        manager.fold(switch_fault(600), at(3000)).changed, key=lambda i: (i.start_ns, i.id)
    )


def test_a_switch_and_who_is_behind_it_are_one_incident_where_cables_are_known() -> None:
    (found,) = incidents(Inventory(DEVICES, CABLES))
    assert {SWITCH, *USERS} <= set(found.hosts)
    assert found.severity is Severity.HIGH


def test_without_cables_nobody_knows_that_they_belong_together() -> None:
    assert not any({SWITCH, *USERS} <= set(found.hosts) for found in incidents(Inventory()))


def test_behind_a_device_is_whoever_its_loss_parts_from_the_larger_rest() -> None:
    names = {name: address for address, name in NAMES.items()} | {"sw-users": SWITCH}
    behind = Behind(Inventory(DEVICES, CABLES), names.get)
    assert behind.of(SWITCH) == frozenset(USERS)
    # Of its seven parts the users' switch is the largest.
    assert behind.of(CORE) == frozenset(SERVERS)
    assert behind.of(USERS[0]) == frozenset()
    assert behind.of("10.99.0.1") == frozenset()
