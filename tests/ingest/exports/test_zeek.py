"""Zeek's conn.log."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.ingest.exports.problem import ExportFileError
from tests.ingest.exports.reading import read, said

HEAD = (
    "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n"
    "#open\t2026-01-01-00-00-00\n"
    "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration"
    "\torig_bytes\tresp_bytes\tconn_state\thistory\torig_pkts\torig_ip_bytes\tresp_pkts"
    "\tresp_ip_bytes\n#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tinterval\tcount"
    "\tcount\tstring\tstring\tcount\tcount\tcount\tcount\n"
)
WEB = (
    "1600000000.123456\tC1\t10.0.0.5\t51000\t192.0.2.7\t443\ttcp\tssl\t1.5\t500\t9000\tSF"
    "\tShADadFf\t10\t1020\t12\t9600\n"
)
PING = "1600000001.000001\tC2\t10.0.0.5\t8\t192.0.2.7\t0\ticmp\t-\t-\t-\t-\tOTH\t-\t1\t84\t0\t0\n"
FOOT = "#close\t2026-01-01-01-00-00\n"


def test_a_connection_is_a_row_for_each_direction() -> None:
    records, refused = read((HEAD + WEB + FOOT).encode())
    there, back = records
    assert not refused
    ends = ("src_addr", "src_port", "dst_addr", "dst_port", "bytes", "packets", "proto")
    assert said(there, *ends) == ("10.0.0.5", 51000, "192.0.2.7", 443, 1020, 10, 6)
    assert said(back, *ends) == ("192.0.2.7", 443, "10.0.0.5", 51000, 9600, 12, 6)
    assert there["time_flow_start_ns"] == 1_600_000_000_123_456_000
    assert there["time_flow_end_ns"] == 1_600_000_001_623_456_000
    assert said(there, "type", "tcp_flags", "etype") == ("ZEEK_CONN", 0x1B, 0x0800)


def test_only_tcp_has_flags() -> None:
    (there, back), _ = read(
        (HEAD + WEB.replace("\ttcp\t", "\tudp\t").replace("ShADadFf", "Dd")).encode()
    )
    assert said(there, "proto", "tcp_flags", "history") == (17, 0, "Dd")
    assert back["tcp_flags"] == 0


def test_what_has_no_column_keeps_zeeks_name() -> None:
    printed = json.dumps(read((HEAD + WEB).encode())[0][0])
    for text in ('"uid"', '"C1"', '"service"', '"ssl"', '"conn_state"', '"history"'):
        assert text in printed


def test_fields_of_one_name_are_told_apart() -> None:
    head = HEAD.replace("\tservice\t", "\tuid\t").replace("\tduration", "\t")
    (there, _), refused = read((head + WEB).encode())
    assert not refused
    assert said(there, "uid", "uid_2") == ("C1", "ssl")


def test_icmp_has_type_and_code_where_others_have_ports() -> None:
    (ping,), _ = read((HEAD + PING).encode())
    assert said(ping, "proto", "icmp_type", "icmp_code", "src_port", "dst_port") == (1, 8, 0, 0, 0)


PAIRS = [
    # An answer has a type of its own: Zeek has it where others have the code.
    ("8", "0", "10.0.0.5", 1, (8, 0), (0, 0)),
    ("135", "136", "2001:db8::5", 58, (135, 0), (136, 0)),
    ("3", "1", "10.0.0.5", 1, (3, 1), (3, 1)),
]


@pytest.mark.parametrize(("first", "second", "source", "proto", "there", "back"), PAIRS)
def test_the_answer_to_an_icmp_message_has_the_type_that_zeek_gives_it(
    first: str, second: str, source: str, proto: int, there: tuple[int, int], back: tuple[int, int]
) -> None:
    line = PING.replace("\t8\t192.0.2.7\t0\t", f"\t{first}\t192.0.2.7\t{second}\t")
    line = line.replace("10.0.0.5", source).replace("1\t84\t0\t0", "1\t84\t1\t84")
    records, _ = read((HEAD + line).encode())
    assert [said(r, "proto", "icmp_type", "icmp_code") for r in records] == [
        (proto, *there),
        (proto, *back),
    ]


def test_a_protocol_that_zeek_has_no_name_for_is_known_by_its_number() -> None:
    head = HEAD.replace("\tresp_ip_bytes\n", "\tresp_ip_bytes\tip_proto\n", 1)
    line = PING.replace("icmp", "unknown_transport").replace("\n", "\t47\n")
    (record,), _ = read((head + line).encode())
    assert record["proto"] == 47


def test_ends_may_be_named_with_another_mark() -> None:
    head = HEAD.replace("id.", "id_")
    assert read((head + WEB).encode()) == read((HEAD + WEB).encode())


@pytest.mark.parametrize("stamp", [1600000000.123, 1600000000123.0, 1600000000123])
@pytest.mark.parametrize("parted", ["id.", "id_", ""])
def test_json_has_seconds_or_milliseconds_and_ends_under_several_names(
    stamp: float, parted: str
) -> None:
    ends: dict[str, object] = {"orig_h": "10.0.0.5", "resp_h": "192.0.2.7", "resp_p": 443}
    named = {f"{parted}{name}": value for name, value in ends.items()} if parted else {"id": ends}
    record = {"ts": stamp, "uid": "C1", **named, "proto": "tcp", "conn_state": "S0"}
    (row,), refused = read(json.dumps(record).encode())
    assert not refused
    assert said(row, "src_addr", "dst_addr", "dst_port", "time_flow_start_ns") == (
        *("10.0.0.5", "192.0.2.7", 443, 1_600_000_000_123_000_000),
    )


def test_json_and_tab_separated_values_say_the_same() -> None:
    lines = HEAD.splitlines()
    names = lines[6].split("\t")[1:]
    texts = WEB.rstrip("\n").split("\t")
    numbers = {"ts", "duration"}
    record = {
        n: float(t) if n in numbers else int(t) if t.isdigit() else t
        for n, t in zip(names, texts, strict=True)
    }
    assert read(json.dumps(record).encode())[0] == read((HEAD + WEB).encode())[0]


def test_logs_may_follow_each_other_with_other_fields() -> None:
    other = HEAD.replace("\tuid", "").replace("\tstring\taddr", "\taddr", 1)
    records, _ = read((HEAD + WEB + FOOT + other + PING.replace("\tC2", "")).encode())
    assert [record["proto"] for record in records] == [6, 6, 1]


def test_odd_lines_are_counted_and_the_others_kept() -> None:
    odd = "too\tshort\n" + WEB.replace("1600000000.123456", "yesterday")
    records, refused = read((HEAD + odd + WEB).encode())
    assert len(records) == 2
    assert refused == {"malformed": 1, "no_time": 1}


def test_another_log_is_named() -> None:
    with pytest.raises(ExportFileError, match=r"dns\.log"):
        read(HEAD.replace("\tconn\n", "\tdns\n").encode())


def test_connections_that_last_are_read_from_a_log_of_their_own() -> None:
    assert read(HEAD.replace("\tconn\n", "\tconn_long\n").encode() + WEB.encode()) == read(
        (HEAD + WEB).encode()
    )


@pytest.mark.parametrize("mark", ["history", "orig_pkts", "orig_ip_bytes", "missed_bytes"])
def test_a_connection_is_known_without_its_state(mark: str) -> None:
    ends = {"id.orig_h": "10.0.0.5", "id.resp_h": "192.0.2.7", "ts": 1767323045.25, "proto": "tcp"}
    (row, *_), _ = read(json.dumps(ends | {"_path": "conn_long", mark: 3}).encode() + b"\n")
    assert row["type"] == "ZEEK_CONN"
    for other in (ends | {"query": "a.example"}, ends | {"_path": "dns", mark: 3}):
        (log,), _ = read(json.dumps(other).encode() + b"\n")
        assert "body" in log


@pytest.mark.parametrize("separator", ["", "\\x0a", "\\x00", "::", "\u00e9"])
def test_a_separator_that_is_none_is_named(separator: str) -> None:
    with pytest.raises(ExportFileError, match="separator"):
        read((HEAD.replace("\\x09", separator) + WEB).encode())


@given(st.binary(max_size=300))
def test_any_bytes_after_the_head_are_read_or_counted(content: bytes) -> None:
    read((HEAD + WEB).encode() + content.replace(b"#path", b"#p"))
