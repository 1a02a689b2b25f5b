"""OTLP over gRPC: the ``Export`` methods of its logs and metrics services."""

from __future__ import annotations

from typing import Final

from sensorium.ingest.otlp.answers import Code, retry_info, status, success
from sensorium.ingest.otlp.decoded import MalformedError, TooManyError
from sensorium.ingest.otlp.service import OtlpService
from sensorium.ingest.transport.grpc_call import Call, RefusedCallError
from sensorium.model.signals import Signal

METHODS: Final = {
    "/opentelemetry.proto.collector.logs.v1.LogsService/Export": Signal.LOGS,
    "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export": Signal.METRICS,
}


class OtlpMethod:
    """One signal's ``Export``."""

    def __init__(self, signal: Signal, service: OtlpService) -> None:
        self._signal = signal
        self._service = service

    async def __call__(self, call: Call) -> bytes:
        """Take a request; INVALID_ARGUMENT where it never will be taken."""
        try:
            outcome = await self._service.export(
                self._signal, call.message, call.arrival_ns, call.source
            )
        except (MalformedError, TooManyError) as error:
            raise RefusedCallError(Code.INVALID_ARGUMENT, str(error)) from error
        return success(outcome)


def otlp_methods(service: OtlpService) -> dict[str, OtlpMethod]:
    """Every method and what answers it."""
    return {path: OtlpMethod(signal, service) for path, signal in METHODS.items()}


def status_details(code: int, message: str, retry_after_s: float) -> tuple[tuple[str, bytes], ...]:
    """A status for machines, with the time to wait where there is one.

    OTLP senders retry RESOURCE_EXHAUSTED only where they are told when. Most read
    ``google.rpc.Status``; OpenTelemetry's Python exporter reads ``RetryInfo`` by itself.
    """
    details = (("grpc-status-details-bin", status(code, message, retry_after_s=retry_after_s)),)
    if retry_after_s <= 0:
        return details
    return (*details, ("google.rpc.retryinfo-bin", retry_info(retry_after_s)))
