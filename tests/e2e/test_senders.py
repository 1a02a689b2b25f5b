"""Real senders of syslog and sFlow into a service as its user starts it: every row is there.

rsyslog sends over TCP and TLS, ``logger`` into a Unix socket and over UDP, and pmacct's sFlow probe
over UDP. What sslscan sees of the TLS port from outside is what RFC 9325 asks for.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import trustme

from sensorium.model.address import unpack_address
from sensorium.observe import Observe
from sensorium.store.telemetry import TelemetryConfig, open_telemetry
from tests.e2e.services import UDP, Service, service
from tests.ingest.netflow.test_real_senders import PMACCTD, SYSTEM
from tests.ingest.netflow.test_softflowd import QUERIES, seen
from tests.ingest.transport.test_stream_senders import (
    COUNT,
    feed,
    rsyslog,
    with_gnutls,
    with_logger,
    with_rsyslog,
)
from tests.ports import free_port

pytestmark = pytest.mark.xdist_group("service")

SSLSCAN = shutil.which("sslscan", path=SYSTEM)
AGENT = "192.0.2.250"
PROBE = """
daemonize: false
pcap_savefile: {capture}
plugins: sfprobe
sampling_rate: 1
sfprobe_receiver: 127.0.0.1:{port}
sfprobe_agentip: {agent}
"""


def stored(folder: Path, query: str) -> list[dict[str, Any]]:
    """Rows of the store of a service that has stopped."""
    store = open_telemetry(TelemetryConfig(), Observe(), data_dir=folder / "data")
    try:
        return store.query(query).to_pylist()
    finally:
        store.close()


def metric(running: Service, line: str) -> float:
    """The value of one line of the service's metrics; 0 where it is not there."""
    for found in running.get("/metrics").text.splitlines():
        if found.startswith(f"{line} "):
            return float(found.removeprefix(line))
    return 0.0


def exporters(running: Service) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = running.get("/api/v1/exporters").json()["exporters"]
    return found


def stop(running: Service) -> None:
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(60) == 0, running.log.read_text()


def certificate(folder: Path) -> Path:
    """A server's certificate with its key, beside its authority's."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    path = folder / "server.pem"
    server = authority.issue_cert("collector.example.net", "127.0.0.1")
    server.private_key_and_cert_chain_pem.write_to_path(path)
    return path


@with_rsyslog
@with_gnutls
@with_logger
def test_syslog_over_tcp_tls_and_a_unix_socket_is_stored_and_accounted(tmp_path: Path) -> None:
    tcp, tls, unix = free_port(), free_port(), tmp_path / "log"
    ingest = (
        f"  syslog_stream:\n    host: 127.0.0.1\n    tcp_ports: [{tcp}]\n    tls_ports: [{tls}]\n"
        f"    unix_datagram_paths: [{unix}]\n"
        f"    tls:\n      certificate: {certificate(tmp_path)}\n"
    )
    plain = f'action(type="omfwd" target="127.0.0.1" port="{tcp}" protocol="tcp")'
    secure = (
        f'action(type="omfwd" target="127.0.0.1" port="{tls}" protocol="tcp" StreamDriver="gtls" '
        'StreamDriverMode="1" StreamDriverAuthMode="x509/name" TCP_Framing="octet-counted" '
        'StreamDriverPermittedPeers="collector.example.net")'
    )
    trusts = f'DefaultNetstreamDriverCAFile="{tmp_path}/ca.pem"'
    messages = 'sensorium_stream_messages_total{{framing="{}",listener="{}",protocol="syslog"}}'
    with service(tmp_path, ingest) as running:
        for name, action, before, framing in (
            ("tcp", plain, "", "line"),
            ("tls", secure, trusts, "octet_counting"),
        ):
            folder = tmp_path / name
            folder.mkdir()
            with rsyslog(folder, action, before) as source:
                feed(source)
                running.wait_for(arrived(running, messages.format(framing, name), COUNT), 30)
        to_socket = ["logger", "--socket", str(unix), "--tag", "sensor", "to this machine"]
        # A priority says that it is syslog, at whatever port.
        udp = ["--udp", "--server", "127.0.0.1", "--port", str(UDP["syslog"])]
        to_port = ["logger", *udp, "--tag", "sensor", "to any port"]
        for command in (to_socket, to_port):
            subprocess.run(command, check=True, timeout=10, env={**os.environ, "TZ": "UTC"})
        everything = 2 * COUNT + 2
        running.wait_for(arrived(running, 'sensorium_records_total{signal="logs"}', everything), 30)
        stop(running)
    rows = stored(tmp_path, "SELECT app, body, count() AS n FROM logs GROUP BY app, body")
    assert len(rows) == COUNT + 2
    told = {(row["app"], row["body"].strip()): row["n"] for row in rows}
    # The same lines came by both ways.
    assert told == {
        **{("sshd", f"Grüße {number}"): 2 for number in range(COUNT)},
        ("sensor", "to this machine"): 1,
        ("sensor", "to any port"): 1,
    }


def arrived(running: Service, line: str, number: int) -> Callable[[], bool]:
    return lambda: metric(running, line) == number


@pytest.mark.skipif(PMACCTD is None, reason="pmacct is not installed")
def test_what_an_sflow_agent_sampled_is_stored_and_accounted(tmp_path: Path) -> None:
    capture, settings = tmp_path / "seen.pcap", tmp_path / "pmacctd.conf"
    capture.write_bytes(seen())
    port = UDP["flows"]
    settings.write_text(PROBE.format(capture=capture, port=port, agent=AGENT))
    with service(tmp_path) as running:
        # Having read its file pmacctd tells of what is left and ends.
        subprocess.run(
            [str(PMACCTD), "-f", str(settings)], check=False, capture_output=True, timeout=60
        )
        samples = 6 + QUERIES
        running.wait_for(arrived(running, 'sensorium_records_total{signal="flows"}', samples), 30)
        running.wait_for(lambda: bool(exporters(running)), 30)
        (agent,) = exporters(running)
        stop(running)
    assert agent["address"] == AGENT
    assert (agent["lost"], agent["dropped"]) == (0, {})
    rows = stored(
        tmp_path,
        "SELECT type, sampler_address, dst_addr, dst_port, proto, sum(packets) AS packets, "
        "any(sampling_rate) AS rate FROM flows GROUP BY ALL",
    )
    assert {row["type"] for row in rows} == {"SFLOW_5"}
    assert {unpack_address(row["sampler_address"]) for row in rows} == {AGENT}
    assert {row["rate"] for row in rows} == {1}
    packets = {
        (unpack_address(r["dst_addr"]), r["dst_port"], r["proto"]): r["packets"] for r in rows
    }
    assert packets == {
        ("192.0.2.9", 80, 6): 3,
        ("192.0.2.1", 40_000, 6): 3,
        ("192.0.2.9", 53, 17): QUERIES,
    }


def compression(port: int) -> int:
    """The compression method that is chosen where DEFLATE and none are offered (RFC 5246 7.4.1.2,
    RFC 3749). OpenSSL's own clients, sslscan among them, are mostly built without any to offer."""
    extensions = bytes.fromhex("000a00060004001d0017000b00020100000d0006000404030804")
    hello = (
        b"\x03\x03" + bytes(32) + b"\0" + bytes.fromhex("0004c02bc02f")
        + b"\x02\x01\x00" + len(extensions).to_bytes(2) + extensions
    )  # fmt: skip
    message = b"\x01" + len(hello).to_bytes(3) + hello
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(b"\x16\x03\x01" + len(message).to_bytes(2) + message)
        answer = client.makefile("rb").read(5 + 4 + 2 + 32 + 1 + 32 + 2 + 1)
    assert (answer[0], answer[5]) == (0x16, 2), "a ServerHello"
    return answer[5 + 4 + 2 + 32 + 1 + answer[43] + 2]


@pytest.mark.skipif(SSLSCAN is None, reason="sslscan is not installed")
def test_the_tls_port_offers_nothing_weak_to_a_scanner(tmp_path: Path) -> None:
    tls = free_port()
    ingest = (
        f"  syslog_stream:\n    host: 127.0.0.1\n    tls_ports: [{tls}]\n"
        f"    tls:\n      certificate: {certificate(tmp_path)}\n"
    )
    with service(tmp_path, ingest) as running:
        assert compression(tls) == 0
        done = subprocess.run(
            [str(SSLSCAN), "--no-colour", "--xml=-", f"127.0.0.1:{tls}"],
            check=True, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert running.process.poll() is None
    found = ET.fromstring(done.stdout).find("ssltest")
    assert found is not None, done.stdout
    enabled = {
        f"{p.get('type')}{p.get('version')}" for p in found.findall("protocol[@enabled='1']")
    }
    assert enabled == {"tls1.2", "tls1.3"}
    ciphers = {str(cipher.get("cipher")) for cipher in found.findall("cipher")}
    assert ciphers, done.stdout
    for cipher in ciphers:
        assert cipher.startswith(("TLS_", "ECDHE-")), cipher
        assert "GCM" in cipher or "CHACHA20" in cipher, cipher
    (renegotiation,) = found.findall("renegotiation")
    assert renegotiation.get("supported") == "0"
    assert all(h.get("vulnerable") == "0" for h in found.findall("heartbleed"))
