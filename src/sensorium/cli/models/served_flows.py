"""Stored flows, asked of the service that holds the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from sensorium.cli.service import Service


class ServedFlows:
    """Flows as :class:`~sensorium.pipeline.history.FlowHistory` gives them."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def span(self) -> tuple[int, int] | None:
        """When the first and the last flow arrived (Unix ns); None where there is none."""
        said = self._service.get("/flows/span")
        return None if said["first_ns"] is None else (said["first_ns"], said["last_ns"])

    def between(self, start_ns: int, end_ns: int) -> pa.RecordBatch | None:
        """Flows that arrived in [start, end); None where there are none."""
        body = self._service.content("/flows", start_ns=start_ns, end_ns=end_ns)
        table = pa.ipc.open_stream(body).read_all()
        return table.combine_chunks().to_batches()[0] if table.num_rows else None
