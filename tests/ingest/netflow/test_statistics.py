"""What exporters say of themselves is known by its elements and scope (RFC 7011 section 4)."""

from __future__ import annotations

import struct

import pytest

from tests.ingest.netflow import packets as p

METERING: list[p.Spec] = [(40, 8), (41, 8), (42, 8)]
UNSENT: list[p.Spec] = [(166, 8), (167, 8), (168, 8), (323, 8), (323, 8)]


def told(bench: p.Bench, scope: list[p.Spec], fields: list[p.Spec], *records: bytes) -> None:
    bench.decode(
        p.ipfix(
            p.a_set(3, p.options_template(300, scope, fields)),
            p.a_set(300, b"".join(records)),
            domain=5,
        )
    )


def reported(bench: p.Bench) -> dict[str, int]:
    (status,) = bench.decoder.statuses()
    return dict(status.reported)


def test_what_a_metering_process_counted_is_shown_and_measured() -> None:
    bench = p.Bench()
    told(bench, [(149, 4)], METERING, struct.pack(">IQQQ", 5, 1_000, 10, 300))
    expected = {
        "exportedOctetTotalCount": 1_000,
        "exportedMessageTotalCount": 10,
        "exportedFlowRecordTotalCount": 300,
    }
    assert reported(bench) == expected
    labels = {"exporter": p.EXPORTER, "protocol": "ipfix", "domain": "5"}
    labels["statistic"] = "exportedFlowRecordTotalCount"
    assert bench.observe.value("sensorium_netflow_reported", labels) == 300
    told(bench, [(149, 4)], METERING, struct.pack(">IQQQ", 5, 2_000, 20, 600))
    assert reported(bench)["exportedMessageTotalCount"] == 20


def test_what_processes_left_out_is_added_up_over_them() -> None:
    bench = p.Bench()
    record = struct.Struct(">IQQQQQ")
    told(bench, [(144, 4)], UNSENT, record.pack(1, 5, 50, 500, 0, 0), record.pack(2, 1, 1, 1, 0, 0))
    assert reported(bench) == {
        "notSentFlowTotalCount": 6,
        "notSentPacketTotalCount": 51,
        "notSentOctetTotalCount": 501,
    }
    ignored: list[p.Spec] = [(164, 8), (165, 8), (323, 8), (323, 8)]
    told(bench, [(149, 4), (143, 4)], ignored, struct.pack(">IIQQQQ", 5, 1, 7, 70, 0, 0))
    assert reported(bench)["ignoredPacketTotalCount"] == 7


@pytest.mark.parametrize(
    ("scope", "fields"),
    [
        ([(10, 4)], METERING),
        ([(149, 4)], METERING[:2]),
        ([(149, 4)], UNSENT[:3]),
        ([(144, 4)], [(164, 8), (165, 8), (40, 8)]),
    ],
)
def test_other_combinations_of_elements_say_something_else(
    scope: list[p.Spec], fields: list[p.Spec]
) -> None:
    bench = p.Bench()
    told(bench, scope, fields, struct.pack(f">I{len(fields)}Q", 1, *range(len(fields))))
    assert reported(bench) == {}
    assert bench.decoded() == {"options": 1}


def test_the_statistics_of_a_v9_system_are_read_too() -> None:
    bench = p.Bench()
    template = p.v9_options_template(300, [(1, 4)], METERING)
    bench.decode(
        p.v9(p.a_set(1, template), p.a_set(300, struct.pack(">IQQQ", 0, 1, 2, 3))),
    )
    assert reported(bench)["exportedFlowRecordTotalCount"] == 3


def test_flow_keys_are_named_until_their_template_changes() -> None:
    bench = p.Bench()
    bench.decode(p.ipfix(p.a_set(2, p.template(256, p.PLAIN)), domain=5))
    told(bench, [(145, 2)], [(173, 8)], struct.pack(">HQ", 256, 0b10_0011))
    told(bench, [(145, 2)], [(173, 8)], struct.pack(">HQ", 999, 1))
    (status,) = bench.decoder.statuses()
    names = ("sourceIPv4Address", "destinationIPv4Address", "tcpControlBits")
    assert dict(status.flow_keys) == {256: names}
    bench.decode(p.ipfix(p.a_set(2, p.template(256, [(1, 4)])), domain=5))
    (status,) = bench.decoder.statuses()
    assert dict(status.flow_keys) == {}


def test_processes_without_number_do_not_fill_the_memory() -> None:
    bench = p.Bench()
    record = struct.Struct(">IQQQQQ")
    told(bench, [(144, 4)], UNSENT, *(record.pack(n, 1, 1, 1, 0, 0) for n in range(500)))
    assert reported(bench)["notSentFlowTotalCount"] == 64


def test_what_was_said_is_forgotten_with_its_exporter() -> None:
    bench = p.Bench(max_sources=1)
    told(bench, [(149, 4)], METERING, struct.pack(">IQQQ", 5, 1, 2, 3))
    bench.decode(p.ipfix(domain=9))
    family = next(
        f for f in bench.observe.registry.collect() if f.name == "sensorium_netflow_reported"
    )
    assert family.samples == []
