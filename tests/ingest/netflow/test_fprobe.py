"""A real exporter of the old versions, fprobe, watches an interface; we decode what it saw."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from sensorium.model.address import unpack_address
from tests.ingest.captured.loopback import recorder
from tests.ingest.netflow import packets as p
from tests.ingest.receiving import bound

FPROBE = shutil.which("fprobe", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
CLIENTS = 40
"""More than one datagram of any version can tell of, and fewer than three."""

pytestmark = pytest.mark.skipif(FPROBE is None, reason="fprobe is not installed")


@contextmanager
def probe(version: int, watched: int, target: int) -> Iterator[subprocess.Popen[str]]:
    """fprobe on the loopback interface, listening for what goes to one port."""
    command = [
        *(str(FPROBE), "-p", "-i", "lo", "-f", f"udp dst port {watched}", "-n", str(version)),
        *("-l", f"2:t{version}", f"127.0.0.1:{target}"),
    ]
    running = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1
    )
    try:
        assert running.stdout is not None
        while "collector #1" not in running.stdout.readline():
            assert running.poll() is None, "fprobe does not start"
        yield running
    finally:
        running.kill()
        running.communicate()


def received(receiver: socket.socket, flows: int) -> list[bytes]:
    """The datagrams that so many flows came in, by the count in their second word."""
    datagrams = []
    while flows > 0:
        datagrams.append(receiver.recv(9000))
        flows -= int.from_bytes(datagrams[-1][2:4], "big")
    return datagrams


def watched_clients(version: int, patience_s: float) -> tuple[int, dict[int, int], list[bytes]]:
    """The port that clients sent to, their number by theirs, and what fprobe told of them.

    TimeoutError if that is not all of them.
    """
    told = {}
    with bound() as receiver, bound() as server:
        watched, target = server.getsockname()[1], receiver.getsockname()[1]
        with probe(version, watched, target) as running:
            for number in range(CLIENTS):
                with bound() as client:
                    for _ in range(1 + number % 3):
                        client.sendto(b"q" * (number + 1), server.getsockname())
                    told[client.getsockname()[1]] = number
            # The kernel hands it packets by the block, up to a second late.
            time.sleep(patience_s)
            running.terminate()
            return watched, told, received(receiver, CLIENTS)


@pytest.mark.parametrize(("version", "numbered"), [(1, False), (5, True), (7, True)])
def test_what_fprobe_saw_is_what_we_decode(version: int, numbered: bool) -> None:
    recorder().close()
    # On a busy machine it may see too few in time, or lose some.
    try:
        watched, told, datagrams = watched_clients(version, patience_s=2)
    except TimeoutError:
        watched, told, datagrams = watched_clients(version, patience_s=10)
    assert len(datagrams) == 2
    bench = p.Bench()
    rows = bench.rows(*datagrams)
    assert bench.dropped() == {}
    assert {row["type"] for row in rows} == {f"NETFLOW_V{version}"}
    seen = {row["src_port"]: (row["packets"], row["bytes"]) for row in rows}
    assert seen == {
        port: (1 + number % 3, (1 + number % 3) * (29 + number)) for port, number in told.items()
    }
    ends = {(unpack_address(row["dst_addr"]), row["dst_port"], row["proto"]) for row in rows}
    assert ends == {("127.0.0.1", watched, 17)}
    now = time.time_ns()
    assert all(0 < now - row["time_flow_end_ns"] < 60e9 for row in rows)
    first = int.from_bytes(datagrams[0][2:4], "big")
    assert {row["sequence_num"] for row in rows} == ({0, first} if numbered else {0})
    (status,) = bench.decoder.statuses()
    assert (status.records, status.lost) == (CLIENTS, 0)
    assert status.unit == ("flows" if numbered else "")
