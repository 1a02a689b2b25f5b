"""Telemetry among the bodies of HTTP in a capture: OTLP, remote-write, and what targets served."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from sensorium.ingest.captured.body import GRPC, Body
from sensorium.ingest.otlp.answers import JSON, PROTOBUF
from sensorium.ingest.otlp.grpc import METHODS
from sensorium.ingest.otlp.http import PATHS
from sensorium.ingest.prometheus import PrometheusDecoder, Scrape
from sensorium.ingest.remote_write import version_of
from sensorium.ingest.requests import RequestDecoder
from sensorium.ingest.sniff import is_exposition
from sensorium.ingest.transport.http import media_type
from sensorium.model.address import unpack_address
from sensorium.model.signals import Signal

if TYPE_CHECKING:
    import pyarrow as pa

Rows = Iterator[tuple[Signal, "pa.RecordBatch"]]

_JOB: Final = "capture"
_VERSION: Final = "x-prometheus-remote-write-version"
_EXPOSITIONS: Final = frozenset({"text/plain", "application/openmetrics-text"})
_NOT_STORED: Final = ("/v1/traces", "/v1development/profiles")
_OTLP_SERVICES: Final = "/opentelemetry.proto.collector."
_OK: Final = 200


class Told(StrEnum):
    """What a body is, by the names that ``sensorium decode --protocol`` has."""

    OTLP = "otlp"
    REMOTE_WRITE = "remote-write"
    EXPOSITION = "prometheus"
    OTHER = "http"

    @property
    def label(self) -> str:
        """The label ``protocol`` of what cannot be used of it."""
        return self.value.replace("-", "_")


class BodyDecoder:
    """Decodes bodies by what their headers and paths say of them; others are counted.

    Where ``only`` names one of :class:`Told`, no others are looked at.
    """

    def __init__(
        self, requests: RequestDecoder, prometheus: PrometheusDecoder, only: str | None = None
    ) -> None:
        self._requests = requests
        self._prometheus = prometheus
        self._only = only

    def decode(self, body: Body) -> Rows:
        """The rows of a body, where it is telemetry."""
        kind = told(body)
        if self._only not in (None, kind.value):
            return
        if kind is Told.OTHER:
            self._requests.unused(kind.label, "not_telemetry")
            return
        encoding = body.headers.get("content-encoding", "").strip().lower() or "identity"
        content = self._requests.unpacked(kind.label, body.content, encoding)
        if content is None:
            return
        if kind is Told.OTLP:
            yield from self._otlp(body, content)
        elif kind is Told.REMOTE_WRITE:
            yield from self._remote_write(body, content)
        elif is_exposition(content):
            instance = f"{_host(body.source)}:{body.port}"
            scrape = Scrape(body.time_ns, _JOB, instance, body.status, content, 0)
            yield Signal.METRICS, self._prometheus.decode([scrape])
        else:
            self._requests.unused(Told.OTHER.label, "not_telemetry")

    def _otlp(self, body: Body, content: bytes) -> Rows:
        signal = METHODS.get(body.path) if _is_grpc(body) else _signal_at(body.path)
        if signal is None:
            self._requests.unused("otlp", "not_stored")
            return
        json = media_type(body.headers.get("content-type", "")) == JSON
        yield from self._requests.otlp(signal, content, body.time_ns, body.source, json=json)

    def _remote_write(self, body: Body, content: bytes) -> Rows:
        version = version_of(body.headers.get("content-type", ""))
        if version is None:
            self._requests.unused(Told.REMOTE_WRITE.label, "unknown_version")
            return
        yield from self._requests.remote_write(content, version)


def told(body: Body) -> Told:
    """What a body is, by what was said of it. Paths may have anything before them."""
    kind = media_type(body.headers.get("content-type", ""))
    if body.status:
        return Told.EXPOSITION if body.status == _OK and kind in _EXPOSITIONS else Told.OTHER
    if _is_grpc(body):
        return Told.OTLP if body.path.startswith(_OTLP_SERVICES) else Told.OTHER
    if kind in (PROTOBUF, JSON) and body.path.endswith((*PATHS, *_NOT_STORED)):
        return Told.OTLP
    snappy = body.headers.get("content-encoding", "").strip().lower() == "snappy"
    if kind == PROTOBUF and (snappy or _VERSION in body.headers):
        return Told.REMOTE_WRITE
    return Told.OTHER


def _is_grpc(body: Body) -> bool:
    return body.headers.get("content-type", "").startswith(GRPC)


def _signal_at(path: str) -> Signal | None:
    return next((signal for ending, signal in PATHS.items() if path.endswith(ending)), None)


def _host(source: bytes) -> str:
    """An address as it stands before a port."""
    text = unpack_address(source)
    return f"[{text}]" if ":" in text else text
