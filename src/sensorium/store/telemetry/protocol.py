"""What a telemetry store does for the parts that write to it and ask it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import pyarrow as pa

from sensorium.model.signals import Signal


class TelemetryStore(Protocol):
    """Tables ``flows``, ``logs``, ``metrics``, ``changes`` with the columns of the schemas.

    In SQL the ``*_ns`` columns are ``DateTime64(9, 'UTC')`` and addresses are ``IPv6``; bind
    times as ``fromUnixTimestamp64Nano({start_ns:Int64})``.
    One writer; reads see what :meth:`flush` has written.
    """

    def insert(self, signal: Signal, batch: pa.RecordBatch) -> None:
        """Buffer rows for writing; may write when the buffer is full."""

    def flush(self) -> None:
        """Write everything buffered; returns when it can be queried and is durable."""

    def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pa.Table:
        """Run one read-only statement with ``{name:Type}`` server-side parameters."""

    def close(self) -> None:
        """Flush and release the engine."""
