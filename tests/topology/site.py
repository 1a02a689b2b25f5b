"""A small site whose survey is written down and not measured: two cores, two access switches."""

from __future__ import annotations

from sensorium.topology.identity import Identities
from sensorium.topology.inventory import Cable, Device, DeviceKind, Inventory
from sensorium.topology.networks import inside_of
from sensorium.topology.survey import Sight, Survey, Use
from sensorium.topology.transit import Transit
from sensorium.topology.wiring import Wiring

R1, R2 = "10.0.0.1", "10.0.0.2"
WEB, APP, DB = "10.2.0.1", "10.2.0.2", "10.2.0.3"
WS1, WS2 = "10.1.0.1", "10.1.0.2"
ABROAD = "203.0.113.9"

USES = (
    Use(WS1, WEB, 443, 6, 1000, 10, frozenset({R1}), 1, 2),
    Use(WS2, WEB, 443, 6, 500, 10, frozenset({R1}), 1, 2),
    Use(WEB, APP, 8000, 6, 300, 10, frozenset({R1}), 1, 2),
    Use(APP, DB, 5432, 6, 200, 10, frozenset({R1}), 1, 2),
    Use(WS1, ABROAD, 443, 6, 2000, 10, frozenset({R1, R2}), 1, 2),
)
SIGHTS = (
    *(Sight(host, R1, 3, 2, 10) for host in (WS1, WS2)),
    *(Sight(host, R1, 4, 2, 10) for host in (WEB, APP, DB)),
    Sight(WS1, R2, 7, 1, 5),
    Sight(ABROAD, R1, 2, 1, 5),
    Sight(ABROAD, R2, 8, 1, 5),
)
INTERFACES = {(R1, 2): "up", (R1, 3): "users", (R2, 7): "in"}

inside = inside_of(["10.0.0.0/8"])


def survey(uses: tuple[Use, ...] = USES, sights: tuple[Sight, ...] = SIGHTS) -> Survey:
    identities = Identities()
    for name, address in (("r1", R1), ("r2", R2), ("web", WEB), ("app", APP), ("db", DB)):
        identities.state(name, address)
    return Survey(0, 10, uses, sights, (), INTERFACES, identities)


def doubled() -> Inventory:
    """Every access switch on both cores; servers on one switch, workstations on the other."""
    cables = [
        Cable("core-1", "", "core-2", "", "netbox"),
        *(Cable(core, "", sw, "", "netbox") for core in ("core-1", "core-2") for sw in ("a", "b")),
        *(Cable("a", "", name, "", "netbox") for name in ("ws1", "ws2")),
        *(Cable("b", "", name, "", "netbox") for name in ("web", "app", "db")),
    ]
    devices = [
        *(Device(name, DeviceKind.SWITCH) for name in ("core-1", "core-2", "a", "b")),
        Device("ws1", DeviceKind.HOST, (WS1,)),
        Device("ws2", DeviceKind.HOST, (WS2,)),
    ]
    return Inventory({d.name: d for d in devices}, tuple(cables))


def wired(inventory: Inventory | None = None) -> Transit:
    found = survey()
    for device in (inventory or Inventory()).devices.values():
        for address in device.addresses:
            found.identities.state(device.name, address)
    return Transit(Wiring.of(found, inventory or Inventory(), inside))
