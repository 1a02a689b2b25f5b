"""What is sent to a socket arrives in slabs, whole, with its source, and nothing goes uncounted."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable

import pytest

from sensorium.component import HealthState
from sensorium.errors import SensoriumError
from sensorium.ingest.datagrams import Datagrams
from sensorium.ingest.transport import UdpConfig, UdpReceiver
from sensorium.ingest.transport.proxy_protocol import build_header
from sensorium.model.address import pack_address
from sensorium.observe import Observe

pytestmark = pytest.mark.anyio

LOOPBACK = pack_address("127.0.0.1")


class Received:
    """Collects slabs and gives them back as rows."""

    def __init__(self) -> None:
        self.slabs: list[Datagrams] = []

    def __call__(self, datagrams: Datagrams) -> None:
        self.slabs.append(datagrams)

    def __len__(self) -> int:
        return sum(len(slab) for slab in self.slabs)

    def payloads(self) -> list[bytes]:
        return [slab.payload(i) for slab in self.slabs for i in range(len(slab))]


class Way:
    """How the receivers of a test read; every test is run in both ways."""

    batched = True


@pytest.fixture(params=[True, False], ids=["batched", "plain"], autouse=True)
def way(request: pytest.FixtureRequest) -> None:
    Way.batched = request.param


def make(
    received: Callable[[Datagrams], None], observe: Observe | None = None, **changes: object
) -> UdpReceiver:
    settings = {"host": "127.0.0.1", "ports": (0, 0), "batched": Way.batched, **changes}
    config = UdpConfig(**settings)  # type: ignore[arg-type]
    return UdpReceiver(config, received, observe or Observe(), clock_ns=time.time_ns)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


def send(port: int, *payloads: bytes, host: str = "127.0.0.1") -> int:
    """Send from a socket of our own; its port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sender:
        for payload in payloads:
            sender.sendto(payload, (host, port))
        return int(sender.getsockname()[1])


async def test_datagrams_of_all_ports_are_delivered_while_it_runs() -> None:
    received = Received()
    receiver = make(received)
    assert receiver.health().state is HealthState.STARTING
    receiver.bind()
    task = asyncio.create_task(receiver.run())
    began_ns = time.time_ns()
    source = send(receiver.ports[0], b"one", b"", b"two")
    await until(lambda: len(received) == 3)
    assert receiver.health().state is HealthState.OK
    first = received.slabs[0]
    assert received.payloads() == [b"one", b"", b"two"]
    assert first.src_addr[0].tobytes() == LOOPBACK
    assert (first.src_port[0], first.dst_port[0]) == (source, receiver.ports[0])
    assert began_ns <= first.arrival_ns[0] <= time.time_ns()
    send(receiver.ports[1], b"x" * 60_000)
    await until(lambda: len(received) == 4)
    assert received.payloads()[-1] == b"x" * 60_000
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert receiver.ports == ()


async def test_drain_delivers_what_has_arrived_without_waiting() -> None:
    received, observe = Received(), Observe()
    receiver = make(received, observe)
    receiver.bind()
    port = receiver.ports[0]
    send(port, *[b"%d" % i for i in range(500)])
    receiver.drain()
    assert received.payloads() == [b"%d" % i for i in range(500)]
    assert observe.value("sensorium_udp_datagrams_total", {"port": str(port)}) == 500
    assert observe.value("sensorium_udp_bytes_total", {"port": str(port)}) == 1390


async def test_what_is_in_the_sockets_at_the_end_is_delivered() -> None:
    received = Received()
    receiver = make(received, linger_ms=1000)
    receiver.bind()
    task = asyncio.create_task(receiver.run())
    await asyncio.sleep(0.01)
    send(receiver.ports[0], b"last words")
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert received.payloads() == [b"last words"]


async def test_a_relayed_datagram_has_its_first_source_and_time() -> None:
    received, observe = Received(), Observe()
    receiver = make(received, observe)
    receiver.bind()
    router = pack_address("10.0.0.254")
    send(receiver.ports[0], build_header(router, 7, 2055, 99) + b"flows")
    receiver.drain()
    slab = received.slabs[0]
    assert slab.payload(0) == b"flows"
    assert slab.src_addr[0].tobytes() == router
    assert (slab.arrival_ns[0], slab.src_port[0], slab.dst_port[0]) == (99, 7, 2055)
    assert observe.value("sensorium_udp_proxy_headers_total", {"outcome": "honoured"}) == 1


async def test_a_relay_that_is_not_trusted_is_not_believed() -> None:
    received, observe = Received(), Observe()
    receiver = make(received, observe, trusted_proxies=("192.0.2.0/24",))
    receiver.bind()
    payload = build_header(pack_address("10.0.0.254"), 7, 2055, 99) + b"flows"
    send(receiver.ports[0], payload)
    receiver.drain()
    assert received.payloads() == [payload]
    assert observe.value("sensorium_udp_proxy_headers_total", {"outcome": "untrusted"}) == 1


async def test_one_socket_takes_ipv6_and_ipv4() -> None:
    received = Received()
    receiver = make(received, host="::", ports=(0,))
    try:
        receiver.bind()
    except SensoriumError:
        pytest.skip("this machine has no IPv6")
    send(receiver.ports[0], b"six", host="::1")
    send(receiver.ports[0], b"four")
    receiver.drain()
    sources = [s.tobytes() for slab in received.slabs for s in slab.src_addr]
    assert sources == [pack_address("::1"), LOOPBACK]


async def test_what_the_kernel_drops_is_counted() -> None:
    received, observe = Received(), Observe()
    receiver = make(received, observe, receive_buffer_bytes=65_536)
    receiver.bind()
    sent = 2_000
    send(receiver.ports[0], *[bytes(1000)] * sent)
    receiver.drain()
    dropped = observe.value(
        "sensorium_ingest_dropped_total", {"protocol": "udp", "reason": "kernel_buffer_full"}
    )
    assert 0 < len(received) < sent
    assert len(received) + dropped == sent


async def test_a_port_in_use_is_told_and_leaves_nothing_open() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        receiver = make(Received(), ports=(0, other.getsockname()[1]))
        with pytest.raises(SensoriumError, match="cannot listen on UDP"):
            receiver.bind()
        assert receiver.ports == ()
        assert receiver.health().state is HealthState.FAILED


async def test_a_failing_receiver_says_so_and_leaves_nothing_open() -> None:
    def deliver(_: Datagrams) -> None:
        raise RuntimeError("no room in the inn")

    receiver = make(deliver)
    receiver.bind()
    port = receiver.ports[0]
    task = asyncio.create_task(receiver.run())
    send(port, b"x")
    with pytest.raises(RuntimeError, match="no room"):
        await asyncio.wait_for(task, 10)
    assert receiver.ports == ()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as next_one:
        next_one.bind(("127.0.0.1", port))


async def test_draining_while_it_runs_delivers_all_in_order() -> None:
    received = Received()
    receiver = make(received, linger_ms=1, ports=(0,))
    receiver.bind()
    task = asyncio.create_task(receiver.run())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for number in range(2_000):
            sender.sendto(b"%d" % number, ("127.0.0.1", receiver.ports[0]))
            if number % 100 == 99:
                receiver.drain()
                assert len(received) == number + 1
                await asyncio.sleep(0)
    assert received.payloads() == [b"%d" % number for number in range(2_000)]
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_what_may_not_come_in_is_known_by_source() -> None:
    received = Received()
    receiver = make(received, allowed_sources=("192.0.2.0/24",))
    receiver.bind()
    port = receiver.ports[0]
    friend = pack_address("192.0.2.7")
    send(port, b"x", build_header(friend, 7, 2055, 99) + b"flows", b"y")
    receiver.drain()
    assert received.payloads() == [b"flows"]
    assert receiver.drops_by_source() == {LOOPBACK: {"not_allowed": 2}}
