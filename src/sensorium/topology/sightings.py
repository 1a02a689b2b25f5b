"""Which exporter has reported traffic of which host: the closest flows come to knowing paths."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sensorium.model.address import unpack_address
from sensorium.state.arrays import State, taken, whole
from sensorium.topology.edges import PANES, WINDOW_NS

_ADDRESS = 16


class Sightings:
    """Pairs of exporter and host, each from the arrival of the first record that shows it.

    A pair goes when the last such record is older than ``window_ns`` before the watermark, looked
    at an eighth of the window at a time. At most ``limit`` pairs are kept; further ones are
    counted in ``dropped``.
    """

    def __init__(self, limit: int = 500_000, window_ns: int = WINDOW_NS) -> None:
        self.dropped = 0
        self._limit = limit
        self._window_ns = window_ns
        self._since_ns = 0
        self._first_ns: dict[tuple[bytes, bytes], int] = {}
        self._last_ns: dict[tuple[bytes, bytes], int] = {}
        self._exporters: dict[bytes, int] = {}
        self._watermark_ns = 0

    def observe(self, batch: pa.RecordBatch) -> None:
        """Add the flow records of one batch."""
        exporter, seen = batch.column("sampler_address"), batch.column("time_received_ns")
        ends = [batch.column("src_addr"), batch.column("dst_addr")]
        table = pa.table(
            {
                "exporter": pa.chunked_array([exporter, exporter]),
                "host": pa.chunked_array(ends),
                "seen": pa.chunked_array([seen, seen]),
            }
        )
        table = table.filter(pc.is_valid(table.column("exporter")))
        firsts = table.group_by(["exporter", "host"], use_threads=False).aggregate(
            [("seen", "min"), ("seen", "max")]
        )
        names = ("exporter", "host", "seen_min", "seen_max")
        for row in zip(*(firsts.column(name).to_pylist() for name in names), strict=True):
            self._add(*row)

    def _add(self, exporter: bytes, host: bytes, first_ns: int, last_ns: int) -> None:
        key = (exporter, host)
        known = self._first_ns.get(key)
        if known is None and len(self._first_ns) >= self._limit:
            self.dropped += 1
            return
        if known is None or first_ns < known:
            self._first_ns[key] = first_ns
            self._exporters[exporter] = min(first_ns, self._exporters.get(exporter, first_ns))
        self._last_ns[key] = max(last_ns, self._last_ns.get(key, last_ns))

    def advance(self, watermark_ns: int) -> bool:
        """Let what arrived by ``watermark_ns`` (Unix ns) count, and forget what is too old.

        True if anything was forgotten.
        """
        self._watermark_ns = max(self._watermark_ns, watermark_ns)
        step = max(1, self._window_ns // PANES)
        since = (self._watermark_ns - self._window_ns) // step * step
        if since <= self._since_ns:
            return False
        self._since_ns = since
        old = [key for key, last in self._last_ns.items() if last < since]
        for key in old:
            del self._first_ns[key], self._last_ns[key]
        if old:
            self._exporters = {}
            for (exporter, _), first in self._first_ns.items():
                self._exporters[exporter] = min(first, self._exporters.get(exporter, first))
        return bool(old)

    def kept(self) -> State:
        """Every pair, and when it was first and last seen."""
        ends = np.frombuffer(b"".join(by + host for by, host in self._first_ns), np.uint8)
        return {
            "pairs": ends.reshape(-1, 2, _ADDRESS).copy(),
            "first_ns": np.array(list(self._first_ns.values()), np.int64),
            "last_ns": np.array([self._last_ns[key] for key in self._first_ns], np.int64),
            "dropped": np.array(self.dropped),
        }

    def restore(self, kept: State) -> None:
        """Take over what :meth:`kept` gave."""
        pairs = taken(kept, "pairs", np.uint8, None, 2, _ADDRESS)
        first = taken(kept, "first_ns", np.int64, len(pairs)).tolist()
        last = taken(kept, "last_ns", np.int64, len(pairs)).tolist()
        self.dropped = whole(kept, "dropped")
        self._since_ns = self._watermark_ns = 0
        self._first_ns, self._last_ns, self._exporters = {}, {}, {}
        for (by, host), *seen_ns in zip(pairs, first, last, strict=True):
            self._add(by.tobytes(), host.tobytes(), *seen_ns)

    @property
    def exporters(self) -> frozenset[str]:
        """Every address that has exported flows."""
        return frozenset(
            unpack_address(exporter)
            for exporter, first in self._exporters.items()
            if first <= self._watermark_ns
        )

    def of(self, exporter: str) -> frozenset[str]:
        """The hosts of whose traffic an exporter has told."""
        return frozenset(
            unpack_address(host)
            for (by, host), first in self._first_ns.items()
            if first <= self._watermark_ns and unpack_address(by) == exporter
        )
