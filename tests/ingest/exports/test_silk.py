"""What rwcut prints: in columns whose titles are cut, without columns, in other forms of times."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ingest.exports.reading import read, said

COLUMNS = (
    "            sIP|            dIP|sPort|dPort|pro|   packets|     bytes|   flags|"
    "                  sTime| duration|                  eTime|sen|\n"
    "       10.0.0.5|      192.0.2.7|51000|  443|  6|        10|      1020|FS PA   |"
    "2026/01/02T03:04:05.125|    1.500|2026/01/02T03:04:06.625| S0|\n"
)
START = 1_767_323_045_125_000_000


def test_columns_are_read_under_their_cut_titles() -> None:
    (flow,), refused = read(COLUMNS.encode())
    assert not refused
    ends = ("src_addr", "src_port", "dst_addr", "dst_port", "proto", "bytes", "packets", "etype")
    assert said(flow, *ends) == ("10.0.0.5", 51000, "192.0.2.7", 443, 6, 1020, 10, 0x0800)
    assert said(flow, "type", "tcp_flags", "sensor") == ("SILK_RWCUT", 0x1B, "S0")
    assert said(flow, "time_flow_start_ns", "time_flow_end_ns", "time_received_ns") == (
        *(START, START + 1_500_000_000, START + 1_500_000_000),
    )


@pytest.mark.parametrize(
    "text",
    [
        "sIP,dIP,sPort,dPort,protocol,packets,bytes,flags,sTime,duration\n"
        "10.0.0.5,192.0.2.7,51000,443,6,10,1020,27,1767323045.125,1.500\n",
        "sTime+msec|eTime+msec|sIP|dIP|sPort|dPort|pro|packets|bytes|flags\n"
        "2026-01-02 03:04:05.125|2026-01-02 03:04:06.625|10.0.0.5|192.0.2.7|51000|443|6|10|1020|"
        "FSPA\n",
        "sIP|dIP|sPort|dPort|pro|packets|bytes|flags|sTime|eTime|\n"
        "167772165|3221225991|51000|443|6|10|1020|FS PA   |01/02/2026 03:04:05.125|"
        "01/02/2026 03:04:06.625|\n",
        "sIP|dIP|sPort|dPort|pro|packets|bytes|flags|eTime|dur|\r\n"
        "10.0.0.5|192.0.2.7|51000|443|6|10|1020|FS PA|2026/01/02T03:04:06.625|1.500|\r\n",
    ],
)
def test_other_separators_times_and_orders_say_the_same(text: str) -> None:
    (flow,), refused = read(text.encode())
    assert not refused
    names = ("src_addr", "dst_port", "bytes", "tcp_flags", "time_flow_start_ns")
    assert said(flow, *names) == ("10.0.0.5", 443, 1020, 0x1B, START)
    assert flow["time_flow_end_ns"] == START + 1_500_000_000


def test_icmp_has_its_type_and_code_in_the_port_or_in_fields_of_their_own() -> None:
    text = (
        "sIP|dIP|dPort|pro|sTime|in|out|nhIP|type|\n"
        "10.0.0.5|192.0.2.7|781|1|2026/01/02T03:04:05|3|4|10.0.0.1|outicmp|\n"
    )
    (flow,), _ = read(text.encode())
    assert said(flow, "icmp_type", "icmp_code", "dst_port") == (3, 13, 0)
    assert said(flow, "in_if", "out_if", "next_hop", "flow_type") == (3, 4, "10.0.0.1", "outicmp")
    text = "sIP|dIP|pro|iTy|iCo|sTime|\n2001:db8::1|2001:db8::2|58|128|0|2026/01/02T03:04:05|\n"
    (flow,), _ = read(text.encode())
    assert said(flow, "proto", "icmp_type", "icmp_code", "etype") == (58, 128, 0, 0x86DD)


def test_odd_lines_are_counted_and_titles_that_come_again_passed_over() -> None:
    odd = "10.0.0.5|192.0.2.7|\n" + COLUMNS.splitlines()[1].replace("2026/01/02T", "soon") + "\n"
    records, refused = read((COLUMNS + odd + COLUMNS).encode())
    assert len(records) == 2
    assert refused == {"malformed": 1, "no_time": 1}


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_counted(content: bytes) -> None:
    read(COLUMNS.encode() + content)
