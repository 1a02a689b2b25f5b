"""Connections to the gRPC port that bring no calls: how many there may be, and for how long."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from sensorium.errors import SensoriumError
from sensorium.ingest.transport import grpc_server
from sensorium.ingest.transport.grpc_config import GrpcConfig
from sensorium.ingest.transport.grpc_server import GrpcReceiver
from sensorium.observe import Observe

pytestmark = pytest.mark.anyio

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]
# What HTTP/2 begins with (RFC 9113 section 3.4): a fixed text and SETTINGS, here without any.
BEGINNING = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])


@asynccontextmanager
async def serving(**settings: int | str) -> AsyncIterator[GrpcReceiver]:
    config = GrpcConfig(port=0, **settings)  # type: ignore[arg-type]
    receiver = GrpcReceiver(config, {}, Observe(), clock_ns=lambda: 0, details=lambda *_: ())
    running = asyncio.create_task(receiver.run())
    while receiver.health().state != "ok":
        await asyncio.sleep(0.005)
    try:
        yield receiver
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def connect(receiver: GrpcReceiver, sent: bytes = b"") -> Ends:
    ends = await asyncio.open_connection("127.0.0.1", receiver.port)
    ends[1].write(sent)
    return ends


async def answered(ends: Ends) -> bool:
    """Whether the server's own SETTINGS came, or else it closed."""
    try:
        return bool(await ends[0].read(1))
    except ConnectionResetError:
        return False
    finally:
        ends[1].close()


async def test_connections_beyond_the_limit_are_closed() -> None:
    async with serving(max_connections=2) as receiver:
        held = [await connect(receiver, BEGINNING) for _ in range(2)]
        for reader, _ in held:
            await reader.readexactly(1)
        assert not await answered(await connect(receiver, BEGINNING))
        for _, writer in held:
            writer.close()
        while not await answered(await connect(receiver, BEGINNING)):  # until it knows they left
            await asyncio.sleep(0.01)


async def test_who_never_begins_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grpc_server, "_HANDSHAKE_MS", 200)
    async with serving() as receiver:
        for sent in (b"", BEGINNING[:10]):
            reader, writer = await connect(receiver, sent)
            try:
                while await reader.read(1024):
                    pass
            except ConnectionResetError:
                pass
            writer.close()
        assert await answered(await connect(receiver, BEGINNING))


async def reached(host: str, port: int) -> bool:
    """Whether somebody listens there."""
    try:
        ends = await asyncio.open_connection(host, port)
    except OSError:
        return False
    ends[1].close()
    return True


@pytest.mark.parametrize(
    ("host", "heard"),
    [
        ("0.0.0.0", {"127.0.0.1"}),
        ("127.0.0.1", {"127.0.0.1"}),
        ("::1", {"::1"}),
        ("::", {"127.0.0.1", "::1"}),
    ],
)
async def test_the_port_is_open_where_the_settings_say_and_nowhere_else(
    host: str, heard: set[str]
) -> None:
    async with serving(host=host) as receiver:
        found = {one for one in ("127.0.0.1", "::1") if await reached(one, receiver.port)}
    assert found == heard


async def test_a_port_that_was_taken_since_the_start_is_told_in_words() -> None:
    config = GrpcConfig(port=0)
    receiver = GrpcReceiver(config, {}, Observe(), clock_ns=lambda: 0, details=lambda *_: ())
    receiver.bind()
    with (
        socket.create_server(("127.0.0.1", receiver.port)),
        pytest.raises(SensoriumError, match=f"cannot listen on TCP 127.0.0.1 port {receiver.port}"),
    ):
        await receiver.run()
    running = asyncio.create_task(receiver.run())
    while receiver.health().state != "ok":
        await asyncio.sleep(0.005)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
