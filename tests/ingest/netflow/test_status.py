"""What is known of each source: counted to the unit, whatever the way does to datagrams."""

from __future__ import annotations

import math
import struct
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from sensorium.ingest.netflow.exporters.status import UNREAD
from sensorium.model.address import pack_address
from sensorium.model.exporter import ExporterStatus
from tests.ingest.netflow import packets as p

FIELDS: list[p.Spec] = [(8, 4), (12, 4), (1, 4)]
RECORD = struct.pack(">III", 1, 2, 3)
TEMPLATE = p.a_set(2, p.template(256, FIELDS))


def ipfix(first: int, records: int, *, template: bool = False) -> bytes:
    sets = [TEMPLATE] if template else []
    return p.ipfix(*sets, p.a_set(256, RECORD * records), sequence=first)


def only(bench: p.Bench) -> ExporterStatus:
    (status,) = bench.decoder.statuses()
    return status


def accounted(status: ExporterStatus) -> int:
    """Units that an exporter must have sent, by what is known of them."""
    unread = status.dropped.get(UNREAD, 0) + status.dropped.get("records_cut", 0)
    arrived = status.datagrams if status.unit == "packets" else status.records
    return arrived - status.duplicates + status.lost - status.late + unread


def test_a_status_says_what_came_and_when() -> None:
    bench = p.Bench()
    data = [p.v5([p.v5_record()] * n, sequence=s, sampling=100) for n, s in ((3, 0), (2, 5))]
    bench.decode(*data)
    assert only(bench) == ExporterStatus(
        address=pack_address(p.EXPORTER),
        protocol="NETFLOW_V5",
        domain=0,
        unit="flows",
        datagrams=2,
        bytes=sum(map(len, data)),
        records=5,
        lost=2,
        sampling_rate=100,
        clock_skew_s=-0.999999501,
        last_seen_ns=p.ARRIVAL_NS + 1,
    )


def test_templates_rates_and_skew_are_each_sources_own() -> None:
    bench = p.Bench()
    options = p.a_set(3, p.options_template(300, [(149, 4)], [(34, 4)]))
    announce = p.ipfix(TEMPLATE, options, p.a_set(300, struct.pack(">II", 7, 50)), domain=7)
    bench.decode(announce, p.ipfix(TEMPLATE, domain=8, export_s=p.EXPORT_S + 61))
    first, second = bench.decoder.statuses()
    assert (first.domain, first.templates, first.sampling_rate, first.records) == (7, 2, 50, 1)
    assert (second.domain, second.templates, second.sampling_rate) == (8, 1, 0)
    assert (round(first.clock_skew_s), round(second.clock_skew_s)) == (-1, 60)


def test_a_header_without_a_time_says_nothing_of_the_clock() -> None:
    bench = p.Bench()
    bench.decode(p.ipfix(TEMPLATE, export_s=0))
    assert math.isnan(only(bench).clock_skew_s)


def test_what_is_not_used_is_counted_for_its_source() -> None:
    bench = p.Bench()
    bench.decode(p.ipfix(p.a_set(1, b"")), p.v5([p.v5_record()], count=4), b"\0\7")
    by_protocol = {s.protocol: dict(s.dropped) for s in bench.decoder.statuses()}
    assert by_protocol == {"IPFIX": {"reserved_set": 1}, "NETFLOW_V5": {"records_cut": 3}}


def test_records_without_a_template_are_unread_until_it_comes() -> None:
    bench = p.Bench()
    bench.decode(ipfix(0, 4), ipfix(4, 2))
    assert dict(only(bench).dropped) == {UNREAD: 4}
    bench.decode(ipfix(6, 1, template=True))
    status = only(bench)
    assert (status.records, status.lost, dict(status.dropped)) == (7, 0, {})


journeys = st.lists(
    st.tuples(st.integers(0, 5), st.booleans(), st.sampled_from(["kept", "kept", "lost", "twice"])),
    min_size=2,
    max_size=25,
)


@given(journeys, st.randoms(use_true_random=False), st.lists(st.integers(1, 24), max_size=3))
def test_what_ipfix_exporters_sent_is_what_is_accounted_for(
    journey: list[tuple[int, bool, str]], random: st.randoms, slabs: list[int]
) -> None:
    """Messages with or without their template, lost, doubled and out of order."""
    sent, way = 0, []
    for index, (records, template, fate) in enumerate(journey):
        payload = ipfix(sent, records, template=template)
        sent += records
        if fate != "lost" or index == 0:
            # A message that comes twice before its template is not known for what it is.
            way += [payload] * (2 if fate == "twice" and records and journey[0][1] else 1)
    for index in range(1, len(way) - 1):
        if random.random() < 0.2:
            way[index], way[index + 1] = way[index + 1], way[index]
    # What was lost at the end shows when the next message comes.
    way.append(ipfix(sent, 1, template=True))
    # If it was open until now what numbers count, this shows it.
    way.append(ipfix(sent + 1, 3))
    bench = p.Bench()
    edges = sorted({0, len(way), *(edge for edge in slabs if edge < len(way))})
    for start, stop in pairwise(edges):
        bench.decode(*way[start:stop])
    status = only(bench)
    assert accounted(status) == sent + 4
    assert status.restarts == 0


@given(journeys, st.booleans())
def test_what_v5_and_v9_exporters_sent_is_what_is_accounted_for(
    journey: list[tuple[int, bool, str]], v9: bool
) -> None:
    sent, way = 0, []
    for index, (records, cut, fate) in enumerate(journey):
        if v9:
            payload, units = p.v9(sequence=sent), 1
        else:
            units = records + cut
            payload = p.v5([p.v5_record()] * records, count=units, sequence=sent)
        sent += units
        if fate != "lost" or index == 0:
            way += [payload] * (2 if fate == "twice" and not cut else 1)
    if v9:
        way.append(p.v9(sequence=sent))
    else:
        # The second shows what numbers count, if that was open until then.
        way += [p.v5([p.v5_record()], sequence=sent), p.v5([], sequence=sent + 1)]
    bench = p.Bench()
    bench.decode(*way)
    assert accounted(only(bench)) == sent + 1
