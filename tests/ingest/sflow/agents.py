"""Building sFlow version 5 datagrams by hand, as agents would."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from ipaddress import ip_address

from sensorium.ingest.datagrams import Datagrams
from sensorium.ingest.sflow import Decoded, SflowConfig, SflowDecoder
from sensorium.model.address import pack_address
from sensorium.observe import Observe

ARRIVAL_NS = 1_700_000_001_000_000_000
AGENT = "192.0.2.9"
SENDER = "198.51.100.1"
UPTIME_MS = 5_000_000

MACS = bytes.fromhex("02000000000a02000000000b")


def words(*values: int) -> bytes:
    return struct.pack(f">{len(values)}I", *values)


def typed_address(text: str) -> bytes:
    """An address with its type before it; the empty text is of unknown type."""
    if not text:
        return words(0)
    packed = ip_address(text).packed
    return words(1 if len(packed) == 4 else 2) + packed


def string(content: bytes) -> bytes:
    return words(len(content)) + content + bytes(-len(content) % 4)


def datagram(
    *samples: bytes,
    agent: str = AGENT,
    sub_agent: int = 0,
    sequence: int = 1,
    uptime_ms: int = UPTIME_MS,
    count: int | None = None,
    version: int = 5,
) -> bytes:
    number = len(samples) if count is None else count
    head = words(version) + typed_address(agent) + words(sub_agent, sequence, uptime_ms, number)
    return head + b"".join(samples)


def opaque(kind: int, body: bytes, *, length: int | None = None) -> bytes:
    """A sample or a record: its format, its length and its bytes."""
    return words(kind, len(body) if length is None else length) + body


def flow_sample(
    *records: bytes,
    sequence: int = 1,
    source: int = 3,
    rate: int = 512,
    pool: int = 51_200,
    drops: int = 0,
    interfaces: tuple[int, int] = (3, 4),
    count: int | None = None,
) -> bytes:
    number = len(records) if count is None else count
    head = words(sequence, source, rate, pool, drops, *interfaces, number)
    return opaque(1, head + b"".join(records))


def expanded_flow_sample(
    *records: bytes,
    sequence: int = 1,
    source: tuple[int, int] = (0, 3),
    interfaces: tuple[int, int, int, int] = (0, 3, 0, 4),
) -> bytes:
    head = words(sequence, *source, 512, 51_200, 0, *interfaces, len(records))
    return opaque(3, head + b"".join(records))


def discarded_packet(*records: bytes, reason: int = 258, sequence: int = 1) -> bytes:
    return opaque(5, words(sequence, 0, 3, 7, 3, 0, reason, len(records)) + b"".join(records))


def counter_sample(
    *records: bytes, sequence: int = 1, source: int = 3, count: int | None = None
) -> bytes:
    number = len(records) if count is None else count
    return opaque(2, words(sequence, source, number) + b"".join(records))


def expanded_counter_sample(*records: bytes, source: tuple[int, int] = (0, 3)) -> bytes:
    return opaque(4, words(1, *source, len(records)) + b"".join(records))


def header(frame: bytes, *, protocol: int = 1, length: int | None = None) -> bytes:
    """A sampled_header; ``length`` is that of the whole frame."""
    size = len(frame) + 4 if length is None else length
    body = words(protocol, size, 4, len(frame)) + frame + bytes(-len(frame) % 4)
    return opaque(1, body)


def ethernet(etype: int, payload: bytes, *tags: tuple[int, int]) -> bytes:
    """A frame; tags are (type, tag)."""
    between = b"".join(struct.pack(">HH", *tag) for tag in tags)
    return MACS + between + struct.pack(">H", etype) + payload


def ipv4(
    proto: int,
    payload: bytes,
    *,
    source: str = "10.0.0.1",
    target: str = "10.0.0.2",
    tos: int = 0,
    fragment: int = 0x4000,
    options: bytes = b"",
) -> bytes:
    words_long = 5 + len(options) // 4
    head = struct.pack(
        ">BBHHHBBH",
        0x40 | words_long,
        tos,
        4 * words_long + len(payload),
        77,
        fragment,
        63,
        proto,
        0,
    )
    return head + pack_address(source)[12:] + pack_address(target)[12:] + options + payload


def ipv6(proto: int, payload: bytes, *, traffic_class: int = 0, label: int = 5) -> bytes:
    first = 6 << 28 | traffic_class << 20 | label
    head = struct.pack(">IHBB", first, len(payload), proto, 64)
    return head + pack_address("2001:db8::1") + pack_address("2001:db8::2") + payload


def tcp(source: int = 1234, target: int = 80, flags: int = 0x12) -> bytes:
    return struct.pack(">HHIIHHHH", source, target, 1, 2, 5 << 12 | flags, 100, 0, 0)


def udp(source: int, target: int, payload: bytes = b"") -> bytes:
    return struct.pack(">HHHH", source, target, 8 + len(payload), 0) + payload


def interface_counters(index: int = 3, **changes: int) -> bytes:
    """An if_counters record whose counters are 1, 2, 3...; by place where changed."""
    values = [index, 6, 10**9, 1, 3, *range(1, 15)]
    for place, value in changes.items():
        values[int(place.removeprefix("at"))] = value
    return opaque(1, struct.pack(">IIQIIQIIIIIIQIIIIII", *values))


def slab(payloads: Sequence[bytes], arrival_ns: Sequence[int] | None = None) -> Datagrams:
    times = arrival_ns or [ARRIVAL_NS + i for i in range(len(payloads))]
    return Datagrams.of(payloads, arrival_ns=times, src_addr=[pack_address(SENDER)] * len(payloads))


class Bench:
    """A decoder with its counters at hand."""

    def __init__(self, **config: int) -> None:
        self.observe = Observe()
        self.decoder = SflowDecoder(SflowConfig(**config), self.observe)

    def decode(self, *payloads: bytes) -> Decoded:
        return self.decoder.decode(slab(payloads))

    def rows(self, *payloads: bytes) -> list[dict]:
        """Flows, with their attributes as a dict."""
        rows = self.decode(*payloads).flows.to_pylist()
        return [{**row, "attributes": dict(row["attributes"])} for row in rows]

    def packet(self, frame: bytes, protocol: int = 1) -> dict:
        """The row of one sampled header."""
        (row,) = self.rows(datagram(flow_sample(header(frame, protocol=protocol))))
        return row

    def metrics(self, *payloads: bytes) -> dict[str, float]:
        """Values by name, for payloads that have each name once."""
        rows = self.decode(*payloads).metrics.to_pylist()
        return {row["name"]: row["value"] for row in rows}

    def dropped(self) -> dict[str, int]:
        return self._labelled("sensorium_ingest_dropped_total", "reason")

    def sequence(self, unit: str = "datagrams") -> dict[str, int]:
        return self._labelled("sensorium_sflow_sequence_total", "event", unit=unit)

    def decoded(self) -> dict[str, int]:
        return self._labelled("sensorium_ingest_decoded_total", "kind")

    def _labelled(self, name: str, label: str, **where: str) -> dict[str, int]:
        found: dict[str, int] = {}
        for family in self.observe.registry.collect():
            for sample in family.samples:
                if sample.name == name and sample.value and where.items() <= sample.labels.items():
                    key = sample.labels[label]
                    found[key] = found.get(key, 0) + int(sample.value)
        return found
