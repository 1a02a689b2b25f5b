"""How fast NetFlow and IPFIX records become columns, in process, on one core.

Four streams hold only elements that have a column; the fifth has six more apiece, which become
text in ``attributes``.

The same datagrams go through our decoder, through the ``netflow`` package from PyPI where it is
installed (``pip install netflow``), and through a plain copy, which is the limit. All work is done
by one thread, and its processor time is what counts: what else runs on the machine costs caches
and not turns.
"""

from __future__ import annotations

import statistics
import struct
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec

import numpy as np
import numpy.typing as npt

from benchmarks.report import Claim, arguments, report
from sensorium.ingest.datagrams import Datagrams
from sensorium.ingest.netflow import NetflowConfig, NetflowDecoder
from sensorium.model.address import pack_address
from sensorium.observe import Observe

SLAB_DATAGRAMS = 1000
PEER_DATAGRAMS = 100
PAYLOAD_BYTES = 1400
UPTIME_MS = 5_000_000
EXPORT_S = 1_700_000_000

Bytes = npt.NDArray[np.uint8]
Spec = tuple[int, int]

V9_FIELDS: tuple[Spec, ...] = (
    *((8, 4), (12, 4), (15, 4), (10, 4), (14, 4), (2, 4), (1, 4), (22, 4), (21, 4)),
    *((7, 2), (11, 2), (6, 1), (4, 1), (5, 1), (16, 4), (17, 4), (9, 1), (13, 1)),
)
IPFIX_FIELDS: tuple[Spec, ...] = (
    *((8, 4), (12, 4), (10, 4), (14, 4), (2, 8), (1, 8), (152, 8), (153, 8)),
    *((7, 2), (11, 2), (6, 2), (4, 1), (5, 1), (16, 4), (17, 4), (9, 1), (13, 1)),
)
COUNTERS = (bytes([0, 0, 5, 220]), bytes([0, 0, 0, 2, 84, 11, 228, 0]))
"""Octets of a flow, in as many bytes as they need."""
INTERFACE_NAMES = (b"Gi0/1", b"TenGigE0/0/0/1")
NAT_FIELDS: tuple[Spec, ...] = (*IPFIX_FIELDS, (225, 4), (226, 4), (227, 2), (228, 2), (230, 1))
"""Elements without a column: what a flow's addresses and ports were made, and in which event."""


@dataclass(frozen=True, slots=True)
class Stream:
    """Datagrams of one exporter: ``setup`` holds its templates, ``payloads`` are decoded."""

    name: str
    setup: tuple[bytes, ...]
    payloads: tuple[bytes, ...]
    goal: str


def _values(fields: Sequence[Spec], count: int, random: np.random.Generator) -> Bytes:
    """Records of fixed length, (count, bytes): random, but with times and protocols that can be."""
    columns = []
    for element, length in fields:
        if element == 4:
            values = random.choice(np.array([1, 6, 6, 6, 17, 17], ">u8"), count).astype(">u8")
        elif element in (21, 22):
            values = (UPTIME_MS - random.integers(0, 60_000, count)).astype(">u8")
        elif element in (152, 153):
            values = (EXPORT_S * 1000 - random.integers(0, 60_000, count)).astype(">u8")
        else:
            values = random.integers(0, 1 << min(8 * length, 62), count).astype(">u8")
        columns.append(values.view(np.uint8).reshape(count, 8)[:, 8 - length :])
    return np.concatenate(columns, axis=1)


def _v5(random: np.random.Generator) -> Stream:
    payloads = []
    for number in range(SLAB_DATAGRAMS):
        header = (5, 30, UPTIME_MS, EXPORT_S, 0, number * 30, 0, 0)
        records = random.integers(0, 256, (30, 48), np.uint8)
        times = (UPTIME_MS - random.integers(0, 60_000, 60)).astype(">u4")
        records[:, 24:32] = times.view(np.uint8).reshape(30, 8)
        records[:, 38] = random.choice(np.array([1, 6, 6, 17], np.uint8), 30)
        payloads.append(struct.pack(">HHIIIIHH", *header) + records.tobytes())
    return Stream("NetFlow v5", (), tuple(payloads), ">= 20_000_000")


def _template_set(set_id: int, fields: Sequence[Spec]) -> bytes:
    body = struct.pack(">HH", 256, len(fields)) + b"".join(struct.pack(">HH", *f) for f in fields)
    return struct.pack(">HH", set_id, 4 + len(body)) + body


def _templated(
    name: str,
    fields: Sequence[Spec],
    header: Callable[[int, int, bytes], bytes],
    random: np.random.Generator,
    *,
    set_id: int,
    varying: tuple[int, Sequence[bytes]] | None = None,
    goal: str = ">= 8_000_000",
) -> Stream:
    """``varying`` adds an element of variable length to each record, with one of some values."""
    length = sum(width for _, width in fields)
    count = PAYLOAD_BYTES // (length + 12 * (varying is not None))
    template = [*fields, (varying[0], 65535)] if varying else fields
    payloads = []
    for number in range(SLAB_DATAGRAMS):
        records = _values(fields, count, random)
        if varying:
            which = random.integers(0, len(varying[1]), count).tolist()
            texts = [varying[1][index] for index in which]
            body = b"".join(
                record.tobytes() + bytes([len(text)]) + text
                for record, text in zip(records, texts, strict=True)
            )
        else:
            body = records.tobytes()
        data = struct.pack(">HH", 256, 4 + len(body)) + body
        payloads.append(header(number + 1, number * count, data))
    setup = header(0, 0, _template_set(set_id, template))
    return Stream(name, (setup,), tuple(payloads), goal)


def _v9_header(packets: int, _records: int, sets: bytes) -> bytes:
    return struct.pack(">HHIIII", 9, 1, UPTIME_MS, EXPORT_S, packets, 0) + sets


def _ipfix_header(_packets: int, records: int, sets: bytes) -> bytes:
    return struct.pack(">HHIII", 10, 16 + len(sets), EXPORT_S, records, 0) + sets


def streams() -> list[Stream]:
    """The datagrams to be decoded, the same in every run."""
    random = np.random.default_rng(3)
    variable, attributes = "IPFIX with variable length", "IPFIX with attributes (NAT events)"
    without_octets = [field for field in IPFIX_FIELDS if field[0] != 1]
    return [
        _v5(random),
        _templated("NetFlow v9", V9_FIELDS, _v9_header, random, set_id=0),
        _templated("IPFIX", IPFIX_FIELDS, _ipfix_header, random, set_id=2),
        _templated(
            *(variable, without_octets, _ipfix_header, random), set_id=2, varying=(1, COUNTERS)
        ),
        _templated(
            *(attributes, NAT_FIELDS, _ipfix_header, random),
            set_id=2,
            varying=(82, INTERFACE_NAMES),
            goal=">= 1_000_000",
        ),
    ]


def _slab(payloads: Sequence[bytes]) -> Datagrams:
    address = [pack_address("192.0.2.1")] * len(payloads)
    arrival = np.full(len(payloads), EXPORT_S * 1_000_000_000, np.int64)
    return Datagrams.of(payloads, arrival_ns=arrival, src_addr=address)


def cpu_seconds(work: Callable[[], object], *, repeats: int, warm_up: int = 1) -> float:
    """The median processor time of ``work()`` in this thread."""
    for _ in range(warm_up):
        work()
    taken = []
    for _ in range(repeats):
        start = time.thread_time()
        work()
        taken.append(time.thread_time() - start)
    return statistics.median(taken)


def our_rate(stream: Stream, repeats: int) -> float:
    """Records a second through our decoder."""
    decoder = NetflowDecoder(NetflowConfig(), Observe())
    decoder.decode(_slab(stream.setup))
    slab = _slab(stream.payloads)
    rows: int = decoder.decode(slab).num_rows
    seconds = cpu_seconds(lambda: decoder.decode(slab), repeats=repeats, warm_up=5)
    return rows / seconds


def peer_rate(stream: Stream, repeats: int) -> tuple[str, float | None]:
    """Records a second through the ``netflow`` package, and its label; None where there is none."""
    label = "netflow (PyPI)"
    if find_spec("netflow") is None:
        return f"{label}: not installed", None
    parse = import_module("netflow").parse_packet
    payloads = stream.payloads[:PEER_DATAGRAMS]

    def work() -> int:
        templates: dict[str, object] = {"netflow": {}, "ipfix": {}}
        for payload in stream.setup:
            parse(payload, templates)
        return sum(len(parse(payload, templates).flows) for payload in payloads)

    try:
        records = work()
    except Exception as error:  # noqa: BLE001 - whatever it raises, it cannot decode these
        return f"{label}: {type(error).__name__}", None
    return label, records / cpu_seconds(work, repeats=repeats)


def copy_rate(stream: Stream, repeats: int) -> float:
    """Bytes a second of a plain copy of the same datagrams."""
    data = _slab(stream.payloads).data
    target = np.empty_like(data)
    return len(data) / cpu_seconds(lambda: np.copyto(target, data), repeats=repeats, warm_up=5)


def main() -> None:
    quick = arguments(__doc__).quick
    repeats, peer_repeats = (21, 3) if quick else (201, 9)
    claims = []
    for stream in streams():
        ours = our_rate(stream, repeats)
        label, peer = peer_rate(stream, peer_repeats)
        claims.append(Claim(stream.name, ours, "records/s", label, peer, stream.goal))
        rows = NetflowDecoder(NetflowConfig(), Observe()).decode(
            _slab([*stream.setup, *stream.payloads])
        )
        each = sum(map(len, stream.payloads)) / rows.num_rows
        copied = copy_rate(stream, repeats)
        claims.append(Claim(f"{stream.name}, bytes", ours * each, "bytes/s", "copy", copied))
    report(f"decode in process, one core, slabs of {SLAB_DATAGRAMS:,} datagrams", claims)


if __name__ == "__main__":
    main()
