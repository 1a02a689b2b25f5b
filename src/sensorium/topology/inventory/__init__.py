"""What files say exists: devices, the cables between them, and which service runs where."""

from typing import TYPE_CHECKING

from sensorium.lazy import lazy_names

if TYPE_CHECKING:
    from sensorium.topology.inventory.model import (
        Cable,
        Device,
        DeviceKind,
        Inventory,
        Port,
        Service,
    )
    from sensorium.topology.inventory.reading import (
        InventoryError,
        inventory_files,
        read_inventory,
    )

__getattr__ = lazy_names(
    __name__,
    model="Cable Device DeviceKind Inventory Port Service",
    reading="InventoryError inventory_files read_inventory",
)

__all__ = [
    "Cable",
    "Device",
    "DeviceKind",
    "Inventory",
    "InventoryError",
    "Port",
    "Service",
    "inventory_files",
    "read_inventory",
]
