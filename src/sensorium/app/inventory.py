"""The inventory that a service works with: read at its start, and again when its files change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sensorium.app.cables import file_cables
from sensorium.errors import SensoriumError
from sensorium.topology.behind import Behind
from sensorium.topology.inventory import Inventory, InventoryError, inventory_files, read_inventory

if TYPE_CHECKING:
    from sensorium.observe import Observe
    from sensorium.store.telemetry import ClickHouseTelemetry
    from sensorium.topology import Identities

_Stamp = tuple[tuple[str, int, int, int], ...]
_MISSING = (-1, -1, -1)


class WatchedInventory:
    """What inventory files say, for whoever works with it while they change.

    Names and their addresses go to ``identities``, cables into ``telemetry``; who is behind a
    device and what cables are filed under is asked here. Raises InventoryError for files that
    cannot be read; once they were, files that cannot be read any more change nothing. ``clock``
    tells Unix ns. Not thread-safe: :meth:`look` is called by the thread that asks.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        identities: Identities,
        telemetry: ClickHouseTelemetry,
        clock: Callable[[], int],
        observe: Observe,
    ) -> None:
        self._paths = tuple(paths)
        self._identities = identities
        self._telemetry = telemetry
        self._clock = clock
        self._log = observe.logger("inventory")
        self._reads = observe.counter(
            "sensorium_inventory_reads",
            "Times that changed inventory files were read again, by outcome",
            ("outcome",),
        )
        self._seen = self._done = _stamp(self._paths)
        self._take(read_inventory(self._paths))

    @property
    def cables(self) -> str:
        """What the cables are filed under in the telemetry store; empty where none are known."""
        return self._cables

    def behind(self, address: str) -> frozenset[str]:
        """Who is behind the host that an address belongs to; see :meth:`.Behind.of`."""
        return self._behind.of(address)

    def look(self) -> None:
        """Take over what the files say now, if they have changed.

        Files that differ from the last look may still be being written: they are read once two
        looks found them the same.
        """
        now = _stamp(self._paths)
        settled, self._seen = now == self._seen, now
        if not settled or now == self._done:
            return
        try:
            self._take(read_inventory(self._paths))
        except InventoryError as error:
            self._refused("refused", error)
        except SensoriumError as error:
            # The store may have its reasons; the files are as good at the next look.
            self._refused("failed", error)
            return
        else:
            self._reads.labels("taken").inc()
            self._log.info("inventory read again", files=len(now))
        self._done = now

    def _refused(self, outcome: str, error: SensoriumError) -> None:
        self._reads.labels(outcome).inc()
        self._log.warning(
            "changed inventory files were not taken over",
            why=error.message,
            unaffected="what they said before still counts",
        )

    def _take(self, inventory: Inventory) -> None:
        # First what can fail, so that all or nothing is taken over.
        self._cables = file_cables(self._telemetry, inventory, self._clock())
        devices = inventory.devices.values()
        self._identities.restate((device.name, a) for device in devices for a in device.addresses)
        self._behind = Behind(inventory, self._identities.resolve)


def _stamp(paths: Sequence[Path]) -> _Stamp:
    """What tells whether files are still the same: each one's name, age, size and inode."""
    return tuple((str(path), *_facts(path)) for path in _files(paths))


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        try:
            yield from inventory_files(path)
        except InventoryError:  # a folder that went away while it was looked at
            yield path


def _facts(path: Path) -> tuple[int, int, int]:
    try:
        facts = path.stat()
    except OSError:
        return _MISSING
    return facts.st_mtime_ns, facts.st_size, facts.st_ino
