"""What is stored read back in the order in which it arrived, a little at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, Protocol

import pyarrow as pa

from sensorium.model.signals import SCHEMAS, Signal

if TYPE_CHECKING:
    from sensorium.store.telemetry import TelemetryStore

STEP_NS: Final = 60_000_000_000
ARRIVAL: Final = {
    Signal.FLOWS: "time_received_ns",
    Signal.LOGS: "observed_time_ns",
    Signal.METRICS: "time_ns",
}
"""The column of each signal that says when a row arrived."""
_SPAN = """
SELECT
    count() AS rows,
    toUnixTimestamp64Nano(min(time_received_ns)) AS first,
    toUnixTimestamp64Nano(max(time_received_ns)) AS last
FROM flows
WHERE time_received_ns > toDateTime64(0, 9, 'UTC')
"""
_ROWS = """
SELECT * FROM {table}
WHERE {column} >= fromUnixTimestamp64Nano({{start_ns:Int64}})
  AND {column} < fromUnixTimestamp64Nano({{end_ns:Int64}})
ORDER BY {column}
"""


def arrived(
    telemetry: TelemetryStore, signal: Signal, start_ns: int, end_ns: int
) -> pa.RecordBatch | None:
    """Rows that arrived in [start, end), as they were decoded; None where there are none."""
    table = telemetry.query(
        _ROWS.format(table=signal.value, column=ARRIVAL[signal]),
        {"start_ns": start_ns, "end_ns": end_ns},
    )
    return _as_decoded(table, SCHEMAS[signal]) if table.num_rows else None


def _as_decoded(table: pa.Table, schema: pa.Schema) -> pa.RecordBatch:
    """Stored rows in the columns that decoders give: times as int64, addresses as 16 bytes."""
    columns = []
    for field in schema:
        column = table.column(field.name).combine_chunks()
        if pa.types.is_timestamp(column.type):
            column = column.cast(pa.timestamp("ns", "UTC")).cast(pa.int64())
        columns.append(column.cast(field.type))
    return pa.Table.from_arrays(columns, schema=schema).combine_chunks().to_batches()[0]


class FlowHistory(Protocol):
    """Where stored flows are asked for: the store itself, or a service that holds it."""

    def span(self) -> tuple[int, int] | None:
        """When the first and the last flow arrived (Unix ns); None where there is none."""

    def between(self, start_ns: int, end_ns: int) -> pa.RecordBatch | None:
        """Flows that arrived in [start, end), as they were decoded; None where there are none."""


class StoredFlows:
    """The flows of a store that this process may read."""

    def __init__(self, telemetry: TelemetryStore) -> None:
        self._telemetry = telemetry

    def span(self) -> tuple[int, int] | None:
        """When the first and the last flow arrived (Unix ns); None where there is none."""
        found = self._telemetry.query(_SPAN).to_pylist()[0]
        return (found["first"], found["last"]) if found["rows"] else None

    def between(self, start_ns: int, end_ns: int) -> pa.RecordBatch | None:
        """Flows that arrived in [start, end), as they were decoded; None where there are none."""
        return arrived(self._telemetry, Signal.FLOWS, start_ns, end_ns)


def in_steps(
    flows: FlowHistory, since_ns: int, until_ns: int
) -> Iterator[tuple[int, pa.RecordBatch | None]]:
    """Flows that arrived in [since, until), a minute of arrivals at a time.

    Each comes with the time (Unix ns) up to which all that arrived has been given; where nothing
    arrived, None comes.
    """
    for at_ns in range(since_ns, until_ns, STEP_NS):
        end_ns = min(at_ns + STEP_NS, until_ns)
        yield end_ns, flows.between(at_ns, end_ns)
