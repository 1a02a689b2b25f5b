"""The log lines of one window, in columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from sensorium.detect.arrays import I64, U64
from sensorium.detect.flows.window import Addresses
from sensorium.detect.groups import Groups
from sensorium.detect.keys import address_keys, combine

WARN = 13
ERROR = 17


@dataclass(frozen=True, slots=True)
class LogWindow:
    """All log lines of a window (``n`` rows), in no order that means anything.

    ``sender`` indexes the addresses; ``severity`` is OpenTelemetry's number (1 to 24, 0 is
    unknown); ``by_template`` groups the lines by sender and template; ``times`` are Unix ns.
    """

    addresses: Addresses
    sender: I64
    severity: I64
    template: U64
    by_template: Groups
    bodies: pa.Array
    times: I64
    apps: pa.Array
    processes: pa.Array

    @staticmethod
    def of(batch: pa.RecordBatch) -> LogWindow:
        """Read a window's rows of the logs schema, template ids already assigned."""
        encoded = batch.column("source_address").fill_null(bytes(16)).dictionary_encode()
        packed = np.frombuffer(b"".join(encoded.dictionary.to_pylist()), np.uint8).reshape(-1, 16)
        order = np.lexsort(packed.T[::-1])
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(len(order))
        packed = packed[order]
        keys = address_keys(packed)
        sender = rank[encoded.indices.to_numpy(zero_copy_only=False)]
        template = batch.column("template_id").to_numpy(zero_copy_only=False).astype(np.uint64)
        severity = batch.column("severity_number").fill_null(0)
        return LogWindow(
            addresses=Addresses(packed, keys, np.zeros(len(keys), np.bool_)),
            sender=sender,
            severity=severity.to_numpy(zero_copy_only=False).astype(np.int64),
            template=template,
            by_template=Groups.of(combine(keys[sender], template)),
            bodies=batch.column("body"),
            times=batch.column("time_ns").to_numpy(zero_copy_only=False),
            apps=batch.column("app"),
            processes=batch.column("proc_id"),
        )

    def __len__(self) -> int:
        return len(self.sender)
