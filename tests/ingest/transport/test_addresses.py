"""Every port listens on any address, knows IPv4 senders as such, and lets in who is allowed."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from sensorium.ingest.datagrams import Datagrams
from sensorium.ingest.transport import SyslogStreamConfig, SyslogStreamReceiver, UdpReceiver
from sensorium.ingest.transport.config import UdpConfig
from sensorium.ingest.transport.grpc_config import GrpcConfig
from sensorium.ingest.transport.grpc_server import GrpcReceiver
from sensorium.ingest.transport.http import HttpConfig, HttpReceiver
from sensorium.model.address import unpack_address
from sensorium.observe import Observe
from tests.ingest.transport.http.conftest import Echo

pytestmark = pytest.mark.anyio

METHOD = "/a.Service/Call"
Allow = tuple[str, ...]


class Port:
    """A port at work: :meth:`send` says whom it took a sender for; empty where it let in nobody."""

    def __init__(self, receiver: Any, number: Callable[[], int], refused: Callable[[], float]):
        self.receiver = receiver
        self.number = number
        self.refused = refused
        self.seen: list[str] = []

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not condition():
                await asyncio.sleep(0.005)

    async def send(self, source: str) -> str:
        """Send from an address of this machine to itself."""
        self.seen.clear()
        before = self.refused()
        await self.speak(source, self.number())
        await self.until(lambda: bool(self.seen) or self.refused() > before)
        return self.seen[0] if self.seen else ""

    speak: Callable[[str, int], Awaitable[None]]


def counted(observe: Observe, name: str, **labels: str) -> float:
    """The sum of a counter's samples that have these labels."""
    return sum(
        sample.value
        for family in observe.registry.collect()
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


def udp(host: str, allow: Allow) -> Port:
    observe = Observe()

    def deliver(slab: Datagrams) -> None:
        port.seen += [unpack_address(row.tobytes()) for row in slab.src_addr]

    config = UdpConfig(host=host, ports=(0,), allowed_sources=allow)
    receiver = UdpReceiver(config, deliver, observe, clock_ns=time.time_ns)
    receiver.bind()
    port = Port(
        receiver,
        lambda: receiver.ports[0],
        lambda: counted(observe, "sensorium_ingest_dropped_total", reason="not_allowed"),
    )

    async def speak(source: str, number: int) -> None:
        family, kind, _, _, address = socket.getaddrinfo(source, number, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind) as sender:
            sender.sendto(b"hello", address)

    port.speak = speak
    return port


def stream(host: str, allow: Allow) -> Port:
    observe = Observe()

    def deliver(slab: Datagrams) -> None:
        port.seen += [unpack_address(row.tobytes()) for row in slab.src_addr]

    config = SyslogStreamConfig(host=host, tcp_ports=(0,), allow=allow)
    receiver = SyslogStreamReceiver(
        *(config, deliver, observe), busy=lambda: False, clock_ns=time.time_ns
    )
    receiver.bind()
    port = Port(
        receiver,
        lambda: receiver.ports[0],
        lambda: counted(observe, "sensorium_stream_refused_total", reason="not_allowed"),
    )

    async def speak(source: str, number: int) -> None:
        _, writer = await asyncio.open_connection(source, number)
        writer.write(b"<13>hello\n")
        writer.close()

    port.speak = speak
    return port


def http(host: str, allow: Allow) -> Port:
    observe, echo = Observe(), Echo()
    config = HttpConfig(host=host, port=0, allowed_networks=allow)
    receiver = HttpReceiver(config, {"/echo": echo}, observe, clock_ns=time.time_ns)
    receiver.bind()
    number = receiver.port
    port = Port(
        receiver,
        lambda: number,
        lambda: counted(observe, "sensorium_http_ingest_refused_total", reason="network"),
    )

    async def speak(source: str, number: int) -> None:
        reader, writer = await asyncio.open_connection(source, number)
        writer.write(
            b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n"
            b"Content-Length: 1\r\nConnection: close\r\n\r\nx"
        )
        await reader.read()
        writer.close()
        port.seen += [unpack_address(one.source) for one in echo.seen]
        echo.seen.clear()

    port.speak = speak
    return port


def grpc(host: str, allow: Allow) -> Port:
    import grpc as library

    observe = Observe()

    async def method(call: Any) -> bytes:
        port.seen.append(unpack_address(call.source))
        return b""

    config = GrpcConfig(host=host, port=0, allowed_networks=allow)
    receiver = GrpcReceiver(
        *(config, {METHOD: method}, observe), clock_ns=time.time_ns, details=lambda *_: ()
    )
    receiver.bind()
    port = Port(
        receiver,
        lambda: receiver.port,
        lambda: counted(observe, "sensorium_grpc_ingest_calls_total", code="7"),
    )

    async def speak(source: str, number: int) -> None:
        target = f"[{source}]:{number}" if ":" in source else f"{source}:{number}"
        async with library.aio.insecure_channel(target) as channel:
            with contextlib.suppress(library.aio.AioRpcError):
                await channel.unary_unary(METHOD)(b"", timeout=20)

    port.speak = speak
    return port


PORTS = pytest.mark.parametrize("open_port", [udp, stream, http, grpc])
Opening = Callable[[str, Allow], Port]


async def told(open_port: Opening, host: str, allow: Allow, *sources: str) -> list[str]:
    """For each source, sending one after the other, whom the port took it for."""
    port = open_port(host, allow)
    running = asyncio.create_task(port.receiver.run())
    try:
        await port.until(lambda: port.receiver.health().state == "ok")
        return [await port.send(source) for source in sources]
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@PORTS
async def test_one_port_hears_both_families_and_shows_ipv4_as_ipv4(open_port: Opening) -> None:
    both = ("127.0.0.1", "::1")
    assert await told(open_port, "::", (), *both) == list(both)
    assert await told(open_port, "::1", (), "::1") == ["::1"]


@PORTS
@pytest.mark.parametrize(
    ("allow", "let_in"),
    [
        (("127.0.0.0/8",), ["127.0.0.1", ""]),
        (("0.0.0.0/0",), ["127.0.0.1", ""]),
        (("::1/128",), ["", "::1"]),
        (("::/0",), ["", "::1"]),
        (("fd00::/8", "10.0.0.0/8"), ["", ""]),
        (("::/0", "0.0.0.0/0"), ["127.0.0.1", "::1"]),
    ],
)
async def test_networks_of_one_family_let_in_nobody_of_the_other(
    open_port: Opening, allow: Allow, let_in: list[str]
) -> None:
    assert await told(open_port, "::", allow, "127.0.0.1", "::1") == let_in


def link_local() -> str:
    """An address of this machine with its scope, as people write it; empty where it has none."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/net/if_inet6").read_text().splitlines():
            digits, _, _, scope, _, interface = line.split()
            if scope == "20":
                address = socket.inet_ntop(socket.AF_INET6, bytes.fromhex(digits))
                return f"{address}%{interface}"
    return ""


@PORTS
async def test_a_link_local_address_is_listened_on_with_its_scope(open_port: Opening) -> None:
    address = link_local()
    if not address:
        pytest.skip("no interface has a link-local address")
    assert await told(open_port, address, ("fe80::/10",), address) == [address.partition("%")[0]]
