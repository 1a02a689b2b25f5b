"""Values that another project states for its own syslog test messages, sent as each case says."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import trustme

from sensorium.ingest.datagrams import Datagrams
from sensorium.ingest.syslog import SyslogConfig, SyslogDecoder
from sensorium.ingest.transport import (
    StreamTlsConfig,
    SyslogStreamConfig,
    SyslogStreamReceiver,
    UdpConfig,
    UdpReceiver,
)
from sensorium.ingest.transport.stream.config import Framing
from sensorium.observe import Observe

# The year that their RFC 3164 cases were read in.
ARRIVAL = int(datetime(2026, 12, 3, tzinfo=UTC).timestamp()) * 10**9
PAIR = re.compile(r'([A-Za-z_]+)=("(?:\\.|[^"\\])*"|(?:\\.|[^,\\ ])*)', re.DOTALL)
SIMPLE = {"appname": "app", "hostname": "host", "procid": "proc_id", "message": "body"}
CODES = {"source", "facility_code", "severity_code"}
FRAMINGS = {"non-transparent": Framing.LINE, "octet-counting": Framing.OCTET_COUNTING}
# What a frame leaves behind that counts too few bytes: they refuse it, here it is a row.
LEFT_BEHIND = {"underflow_malfunction": " - - - -"}


def _unescaped(match: re.Match[str]) -> str:
    return "\n" if match[1] == "n" else match[1]


def stated(line: str) -> dict[str, str]:
    """Tags and fields of one line of Influx line protocol."""
    return {
        key: re.sub(r"\\(.)", _unescaped, value[1:-1]) if value.startswith('"') else value
        for key, value in PAIR.findall(line.partition(",")[2])
    }


def stated_rows(case: Path) -> list[dict[str, str]]:
    """What a case states of each message; a line end within quotes begins no new one."""
    values = case / "expected.out"
    text = values.read_text() if values.exists() else ""
    return [stated(line) for line in re.split(r"\n(?=syslog,)", text.strip()) if line]


def check(row: dict[str, Any], expected: dict[str, str]) -> None:
    attributes = dict(row["attributes"])
    for key, value in expected.items():
        if key in CODES:
            continue
        if key in SIMPLE:
            assert row[SIMPLE[key]] == value, key
        elif key == "severity":
            assert row["severity_text"] == value
        elif key == "timestamp":
            assert row["time_ns"] == int(value.rstrip("i"))
        elif key == "version":
            assert attributes["version"] == value.rstrip("u")
        elif key == "facility":
            assert attributes["facility"] == value
        elif value == "true":
            assert attributes[key] == ""
        else:
            assert attributes[key.replace("_", ".")] == value


def settings_of(case: Path) -> dict[str, str]:
    """The pairs of a case's telegraf.conf."""
    text = (case / "telegraf.conf").read_text()
    return dict(re.findall(r'^\s*(\w+)\s*=\s*"?([^"\n]*)"?', text, re.MULTILINE))


async def received(case: Path, folder: Path) -> Datagrams:
    """What a real socket of the kind that the case names hands over of the case's input."""
    config, slabs = settings_of(case), list[Datagrams]()
    scheme = config["server"].partition(":")[0]
    payload = (case / "input.txt").read_bytes()
    if scheme == "udp":
        receiver = UdpReceiver(
            UdpConfig(host="127.0.0.1", ports=(0,)), slabs.append, Observe(),
            clock_ns=lambda: ARRIVAL,
        )  # fmt: skip
        receiver.bind()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(payload, ("127.0.0.1", receiver.ports[0]))
        receiver.drain()
        return slabs[0]
    secure, path = "tls_cert" in config, folder / "socket"
    place: dict[str, Any] = (
        {"unix_tls_paths" if secure else "unix_paths": (str(path),)}
        if scheme == "unix"
        else {"tls_ports" if secure else "tcp_ports": (0,)}
    )
    streams = SyslogStreamReceiver(
        SyslogStreamConfig(
            host="127.0.0.1",
            framing=FRAMINGS[config.get("framing", "octet-counting")],
            tls=StreamTlsConfig(certificate=str(folder / "server.pem")),
            **place,
        ),
        slabs.append,
        Observe(),
        busy=lambda: False,
        clock_ns=lambda: ARRIVAL,
    )
    streams.bind()
    task = asyncio.create_task(streams.run())
    await asyncio.sleep(0)
    client = socket.socket(socket.AF_UNIX if scheme == "unix" else socket.AF_INET)
    client.connect(str(path) if scheme == "unix" else ("127.0.0.1", streams.ports[0]))

    def send() -> None:
        with client:
            if not secure:
                client.sendall(payload)
                return
            context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
            with context.wrap_socket(client, server_hostname="127.0.0.1") as wrapped:
                wrapped.sendall(payload)
                wrapped.unwrap()

    await asyncio.to_thread(send)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert len({slab.dst_port[0] for slab in slabs}) <= 1
    return slabs[0] if len(slabs) == 1 else _joined(slabs)


def _joined(slabs: list[Datagrams]) -> Datagrams:
    payloads = [slab.payload(i) for slab in slabs for i in range(len(slab))]
    sources = [row.tobytes() for slab in slabs for row in slab.src_addr]
    return Datagrams.of(payloads, arrival_ns=[ARRIVAL] * len(payloads), src_addr=sources)


def test_every_value_stated_for_a_case_is_decoded_of_what_its_transport_brings(
    real_data: Path, tmp_path: Path
) -> None:
    folder = real_data / "syslog" / "telegraf"
    if not folder.is_dir():
        pytest.skip(f"no syslog cases at {folder}")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    own = authority.issue_cert("127.0.0.1")
    own.private_key_and_cert_chain_pem.write_to_path(tmp_path / "server.pem")
    cases = sorted(case for case in folder.iterdir() if case.is_dir())
    assert len(cases) == 54
    transports = set()
    for case in cases:
        config = settings_of(case)
        transports.add((config["server"].partition(":")[0], "tls_cert" in config))
        messages = asyncio.run(received(case, tmp_path))
        decoder = SyslogDecoder(SyslogConfig(), Observe())
        udp = config["server"].startswith("udp")
        batch: pa.RecordBatch = (decoder.decode if udp else decoder.decode_messages)(messages)
        rows = batch.to_pylist()
        expected = stated_rows(case)
        left = [text for name, text in LEFT_BEHIND.items() if name in case.name]
        # A case without values is one that they refuse; here it is a row all the same.
        assert len(rows) == max(len(expected), 1) + len(left), case.name
        for row, values in zip(rows, expected, strict=False):
            check(row, values)
            assert row["source_address"][-4:] == b"\x7f\x00\x00\x01"
        assert [row["body"] for row in rows[len(rows) - len(left) :]] == left
    assert transports == {("udp", False), ("tcp", False), ("tcp", True), ("unix", False),
                          ("unix", True)}  # fmt: skip
