"""OTLP over HTTP: the routes ``/v1/logs`` and ``/v1/metrics``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sensorium.ingest.otlp.answers import JSON, PROTOBUF, error, success
from sensorium.ingest.otlp.decoded import MalformedError, TooManyError
from sensorium.ingest.otlp.service import OtlpService
from sensorium.ingest.transport.http.route import Reply, Request, media_type
from sensorium.model.signals import Signal

PATHS: Final = {"/v1/logs": Signal.LOGS, "/v1/metrics": Signal.METRICS}


class OtlpRoute:
    """One signal's path; answers are in the request's encoding."""

    media_types: frozenset[str] = frozenset({PROTOBUF, JSON})
    encodings: frozenset[str] = frozenset({"gzip", "zstd"})

    def __init__(self, signal: Signal, service: OtlpService) -> None:
        self.name = f"otlp_{signal.value}"
        self._signal = signal
        self._service = service

    async def handle(self, request: Request) -> Reply:
        """Take a request: 200 when it is safe, 400 or 413 where it never will be."""
        as_json = request.media_type == JSON
        kind = JSON if as_json else PROTOBUF
        try:
            outcome = await self._service.export(
                self._signal, request.body, request.arrival_ns, request.source, json=as_json
            )
        except MalformedError as malformed:
            return Reply(400, error(400, malformed.message, kind), kind)
        except TooManyError as too_many:
            return Reply(413, error(413, str(too_many), kind), kind)
        return Reply(200, success(outcome, kind), kind)

    def refusal(self, headers: Mapping[str, str], status: int, message: str) -> Reply:
        """A refusal as ``google.rpc.Status``, in the request's encoding."""
        kind = JSON if media_type(headers.get("content-type", "")) == JSON else PROTOBUF
        return Reply(status, error(status, message, kind), kind)


def otlp_routes(service: OtlpService) -> dict[str, OtlpRoute]:
    """Every path and what answers on it."""
    return {path: OtlpRoute(signal, service) for path, signal in PATHS.items()}
