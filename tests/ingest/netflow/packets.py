"""Building NetFlow and IPFIX datagrams by hand, as exporters would."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

from sensorium.ingest.datagrams import Datagrams
from sensorium.ingest.netflow import NetflowConfig, NetflowDecoder
from sensorium.model.address import pack_address
from sensorium.observe import Observe

EXPORT_S = 1_700_000_000
UPTIME_MS = 5_000_000
ARRIVAL_NS = 1_700_000_001_000_000_000
EXPORTER = "192.0.2.1"

# (element, length) or (element, length, enterprise number)
Spec = tuple[int, ...]

ADDRESSES: list[Spec] = [(8, 4), (12, 4)]
PLAIN: list[Spec] = [*ADDRESSES, (7, 2), (11, 2), (4, 1), (6, 1), (1, 4), (2, 4)]


def v9(*sets: bytes, sequence: int = 0, domain: int = 0, uptime_ms: int = UPTIME_MS) -> bytes:
    header = struct.pack(">HHIIII", 9, len(sets), uptime_ms, EXPORT_S, sequence, domain)
    return header + b"".join(sets)


def ipfix(*sets: bytes, sequence: int = 0, domain: int = 0, export_s: int = EXPORT_S) -> bytes:
    body = b"".join(sets)
    return struct.pack(">HHIII", 10, 16 + len(body), export_s, sequence, domain) + body


def a_set(set_id: int, body: bytes, padding: int = 0) -> bytes:
    return struct.pack(">HH", set_id, 4 + len(body) + padding) + body + bytes(padding)


def _specs(fields: Iterable[Spec]) -> bytes:
    parts = []
    for element, length, *pen in fields:
        if pen:
            parts.append(struct.pack(">HHI", element | 0x8000, length, pen[0]))
        else:
            parts.append(struct.pack(">HH", element, length))
    return b"".join(parts)


def template(template_id: int, fields: Sequence[Spec]) -> bytes:
    """One template record, to go into a template set."""
    return struct.pack(">HH", template_id, len(fields)) + _specs(fields)


def options_template(template_id: int, scope: Sequence[Spec], fields: Sequence[Spec]) -> bytes:
    """An IPFIX options template record."""
    count = len(scope) + len(fields)
    return struct.pack(">HHH", template_id, count, len(scope)) + _specs([*scope, *fields])


def v9_options_template(template_id: int, scope: Sequence[Spec], fields: Sequence[Spec]) -> bytes:
    """A NetFlow v9 options template record; scope elements are v9's scope types."""
    sizes = struct.pack(">HHH", template_id, 4 * len(scope), 4 * len(fields))
    return sizes + _specs([*scope, *fields])


def record(fields: Sequence[Spec], *values: int | bytes) -> bytes:
    """A record: integers in the template's lengths, bytes as they are (65535: with a length)."""
    parts = []
    for (_, length, *_), value in zip(fields, values, strict=True):
        if isinstance(value, int):
            parts.append(value.to_bytes(length, "big"))
        elif length == 65535:
            parts.append(varying(value))
        else:
            assert len(value) == length
            parts.append(value)
    return b"".join(parts)


def varying(value: bytes, *, long: bool = False) -> bytes:
    """A variable-length value with its length before it, in the short or the long form."""
    if long or len(value) >= 255:
        return b"\xff" + struct.pack(">H", len(value)) + value
    return bytes([len(value)]) + value


def v5(
    records: Sequence[bytes],
    *,
    sequence: int = 0,
    uptime_ms: int = UPTIME_MS,
    count: int | None = None,
    sampling: int = 0,
    engine: int = 0,
) -> bytes:
    count = len(records) if count is None else count
    times = (uptime_ms, EXPORT_S, 500)
    header = struct.pack(">HHIIIIHH", 5, count, *times, sequence, engine, sampling)
    return header + b"".join(records)


def v5_record(
    source: str = "10.0.0.1",
    destination: str = "10.0.0.2",
    *,
    ports: tuple[int, int] = (1234, 80),
    proto: int = 6,
    octets: int = 1000,
    packets: int = 10,
    first_ms: int = UPTIME_MS - 2000,
    last_ms: int = UPTIME_MS - 1000,
) -> bytes:
    addresses = pack_address(source)[12:] + pack_address(destination)[12:] + bytes(4)
    counters = struct.pack(">HHIIII", 3, 4, packets, octets, first_ms, last_ms)
    rest = (0, 18, proto, 7, 65001, 65002, 24, 16, 0)
    rest = struct.pack(">HHBBBBHHBBH", *ports, 0, 18, proto, 7, 65001, 65002, 24, 16, 0)
    return addresses + counters + rest


def v1(
    records: Sequence[bytes],
    *,
    uptime_ms: int = UPTIME_MS,
    count: int | None = None,
) -> bytes:
    """Of 24 records at most; it has no number and no domain."""
    count = len(records) if count is None else count
    return struct.pack(">HHIII", 1, count, uptime_ms, EXPORT_S, 500) + b"".join(records)


def v1_record() -> bytes:
    """The flow of :func:`v5_record`."""
    return v5_record()[:36] + struct.pack(">HBBB", 0, 6, 7, 18) + bytes(7)


def v7(
    records: Sequence[bytes],
    *,
    sequence: int = 0,
    uptime_ms: int = UPTIME_MS,
    count: int | None = None,
) -> bytes:
    """Of 27 records at most."""
    count = len(records) if count is None else count
    times = (uptime_ms, EXPORT_S, 500)
    return struct.pack(">HHIIIII", 7, count, *times, sequence, 0) + b"".join(records)


def v7_record(*, flags: int = 0, more_flags: int = 0, router: str = "0.0.0.0") -> bytes:
    """The flow of :func:`v5_record`."""
    plain = v5_record()
    rest = struct.pack(">H", more_flags) + pack_address(router)[12:]
    return plain[:36] + bytes([flags]) + plain[37:46] + rest


def v8(
    records: Sequence[bytes],
    aggregation: int,
    *,
    sequence: int = 0,
    count: int | None = None,
    engine: int = 0,
) -> bytes:
    count = len(records) if count is None else count
    header = struct.pack(">HHIIII", 8, count, UPTIME_MS, EXPORT_S, 500, sequence)
    return header + struct.pack(">HBB", engine, aggregation, 2) + bytes(4) + b"".join(records)


def slab(
    payloads: Sequence[bytes],
    exporters: Sequence[str] | str = EXPORTER,
    arrival_ns: Sequence[int] | None = None,
    ports: Sequence[int] | int = 0,
    sessions: Sequence[int] | None = None,
) -> Datagrams:
    names = [exporters] * len(payloads) if isinstance(exporters, str) else exporters
    times = arrival_ns or [ARRIVAL_NS + i for i in range(len(payloads))]
    addresses = [pack_address(name) for name in names]
    return Datagrams.of(
        payloads, arrival_ns=times, src_addr=addresses, src_port=ports, session=sessions
    )


class Bench:
    """A decoder with its counters at hand."""

    def __init__(self, **config: Any) -> None:
        self.observe = Observe()
        self.decoder = NetflowDecoder(NetflowConfig(**config), self.observe)

    def decode(
        self,
        *payloads: bytes,
        exporters: Sequence[str] | str = EXPORTER,
        ports: Sequence[int] | int = 0,
    ) -> pa.RecordBatch:
        return self.decoder.decode(slab(payloads, exporters, ports=ports))

    def rows(self, *payloads: bytes, exporters: Sequence[str] | str = EXPORTER) -> list[dict]:
        return self.decode(*payloads, exporters=exporters).to_pylist()

    def dropped(self) -> dict[str, int]:
        return self._labelled("sensorium_ingest_dropped_total", "reason")

    def sequence(self) -> dict[str, int]:
        return self._labelled("sensorium_netflow_sequence_total", "event")

    def decoded(self) -> dict[str, int]:
        return self._labelled("sensorium_ingest_decoded_total", "kind")

    def _labelled(self, name: str, label: str) -> dict[str, int]:
        found: dict[str, int] = {}
        for family in self.observe.registry.collect():
            for sample in family.samples:
                if sample.name == name and sample.value:
                    key = sample.labels[label]
                    found[key] = found.get(key, 0) + int(sample.value)
        return found
