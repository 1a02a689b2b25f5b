"""A running DTLS receiver, what it delivered, and clients that speak to it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from OpenSSL import SSL

from sensorium.ingest.datagrams import Datagrams
from sensorium.ingest.transport.dtls import DtlsConfig, DtlsReceiver
from sensorium.ingest.transport.stream.framing import StreamProtocol
from sensorium.ingest.transport.stream.ipfix import IpfixStream
from sensorium.observe import Observe


class RunningDtls:
    """A receiver at work. ``waiting`` makes its pipeline say that it is behind."""

    def __init__(self, protocol: StreamProtocol | None = None, **config: Any) -> None:
        self.slabs: list[Datagrams] = []
        self.waiting = False
        self.observe = Observe()
        self.receiver = DtlsReceiver(
            "ipfix_dtls",
            DtlsConfig(**{"host": "127.0.0.1", "ports": (0,), **config}),
            protocol or IpfixStream(),
            self.slabs.append,
            self.observe,
            busy=lambda: self.waiting,
            clock_ns=time.time_ns,
        )

    def messages(self) -> list[bytes]:
        return [slab.payload(i) for slab in self.slabs for i in range(len(slab))]

    def count(self, name: str, **labels: str) -> float:
        return sum(
            sample.value
            for family in self.observe.registry.collect()
            for sample in family.samples
            if sample.name in (f"sensorium_dtls_{name}", f"sensorium_dtls_{name}_total")
            and labels.items() <= sample.labels.items()
        )

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for something to be so; TimeoutError after ten seconds."""
        async with asyncio.timeout(10):
            while not condition():
                await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def running_dtls(**config: Any) -> AsyncIterator[RunningDtls]:
    """Start a receiver, and stop it as the service would."""
    one = RunningDtls(**config)
    one.receiver.bind()
    task = asyncio.create_task(one.receiver.run())
    try:
        yield one
    finally:
        assert not task.done(), task.exception()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class Client:
    """An exporter that speaks DTLS, with pyOpenSSL's client. Blocking: call it in a thread."""

    def __init__(
        self, port: int, ca: Path, certificate: Path | None, *, versions: int = SSL.DTLS_METHOD
    ) -> None:
        context = SSL.Context(versions)
        context.load_verify_locations(str(ca))
        context.set_verify(SSL.VERIFY_PEER, lambda *said: bool(said[4]))
        context.set_options(SSL.OP_NO_QUERY_MTU)
        if certificate is not None:
            context.use_certificate_chain_file(str(certificate))
            context.use_privatekey_file(str(certificate))
        self.connection = SSL.Connection(context, None)
        self.connection.set_connect_state()
        self.connection.set_ciphertext_mtu(1_200)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(("127.0.0.1", port))
        self.socket.settimeout(0.3)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def flush(self) -> None:
        with contextlib.suppress(SSL.WantReadError):
            while True:
                self.socket.send(self.connection.bio_read(65_536))

    def connect(self) -> None:
        """Shake hands, sending again what is not answered. SSL.Error where that is refused."""
        until = time.monotonic() + 10
        while True:
            try:
                self.connection.do_handshake()
            except SSL.WantReadError:
                self.flush()
            else:
                self.flush()
                return
            assert time.monotonic() < until
            try:
                self.connection.bio_write(self.socket.recv(65_536))
            except TimeoutError:
                self.connection.DTLSv1_handle_timeout()
            except ConnectionRefusedError as error:
                raise SSL.Error(str(error)) from error

    def answer(self) -> bytes:
        """What the server says next; SSL.Error where it ends the session."""
        self.connection.bio_write(self.socket.recv(65_536))
        return self.connection.recv(65_536)

    def send(self, text: bytes) -> None:
        self.connection.send(text)
        self.flush()

    def close(self) -> None:
        self.connection.shutdown()
        self.flush()
