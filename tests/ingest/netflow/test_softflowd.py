"""A real exporter, softflowd, sends what it saw in a capture; we decode what it saw."""

from __future__ import annotations

import shutil
import socket
import struct
import subprocess
from pathlib import Path

import pytest

from sensorium.model.address import pack_address, unpack_address
from tests.ingest.netflow import packets as p
from tests.ingest.pcap import captures as c

SOFTFLOWD = shutil.which("softflowd", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
QUERIES = 3


def tcp(ports: tuple[int, int], flags: int, payload: bytes = b"") -> bytes:
    return struct.pack(">HHIIBBHHH", *ports, 0, 0, 5 << 4, flags, 0, 0, 0) + payload


def segment(
    ports: tuple[int, int], flags: int, payload: bytes = b"", *, back: bool = False
) -> bytes:
    body = tcp(ports[::-1] if back else ports, flags, payload)
    packet = bytearray(c.ipv4(body, proto=6))
    if back:
        packet[12:16], packet[16:20] = packet[16:20], packet[12:16]
    return c.ethernet(bytes(packet))


def seen() -> bytes:
    """A capture of one short web request and a few DNS queries."""
    web = (40_000, 80)
    frames = [
        segment(web, 0x02),
        segment(web, 0x12, back=True),
        segment(web, 0x18, b"GET /"),
        segment(web, 0x18, b"x" * 900, back=True),
        segment(web, 0x11),
        segment(web, 0x11, back=True),
    ]
    frames += [c.ethernet(c.ipv4(c.udp(b"q" * 30, (5000 + n, 53)))) for n in range(QUERIES)]
    return c.pcap(*frames)


def exported(version: int, capture: Path) -> list[bytes]:
    """The datagrams that softflowd sends about a capture."""
    assert SOFTFLOWD is not None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(2)
        target = f"127.0.0.1:{receiver.getsockname()[1]}"
        subprocess.run(
            [SOFTFLOWD, "-r", str(capture), "-n", target, "-v", str(version), "-d"],
            check=True,
            capture_output=True,
            timeout=20,
        )
        datagrams = []
        receiver.setblocking(False)
        while True:
            try:
                datagrams.append(receiver.recv(65_535))
            except BlockingIOError:
                return datagrams


@pytest.mark.skipif(SOFTFLOWD is None, reason="softflowd is not installed")
@pytest.mark.parametrize(
    ("version", "kind"), [(1, "NETFLOW_V1"), (5, "NETFLOW_V5"), (9, "NETFLOW_V9"), (10, "IPFIX")]
)
def test_what_softflowd_saw_is_what_we_decode(version: int, kind: str, tmp_path: Path) -> None:
    capture = tmp_path / "seen.pcap"
    capture.write_bytes(seen())
    bench = p.Bench()
    rows = bench.rows(*exported(version, capture))
    assert bench.dropped() == {}
    assert {row["type"] for row in rows} == {kind}
    flows = {
        (unpack_address(row["src_addr"]), row["dst_port"], row["proto"]): (
            row["packets"],
            row["bytes"],
        )
        for row in rows
        if row["src_port"] not in range(5001, 5000 + QUERIES)
    }
    assert flows == {
        ("192.0.2.1", 80, 6): (3, 3 * 40 + 5),
        ("192.0.2.9", 40_000, 6): (3, 3 * 40 + 900),
        ("192.0.2.1", 53, 17): (1, 58),
    }
    assert len(rows) == 2 + QUERIES
    # Reading a file, softflowd sets its own clock against the capture's: lengths are what is sure.
    lengths = {row["time_flow_end_ns"] - row["time_flow_start_ns"] for row in rows}
    assert {round(length / 1e9) for length in lengths} == {0, 5}
    assert pack_address(p.EXPORTER) == rows[0]["sampler_address"]
