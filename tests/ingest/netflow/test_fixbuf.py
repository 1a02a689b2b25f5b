"""libfixbuf, which YAF and SiLK export with: over UDP and TCP and into a file, we decode it all."""

from __future__ import annotations

import asyncio
import ctypes
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sensorium.ingest.transport import IpfixStreamReceiver
from sensorium.model.address import unpack_address
from tests.ingest.netflow import fixbuf
from tests.ingest.netflow import packets as p
from tests.ingest.receiving import bound
from tests.ingest.transport.streams import running


def _installed() -> bool:
    try:
        ctypes.CDLL("libglib-2.0.so.0", mode=ctypes.RTLD_GLOBAL)
        ctypes.CDLL(fixbuf.LIBRARY)
    except OSError:
        return False
    return True


pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(not _installed(), reason="libfixbuf9 is not installed"),
]


def export(where: str, target: str) -> None:
    command = [sys.executable, fixbuf.__file__, where, target]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def check(rows: list[dict[str, Any]]) -> None:
    """Whether rows of the decoder are what was exported."""
    assert len(rows) == fixbuf.RECORDS
    for number, row in enumerate(rows):
        start_ns = (fixbuf.FIRST_MS + number) * 10**6
        assert (row["time_flow_start_ns"], row["time_flow_end_ns"]) == (start_ns, start_ns + 10**9)
        assert unpack_address(row["src_addr"]) == f"10.0.0.{1 + number}"
        assert unpack_address(row["dst_addr"]) == "10.0.1.1"
        assert (row["src_port"], row["dst_port"], row["proto"]) == (40_000 + number, 443, 6)
        assert (row["bytes"], row["packets"]) == (1000 + number, 10)
        assert row["observation_domain_id"] == fixbuf.DOMAIN
        said = dict(row["attributes"])
        assert said.pop("sensorName") == fixbuf.sensor_name(number)
        assert int(said.pop("sensorLoad", "0")) == number
        assert {name: json.loads(value) for name, value in said.items()} == lists(number)


def lists(number: int) -> dict[str, Any]:
    dns = [{"natEvent": 4, "applicationName": "dns"}, {"natEvent": 5, "applicationName": ""}]
    http = [{"natEvent": 4, "applicationName": "http"}]
    numbers = [{"flowId": number}, {"flowId": number + 1}]
    return {
        "basicList": {
            "semantic": "allOf",
            "element": "destinationTransportPort",
            "values": [80, 8000 + number],
        },
        "subTemplateList": {"semantic": "ordered", "template": 1001, "records": dns},
        "subTemplateMultiList": {
            "semantic": "noneOf",
            "lists": [
                {"template": 1001, "records": http},
                {"template": 1002, "records": numbers},
            ],
        },
    }


def test_lists_and_elements_that_describe_themselves_come_over_udp() -> None:
    with bound() as receiver:
        export("udp", str(receiver.getsockname()[1]))
        receiver.setblocking(False)
        datagrams = []
        while True:
            try:
                datagrams.append(receiver.recv(65_535))
            except BlockingIOError:
                break
    bench = p.Bench()
    check(bench.rows(*datagrams))
    assert bench.dropped() == {}
    assert bench.sequence().keys() <= {"received"}, "nothing was lost, and we saw that"


async def test_they_come_over_tcp() -> None:
    async with running(IpfixStreamReceiver) as there:
        await asyncio.to_thread(export, "tcp", str(there.receiver.ports[0]))
        bench, rows = p.Bench(), list[dict[str, Any]]()
        async with asyncio.timeout(10):
            while len(rows) < fixbuf.RECORDS:
                await asyncio.sleep(0.02)
                taken, there.slabs[:] = list(there.slabs), []
                rows += [row for slab in taken for row in bench.decoder.decode(slab).to_pylist()]
    check(rows)
    assert bench.dropped() == {}


def test_a_file_of_them_is_read(tmp_path: Path) -> None:
    path = tmp_path / "flows.ipfix"
    export("file", str(path))
    command = [sys.executable, "-m", "sensorium", "decode", str(path)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    flows = [line for line in lines if "options_data" not in line]
    described = {line["informationElementName"] for line in lines if "options_data" in line}
    assert [flow["sensorName"] for flow in flows] == [
        fixbuf.sensor_name(number) for number in range(fixbuf.RECORDS)
    ]
    for number, flow in enumerate(flows):
        assert {name: flow[name] for name in lists(number)} == lists(number)
    assert described >= {"sensorName", "sensorLoad"}
    assert "40 flows" in done.stderr
