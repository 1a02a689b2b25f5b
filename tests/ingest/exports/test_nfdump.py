"""nfdump's CSV and JSON: as nfdump itself writes them, where it is installed, and otherwise."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.ingest.exports.problem import ExportFileError
from tests.ingest.exports.reading import read, said
from tests.ingest.netflow.packets import v5, v5_record
from tests.ports import free_port

HEAD = "ts,te,td,sa,da,sp,dp,pr,flg,fwd,stos,ipkt,ibyt,opkt,obyt,in,out,sas,das,ra,tr\n"
FLOW = (
    "2026-01-02 03:04:05,2026-01-02 03:04:07,2.000,10.0.0.5,192.0.2.7,51000,443,TCP,...AP.SF,0,0,"
    "10,1020,12,9600,1,2,64500,64501,10.9.9.9,2026-01-02 03:04:08.250\n"
)
SUMMARY = "Summary\nflows,bytes,packets,avg_bps,avg_pps,avg_bpp\n1,1020,10,0,0,102\n"


def test_a_biflow_is_a_row_for_each_direction_and_the_summary_none() -> None:
    records, refused = read((HEAD + FLOW + SUMMARY).encode())
    there, back = records
    assert not refused
    ends = ("src_addr", "src_port", "dst_addr", "dst_port", "bytes", "packets", "in_if", "src_as")
    assert said(there, *ends) == ("10.0.0.5", 51000, "192.0.2.7", 443, 1020, 10, 1, 64500)
    assert said(back, *ends) == ("192.0.2.7", 443, "10.0.0.5", 51000, 9600, 12, 2, 64501)
    assert there["time_flow_end_ns"] - there["time_flow_start_ns"] == 2_000_000_000
    assert there["time_received_ns"] % 1_000_000_000 == 250_000_000
    assert said(there, "tcp_flags", "sampler_address") == (0x1B, "10.9.9.9")


def test_newer_names_are_known() -> None:
    records, _ = read(
        b"firstSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,packets,bytes,flows\n"
        b"2026-01-02 03:04:05.125,1.5,UDP,2001:db8::1,53,2001:db8::2,4000,3,300,1\n"
    )
    assert said(records[0], "src_addr", "dst_port", "proto", "bytes", "etype") == (
        *("2001:db8::1", 4000, 17, 300, 0x86DD),
    )
    assert records[0]["time_flow_end_ns"] - records[0]["time_flow_start_ns"] == 1_500_000_000


@pytest.mark.parametrize(
    ("proto", "port", "number", "kind", "code"),
    [
        *(("ICMP", "8.0", 1, 8, 0), ("ICMP", "3.13", 1, 3, 13), ("ICMP", "2048", 1, 8, 0)),
        *(("ICMP6", "135.0", 58, 135, 0), ("ICMP", "x", 1, 0, 0)),
    ],
)
def test_icmp_has_type_and_code_for_a_port(
    proto: str, port: str, number: int, kind: int, code: int
) -> None:
    (record,), _ = read(
        b"firstSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,packets,bytes,flows\n"
        + f"2026-01-02 03:04:05,0,{proto},10.0.0.5,0,192.0.2.7,{port},1,84,1\n".encode()
    )
    assert said(record, "proto", "icmp_type", "icmp_code", "dst_port") == (number, kind, code, 0)


def test_columns_may_be_chosen_and_have_the_names_of_today() -> None:
    (record,), refused = read(
        b"srcAddr,dstAddr,proto,firstSeen,lastSeen,icmpTYpe,icmpCode,nextIP,routerIP,direction,label\n"
        b"10.0.0.5,192.0.2.7,1,2026-01-02 03:04:05.125,2026-01-02 03:04:06.125,3,13,10.0.0.1,"
        b"10.9.9.9,1,x\n"
    )
    assert not refused
    names = ("icmp_type", "icmp_code", "next_hop", "sampler_address", "flow_direction")
    assert said(record, *names) == (3, 13, "10.0.0.1", "10.9.9.9", 1)
    assert record["time_flow_end_ns"] - record["time_flow_start_ns"] == 1_000_000_000


def test_columns_of_one_name_are_told_apart() -> None:
    head = "ts,te,td,sa,da,sp,dp,pr,ibyt,ibyt,xn,xn\n"
    text = head + "1,2,1,10.0.0.5,192.0.2.7,1,2,TCP,7,8,a,b\n"
    (record,), refused = read(text.encode())
    assert not refused
    assert said(record, "bytes", "ibyt_2", "xn", "xn_2") == (7, "8", "a", "b")


def test_the_fast_form_has_milliseconds_and_numbers() -> None:
    (record,), refused = read(
        b"cnt,af,firstSeen,lastSeen,proto,srcAddr,srcPort,dstAddr,dstPort,srcAS,dstAS,input,output,"
        b"flags,srcTos,packets,bytes\n"
        b"1,2,1767323045125,1767323046125,6,10.0.0.5,51000,192.0.2.7,443,64500,64501,1,2,...AP.SF,0,"
        b"10,1020\n"
    )
    assert not refused
    assert record["time_flow_start_ns"] == 1_767_323_045_125_000_000
    names = ("proto", "src_port", "dst_as", "out_if", "tcp_flags", "bytes")
    assert said(record, *names) == (6, 51000, 64501, 2, 0x1B, 1020)
    assert '"cnt"' not in json.dumps(record)


def test_json_lines_are_read_as_well() -> None:
    web = {
        **{"type": "FLOW", "first": "2026-01-02T03:04:05.125", "last": "2026-01-02T03:04:06.125"},
        **{"received": "2026-01-02T03:04:07.000", "in_packets": 10, "in_bytes": 1020, "proto": 6},
        **{"tcp_flags": "...AP.SF", "src_port": 51000, "dst_port": 443, "src4_addr": "10.0.0.5"},
        **{"dst4_addr": "192.0.2.7", "input_snmp": 1, "src_as": 64500, "ip4_router": "10.9.9.9"},
    }
    ping = {
        **{"first": "2026-01-02T03:04:05.125", "proto": 58, "icmp_type": 128, "icmp_code": 0},
        **{"src6_addr": "2001:db8::1", "dst6_addr": "2001:db8::2", "in_packets": 1},
    }
    (there, echo), refused = read("\n".join(map(json.dumps, (web, ping))).encode())
    assert not refused
    names = ("src_addr", "dst_port", "proto", "bytes", "in_if", "src_as", "sampler_address")
    assert said(there, *names) == ("10.0.0.5", 443, 6, 1020, 1, 64500, "10.9.9.9")
    assert there["time_flow_start_ns"] == 1_767_323_045_125_000_000
    assert said(echo, "src_addr", "proto", "icmp_type") == ("2001:db8::1", 58, 128)


@pytest.mark.parametrize(("written", "ns"), [("5", 5), ("05", 5), ("250", 250)])
def test_version_1_6_names_times_otherwise_and_may_not_pad_them(written: str, ns: int) -> None:
    record = {
        **{"type": "FLOW", "t_first": f"2026-01-02T03:04:05.{written}", "proto": 6},
        **{"t_last": "2026-01-02T03:04:06.0", "src4_addr": "10.0.0.5", "dst4_addr": "192.0.2.7"},
        **{"in_packets": 10, "in_bytes": 1020, "t_received": "2026-01-02T03:04:07.10"},
    }
    (flow,), refused = read(json.dumps(record).encode())
    assert not refused
    assert flow["time_flow_start_ns"] == 1_767_323_045_000_000_000 + ns * 1_000_000
    assert flow["time_received_ns"] == 1_767_323_047_010_000_000
    assert said(flow, "src_addr", "bytes") == ("10.0.0.5", 1020)


def test_lines_for_people_are_refused_with_what_to_print() -> None:
    text = (
        "Date first seen          Duration Proto      Src IP Addr:Port          Dst IP Addr:Port\n"
        "2026-01-02 03:04:05.000     0.000 UDP           10.0.0.5:53    ->       192.0.2.7:4000\n"
    )
    with pytest.raises(ExportFileError, match="nfdump") as refused:
        read(text.encode())
    assert "-o json" in str(refused.value.next_step)


@pytest.mark.parametrize(("name", "number"), [("IPv6", 41), ("OSPFIGP", 89), ("AH", 51)])
def test_protocols_are_known_by_their_names(name: str, number: int) -> None:
    (record,), _ = read((HEAD + FLOW.replace("TCP", name).replace(",12,9600", ",0,0")).encode())
    assert record["proto"] == number


def test_odd_lines_are_counted_and_the_others_kept() -> None:
    odd = "a,b\n" + FLOW.replace("2026-01-02 03:04:05", "2026-02-31 00:00:00")
    records, refused = read((HEAD + odd + FLOW).encode())
    assert len(records) == 2
    assert refused == {"malformed": 1, "no_time": 1}


@pytest.mark.skipif(not shutil.which("nfcapd"), reason="nfdump is not installed")
def test_what_nfdump_collected_is_what_was_sent(tmp_path: Path) -> None:
    port = free_port()
    collector = subprocess.Popen(
        ["nfcapd", "-w", tmp_path, "-p", str(port), "-b", "127.0.0.1", "-t", "3600"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert collector.stderr is not None
    while "Startup" not in collector.stderr.readline():
        assert collector.poll() is None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for number in range(3):
            sender.sendto(v5([v5_record()] * 5, sequence=5 * number), ("127.0.0.1", port))
            time.sleep(0.05)
    time.sleep(0.3)
    collector.terminate()
    collector.communicate(timeout=20)
    (kept,) = tmp_path.glob("nfcapd.2*")
    with pytest.raises(ExportFileError, match="nfcapd"):
        read(kept.read_bytes())
    ends = ("src_addr", "src_port", "dst_addr", "dst_port", "proto", "in_if", "ip_tos")
    for form in ("csv", "json"):
        printed = subprocess.run(
            ["nfdump", "-r", kept, "-o", form],
            env={"TZ": "UTC", "PATH": "/usr/bin:/bin"},
            capture_output=True,
            check=True,
        ).stdout
        records, refused = read(printed)
        assert not refused
        flows = {(*said(record, *ends), record["packets"], record["bytes"]) for record in records}
        assert (len(records), flows) == (
            15,
            {("10.0.0.1", 1234, "10.0.0.2", 80, 6, 3, 7, 10, 1000)},
        )


@given(st.text(max_size=300))
def test_any_text_after_the_head_is_read_or_counted(text: str) -> None:
    read((HEAD + FLOW + text).encode("utf-8", "replace"))
