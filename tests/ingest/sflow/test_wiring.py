"""sFlow beside NetFlow and syslog: on one port, in files, and in the pipeline's settings."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from sensorium.cli import main
from sensorium.config import Settings
from sensorium.ingest.sniff import (
    flow_datagrams,
    priority_datagrams,
    sflow_datagrams,
    text_datagrams,
)
from tests.ingest.netflow import packets
from tests.ingest.sflow import agents as a

SAMPLE = a.flow_sample(a.header(a.ethernet(0x0800, a.ipv4(6, a.tcp()))))


def test_sflow_is_told_from_netflow_and_text_by_its_first_four_bytes() -> None:
    payloads = [a.datagram(), packets.v5([]), packets.v9(), packets.ipfix(), b"<13>text", b"",
                b"\0\0\0", a.words(5), a.words(4)]  # fmt: skip
    slab = a.slab(payloads)
    assert sflow_datagrams(slab).tolist() == [p[:4] == a.words(5) for p in payloads]
    assert not (sflow_datagrams(slab) & (flow_datagrams(slab) | text_datagrams(slab))).any()
    assert sflow_datagrams(a.slab([])).tolist() == []


def test_a_priority_is_told_from_other_text_by_its_first_two_bytes() -> None:
    payloads = [b"<13>text", b"<1", b"<", b"", b"text", b"<a>1", b"1<13>", packets.v9(), b"<"]
    assert priority_datagrams(a.slab(payloads)).tolist() == [True, True, *[False] * 7]
    assert priority_datagrams(a.slab([])).tolist() == []


def test_a_payload_is_decoded_to_flows_and_metrics(tmp_path: Path) -> None:
    path = tmp_path / "datagram.bin"
    path.write_bytes(a.datagram(SAMPLE, a.counter_sample(a.interface_counters())))
    for arguments in ([], ["--protocol", "sflow"]):
        result = CliRunner().invoke(main, ["decode", *arguments, str(path)])
        assert result.exit_code == 0, result.output
        rows = [json.loads(line) for line in result.stdout.splitlines()]
        assert len(rows) == 20
        assert (rows[0]["type"], rows[0]["dst_port"]) == ("SFLOW_5", 80)
        assert (rows[0]["ipTTL"], rows[0]["drops"], rows[0]["source_id"]) == (63, 0, "0:3")
        assert rows[1]["name"] == "sflow_interface_type"


def test_its_port_is_listened_on() -> None:
    assert 6343 in Settings().ingest.udp.ports
