"""Flows of exporters that know clients and servers, and no sources and destinations."""

from __future__ import annotations

from typing import Any

import pytest

from sensorium.model.address import unpack_address
from tests.ingest.netflow import packets as p

Row = dict[str, Any]

START_S = p.EXPORT_S - 60
_WIRED: list[p.Spec] = [(12236, 4, 9), (12237, 4, 9), (12241, 2, 9), (60, 1), (4, 1)]
_COUNTS: list[p.Spec] = [(239, 1), (298, 8), (299, 8), (8338, 8, 9), (8337, 8, 9)]
WIRED: list[p.Spec] = [*_WIRED, *_COUNTS, (152, 8), (153, 8)]
"""A record of wired AVC, as Cisco's guides for Catalyst 9000 have it."""
CLIENT, SERVER = 0x0A000001, 0x0A000002
TIMES = (START_S * 1000, START_S * 1000 + 250)
VALUES = (CLIENT, SERVER, 443, 4, 6, 1, 11, 12, 1300, 1400, *TIMES)

SONICWALL: list[p.Spec] = [
    *((n, 4, 8741) for n in (1, 2, 5, 6, 7, 8, 9, 10)),
    *((n, 2, 8741) for n in (11, 12)),
    *((n, 4, 8741) for n in (13, 14, 15, 16, 17, 18)),
    (20, 1, 8741),
]


def as_v9(fields: list[p.Spec]) -> list[p.Spec]:
    """Cisco's own elements as NetFlow v9 has them."""
    return [(spec[0] | 0x8000, spec[1]) if len(spec) == 3 else spec for spec in fields]


def read(fields: list[p.Spec], *values: int | bytes, v9: bool = False) -> Row:
    data = p.a_set(256, p.record(fields, *values))
    if v9:
        sent = p.v9(p.a_set(0, p.template(256, fields)), data)
    else:
        sent = p.ipfix(p.a_set(2, p.template(256, fields)), data)
    (row,) = p.Bench().rows(sent)
    return row


def ends(row: Row) -> tuple[str, int, str, int, int]:
    addresses = unpack_address(row["src_addr"]), unpack_address(row["dst_addr"])
    return addresses[0], row["src_port"], addresses[1], row["dst_port"], row["proto"]


@pytest.mark.parametrize("v9", [False, True])
def test_a_client_is_the_source_of_a_flow_that_wired_avc_saw(v9: bool) -> None:
    row = read(as_v9(WIRED) if v9 else WIRED, *VALUES, v9=v9)
    assert ends(row) == ("10.0.0.1", 0, "10.0.0.2", 443, 6)
    assert (row["bytes"], row["packets"], row["etype"]) == (1300, 11, 0x0800)
    assert row["time_flow_start_ns"] == START_S * 10**9
    assert dict(row["attributes"]) == {
        "biflowDirection": "1", "responderPackets": "12", "ciscoServerBytesNetwork": "1400",
    }  # fmt: skip


def test_clients_of_both_families_are_read() -> None:
    fields: list[p.Spec] = [*((n, 4, 9) for n in (12236, 12237)), (12238, 16, 9), (12239, 16, 9)]
    wide = 0x20010DB8 << 96
    assert ends(read(fields, 0, 0, wide | 1, wide | 2))[::2] == ("2001:db8::1", "2001:db8::2", 0)
    assert ends(read(fields, CLIENT, SERVER, 0, 0))[::2] == ("10.0.0.1", "10.0.0.2", 0)


def test_a_source_counts_before_a_client() -> None:
    fields: list[p.Spec] = [(12238, 16, 9), (12236, 4, 9), (8, 4), (9265, 4, 9), (2, 4)]
    row = read(fields, 0x20010DB8 << 96 | 1, CLIENT, 0x0A000009, 5, 6)
    assert (unpack_address(row["src_addr"]), row["packets"]) == ("10.0.0.9", 6)
    assert dict(row["attributes"]) == {
        "ciscoClientIPv6Address": "2001:db8::1", "ciscoClientIPv4Address": "10.0.0.1",
        "numClientPackets": "5",
    }  # fmt: skip


def test_an_initiator_is_the_source_of_a_flow_of_sonicwall() -> None:
    values = (START_S, 7, CLIENT, SERVER, 0, 0x0A0000FE, 3, 4, 51000, 53)
    row = read(SONICWALL, *values, 2, 140, 1, 300, START_S, START_S + 2, 17)
    assert ends(row) == ("10.0.0.1", 51000, "10.0.0.2", 53, 17)
    assert (row["bytes"], row["packets"], row["in_if"], row["out_if"]) == (140, 2, 3, 4)
    assert row["time_flow_start_ns"] == START_S * 10**9
    assert row["time_flow_end_ns"] == (START_S + 2) * 10**9
    assert dict(row["attributes"]) == {
        "sonicWallTimestamp": str(START_S), "sonicWallFlowIdentifier": "7",
        "sonicWallInitiatorGatewayIPv4Address": "0.0.0.0",
        "sonicWallResponderGatewayIPv4Address": "10.0.0.254",
        "sonicWallResponderPackets": "1", "sonicWallResponderOctets": "300",
    }  # fmt: skip


def test_what_came_since_the_last_report_counts_before_what_came_in_all() -> None:
    fields: list[p.Spec] = [(n, 4, 8741) for n in (5, 6, 13, 14, 169, 170)]
    row = read(fields, CLIENT, SERVER, 100, 9000, 10, 900)
    assert (row["bytes"], row["packets"]) == (900, 10)
    assert dict(row["attributes"]) == {
        "sonicWallInitiatorPackets": "100", "sonicWallInitiatorOctets": "9000",
    }  # fmt: skip
