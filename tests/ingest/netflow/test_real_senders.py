"""Other real senders: pmacct's probe, and what nfdump collected and sends on."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from sensorium.model.address import unpack_address
from tests.ingest.netflow import packets as p
from tests.ingest.netflow.test_softflowd import QUERIES, seen
from tests.ports import free_port

SYSTEM = "/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin"
PMACCTD = shutil.which("pmacctd", path=SYSTEM)
NFCAPD, NFREPLAY = (shutil.which(name, path=SYSTEM) for name in ("nfcapd", "nfreplay"))

CONFIGURATION = """
daemonize: false
pcap_savefile: {capture}
aggregate: src_host, dst_host, src_port, dst_port, proto, tos, tcpflags
plugins: nfprobe
nfprobe_receiver: 127.0.0.1:{port}
nfprobe_version: {version}
nfprobe_timeouts: tcp=1:tcp.fin=1:udp=1:icmp=1:general=1:maxlife=5:expint=1
"""


def waiting(receiver: socket.socket) -> list[bytes]:
    """All that has been received."""
    datagrams = []
    receiver.setblocking(False)
    while True:
        try:
            datagrams.append(receiver.recv(65_535))
        except BlockingIOError:
            return datagrams


def conversations(rows: list[dict[str, Any]]) -> dict[tuple[str, int, int], tuple[int, int]]:
    """Packets and bytes, by destination, its port and the protocol."""
    return {
        (unpack_address(row["dst_addr"]), row["dst_port"], row["proto"]): (
            row["packets"],
            row["bytes"],
        )
        for row in rows
        if row["src_port"] not in range(5001, 5000 + QUERIES)
    }


@pytest.mark.skipif(PMACCTD is None, reason="pmacct is not installed")
@pytest.mark.parametrize(("version", "kind"), [(5, "NETFLOW_V5"), (9, "NETFLOW_V9"), (10, "IPFIX")])
def test_what_pmacct_saw_is_what_we_decode(version: int, kind: str, tmp_path: Path) -> None:
    capture = tmp_path / "seen.pcap"
    capture.write_bytes(seen())
    settings = tmp_path / "pmacctd.conf"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        port = receiver.getsockname()[1]
        settings.write_text(CONFIGURATION.format(capture=capture, port=port, version=version))
        # Having read its file pmacctd tells of what is left and ends.
        subprocess.run(
            [str(PMACCTD), "-f", str(settings)], check=False, capture_output=True, timeout=60
        )
        datagrams = waiting(receiver)
    bench = p.Bench()
    rows = bench.rows(*datagrams)
    assert bench.dropped() == {}
    assert {row["type"] for row in rows} == {kind}
    assert conversations(rows) == {
        ("192.0.2.9", 80, 6): (3, 3 * 40 + 5),
        ("192.0.2.1", 40_000, 6): (3, 3 * 40 + 900),
        ("192.0.2.9", 53, 17): (1, 58),
    }


@pytest.mark.skipif(not (NFCAPD and NFREPLAY), reason="nfdump is not installed")
@pytest.mark.parametrize(("version", "kind"), [(5, "NETFLOW_V5"), (9, "NETFLOW_V9")])
def test_what_nfdump_sends_on_is_what_it_was_sent(version: int, kind: str, tmp_path: Path) -> None:
    sent = [
        p.v5_record(f"10.0.0.{n}", "192.0.2.7", octets=1000 + n, packets=n + 1) for n in range(12)
    ]
    port = free_port()
    collector = subprocess.Popen(
        [str(NFCAPD), "-w", str(tmp_path), "-p", str(port), "-b", "127.0.0.1", "-t", "3600"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert collector.stderr is not None
    while "Startup" not in collector.stderr.readline():
        assert collector.poll() is None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(p.v5(sent), ("127.0.0.1", port))
    time.sleep(0.5)
    collector.terminate()
    collector.communicate(timeout=20)
    (kept,) = tmp_path.glob("nfcapd.2*")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        target = str(receiver.getsockname()[1])
        command = [str(NFREPLAY), "-H", "127.0.0.1", "-p", target, "-v", str(version)]
        subprocess.run([*command, "-r", str(kept)], check=True, capture_output=True, timeout=20)
        datagrams = waiting(receiver)
    bench = p.Bench()
    rows = bench.rows(*datagrams)
    assert bench.dropped() == {}
    assert {row["type"] for row in rows} == {kind}
    received = {unpack_address(r["src_addr"]): (r["bytes"], r["packets"]) for r in rows}
    assert received == {f"10.0.0.{n}": (1000 + n, n + 1) for n in range(12)}
