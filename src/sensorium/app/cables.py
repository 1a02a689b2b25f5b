"""What the inventory says of cables, into the telemetry store, where it can be asked again."""

from __future__ import annotations

import contextlib
from collections import defaultdict

import pyarrow as pa

from sensorium.model.canonical import digest
from sensorium.store.errors import StoreWriteError
from sensorium.store.telemetry import ClickHouseTelemetry
from sensorium.store.telemetry.tables import CABLES
from sensorium.topology.inventory import Device, Inventory

_KNOWN = "SELECT count() AS rows FROM cables WHERE snapshot = {snapshot:String}"


def file_cables(telemetry: ClickHouseTelemetry, inventory: Inventory, now_ns: int) -> str:
    """Keep what an inventory says of cables, and return what it is filed under.

    The id follows from the cables alone: the same files say the same under the same id, whenever
    they are read. Empty where no cable is told of. ``now_ns`` is Unix ns.
    """
    if not inventory.cables:
        return ""
    rows = _rows(inventory)
    snapshot = digest(rows)[:16]
    if telemetry.query(_KNOWN, {"snapshot": snapshot}).to_pylist()[0]["rows"]:
        return snapshot
    columns = [pa.array([snapshot] * len(rows)), pa.array([now_ns] * len(rows), pa.int64())]
    columns += [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
    telemetry.insert_cables(pa.record_batch(columns, schema=CABLES))
    with contextlib.suppress(StoreWriteError):  # what waits is written with what comes next
        telemetry.flush()
    return snapshot


def _rows(inventory: Inventory) -> list[tuple[str, ...]]:
    devices: defaultdict[str, Device] = defaultdict(lambda: Device(""), inventory.devices)
    return sorted(
        (
            *(cable.one, devices[cable.one].kind.value, devices[cable.one].site, cable.port),
            *(cable.other, devices[cable.other].kind.value, devices[cable.other].site),
            cable.other_port,
            cable.source,
        )
        for cable in inventory.cables
    )
