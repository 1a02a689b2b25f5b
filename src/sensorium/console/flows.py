"""Stored flows over HTTP, for the command line while a service holds the store."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Annotated, Final

import pyarrow as pa
from fastapi import APIRouter, HTTPException, Query, Response

from sensorium.model.signals import FLOWS
from sensorium.pipeline.history import STEP_NS, StoredFlows

if TYPE_CHECKING:
    from sensorium.store.telemetry import TelemetryStore

ARROW: Final = "application/vnd.apache.arrow.stream"
Time = Annotated[int, Query(ge=0, lt=2**63)]


def flow_routes(telemetry: TelemetryStore) -> APIRouter:
    """``GET /api/v1/flows`` and ``/api/v1/flows/span``.

    One request at a time reads, since each takes memory by the rows of a minute.
    """
    router = APIRouter(prefix="/api/v1/flows", tags=["flows"])
    stored, turn = StoredFlows(telemetry), threading.Lock()

    @router.get("/span")
    def span() -> dict[str, int | None]:
        """When the first and the last stored flow arrived, in Unix ns; null where there is none."""
        found = stored.span()
        return {"first_ns": found and found[0], "last_ns": found and found[1]}

    @router.get("", response_class=Response)
    def between(start_ns: Time, end_ns: Time) -> Response:
        """Flows that arrived in [start_ns, end_ns), one minute at most, as an Arrow stream."""
        if not 0 < end_ns - start_ns <= STEP_NS:
            raise HTTPException(422, f"end_ns lies 1 to {STEP_NS} ns after start_ns")
        with turn:
            batch = stored.between(start_ns, end_ns)
            out = pa.BufferOutputStream()
            with pa.ipc.new_stream(out, FLOWS) as writer:
                if batch is not None:
                    writer.write_batch(batch)
        return Response(out.getvalue().to_pybytes(), media_type=ARROW)

    return router
