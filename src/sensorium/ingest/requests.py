"""OTLP and remote-write requests in files and captures, which nobody answers."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO, Final

import orjson

from sensorium.ingest.exports.lines import pieces
from sensorium.ingest.otlp import LogsDecoder, MetricsDecoder, OtlpConfig
from sensorium.ingest.otlp.decoded import MalformedError, TooManyError
from sensorium.ingest.otlp.json_mapping import to_protobuf
from sensorium.ingest.remote_write import (
    V1,
    V2,
    RefusedWriteError,
    RemoteWriteConfig,
    RemoteWriteDecoder,
)
from sensorium.ingest.sniff import Protocol, is_exposition
from sensorium.ingest.transport.http.body import TooLargeError, UndecodableError, decompress
from sensorium.model.address import UNSPECIFIED
from sensorium.model.signals import Signal

if TYPE_CHECKING:
    import pyarrow as pa

    from sensorium.observe import Observe

Rows = Iterator[tuple[Signal, "pa.RecordBatch"]]

LARGEST: Final = 256 << 20
"""Bytes of a request once decompressed: a few kB can be packed to unpack to more than that."""
_JSON: Final = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*"resource(Logs|Metrics|Spans|Profiles)"')
_SIGNALS: Final = {b"Logs": Signal.LOGS, b"Metrics": Signal.METRICS}
_V2_FIELDS: Final = (b"\x22", b"\x2a")
"""Symbols and series of ``io.prometheus.write.v2.Request``, which version 1 does not have."""
_WRITE_FIELDS: Final = (b"\n", b"\x1a", *_V2_FIELDS)
_LOOKED_AT: Final = 4096


def is_otlp_json(start: bytes) -> bool:
    """Whether a text begins as an export request does in OTLP's JSON."""
    return _JSON.match(start) is not None


class RequestDecoder:
    """Decodes one request after the other; what is not used is counted by protocol and reason."""

    def __init__(self, observe: Observe) -> None:
        self._logs = LogsDecoder(OtlpConfig(), observe)
        self._metrics = MetricsDecoder(OtlpConfig(), observe)
        self._remote_write = RemoteWriteDecoder(RemoteWriteConfig(), observe)
        self._dropped = observe.counter(
            "sensorium_ingest_dropped",
            "Input not used, by protocol and reason",
            ("protocol", "reason"),
        )

    def unused(self, protocol: str, reason: str) -> None:
        """Count a request that is not used."""
        self._dropped.labels(protocol, reason).inc()

    def otlp(
        self,
        signal: Signal,
        content: bytes,
        arrival_ns: int,
        source: bytes = UNSPECIFIED,
        *,
        json: bool = False,
    ) -> Rows:
        """The rows of an export request, in Protocol Buffers or JSON."""
        try:
            message = to_protobuf(content, signal) if json else content
            if signal is Signal.LOGS:
                decoded = self._logs.decode(message, arrival_ns, source)
            else:
                decoded = self._metrics.decode(message, arrival_ns)
        except MalformedError:
            self.unused("otlp", "malformed")
            return
        except TooManyError:
            self.unused("otlp", "too_many")
            return
        decoded.accepted()
        yield signal, decoded.batch

    def otlp_json(self, file: BinaryIO, arrival_ns: int) -> Rows:
        """The requests of a text: one on each line, or one over several lines."""
        rest = pieces(file)
        first = next(rest, b"")
        if not _whole(first.partition(b"\n")[0]):
            yield from self._json_line(first + b"".join(rest), arrival_ns)
            return
        while first:
            for line in first.splitlines():
                if line.strip():
                    yield from self._json_line(line, arrival_ns)
            first = next(rest, b"")

    def _json_line(self, line: bytes, arrival_ns: int) -> Rows:
        said = _JSON.match(line)
        if said is None:
            self.unused("otlp", "malformed")
        elif said[1] not in _SIGNALS:
            self.unused("otlp", "not_stored")
        else:
            content = line.removeprefix(codecs.BOM_UTF8)
            yield from self.otlp(_SIGNALS[said[1]], content, arrival_ns, json=True)

    def remote_write(self, content: bytes, version: int) -> Rows:
        """The samples of a write request without its content encoding."""
        try:
            decoded = self._remote_write.decode(content, version)
        except RefusedWriteError:  # counted there
            return
        yield Signal.METRICS, decoded.batch

    def payload(self, protocol: Protocol, content: bytes, arrival_ns: int) -> Rows:
        """The rows of a payload that is said to be OTLP or remote-write."""
        if protocol is Protocol.REMOTE_WRITE:
            message = self.unpacked("remote_write", content, "snappy")
            if message is not None:
                yield from self.remote_write(message, told_version(message))
        elif content.lstrip()[:1] in (b"{", codecs.BOM_UTF8[:1]):
            yield from self._json_line(content, arrival_ns)
        elif (signal := told_signal(content)) is not None:
            yield from self.otlp(signal, content, arrival_ns)
        else:
            self.unused("otlp", "malformed")

    def unpacked(self, protocol: str, content: bytes, encoding: str) -> bytes | None:
        """A body without its content encoding; None, and counted, where that cannot be had."""
        try:
            return decompress(content, encoding, LARGEST)
        except TooLargeError:
            self.unused(protocol, "too_large")
        except UndecodableError:
            self.unused(protocol, "undecodable")
        return None


def told_payload(content: bytes) -> Protocol | None:
    """Which protocol over HTTP a payload is of; None where it is of none of them."""
    if is_exposition(content):
        return Protocol.PROMETHEUS
    if content[:1] == b"\n" and told_signal(content) is not None:
        return Protocol.OTLP
    if is_utf8(content[:_LOOKED_AT]):
        return None
    try:
        message = decompress(content, "snappy", LARGEST)
    except (TooLargeError, UndecodableError):
        return None
    return Protocol.REMOTE_WRITE if message[:1] in _WRITE_FIELDS else None


def told_signal(content: bytes) -> Signal | None:
    """Which signal an export request in Protocol Buffers is of; None where it is none.

    Both begin alike, and only a metric has a name, which a log record read as one has not.
    """
    from google.protobuf.message import DecodeError
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
        ExportMetricsServiceRequest,
    )

    with suppress(DecodeError):
        resources = ExportMetricsServiceRequest.FromString(content).resource_metrics
        scopes = [scope for resource in resources for scope in resource.scope_metrics]
        if any(metric.name for scope in scopes for metric in scope.metrics):
            return Signal.METRICS
    with suppress(DecodeError):
        logs = ExportLogsServiceRequest.FromString(content).resource_logs
        if any(scope.log_records for resource in logs for scope in resource.scope_logs):
            return Signal.LOGS
    return None


def told_version(content: bytes) -> int:
    """Which version of remote-write a message is of."""
    return V2 if content[:1] in _V2_FIELDS else V1


def is_utf8(start: bytes) -> bool:
    """Whether a text may begin so; its last character may be cut off."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return False
    return True


def _whole(line: bytes) -> bool:
    """Whether a line is a whole JSON document."""
    try:
        orjson.loads(line.removeprefix(codecs.BOM_UTF8))
    except orjson.JSONDecodeError:
        return False
    return True
