"""What decoding costs as a network grows: 1 to 1,000 exporters with 1 to 100 templates each.

The same number of IPFIX records, in the same number of datagrams, comes from more and more
exporters that use more and more templates, all of different shape, in turn: the worst order for
anything that groups. Processor time of one thread. ``--picture FILE`` draws the table as SVG.
"""

from __future__ import annotations

import argparse
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.picture import Panel, write_chart
from benchmarks.report import Claim, report
from benchmarks.wire_decode import EXPORT_S, IPFIX_FIELDS, Spec, cpu_seconds
from sensorium.ingest.datagrams import Datagrams
from sensorium.ingest.netflow import NetflowConfig, NetflowDecoder
from sensorium.model.address import V4_PREFIX
from sensorium.observe import Observe

EXPORTERS = (1, 10, 100, 1000)
TEMPLATES = (1, 10, 100)
DATAGRAMS = 8_000
SLAB_DATAGRAMS = 2_000
RECORDS = 20
OTHERS: tuple[Spec, ...] = tuple((element, 4) for element in (16, 17, 15, 18, 225, 226, 70, 72))


def shape(number: int) -> tuple[Spec, ...]:
    """The fields of one template: the usual ones turned round, and one or two others."""
    turn = number % len(IPFIX_FIELDS)
    fields = (*IPFIX_FIELDS[turn:], *IPFIX_FIELDS[:turn])
    return (*fields, OTHERS[number // len(IPFIX_FIELDS) % len(OTHERS)])


def message(domain: int, sequence: int, sets: bytes) -> bytes:
    """One IPFIX message."""
    return struct.pack(">HHIII", 10, 16 + len(sets), EXPORT_S, sequence, domain) + sets


def template_message(numbers: Sequence[int]) -> bytes:
    """The templates of these numbers, ids from 256 on."""
    body = b""
    for number in numbers:
        fields = shape(number)
        body += struct.pack(">HH", 256 + number, len(fields))
        body += b"".join(struct.pack(">HH", *field) for field in fields)
    return message(0, 0, struct.pack(">HH", 2, 4 + len(body)) + body)


def slab(payloads: Sequence[bytes], exporters: Sequence[int]) -> Datagrams:
    """Datagrams of numbered exporters."""
    addresses = [V4_PREFIX + struct.pack(">I", (10 << 24) + number) for number in exporters]
    arrival = np.full(len(payloads), EXPORT_S * 1_000_000_000, np.int64)
    return Datagrams.of(payloads, arrival_ns=arrival, src_addr=addresses)


def rate(exporters: int, templates: int, datagrams: int) -> float:
    """Records decoded a second of processor time."""
    decoder = NetflowDecoder(NetflowConfig(), Observe())
    for first in range(0, templates, 10):
        told = template_message(range(first, min(first + 10, templates)))
        decoder.decode(slab([told] * exporters, range(exporters)))
    random = np.random.default_rng(5)
    width = sum(length for _, length in shape(0))
    body = random.integers(0, 256, RECORDS * width, np.uint8).tobytes()
    seen = [0] * exporters
    payloads, sources = [], []
    for number in range(datagrams):
        source = number % exporters
        template = number // exporters % templates
        data = struct.pack(">HH", 256 + template, 4 + len(body)) + body
        payloads.append(message(0, seen[source], data))
        sources.append(source)
        seen[source] += RECORDS
    slabs = [
        slab(payloads[at : at + SLAB_DATAGRAMS], sources[at : at + SLAB_DATAGRAMS])
        for at in range(0, datagrams, SLAB_DATAGRAMS)
    ]
    rows = 0

    def work() -> None:
        nonlocal rows
        rows = sum(decoder.decode(one).num_rows for one in slabs)

    seconds = cpu_seconds(work, repeats=5)
    if rows != datagrams * RECORDS:
        raise RuntimeError(f"{rows} rows came out of {datagrams * RECORDS} records")
    return rows / seconds


def picture(path: Path, rates: dict[tuple[int, int], float]) -> None:
    """The rate against the number of exporters, a line for each number of templates."""
    lines = {
        f"{_several(t, 'template')} each": (EXPORTERS, [rates[e, t] / 1e6 for e in EXPORTERS])
        for t in TEMPLATES
    }
    write_chart(path, [Panel("exporters", "million records a second", lines)])


def _several(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + "s" * (count != 1)


def main() -> None:
    """Measure every combination and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--quick", action="store_true", help="a smaller run, within 50 seconds")
    parser.add_argument("--picture", type=Path, help="write the table as SVG to this file")
    chosen = parser.parse_args()
    datagrams = DATAGRAMS // 4 if chosen.quick else DATAGRAMS
    rates = {(e, t): rate(e, t, datagrams) for t in TEMPLATES for e in EXPORTERS}
    base = rates[1, 1]
    report(
        "Decoding IPFIX as a network grows, one thread",
        [
            Claim(
                f"{_several(exporters, 'exporter')}, {_several(templates, 'template')} each",
                value,
                "records/s",
                peer="1 exporter, 1 template",
                peer_value=base,
                goal=">= 0.5x",
            )
            for (exporters, templates), value in rates.items()
        ],
    )
    if chosen.picture:
        picture(chosen.picture, rates)


if __name__ == "__main__":
    main()
