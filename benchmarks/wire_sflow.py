"""How fast sFlow samples become columns, in process, on one core.

Datagrams like those of a switch go through our decoder and through a plain copy, which is the
limit. There is no peer: no package on PyPI decodes sFlow samples into records. All work is done by
one thread, and its processor time is what counts: what else runs on the machine costs caches and
not turns.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.report import Claim, arguments, report
from benchmarks.wire_decode import cpu_seconds
from sensorium.ingest.datagrams import Datagrams
from sensorium.ingest.sflow import SflowConfig, SflowDecoder
from sensorium.model.address import pack_address
from sensorium.observe import Observe

SLAB_DATAGRAMS = 1000
SAMPLES = 7
"""Flow samples in a datagram of 1,400 bytes."""
HEADER_BYTES = 128
PORTS = 48
ARRIVAL_NS = 1_700_000_000_000_000_000


@dataclass(frozen=True, slots=True)
class Stream:
    """Datagrams of one agent; ``samples`` is what the rate counts."""

    name: str
    payloads: tuple[bytes, ...]
    samples: int
    goal: str = ""
    header_attributes: bool = True


def _datagram(number: int, samples: Sequence[bytes]) -> bytes:
    head = struct.pack(">II4sIIII", 5, 1, b"\xc0\x00\x02\x01", 0, number, number, len(samples))
    return head + b"".join(samples)


def _opaque(kind: int, body: bytes) -> bytes:
    return struct.pack(">II", kind, len(body)) + body


def _frame(random: np.random.Generator, *, tunnel: bool) -> bytes:
    """The first bytes of a TCP segment in IPv4, behind a VLAN tag; perhaps in VXLAN."""
    numbers = random.integers(0, 256, 64, np.uint8).tobytes()
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 1480, 77, 0x4000, 63, 6, 0) + numbers[:8]
    tcp = numbers[8:12] + numbers[12:20] + b"\x50\x18" + numbers[20:26]
    inner = numbers[26:38] + struct.pack(">HHH", 0x8100, 42, 0x0800) + ip + tcp
    if tunnel:
        outer = struct.pack(">BBHHHBBH", 0x45, 0, 1530, 78, 0, 63, 17, 0) + numbers[38:46]
        vxlan = struct.pack(">HHHHII", 50000, 4789, 1510, 0, 0x08000000, 5001 << 8)
        inner = numbers[46:58] + b"\x08\x00" + outer + vxlan + inner
    return (inner + bytes(HEADER_BYTES))[:HEADER_BYTES]


def _flow_sample(number: int, records: Sequence[bytes], port: int) -> bytes:
    head = struct.pack(">IIIIIIII", number, port, 1000, number * 1000, 0, port, 3, len(records))
    return _opaque(1, head + b"".join(records))


def _packets(
    random: np.random.Generator, name: str, *, tunnel: bool = False, header_attributes: bool = True
) -> Stream:
    payloads = []
    for number in range(SLAB_DATAGRAMS):
        samples = []
        for index in range(SAMPLES):
            frame = _frame(random, tunnel=tunnel)
            header = _opaque(1, struct.pack(">IIII", 1, 1518, 4, len(frame)) + frame)
            switch = _opaque(1001, struct.pack(">IIII", 42, 0, 42, 0))
            sequence = number * SAMPLES + index
            samples.append(_flow_sample(sequence, [header, switch], sequence % PORTS + 1))
        payloads.append(_datagram(number, samples))
    goal = ">= 1_500_000"
    return Stream(name, tuple(payloads), SLAB_DATAGRAMS * SAMPLES, goal, header_attributes)


def _gateways(random: np.random.Generator) -> Stream:
    """A border router's samples: next hops, AS paths and communities beside the packet."""
    payloads = []
    for number in range(SLAB_DATAGRAMS):
        samples = []
        for index in range(4):
            frame = _frame(random, tunnel=False)
            header = _opaque(1, struct.pack(">IIII", 1, 1518, 4, len(frame)) + frame)
            hop = struct.pack(">I", 1) + random.integers(1, 256, 4, np.uint8).tobytes()
            path = struct.pack(">IIIIII", 1, 2, 4, 64500, 64501, 64502) + struct.pack(">I", 64503)
            gateway = hop + struct.pack(">III", 64496, 64499, 64498) + path
            gateway += struct.pack(">IIII", 2, 64496 << 16 | 100, 64496 << 16 | 200, 100)
            records = [header, _opaque(1002, hop + struct.pack(">II", 24, 16))]
            records.append(_opaque(1003, gateway))
            sequence = number * 4 + index
            samples.append(_flow_sample(sequence, records, sequence % PORTS + 1))
        payloads.append(_datagram(number, samples))
    return Stream("flow samples with BGP", tuple(payloads), SLAB_DATAGRAMS * 4)


def _counters(random: np.random.Generator) -> Stream:
    """Interface and Ethernet counters, each sample of 32 values."""
    payloads = []
    for number in range(SLAB_DATAGRAMS):
        samples = []
        for index in range(8):
            port = (number * 8 + index) % PORTS + 1
            interface = struct.pack(">IIQII", port, 6, 10**10, 1, 3)
            interface += random.integers(0, 100, 64, np.uint8).tobytes()
            records = _opaque(1, interface)
            records += _opaque(2, random.integers(0, 100, 52, np.uint8).tobytes())
            samples.append(_opaque(2, struct.pack(">III", number, port, 2) + records))
        payloads.append(_datagram(number, samples))
    return Stream("counter samples of 32 values", tuple(payloads), SLAB_DATAGRAMS * 8)


def streams() -> list[Stream]:
    """The datagrams to be decoded, the same in every run."""
    random = np.random.default_rng(3)
    return [
        _packets(random, "flow samples"),
        _packets(random, "flow samples, columns only", header_attributes=False),
        _packets(random, "flow samples in VXLAN", tunnel=True),
        _gateways(random),
        _counters(random),
    ]


def _slab(payloads: Sequence[bytes]) -> Datagrams:
    address = [pack_address("192.0.2.1")] * len(payloads)
    arrival = np.full(len(payloads), ARRIVAL_NS, np.int64)
    return Datagrams.of(payloads, arrival_ns=arrival, src_addr=address)


def our_rate(stream: Stream, repeats: int) -> float:
    """Samples a second through our decoder."""
    config = SflowConfig(header_attributes=stream.header_attributes)
    decoder = SflowDecoder(config, Observe())
    slab = _slab(stream.payloads)
    decoded = decoder.decode(slab)
    if not (decoded.flows.num_rows == stream.samples or decoded.metrics.num_rows):
        raise RuntimeError(f"{stream.name} did not decode")
    seconds = cpu_seconds(lambda: decoder.decode(slab), repeats=repeats, warm_up=5)
    return stream.samples / seconds


def copy_rate(stream: Stream, repeats: int) -> float:
    """Bytes a second of a plain copy of the same datagrams."""
    data = _slab(stream.payloads).data
    target = np.empty_like(data)
    return len(data) / cpu_seconds(lambda: np.copyto(target, data), repeats=repeats, warm_up=5)


def main() -> None:
    repeats = 21 if arguments(__doc__).quick else 201
    claims = []
    for stream in streams():
        ours = our_rate(stream, repeats)
        claims.append(Claim(stream.name, ours, "samples/s", goal=stream.goal))
        each = sum(map(len, stream.payloads)) / stream.samples
        copied = copy_rate(stream, repeats)
        claims.append(Claim(f"{stream.name}, bytes", ours * each, "bytes/s", "copy", copied))
    report(f"decode sFlow in process, one core, slabs of {SLAB_DATAGRAMS:,} datagrams", claims)


if __name__ == "__main__":
    main()
