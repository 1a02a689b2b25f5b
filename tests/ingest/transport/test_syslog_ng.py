"""What syslog-ng's drivers send over real sockets is taken apart as it was meant."""

from __future__ import annotations

import asyncio
import contextlib
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

from sensorium.ingest.transport import StreamTlsConfig
from tests.ingest.transport.streams import Running, running
from tests.ingest.transport.test_stream_senders import rows_of
from tests.ports import free_port

# Debian lets one logger be installed, which is rsyslog here: this one is only unpacked.
APART = Path(__file__).parents[3] / ".stamps" / "apart"
SYSLOG_NG = shutil.which(
    "syslog-ng", path=f"{os.environ.get('PATH', '')}:/usr/sbin:{APART}/usr/sbin"
)
pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(SYSLOG_NG is None, reason="syslog-ng is neither installed nor unpacked"),
]
DATA = r'[ex@32473 a="1" b="q\"\]\\x"][origin]'
SENT = (
    f"<165>1 2026-11-30T10:00:00.123456+02:00 rtr1.example.net bgpd 42 ID47 {DATA} \ufeffGrüße",
    "<11>1 2026-11-30T08:00:01Z rtr2 - - - - nothing known",
    f"<14>1 2026-11-30T08:00:02Z rtr3 a.b/c 9 ONLY {DATA}",
)
OF_LINES = "<13>1 2026-11-30T08:00:03Z rtr4 app 9 - - two\nlines\n<14>and no third message"
ATTRIBUTES = {"ex@32473.a": "1", "ex@32473.b": 'q"]\\x', "origin": ""}
# Host, application, process, severity, time and text; then what attributes must hold.
READ: list[tuple[tuple[object, ...], dict[str, str]]] = [
    (
        ("rtr1.example.net", "bgpd", "42", "notice", 1_796_025_600_123_456_000, "Grüße"),
        {"facility": "local4", "msgid": "ID47", **ATTRIBUTES},
    ),
    (
        ("rtr2", "", "", "err", 1_796_025_601 * 10**9, "nothing known"),
        {"facility": "user"},
    ),
    (
        ("rtr3", "a.b/c", "9", "info", 1_796_025_602 * 10**9, ""),
        {"facility": "user", "msgid": "ONLY", **ATTRIBUTES},
    ),
]
ROW_OF_LINES = (
    ("rtr4", "app", "9", "notice", 1_796_025_603 * 10**9, "two\nlines\n<14>and no third message"),
    {"facility": "user"},
)


@contextlib.contextmanager
def syslog_ng(folder: Path, destination: str) -> Iterator[int]:
    """A syslog-ng that forwards what comes to a TCP port, which is told."""
    port, config = free_port(), folder / "syslog-ng.conf"
    config.write_text(
        f"""
@version: 3.38
options {{ keep-hostname(yes); use-dns(no); dns-cache(no); time-zone("UTC"); frac-digits(6); }};
source come {{ syslog(ip("127.0.0.1") port({port}) transport("tcp")); }};
destination go {{ {destination}; }};
log {{ source(come); destination(go); }};
"""
    )
    environment, modules = {**os.environ}, []
    if str(SYSLOG_NG).startswith(str(APART)):
        own = APART / "usr" / "lib" / "syslog-ng"
        shared = [own, *APART.glob("usr/lib/*-linux-gnu*"), *APART.glob("lib/*-linux-gnu*")]
        environment["LD_LIBRARY_PATH"] = ":".join(map(str, shared))
        modules = [f"--module-path={next(own.glob('[0-9]*'))}"]
    files = ("-f", config, "-R", folder / "persist", "-c", folder / "control", "-p", folder / "pid")
    process = subprocess.Popen(
        [str(SYSLOG_NG), "--foreground", "--no-caps", *modules, *map(str, files)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=(folder / "stderr").open("wb"),
    )
    try:
        until = time.monotonic() + 10
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            assert time.monotonic() < until, (folder / "stderr").read_text()
            time.sleep(0.02)
        yield port
    finally:
        process.terminate()
        process.wait(10)


async def forwarded(
    there: Running, folder: Path, destination: str, messages: tuple[str, ...]
) -> list[dict[str, Any]]:
    """The rows of messages that came through syslog-ng to a running receiver."""

    def send() -> None:
        with (
            syslog_ng(folder, destination) as port,
            socket.create_connection(("127.0.0.1", port), timeout=10) as to,
        ):
            for message in messages:
                text = message.encode()
                to.sendall(b"%d " % len(text) + text)
            until = time.monotonic() + 15
            while len(there.messages()) < len(messages) and time.monotonic() < until:
                time.sleep(0.02)

    await asyncio.to_thread(send)
    return rows_of(there.slabs, framed=True)


def check(
    rows: list[dict[str, Any]], expected: list[tuple[tuple[object, ...], dict[str, str]]]
) -> None:
    names = ("host", "app", "proc_id", "severity_text", "time_ns", "body")
    assert [tuple(row[name] for name in names) for row in rows] == [plain for plain, _ in expected]
    for row, (_, attributes) in zip(rows, expected, strict=True):
        found = dict(row["attributes"])
        found.pop("version", None)
        assert found == attributes


@pytest.mark.parametrize("transport", ["tcp", "tls"])
async def test_its_syslog_driver_counts_octets_so_every_message_is_whole(
    tmp_path: Path, transport: str
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    server = authority.issue_cert("collector.example.net", "127.0.0.1")
    server.private_key_and_cert_chain_pem.write_to_path(tmp_path / "server.pem")
    secure = transport == "tls"
    settings: dict[str, Any] = {"tcp_ports": (0,)}
    if secure:
        certificate = StreamTlsConfig(certificate=str(tmp_path / "server.pem"))
        settings = {"tcp_ports": (), "tls_ports": (0,), "tls": certificate}
    async with running(**settings) as there:
        trusts = f'tls(ca-file("{tmp_path}/ca.pem"))' if secure else ""
        port = there.receiver.ports[0]
        destination = f'syslog("127.0.0.1" port({port}) transport("{transport}") {trusts})'
        rows = await forwarded(there, tmp_path, destination, (*SENT, OF_LINES))
        assert there.count("messages", framing="octet_counting") == len(rows)
    check(rows, [*READ, ROW_OF_LINES])


@pytest.mark.parametrize("form", ["ts-format(iso)", "ts-format(full)", "flags(syslog-protocol)"])
async def test_its_network_driver_sends_lines_in_either_format(tmp_path: Path, form: str) -> None:
    async with running() as there:
        port = there.receiver.ports[0]
        destination = f'network("127.0.0.1" port({port}) {form})'
        rows = await forwarded(there, tmp_path, destination, SENT)
        assert there.count("messages", framing="line") == len(SENT)
    modern = "protocol" in form
    # RFC 3164 has neither a message id nor structured data.
    old = [(plain, {"facility": held["facility"]}) for plain, held in READ]
    check(rows, READ if modern else old)
