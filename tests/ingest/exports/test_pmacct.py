"""pmacct's JSON: as nfacctd itself prints it, where it is installed, and in other forms."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from sensorium.ingest.exports.problem import ExportFileError
from tests.ingest.exports.reading import read, said
from tests.ingest.netflow.packets import v5, v5_record
from tests.ports import free_port

WEB = {
    **{"event_type": "purge", "mac_src": "02:00:00:00:00:01", "vlan": 7, "etype": "800"},
    **{"as_src": 65001, "as_dst": 65002, "peer_ip_src": "192.0.2.1", "iface_in": 3, "iface_out": 4},
    **{"ip_src": "10.0.0.1", "ip_dst": "10.0.0.2", "mask_src": 24, "mask_dst": 16, "tos": 7},
    **{"port_src": 1234, "port_dst": 80, "tcp_flags": "18", "ip_proto": "tcp", "sampling_rate": 10},
    **{"timestamp_start": "2026-01-02 03:04:05.250000", "packets": 30, "bytes": 3000},
    **{"timestamp_end": "2026-01-02 03:04:06.250000", "peer_ip_dst": "192.0.2.9", "label": ""},
    "tag": 5,
}
START_NS = 1_767_323_045_250_000_000
ENDS = ("src_addr", "src_port", "dst_addr", "dst_port", "proto", "bytes", "packets")


def _read(*records: dict[str, Any]) -> tuple[list[dict[str, Any]], dict[str, float]]:
    return read("\n".join(map(json.dumps, records)).encode())


def test_every_key_has_its_column_and_the_others_are_attributes() -> None:
    (flow,), refused = _read(WEB)
    assert not refused
    assert said(flow, *ENDS) == ("10.0.0.1", 1234, "10.0.0.2", 80, 6, 3000, 30)
    assert said(flow, "time_flow_start_ns", "time_flow_end_ns") == (START_NS, START_NS + 10**9)
    assert said(flow, "src_as", "dst_as", "src_mask", "dst_mask") == (65001, 65002, 24, 16)
    assert said(flow, "in_if", "out_if", "ip_tos", "tcp_flags", "etype") == (3, 4, 7, 18, 0x800)
    assert said(flow, "src_vlan", "src_mac", "sampling_rate") == (7, "02:00:00:00:00:01", 10)
    assert said(flow, "sampler_address", "next_hop", "tag") == ("192.0.2.1", "192.0.2.9", "5")
    assert not flow.keys() & {"event_type", "label"}


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-01-02T03:04:05.250000Z", "2026-01-02T03:04:06.250000Z"),
        ("1767323045.250000", "1767323046.250000"),
    ],
)
def test_times_may_be_written_otherwise(start: str, end: str) -> None:
    (flow,), _ = _read({**WEB, "timestamp_start": start, "timestamp_end": end})
    assert said(flow, "time_flow_start_ns", "time_flow_end_ns") == (START_NS, START_NS + 10**9)


def test_a_flow_without_times_has_those_of_its_interval_and_one_without_these_is_counted() -> None:
    timeless = {key: value for key, value in WEB.items() if not key.startswith("timestamp_")}
    counted = {"stamp_inserted": "2026-01-02 03:04:00", "stamp_updated": "2026-01-02 03:05:01"}
    (flow,), refused = _read(timeless | counted, timeless)
    assert flow["time_flow_end_ns"] - flow["time_flow_start_ns"] == 61 * 10**9
    assert flow["time_received_ns"] == flow["time_flow_end_ns"]
    assert refused == {"no_time": 1}


def test_flags_may_be_names_and_an_aggregate_may_have_no_addresses() -> None:
    named = {**WEB, "tcp_flags": ["SYN", "", "ACK"], "ip_src": "2001:db8::1", "etype": ""}
    systems = {key: value for key, value in WEB.items() if not key.startswith("ip_")}
    (flow, aggregate), refused = _read(named, systems)
    assert said(flow, "tcp_flags", "etype", "src_addr") == (0x12, 0x86DD, "2001:db8::1")
    assert said(aggregate, "src_addr", "src_as", "bytes") == ("::", 65001, 3000)
    assert not refused


def printed_by_nfacctd(tmp_path: Path) -> bytes:
    """What nfacctd prints of two flows that it is sent until it does."""
    port = free_port()
    printed = tmp_path / "flows.json"
    keys = "src_host,dst_host,src_port,dst_port,proto,tos,in_iface,src_as,peer_src_ip"
    settings = (
        f"daemonize: false\nnfacctd_ip: 127.0.0.1\nnfacctd_port: {port}\nplugins: print\n"
        f"aggregate: {keys},timestamp_start,timestamp_end\nprint_output: json\n"
        f"print_output_file: {printed}\nprint_refresh_time: 1\nprint_output_file_append: true\n"
    )
    (tmp_path / "nfacctd.conf").write_text(settings)
    command = ["nfacctd", "-f", str(tmp_path / "nfacctd.conf")]
    # Its plugins are processes of their own: all go together.
    collector = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TZ": "UTC"},
        start_new_session=True,
    )
    try:
        datagram = bytearray(
            v5([v5_record(), v5_record(source="10.0.0.9", ports=(53, 4000), proto=17)])
        )
        datagram[8:12] = struct.pack(">I", int(time.time()))
        ends = time.monotonic() + 30
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            while not (printed.exists() and printed.read_bytes().count(b"\n") >= 2):
                assert time.monotonic() < ends, "nfacctd printed nothing"
                sender.sendto(datagram, ("127.0.0.1", port))
                time.sleep(0.5)
    finally:
        os.killpg(collector.pid, signal.SIGKILL)
        collector.wait()
    # What it was about to print when it was killed may lack its end.
    return printed.read_bytes().rpartition(b"\n")[0]


@pytest.mark.skipif(not shutil.which("nfacctd"), reason="pmacct is not installed")
def test_what_nfacctd_prints_is_what_was_sent(tmp_path: Path) -> None:
    flows, refused = read(printed_by_nfacctd(tmp_path))
    assert not refused
    told = {
        said(
            flow,
            "src_addr",
            "src_port",
            "dst_addr",
            "dst_port",
            "proto",
            "in_if",
            "src_as",
            "ip_tos",
        )
        for flow in flows
    }
    assert told == {
        ("10.0.0.1", 1234, "10.0.0.2", 80, 6, 3, 65001, 7),
        ("10.0.0.9", 53, "10.0.0.2", 4000, 17, 3, 65001, 7),
    }
    for flow in flows:
        # A datagram has the same flow once; what was sent again before it printed is added up.
        assert flow["bytes"] == 100 * flow["packets"]
        assert flow["time_flow_end_ns"] - flow["time_flow_start_ns"] == 10**9
        assert flow["sampler_address"] == "127.0.0.1"


@pytest.mark.parametrize(
    "text",
    [
        "SRC_IP,DST_IP,SRC_PORT,DST_PORT,PROTOCOL,PACKETS,BYTES\n10.0.0.1,10.0.0.2,1,2,tcp,3,400\n",
        "SRC_IP           DST_IP           PACKETS     BYTES\n10.0.0.1         10.0.0.2  3    4\n",
    ],
)
def test_columns_of_text_are_refused_with_what_to_set(text: str) -> None:
    with pytest.raises(ExportFileError, match="pmacct") as refused:
        read(text.encode())
    assert "print_output: json" in str(refused.value.next_step)
