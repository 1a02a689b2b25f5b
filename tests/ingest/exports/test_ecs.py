"""Documents of the Elastic Common Schema that are flows, and those that are logs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.ingest.exports.reading import read, said

ENDS = ("src_addr", "src_port", "dst_addr", "dst_port", "bytes", "packets")
NESTED: dict[str, Any] = {
    "@timestamp": "2026-01-02T03:04:09.000Z",
    "event": {"start": "2026-01-02T03:04:05.250Z", "end": "2026-01-02T03:04:07.250Z",
              "category": ["network"]},
    "source": {"ip": "10.0.0.5", "port": 51000, "bytes": 3000, "packets": 30,
               "mac": "00-11-22-33-44-55", "as": {"number": 64500}},
    "destination": {"ip": "192.0.2.7", "port": 443, "bytes": 90_000, "packets": 80},
    "network": {"transport": "tcp", "iana_number": "6", "bytes": 93_000, "packets": 110,
                "direction": "outbound", "vlan": {"id": "12"}},
    "observer": {"ip": ["198.51.100.1"]},
}  # fmt: skip


def dotted(record: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in record.items():
        inner = dotted(value, f"{prefix}{name}.") if isinstance(value, dict) else None
        flat |= {f"{prefix}{name}": value} if inner is None else inner
    return flat


def lines(*records: Any) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def test_a_document_is_a_row_for_each_direction() -> None:
    (there, back), refused = read(lines(NESTED))
    assert not refused
    assert said(there, *ENDS) == ("10.0.0.5", 51000, "192.0.2.7", 443, 3000, 30)
    assert said(back, *ENDS) == ("192.0.2.7", 443, "10.0.0.5", 51000, 90_000, 80)
    assert said(there, "proto", "src_mac", "src_as", "src_vlan", "sampler_address") == (
        *(6, "00:11:22:33:44:55", 64500, 12, "198.51.100.1"),
    )
    assert (there["flow_direction"], back["flow_direction"]) == (1, 0)
    times = ("time_flow_start_ns", "time_flow_end_ns", "time_received_ns")
    assert said(there, *times) == (
        *(1_767_323_045_250_000_000, 1_767_323_047_250_000_000, 1_767_323_049_000_000_000),
    )
    assert there["event.category"] == '["network"]'


def test_dotted_names_say_the_same_as_nested_objects() -> None:
    assert read(lines(dotted(NESTED))) == read(lines(NESTED))


def test_what_came_in_goes_out_on_the_way_back() -> None:
    inward = NESTED | {"network": {"direction": "ingress", "transport": "udp"}}
    there, back = read(lines(inward))[0]
    assert (there["flow_direction"], back["flow_direction"], there["proto"]) == (0, 1, 17)


@pytest.mark.parametrize(
    ("counted", "expected"),
    [
        ({"network.bytes": 700, "network.packets": 7}, [(700, 7)]),
        ({"network.bytes": 700, "destination.bytes": 500}, [(200, 0), (500, 0)]),
        ({"source.bytes": 700}, [(700, 0)]),
        ({"destination.packets": 3}, [(0, 0), (0, 3)]),
    ],
)
def test_sums_are_what_both_ends_counted(
    counted: dict[str, int], expected: list[tuple[int, int]]
) -> None:
    ends = {"@timestamp": "2026-01-02T03:04:09Z", "source.ip": "10.0.0.5",
            "destination.ip": "192.0.2.7"}  # fmt: skip
    records, _ = read(lines(ends | counted))
    assert [said(record, "bytes", "packets") for record in records] == expected


def test_times_that_are_not_told_come_of_the_duration_and_the_stamp() -> None:
    flat = dotted(NESTED) | {"event.duration": 3_000_000_000}
    start, end = 1_767_323_045_250_000_000, 1_767_323_047_250_000_000
    stamp, lasted = 1_767_323_049_000_000_000, 3_000_000_000
    times = ("time_flow_start_ns", "time_flow_end_ns")
    for missing, expected in (
        (("event.end",), (start, start + lasted)),
        (("event.start",), (end - lasted, end)),
        (("event.start", "event.end"), (stamp - lasted, stamp)),
    ):
        told = {name: value for name, value in flat.items() if name not in missing}
        assert said(read(lines(told))[0][0], *times) == expected
    untimed = {name: v for name, v in flat.items() if name not in ("@timestamp", "event.start")}
    del untimed["event.end"]
    assert read(lines(untimed)) == ([], {"no_time": 1})


def test_packetbeats_interim_reports_are_counted_and_the_last_is_read() -> None:
    interim = NESTED | {"flow": {"final": False, "id": "x"}}
    records, refused = read(lines(interim, interim, NESTED | {"flow": {"final": True, "id": "x"}}))
    assert (len(records), refused) == (2, {"interim": 2})


@pytest.mark.parametrize("missing", ["source", "destination"])
def test_a_document_without_one_of_its_ends_is_a_log(missing: str) -> None:
    (log,), _ = read(lines({**NESTED, missing: {"bytes": 5}, "message": "m"}))
    assert log["body"] == "m"


def test_a_document_that_counts_nothing_is_a_log() -> None:
    denied = {"@timestamp": "2026-01-02T03:04:09Z", "message": "denied",
              "source": {"ip": "10.0.0.5"}, "destination": {"ip": "192.0.2.7"}}  # fmt: skip
    (log,), _ = read(lines(denied))
    assert said(log, "body", "time_ns") == ("denied", 1_767_323_049_000_000_000)
