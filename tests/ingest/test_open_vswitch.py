"""A real switch, Open vSwitch, says in NetFlow v5, IPFIX and sFlow what it forwarded.

Its datapath is the one of its own tests, which needs no kernel module: packets are put in by hand.
"""

from __future__ import annotations

import shutil
import socket
import struct
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sensorium.model.address import unpack_address
from tests.ingest.netflow import packets as p
from tests.ingest.receiving import bound
from tests.ingest.sflow import agents as a

SYSTEM = "/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin"
VSWITCHD = shutil.which("ovs-vswitchd", path=SYSTEM)
SCHEMA = Path("/usr/share/openvswitch/vswitch.ovsschema")

pytestmark = pytest.mark.skipif(VSWITCHD is None, reason="openvswitch-switch is not installed")

A, B = "50:54:00:00:00:0a", "50:54:00:00:00:0b"
PACKETS = 4
"""Of each conversation."""
WEB = (
    f"in_port(1),eth(src={A},dst={B}),eth_type(0x0800),"
    "ipv4(src=192.168.0.1,dst=192.168.0.2,proto=6,tos=0,ttl=64,frag=no),"
    "tcp(src=4000,dst=80),tcp_flags(syn)"
)
NAMES = (
    f"in_port(2),eth(src={B},dst={A}),eth_type(0x0800),"
    "ipv4(src=192.168.0.2,dst=192.168.0.1,proto=17,tos=4,ttl=64,frag=no),udp(src=53,dst=5300)"
)
PING = (
    f"in_port(1),eth(src={A},dst={B}),eth_type(0x8100),vlan(vid=99,pcp=5),encap(eth_type(0x86dd),"
    "ipv6(src=fe80::1,dst=fe80::2,label=0,proto=58,tclass=0,hlimit=128,frag=no),"
    "icmpv6(type=128,code=0))"
)


def waited_for(path: Path, process: subprocess.Popen[bytes]) -> None:
    for _ in range(1000):
        if path.exists():
            return
        assert process.poll() is None, f"{process.args} ended"
        time.sleep(0.01)
    raise AssertionError(f"{path} does not appear")


@dataclass(frozen=True)
class Switch:
    """A bridge br0 with the ports 1 and 2, and its databases in ``folder``."""

    folder: Path

    def set(self, *arguments: str) -> None:
        command = ["ovs-vsctl", f"--db=unix:{self.folder}/db.sock", *arguments]
        subprocess.run(command, check=True, capture_output=True, timeout=20)

    def receive(self, *packets: str) -> None:
        for packet in packets:
            port = "p" + packet[len("in_port(")]
            command = ["ovs-appctl", "-t", f"{self.folder}/vs.ctl", "netdev-dummy/receive"]
            subprocess.run([*command, port, packet], check=True, capture_output=True, timeout=20)


@pytest.fixture
def switch(tmp_path: Path) -> Iterator[Switch]:
    subprocess.run(
        ["ovsdb-tool", "create", str(tmp_path / "conf.db"), str(SCHEMA)],
        check=True,
        capture_output=True,
    )
    programs = (
        (
            *("ovsdb-server", f"{tmp_path}/conf.db", f"--remote=punix:{tmp_path}/db.sock"),
            f"--unixctl={tmp_path}/db.ctl",
        ),
        (
            *(str(VSWITCHD), f"unix:{tmp_path}/db.sock", "--enable-dummy=override"),
            *("--disable-system", f"--unixctl={tmp_path}/vs.ctl"),
        ),
    )
    running: list[subprocess.Popen[bytes]] = []
    environment = {"PATH": SYSTEM, "OVS_RUNDIR": str(tmp_path), "OVS_LOGDIR": str(tmp_path)}
    try:
        for program, made in zip(programs, ("db.sock", "vs.ctl"), strict=True):
            running.append(
                subprocess.Popen(
                    program,
                    env=environment,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
            )
            waited_for(tmp_path / made, running[-1])
        found = Switch(tmp_path)
        bridge = "set bridge br0 datapath-type=dummy fail-mode=standalone".split()
        ports = [
            f"-- add-port br0 p{n} -- set interface p{n} type=dummy ofport_request={n}".split()
            for n in (1, 2)
        ]
        found.set("add-br", "br0", "--", *bridge, *ports[0], *ports[1])
        yield found
    finally:
        for process in reversed(running):
            process.terminate()
            process.wait(20)


def target(receiver: socket.socket) -> str:
    return f'targets="127.0.0.1:{receiver.getsockname()[1]}"'


def of_port(port: int) -> str:
    """The packet of WEB from another port."""
    return WEB.replace("src=4000", f"src={port}")


def test_its_netflow_v5_numbers_are_those_of_the_last_flow(switch: Switch) -> None:
    ports = range(4000, 4005)
    with bound() as receiver:
        made = ["--id=@n", "create", "NetFlow", target(receiver), "engine_type=2", "engine_id=1"]
        switch.set(*made, "active_timeout=1", "--", "set", "Bridge", "br0", "netflow=@n")
        datagrams: list[bytes] = []
        bench, rows = p.Bench(), []
        for packets in (2, 4):
            switch.receive(*map(of_port, ports), *map(of_port, ports))
            while sum(row["packets"] for row in rows) < packets * len(ports):
                datagrams.append(receiver.recv(9000))
                rows += bench.rows(datagrams[-1])
    heads = [struct.unpack(">H12xI", datagram[2:20]) for datagram in datagrams]
    assert max(count for count, _ in heads) > 1
    assert [number for _, number in heads] == [
        sum(count for count, _ in heads[: index + 1]) - 1 for index in range(len(heads))
    ]
    assert bench.sequence() == {}
    assert bench.dropped() == {}
    found = {(row["src_port"], row["dst_port"], row["proto"], row["in_if"]) for row in rows}
    assert found == {(port, 80, 6, 1) for port in ports}
    assert {unpack_address(row["dst_addr"]) for row in rows} == {"192.168.0.2"}
    assert {row["observation_domain_id"] for row in rows} == {0x0201}


def test_what_its_ipfix_says_of_each_port(switch: Switch) -> None:
    with bound() as receiver:
        made = ["--id=@i", "create", "IPFIX", target(receiver), "sampling=1", "obs_domain_id=123"]
        cache = ["obs_point_id=456", "cache_active_timeout=1", "cache_max_flows=100"]
        switch.set(*made, *cache, "--", "set", "Bridge", "br0", "ipfix=@i")
        bench, rows = p.Bench(), []
        switch.receive(*[WEB, NAMES, PING] * PACKETS)
        while sum(row["packets"] for row in rows if row["flow_direction"] == 0) < 3 * PACKETS:
            rows += bench.rows(receiver.recv(9000))
    assert bench.dropped() == {}
    coming = [row | dict(row["attributes"]) for row in rows if row["flow_direction"] == 0]
    told = {(row["interfaceName"], row["proto"], row["src_vlan"], row["ipTTL"]) for row in coming}
    assert told == {("p1", 6, 0, "64"), ("p2", 17, 0, "64"), ("p1", 58, 99, "128")}
    ends = {(unpack_address(row["src_addr"]), row["dst_port"], row["ip_tos"]) for row in coming}
    assert ends == {("192.168.0.1", 80, 0), ("192.168.0.2", 5300, 4), ("fe80::1", 0, 0)}
    assert {row["src_mac"] for row in coming} == {0x50540000000A, 0x50540000000B}
    assert {row["observationPointId"] for row in coming} == {"456"}
    now = time.time_ns()
    assert all(0 <= now - row["time_flow_end_ns"] < 60e9 for row in coming)
    # Its numbers go on from one observation domain to the other, against RFC 7011 section 3.1.
    assert bench.sequence() in ({}, {"lost": 1})


def test_what_it_samples_and_counts_for_sflow(switch: Switch) -> None:
    with bound() as receiver:
        made = ["--id=@s", "create", "sFlow", target(receiver), "sampling=1", "polling=1"]
        agent = ["header=128", 'agent="127.0.0.1"', "--", "set", "Bridge", "br0", "sflow=@s"]
        switch.set(*made, *agent)
        bench = a.Bench()
        switch.receive(*[WEB, NAMES, PING] * PACKETS)
        flows: list[dict[str, Any]] = []
        names: set[str] = set()
        while len(flows) < 3 * PACKETS or "sflow_ovs_hits_total" not in names:
            decoded = bench.decode(receiver.recv(9000))
            flows += decoded.flows.to_pylist()
            names.update(decoded.metrics["name"].to_pylist())
    assert bench.dropped() == {}
    assert bench.sequence() == {}
    assert {row["sampling_rate"] for row in flows} == {1}
    assert {unpack_address(row["sampler_address"]) for row in flows} == {"127.0.0.1"}
    seen = Counter(
        (row["proto"], row["dst_port"], row["src_vlan"], row["icmp_type"]) for row in flows
    )
    assert seen == {(6, 80, 0, 0): PACKETS, (17, 5300, 0, 0): PACKETS, (58, 0, 99, 128): PACKETS}
    assert {"sflow_app_cpu_seconds_total", "sflow_ovs_flows"} <= names
