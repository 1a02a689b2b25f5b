"""Files through the real decoders, without a service: what ``sensorium decode`` does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import pyarrow as pa

from sensorium.ingest.captured import Body, Spoken
from sensorium.ingest.captured.telemetry import BodyDecoder
from sensorium.ingest.datagrams import LARGEST_DATAGRAM, Datagrams
from sensorium.ingest.exports import form_of, read_records
from sensorium.ingest.files import (
    FileKind,
    InputFileError,
    kind_of,
    open_capture,
    open_datagrams,
    payload_datagram,
    read_captured,
    read_file,
    slabs,
)
from sensorium.ingest.foreign import foreign
from sensorium.ingest.ipfix_file import ipfix_messages
from sensorium.ingest.log_file import is_log_file, log_messages
from sensorium.ingest.netflow import NetflowConfig, NetflowDecoder
from sensorium.ingest.packed import read_whole, unpacked
from sensorium.ingest.packet.attributes import NAMES, TEXTS
from sensorium.ingest.pcap import is_capture
from sensorium.ingest.prometheus import PrometheusConfig, PrometheusDecoder, Scrape
from sensorium.ingest.recording import Recording
from sensorium.ingest.render import LINES, NUMBERS
from sensorium.ingest.requests import (
    RequestDecoder,
    Rows,
    is_otlp_json,
    is_utf8,
    told_payload,
)
from sensorium.ingest.sflow import SflowConfig, SflowDecoder
from sensorium.ingest.sniff import (
    Protocol,
    ends_of_sessions,
    flow_datagrams,
    sflow_datagrams,
    text_datagrams,
)
from sensorium.ingest.syslog import SyslogConfig, SyslogDecoder
from sensorium.model.signals import Signal
from sensorium.observe import Observe

if TYPE_CHECKING:
    from prometheus_client.samples import Sample

_SCRAPES = 256
_SFLOW_NUMBERS = " ".join(name for name in NAMES if name not in TEXTS).encode()
_LOOKED_AT = 4096
_REASONS = {
    "sensorium_ingest_dropped_total": "not used",
    "sensorium_capture_packets_total": "captured packets",
    "sensorium_capture_cut_short_total": "captures cut short",
    "sensorium_capture_streams_total": "captured streams",
    "sensorium_capture_gaps_total": "gaps in captured streams",
    "sensorium_syslog_irregular_total": "irregular syslog messages",
}


_HTTP = frozenset({Spoken.HTTP, Spoken.HTTP2})
_SPOKEN = {
    Protocol.NETFLOW: frozenset({Spoken.IPFIX, Spoken.NETFLOW}),
    Protocol.SFLOW: frozenset[Spoken](),
    Protocol.SYSLOG: frozenset({Spoken.SYSLOG}),
    Protocol.PROMETHEUS: _HTTP,
    Protocol.OTLP: _HTTP,
    Protocol.REMOTE_WRITE: _HTTP,
}


class FileDecoder:
    """Decodes one file after the other with decoders that remember what exporters said.

    ``protocol`` None tells each datagram by its first bytes. ``elements`` are files that name
    elements of flows; UsageError where one cannot be read.
    """

    def __init__(self, protocol: Protocol | None, elements: tuple[Path, ...] = ()) -> None:
        self._protocol = protocol
        self.observe = Observe()
        self._options: list[dict[str, Any]] = []
        self._options_shown = 0
        flows = NetflowConfig(elements=elements)
        self._netflow = NetflowDecoder(flows, self.observe, options=self._options.append)
        self._sflow = SflowDecoder(SflowConfig(), self.observe)
        self._syslog = SyslogDecoder(SyslogConfig(), self.observe)
        self._prometheus = PrometheusDecoder(PrometheusConfig(), self.observe)
        self._datagrams = 0
        self._bodies_read = 0
        self._lines = 0
        self._empty = 0
        self._rows = dict.fromkeys(Signal, 0)
        self._unknown = self.observe.counter(
            "sensorium_ingest_dropped",
            "Input not used, by protocol and reason",
            ("protocol", "reason"),
        )

    def file(self, path: Path) -> Iterator[pa.RecordBatch]:
        """The batches of a file's or folder's records; InputFileError if it is nothing we know."""
        if path.is_fifo():  # what was read of it does not come again
            yield from self._whole(read_file(path), str(path), path.name)
            return
        kind = kind_of(path)
        if kind is FileKind.CAPTURE:
            yield from self._captured(read_captured(path), str(path))
        elif kind is FileKind.RECORDING:
            for datagrams in open_datagrams(path, self.observe):
                yield from self._decode(datagrams)
            if self._protocol in (None, Protocol.PROMETHEUS):
                yield from self._scrapes(Recording.open(path))
        else:
            with path.open("rb") as file:
                start = unpacked(file, str(path)).read(_LOOKED_AT)
            with path.open("rb") as file:
                inside, arrival_ns = unpacked(file, str(path)), path.stat().st_mtime_ns
                yield from self._content(start, inside, arrival_ns, path.name)

    def standard_input(self, content: bytes) -> Iterator[pa.RecordBatch]:
        """The batches of a capture, payload or export that came through a pipe, packed or not."""
        content = read_whole(BytesIO(content), "standard input")
        yield from self._whole(content, "standard input", "stdin")

    def _whole(self, content: bytes, told: str, name: str) -> Iterator[pa.RecordBatch]:
        """The batches of what came in one piece; ``told`` names it in errors, ``name`` in rows."""
        if is_capture(content[:4]):
            yield from self._captured(content, told)
        else:
            yield from self._content(content[:_LOOKED_AT], BytesIO(content), 0, name)

    def _captured(self, content: bytes | memoryview, name: str) -> Iterator[pa.RecordBatch]:
        spoken = None if self._protocol is None else _SPOKEN[self._protocol].__contains__
        syslog = self._protocol is Protocol.SYSLOG
        found = open_capture(content, name, self.observe, wanted=spoken, assume_syslog=syslog)
        for part in found:
            if isinstance(part, Body):
                self._bodies_read += 1
                yield from self._counted_rows(self._bodies.decode(part))
            else:
                yield from self._decode(part)

    def _content(
        self, start: bytes, file: BinaryIO, arrival_ns: int, name: str
    ) -> Iterator[pa.RecordBatch]:
        """The batches of a text or of one payload, which begins with ``start``."""
        if not start:
            self._empty += 1
        elif self._protocol in (None, Protocol.OTLP) and is_otlp_json(start):
            yield from self._counted_rows(self._requests.otlp_json(file, arrival_ns))
        elif self._protocol is None and (form := form_of(start)) is not None:
            yield from self._counted_rows(read_records(form, file, self.observe))
        elif self._is_log(start):
            for messages in log_messages(file, arrival_ns):
                self._lines += len(messages)
                yield self._counted(Signal.LOGS, self._syslog.decode_messages(messages))
        else:
            yield from self._payload(read_whole(file, name), arrival_ns, name)

    def _is_log(self, start: bytes) -> bool:
        if self._protocol is None:
            return is_log_file(start) and told_payload(start) is None and is_utf8(start)
        return self._protocol is Protocol.SYSLOG and is_log_file(start)

    def _payload(self, content: bytes, arrival_ns: int, name: str) -> Iterator[pa.RecordBatch]:
        if self._protocol in (None, Protocol.NETFLOW):
            messages = ipfix_messages(content, arrival_ns, name)
            if messages is not None:
                for part in slabs(messages):
                    yield from self._decode(part)
                return
        datagram = payload_datagram(content, arrival_ns)
        protocol = self._protocol
        flows = flow_datagrams(datagram) | sflow_datagrams(datagram)
        if protocol is None and not flows.any():
            protocol = told_payload(content)
        if protocol is Protocol.PROMETHEUS:
            scrape = Scrape(arrival_ns, "file", name, 200, content, 0)
            yield self._counted(Signal.METRICS, self._prometheus.decode([scrape]))
            return
        if protocol in (Protocol.OTLP, Protocol.REMOTE_WRITE):
            self._bodies_read += 1
            yield from self._counted_rows(self._requests.payload(protocol, content, arrival_ns))
            return
        text = protocol is Protocol.SYSLOG or bool(text_datagrams(datagram).all())
        if len(content) > LARGEST_DATAGRAM and not text:
            raise InputFileError(
                f"{name} is nothing we know: no recording, no pcap or pcapng, no text, and with "
                f"{len(content):,} bytes no UDP payload (at most {LARGEST_DATAGRAM:,})"
            )
        if protocol is None and not flows.any() and (words := foreign(content)):
            raise InputFileError(
                f"{name} is nothing we know: it looks like {words}",
                next_step="name its protocol with --protocol, if it is telemetry all the same",
            )
        yield from self._decode(datagram)

    @cached_property
    def _requests(self) -> RequestDecoder:
        return RequestDecoder(self.observe)

    @cached_property
    def _bodies(self) -> BodyDecoder:
        only = None if self._protocol is None else self._protocol.value
        return BodyDecoder(self._requests, self._prometheus, only)

    def _decode(self, datagrams: Datagrams) -> Iterator[pa.RecordBatch]:
        self._datagrams += len(datagrams)
        everything = np.ones(len(datagrams), np.bool_)
        nothing = ~everything
        if self._protocol is None:
            flows = flow_datagrams(datagrams) | ends_of_sessions(datagrams)
            samples = sflow_datagrams(datagrams)
            logs = ~flows & text_datagrams(datagrams)
        else:
            flows = everything if self._protocol is Protocol.NETFLOW else nothing
            samples = everything if self._protocol is Protocol.SFLOW else nothing
            logs = everything if self._protocol is Protocol.SYSLOG else nothing
        if flows.any():
            yield self._counted(Signal.FLOWS, self._netflow.decode(datagrams.select(flows)))
            yield self._options_data()
        if samples.any():
            decoded = self._sflow.decode(datagrams.select(samples))
            flows_read = decoded.flows.replace_schema_metadata({NUMBERS: _SFLOW_NUMBERS})
            yield self._counted(Signal.FLOWS, flows_read)
            yield self._counted(Signal.METRICS, decoded.metrics)
        if logs.any():
            yield from self._logs(datagrams.select(logs))
        unknown = int((~flows & ~samples & ~logs).sum())
        if unknown:
            self._unknown.labels("unknown", "unknown_protocol").inc(unknown)

    def _logs(self, datagrams: Datagrams) -> Iterator[pa.RecordBatch]:
        """The rows of datagrams, which may hold several lines, and of messages on connections."""
        if datagrams.session is None:
            yield self._counted(Signal.LOGS, self._syslog.decode(datagrams))
            return
        framed = datagrams.session != 0
        for mask, decode in (
            (~framed, self._syslog.decode),
            (framed, self._syslog.decode_messages),
        ):
            if mask.any():
                yield self._counted(Signal.LOGS, decode(datagrams.select(mask)))

    def _options_data(self) -> pa.RecordBatch:
        """What exporters have said of themselves since the last call, record by record."""
        lines = [json.dumps(record, ensure_ascii=False) for record in self._options]
        self._options_shown += len(lines)
        self._options.clear()
        return pa.record_batch([pa.array(lines, pa.string())], schema=LINES)

    def _scrapes(self, recording: Recording) -> Iterator[pa.RecordBatch]:
        table = recording.scrapes()
        for first in range(0, table.num_rows, _SCRAPES):
            scrapes = [Scrape(**row) for row in table.slice(first, _SCRAPES).to_pylist()]
            yield self._counted(Signal.METRICS, self._prometheus.decode(scrapes))

    def _counted_rows(self, rows: Rows) -> Iterator[pa.RecordBatch]:
        for signal, batch in rows:
            yield self._counted(signal, batch)

    def _counted(self, signal: Signal, batch: pa.RecordBatch) -> pa.RecordBatch:
        self._rows[signal] += batch.num_rows
        return batch

    def _expected(self, sample: Sample) -> float:
        """How many of what a sample counts are as they should be: files of text say no priority."""
        return self._lines if sample.labels.get("reason") == "no_priority" else 0

    def summary(self, files: int) -> Iterator[str]:
        """What was read, and everything that could not be used with its reason."""
        rows = ", ".join(
            _number(self._rows[signal], name)
            for signal, name in (
                (Signal.FLOWS, "flow"),
                (Signal.LOGS, "log line"),
                (Signal.METRICS, "sample"),
            )
        )
        if self._options_shown:
            rows += f", {_number(self._options_shown, 'options record')}"
        read = [_number(self._datagrams, "datagram")] if self._datagrams else []
        if self._bodies_read:
            read.append(_number(self._bodies_read, "HTTP message"))
        if self._lines:
            read.append(_number(self._lines, "message") + " of text")
        yield f"{rows} from {' and '.join(read) or '0 datagrams'} in {_number(files, 'file')}"
        if self._empty:
            yield f"empty: {_number(self._empty, 'file')}"
        for family in self.observe.registry.collect():
            for sample in family.samples:
                if sample.name in _REASONS and sample.value > self._expected(sample):
                    labels = " ".join(sample.labels.values())
                    yield f"{_REASONS[sample.name]}: {labels} {sample.value:,.0f}".replace(
                        "  ", " "
                    )
        waiting = self.observe.value("sensorium_netflow_pending_sets")
        if waiting:
            yield f"{waiting:,.0f} data sets still wait for their template"


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}" + "s" * (count != 1)
