"""Flow logs of AWS VPCs: with fields that are named, and the default format without names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.ingest.exports import form_of
from tests.ingest.exports.reading import read, said

HEAD = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes "
    "start end action log-status\n"
)
RECORD = (
    "2 123456789012 eni-0a1b2c3d 10.0.0.5 192.0.2.7 51000 443 6 10 1020 1767323045 1767323105 "
    "REJECT OK\n"
)
NOTHING = "2 123456789012 eni-0a1b2c3d - - - - - - - 1767323045 1767323105 - NODATA\n"


@pytest.mark.parametrize("text", [HEAD + RECORD, RECORD, "2026-01-02T03:05:45.000Z " + RECORD])
def test_the_default_format_is_known_with_and_without_names(text: str) -> None:
    (flow,), refused = read(text.encode())
    assert not refused
    ends = ("src_addr", "src_port", "dst_addr", "dst_port", "proto", "bytes", "packets", "etype")
    assert said(flow, *ends) == ("10.0.0.5", 51000, "192.0.2.7", 443, 6, 1020, 10, 0x0800)
    assert said(flow, "time_flow_start_ns", "time_flow_end_ns", "time_received_ns") == (
        *(1_767_323_045 * 10**9, 1_767_323_105 * 10**9, 1_767_323_105 * 10**9),
    )
    assert said(flow, "type", "action", "interface-id") == (
        *("VPC_FLOW_LOG", "REJECT", "eni-0a1b2c3d"),
    )


def test_fields_may_be_chosen() -> None:
    text = (
        "version vpc-id type pkt-srcaddr pkt-dstaddr srcport dstport protocol bytes packets start "
        "end tcp-flags flow-direction pkt-dst-aws-service\n"
        "5 vpc-1 IPv6 2001:db8::1 2001:db8::2 51000 443 6 1020 10 1767323045 1767323105 19 egress "
        "S3\n"
    )
    (flow,), refused = read(text.encode())
    assert not refused
    names = ("src_addr", "dst_addr", "tcp_flags", "flow_direction", "etype", "pkt-dst-aws-service")
    assert said(flow, *names) == ("2001:db8::1", "2001:db8::2", 0x13, 1, 0x86DD, "S3")


def test_of_a_translated_connection_the_addresses_of_the_interface_are_kept() -> None:
    text = "srcaddr dstaddr pkt-srcaddr bytes end\n10.0.0.5 192.0.2.7 10.9.9.9 7 1767323105\n"
    (flow,), _ = read(text.encode())
    assert said(flow, "src_addr", "pkt-srcaddr", "bytes") == ("10.0.0.5", "10.9.9.9", 7)
    assert flow["time_flow_start_ns"] == 1_767_323_105 * 10**9


def test_what_tells_of_no_flow_is_counted_as_are_odd_lines() -> None:
    skipped = NOTHING.replace("NODATA", "SKIPDATA")
    timeless = RECORD.replace("1767323045 1767323105", "- -")
    text = HEAD + RECORD + NOTHING + skipped + "2 short\n" + timeless + HEAD + RECORD
    records, refused = read(text.encode())
    assert len(records) == 2
    assert refused == {"no_flow": 2, "malformed": 1, "no_time": 1}


def test_other_text_is_none() -> None:
    assert (
        form_of(b"2 apples and some pears were eaten by one who came late to the table\n") is None
    )
    assert form_of(b"srcaddr is what they call the source\n") is None


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_counted(content: bytes) -> None:
    read(HEAD.encode() + content)
    read(RECORD.encode() + content)
