"""What rsyslog and ``logger`` send over real sockets is taken apart as it was meant."""

from __future__ import annotations

import asyncio
import contextlib
import logging.handlers
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from sensorium.ingest.datagrams import Datagrams
from sensorium.ingest.syslog import SyslogConfig, SyslogDecoder
from sensorium.ingest.transport import StreamTlsConfig, UdpConfig, UdpReceiver
from sensorium.observe import Observe
from tests.ingest.transport.streams import Running, running

pytestmark = pytest.mark.anyio

RSYSLOG = shutil.which("rsyslogd") or "/usr/sbin/rsyslogd"
with_rsyslog = pytest.mark.skipif(not Path(RSYSLOG).exists(), reason="rsyslog is not installed")
with_gnutls = pytest.mark.skipif(
    not list(Path("/usr/lib").glob("*/rsyslog/lmnsd_gtls.so")),
    reason="rsyslog-gnutls is not installed",
)
with_logger = pytest.mark.skipif(shutil.which("logger") is None, reason="logger is not installed")
COUNT = 200


@contextlib.contextmanager
def rsyslog(folder: Path, action: str, before: str = "") -> Iterator[Path]:
    """An rsyslogd of our own that forwards what comes to a Unix socket; the socket's path."""
    source = folder / "in"
    config = folder / "rsyslog.conf"
    config.write_text(
        f"""
global(workDirectory="{folder}" {before})
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="{source}" CreatePath="on" RateLimit.Interval="0"
      UseSysTimeStamp="off" UsePIDFromSystem="off")
{action}
"""
    )
    process = subprocess.Popen(
        [RSYSLOG, "-n", "-f", str(config), "-i", str(folder / "pid")],
        stdout=subprocess.DEVNULL,
        stderr=(folder / "stderr").open("wb"),
    )
    try:
        until = time.monotonic() + 10
        while not source.exists():
            assert time.monotonic() < until, (folder / "stderr").read_text()
            time.sleep(0.02)
        yield source
    finally:
        process.terminate()
        process.wait(10)


def feed(source: Path) -> None:
    """Log COUNT lines through a Unix socket, as programs do."""
    clock = time.strftime("%b %e %H:%M:%S")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.settimeout(10)
        sender.connect(str(source))
        for number in range(COUNT):
            sender.send(f"<86>{clock} sshd[77]: Grüße {number}".encode())


def rows_of(slabs: list[Datagrams], *, framed: bool) -> list[dict[str, Any]]:
    decoder = SyslogDecoder(SyslogConfig(), Observe())
    decode = decoder.decode_messages if framed else decoder.decode
    return [row for slab in slabs for row in decode(slab).to_pylist()]


def check(rows: list[dict[str, Any]]) -> None:
    # In the RFC 5424 form rsyslog leaves the space that stood before the text.
    assert [row["body"].strip() for row in rows] == [f"Grüße {number}" for number in range(COUNT)]
    for row in rows:
        assert (row["app"], row["proc_id"], row["severity_text"]) == ("sshd", "77", "info")
        assert dict(row["attributes"])["facility"] == "authpriv"
        assert row["host"] == socket.gethostname().partition(".")[0]
        assert abs(row["time_ns"] - row["observed_time_ns"]) < 60 * 10**9


async def sent_to(there: Running, folder: Path, action: str, before: str = "") -> None:
    """Let rsyslog forward COUNT lines to a running receiver, and check them."""

    def send() -> None:
        with rsyslog(folder, action, before) as source:
            feed(source)
            until = time.monotonic() + 15
            while len(there.messages()) < COUNT and time.monotonic() < until:
                time.sleep(0.02)

    await asyncio.to_thread(send)
    check(rows_of(there.slabs, framed=True))


@with_rsyslog
@pytest.mark.parametrize("template", ["RSYSLOG_ForwardFormat", "RSYSLOG_SyslogProtocol23Format"])
def test_rsyslog_over_udp(tmp_path: Path, template: str) -> None:
    slabs: list[Datagrams] = []
    config = UdpConfig(host="127.0.0.1", ports=(0,))
    receiver = UdpReceiver(config, slabs.append, Observe(), clock_ns=time.time_ns)
    receiver.bind()
    action = (
        f'action(type="omfwd" target="127.0.0.1" port="{receiver.ports[0]}" protocol="udp" '
        f'template="{template}")'
    )
    with rsyslog(tmp_path, action) as source:
        feed(source)
        until = time.monotonic() + 15
        while sum(map(len, slabs)) < COUNT and time.monotonic() < until:
            time.sleep(0.02)
            receiver.drain()
    check(rows_of(slabs, framed=False))


@with_rsyslog
@pytest.mark.parametrize(
    ("framing", "template"),
    [
        ("octet-counted", "RSYSLOG_SyslogProtocol23Format"),
        ("traditional", "RSYSLOG_ForwardFormat"),
        ("traditional", "RSYSLOG_TraditionalForwardFormat"),
    ],
)
async def test_rsyslog_over_tcp(
    tmp_path: Path, framing: str, template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    async with running() as there:
        action = (
            f'action(type="omfwd" target="127.0.0.1" port="{there.receiver.ports[0]}" '
            f'protocol="tcp" TCP_Framing="{framing}" template="{template}")'
        )
        await sent_to(there, tmp_path, action)
        name = "octet_counting" if framing == "octet-counted" else "line"
        assert there.count("messages", framing=name) == COUNT


@with_rsyslog
@with_gnutls
async def test_rsyslog_over_tls_with_a_client_certificate(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    server = authority.issue_cert("collector.example.net")
    server.private_key_and_cert_chain_pem.write_to_path(tmp_path / "server.pem")
    client = authority.issue_cert("router1.example.net")
    client.private_key_pem.write_to_path(tmp_path / "key.pem")
    client.cert_chain_pems[0].write_to_path(tmp_path / "client.pem")
    tls = StreamTlsConfig(
        certificate=str(tmp_path / "server.pem"),
        client_ca=str(tmp_path / "ca.pem"),
        allowed_peers=("router1.example.net",),
    )
    files = (
        f'DefaultNetstreamDriverCAFile="{tmp_path}/ca.pem" '
        f'DefaultNetstreamDriverCertFile="{tmp_path}/client.pem" '
        f'DefaultNetstreamDriverKeyFile="{tmp_path}/key.pem"'
    )
    async with running(tcp_ports=(), tls_ports=(0,), tls=tls) as there:
        action = (
            f'action(type="omfwd" target="127.0.0.1" port="{there.receiver.ports[0]}" '
            'protocol="tcp" StreamDriver="gtls" StreamDriverMode="1" '
            'StreamDriverAuthMode="x509/name" TCP_Framing="octet-counted" '
            'StreamDriverPermittedPeers="collector.example.net" '
            'template="RSYSLOG_SyslogProtocol23Format")'
        )
        await sent_to(there, tmp_path, action, files)
        assert there.count("accepted", listener="tls") == 1
        assert there.count("messages", framing="octet_counting") == COUNT


@with_logger
@pytest.mark.parametrize("form", [("--rfc5424",), ("--rfc3164",), ("--rfc5424", "--octet-count")])
async def test_logger_over_tcp(form: tuple[str, ...]) -> None:
    async with running() as there:
        port = str(there.receiver.ports[0])
        to = ["--tcp", "--server", "127.0.0.1", "--port", port, "--tag", "sensor", "--id=77"]
        await asyncio.to_thread(
            subprocess.run,
            ["logger", *to, *form, "--priority", "auth.warning", "Grüße an alle"],
            check=True,
            timeout=10,
            env={**os.environ, "TZ": "UTC"},
        )
        await there.until(lambda: bool(there.messages()))
    (row,) = rows_of(there.slabs, framed=True)
    assert (row["app"], row["proc_id"], row["body"]) == ("sensor", "77", "Grüße an alle")
    assert (row["severity_text"], dict(row["attributes"])["facility"]) == ("warning", "auth")


@with_logger
async def test_logger_into_a_unix_socket(tmp_path: Path) -> None:
    path = tmp_path / "log"
    async with running(tcp_ports=(), unix_datagram_paths=(str(path),)) as there:
        await asyncio.to_thread(
            subprocess.run,
            ["logger", "--socket", str(path), "--tag", "sensor", "--id=77", "to this machine"],
            check=True,
            timeout=10,
            env={**os.environ, "TZ": "UTC"},
        )
        await there.until(lambda: bool(there.messages()))
    (row,) = rows_of(there.slabs, framed=True)
    assert (row["app"], row["proc_id"], row["body"]) == ("sensor", "77", "to this machine")
    assert row["source_address"].hex() == "00000000000000000000ffff7f000001"


async def test_python_ends_its_messages_over_tcp_with_a_nul() -> None:
    async with running() as there:
        address = ("127.0.0.1", there.receiver.ports[0])
        kind = socket.SOCK_STREAM
        handler = logging.handlers.SysLogHandler(address, facility="local1", socktype=kind)
        handler.ident = "billing: "
        for text in ("Grüße", "and again"):
            record = logging.LogRecord("x", logging.WARNING, "x.py", 1, text, None, None)
            await asyncio.to_thread(handler.emit, record)
        # The connection is still open: nothing waits for its end.
        await there.until(lambda: len(there.messages()) == 2)
        handler.close()
    rows = rows_of(there.slabs, framed=True)
    assert [(row["app"], row["body"]) for row in rows] == [
        ("billing", "Grüße"),
        ("billing", "and again"),
    ]
    assert {row["severity_text"] for row in rows} == {"warning"}
