"""Which exporter has reported traffic of which host: the closest flows come to knowing paths."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sensorium.model.address import unpack_address
from sensorium.state.arrays import State, taken, whole

_ADDRESS = 16


class Sightings:
    """Pairs of exporter and host, each from the arrival of the first record that shows it.

    At most ``limit`` pairs are kept; further ones are counted in ``dropped``.
    """

    def __init__(self, limit: int = 500_000) -> None:
        self.dropped = 0
        self._limit = limit
        self._first_ns: dict[tuple[bytes, bytes], int] = {}
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
            [("seen", "min")]
        )
        columns = (firsts.column(name).to_pylist() for name in ("exporter", "host", "seen_min"))
        for exported, host, first in zip(*columns, strict=True):
            self._add(exported, host, first)

    def _add(self, exporter: bytes, host: bytes, first_ns: int) -> None:
        key = (exporter, host)
        known = self._first_ns.get(key)
        if known is None and len(self._first_ns) >= self._limit:
            self.dropped += 1
            return
        if known is None or first_ns < known:
            self._first_ns[key] = first_ns
            self._exporters[exporter] = min(first_ns, self._exporters.get(exporter, first_ns))

    def advance(self, watermark_ns: int) -> None:
        """Let what arrived by ``watermark_ns`` (Unix ns) count from now on."""
        self._watermark_ns = max(self._watermark_ns, watermark_ns)

    def kept(self) -> State:
        """Every pair, and when it was first seen."""
        ends = np.frombuffer(b"".join(by + host for by, host in self._first_ns), np.uint8)
        return {
            "pairs": ends.reshape(-1, 2, _ADDRESS).copy(),
            "first_ns": np.array(list(self._first_ns.values()), np.int64),
            "dropped": np.array(self.dropped),
        }

    def restore(self, kept: State) -> None:
        """Take over what :meth:`kept` gave."""
        pairs = taken(kept, "pairs", np.uint8, None, 2, _ADDRESS)
        first = taken(kept, "first_ns", np.int64, len(pairs)).tolist()
        self.dropped = whole(kept, "dropped")
        self._first_ns, self._exporters = {}, {}
        for (by, host), seen_ns in zip(pairs, first, strict=True):
            self._add(by.tobytes(), host.tobytes(), seen_ns)

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
