"""The fast decoder and the slow one give the same rows for whatever exporters may send."""

from __future__ import annotations

import itertools
import struct

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from sensorium.model.address import pack_address
from sensorium.model.signals import FLOWS
from tests.ingest.netflow import packets as p
from tests.ingest.netflow.oracle import V8, Oracle

EXPORTERS = ("192.0.2.1", "2001:db8::1")
MAPPED = (
    1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 21, 22, 23, 24, 27, 28, 29, 30, 32,
    34, 48, 50, 55, 56, 57, 58, 59, 60, 61, 62, 63, 70, 80, 81, 85, 86, 139, 150, 151, 152, 153,
    154, 155, 156, 157, 158, 159, 161, 162, 171, 172, 176, 177, 178, 179, 180, 181, 182, 183, 231,
    243, 252, 253, 254, 256, 298, 302, 305, 306, 322, 323, 324, 325, 352,
)  # fmt: skip
VENDORED = (
    *(41106, 42033, 45004, 45005, 45006, 45007, 45008, 45009),
    *((number, 8741) for number in (5, 6, 9, 10, 11, 12, 13, 14, 17, 18, 20, 169, 170)),
)
LEFT_OVER = (
    48, 31, 42, 82, 94, 95, 136, 139, 210, 225, 230, 258, 268, 270, 276, 281, 311, 336, 361, 365,
    434, 515, 33000, 45003, 57591, 105,
)  # fmt: skip
USUAL = {365: 6, 225: 4, 281: 16, 268: 8, 270: 8, 311: 8, 336: 4, 276: 1, 33000: 12,
         8: 4, 12: 4, 15: 4, 18: 4, 27: 16, 28: 16, 62: 16, 63: 16, 32: 2, 139: 2, 70: 3,
         154: 8, 155: 8, 156: 8, 157: 8, 324: 8, 325: 8, 152: 8, 153: 8, 45004: 4, 45005: 4,
         45006: 16, 45007: 16}  # fmt: skip
OPTIONS = (34, 50, 48, 302, 305, 306, 309, 310, 160, 10, 84)
NUMBERS = (256, 257, 258)


@st.composite
def fields(draw: st.DrawFn, *, ipfix: bool) -> list[p.Spec]:
    """A template's fields: usual lengths mostly, odd ones too, duplicates, unknown elements."""
    chosen: list[p.Spec] = []
    kinds = [MAPPED, MAPPED, LEFT_OVER, VENDORED]
    elements = st.one_of(*(st.sampled_from(kind) for kind in kinds))
    for drawn in draw(st.lists(elements, min_size=1, max_size=14)):
        element, *enterprise = drawn if isinstance(drawn, tuple) else (drawn,)
        usual = USUAL.get(element, draw(st.sampled_from([1, 2, 4, 4, 8])))
        pens = [0, 0, 0, 0, 29305, 9] if ipfix else [0]
        pen = draw(st.sampled_from(enterprise if ipfix and enterprise else pens))
        pen = 9 if ipfix and element in VENDORED else pen
        element = element if not ipfix else element & 0x7FFF
        odd = st.sampled_from([0, 3, 5, 6, 7, 9, 10, 16, 20, 65535])
        length = draw(st.one_of(*[st.just(usual)] * 5, odd))
        chosen.append((element, length, pen) if pen else (element, length))
    return chosen if any(length for _, length, *_ in chosen) else [*chosen, (1, 4)]


BYTES = st.one_of(st.sampled_from([0, 0, 0, 1, 4, 6, 255]), st.integers(0, 255))


@st.composite
def value(draw: st.DrawFn, length: int) -> bytes:
    if length == 65535:
        size = draw(st.sampled_from([0, 1, 2, 4, 8, 16, 3, 20]))
        content = bytes(draw(st.lists(BYTES, min_size=size, max_size=size)))
        return p.varying(content, long=draw(st.booleans()))
    return bytes(draw(st.lists(BYTES, min_size=length, max_size=length)))


@st.composite
def body(draw: st.DrawFn, template: list[p.Spec]) -> bytes:
    """Some records, and perhaps a cut or padding after them."""
    count = draw(st.integers(0, 4))
    records = b"".join(draw(value(length)) for _ in range(count) for _, length, *_ in template)
    cut = draw(st.sampled_from([0, 0, 0, 1, 3]))
    return records[: len(records) - cut] if cut else records + bytes(draw(st.integers(0, 3)))


@st.composite
def sets(draw: st.DrawFn, *, ipfix: bool, known: dict[int, list[p.Spec]]) -> bytes:
    """A template set, options template set, withdrawal or data set."""
    kind = draw(st.sampled_from(["template", "data", "data", "data", "options", "withdraw"]))
    number = draw(st.sampled_from(NUMBERS))
    if kind == "data" and known:
        number = draw(st.sampled_from(sorted(known)))
        return p.a_set(number, draw(body(known[number])))
    if kind == "options":
        ids = draw(st.lists(st.sampled_from(OPTIONS), min_size=1, max_size=5, unique=True))
        specs = [(element, 8 if element == 160 else 4) for element in ids]
        scope: list[p.Spec] = [(draw(st.sampled_from([10, 149, 144] if ipfix else [1, 2, 3])), 4)]
        known[number] = [*scope, *specs]
        build = p.options_template if ipfix else p.v9_options_template
        return p.a_set(3 if ipfix else 1, build(number, scope, specs), draw(st.integers(0, 3)))
    if kind == "withdraw" and ipfix:
        withdrawn = draw(st.sampled_from([*NUMBERS, 2, 3]))
        return p.a_set(draw(st.sampled_from([2, 3])), struct.pack(">HH", withdrawn, 0))
    known[number] = draw(fields(ipfix=ipfix))
    return p.a_set(2 if ipfix else 0, p.template(number, known[number]), draw(st.integers(0, 3)))


@st.composite
def streams(draw: st.DrawFn) -> list[tuple[str, bytes]]:
    """Datagrams of several exporters, protocols and domains, in one order."""
    known: dict[tuple[str, bool, int], dict[int, list[p.Spec]]] = {}
    stream = []
    for sequence in range(draw(st.integers(1, 12))):
        exporter = draw(st.sampled_from(EXPORTERS))
        kind = draw(st.sampled_from(["v9", "v9", "ipfix", "ipfix", "v5", "v1", "v7", "v8"]))
        if kind == "v5":
            record = st.binary(min_size=48, max_size=48)
            records = draw(st.lists(record, max_size=3))
            payload = p.v5(records, sampling=draw(st.integers(0, 0xFFFF)))
        elif kind == "v8":
            aggregation = draw(st.integers(0, 15))
            size = sum(length for _, length, _ in V8.get(aggregation, [(0, 30, 0)]))
            records = draw(st.lists(st.binary(min_size=size, max_size=size), max_size=3))
            announced = draw(st.sampled_from((len(records), 5, 99)))
            engine = draw(st.integers(0, 0xFFFF))
            payload = p.v8(records, aggregation, engine=engine, count=announced)
        elif kind in ("v1", "v7"):
            size = 48 if kind == "v1" else 52
            records = draw(st.lists(st.binary(min_size=size, max_size=size), max_size=3))
            announced = draw(st.sampled_from((len(records), 5, 99)))
            payload = (p.v1 if kind == "v1" else p.v7)(records, count=announced)
        else:
            domain = draw(st.integers(0, 1))
            templates = known.setdefault((exporter, kind == "ipfix", domain), {})
            parts = [
                draw(sets(ipfix=kind == "ipfix", known=templates))
                for _ in range(draw(st.integers(1, 4)))
            ]
            build = p.ipfix if kind == "ipfix" else p.v9
            payload = build(*parts, sequence=sequence, domain=domain)
        stream.append((exporter, payload))
    return stream


def port_of(payload: bytes) -> int:
    """One of three ports, by what the datagram holds."""
    return sum(payload) % 3


def by_oracle(stream: list[tuple[str, bytes]]) -> pa.Table:
    oracle = Oracle()
    rows = []
    for index, (exporter, payload) in enumerate(stream):
        rows += oracle.decode(
            payload, p.ARRIVAL_NS + index, pack_address(exporter), port_of(payload)
        )
    return pa.Table.from_pylist(rows, schema=FLOWS)


def by_decoder(stream: list[tuple[str, bytes]], slabs: list[int]) -> pa.Table:
    """Decode in slabs that begin at the given datagrams."""
    bench = p.Bench()
    batches = []
    edges = sorted({0, len(stream), *(slab for slab in slabs if slab < len(stream))})
    for first, last in itertools.pairwise(edges):
        part = stream[first:last]
        slab = p.slab(
            [payload for _, payload in part],
            [exporter for exporter, _ in part],
            [p.ARRIVAL_NS + i for i in range(first, last)],
            [port_of(payload) for _, payload in part],
        )
        batches.append(bench.decoder.decode(slab))
    return pa.Table.from_batches(batches, schema=FLOWS)


def differences(expected: pa.Table, actual: pa.Table) -> list[str]:
    found = []
    if expected.num_rows != actual.num_rows:
        return [f"{expected.num_rows} rows expected, {actual.num_rows} decoded"]
    for row, (one, other) in enumerate(zip(expected.to_pylist(), actual.to_pylist(), strict=True)):
        found += [f"row {row} {n}: {one[n]} != {other[n]}" for n in one if one[n] != other[n]]
    return found


@given(streams(), st.lists(st.integers(1, 11), max_size=3))
def test_both_decoders_give_the_same_rows_however_the_slabs_are_divided(
    stream: list[tuple[str, bytes]], slabs: list[int]
) -> None:
    assert differences(by_oracle(stream), by_decoder(stream, slabs)) == []
