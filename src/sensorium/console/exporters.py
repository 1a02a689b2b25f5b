"""The exporters over HTTP: rates, loss, templates, sampling, clocks."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter

from sensorium.model.address import unpack_address

if TYPE_CHECKING:
    from sensorium.pipeline.exporters import ExporterReport, ExporterReports


def exporter_routes(reports: Callable[[], ExporterReports]) -> APIRouter:
    """``GET /api/v1/exporters``."""
    router = APIRouter(prefix="/api/v1", tags=["exporters"])

    @router.get("/exporters")
    def list_exporters() -> dict[str, Any]:
        """Every exporter since the service started; rates are over the last minute.

        ``lost``, ``late`` and ``duplicates`` are in ``unit``. ``refused`` are datagrams that were
        not let in, by source address and reason.
        """
        now = reports()
        return {
            "exporters": [_shown(report) for report in now.exporters],
            "refused": {unpack_address(a): dict(counts) for a, counts in now.refused.items()},
        }

    return router


def _shown(report: ExporterReport) -> dict[str, Any]:
    status = report.status
    return {
        "address": unpack_address(status.address),
        "protocol": status.protocol,
        "transport": status.transport,
        "sessions": status.sessions,
        "domain": status.domain,
        "datagrams": status.datagrams,
        "bytes": status.bytes,
        "records": status.records,
        "datagrams_per_second": report.datagrams_s,
        "bytes_per_second": report.bytes_s,
        "records_per_second": report.records_s,
        "unit": status.unit,
        "lost": status.lost,
        "late": status.late,
        "duplicates": status.duplicates,
        "restarts": status.restarts,
        "loss": _number(report.loss),
        "dropped": dict(status.dropped),
        "templates": status.templates,
        "sampling_rate": status.sampling_rate,
        "clock_skew_seconds": _number(status.clock_skew_s),
        "last_seen_ns": status.last_seen_ns,
        "reported": dict(status.reported),
        "flow_keys": {str(number): list(names) for number, names in status.flow_keys.items()},
    }


def _number(value: float) -> float | None:
    """A number that JSON can hold."""
    return value if math.isfinite(value) else None
