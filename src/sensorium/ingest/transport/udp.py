"""The UDP receiver: sockets read without blocking into slabs of datagrams."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from sensorium.component import Health, HealthState
from sensorium.errors import SensoriumError
from sensorium.ingest.datagrams import Datagrams
from sensorium.ingest.transport.config import UdpConfig
from sensorium.ingest.transport.proxy_protocol import TrustedNetworks, strip_headers
from sensorium.model.address import V4_PREFIX
from sensorium.observe import Observe

_LARGEST: Final = 65_536
_SLAB_BYTES: Final = 4 << 20
_SLAB_DATAGRAMS: Final = 8_192
# A sender that is always faster must not keep the event loop for itself.
_SLABS_AT_A_TIME: Final = 16
_SO_RCVBUFFORCE: Final = 33
_SO_RXQ_OVFL: Final = 40
_ADDRESSES_KEPT: Final = 100_000


@dataclass(slots=True, eq=False)
class _Listener:
    """A bound socket, and the kernel's count of datagrams it had no room for."""

    socket: socket.socket
    port: int
    label: str
    kernel_drops: int = 0


class UdpReceiver:
    """Receives on every configured port and hands slabs to ``deliver``, in the event loop.

    ``deliver`` must be quick and must not raise; bounding what waits behind it is its task.
    PROXY protocol headers of trusted networks are taken off, and their source, ports and arrival
    time are the datagram's. What the kernel dropped for want of room is counted.
    """

    name = "udp"

    def __init__(
        self,
        config: UdpConfig,
        deliver: Callable[[Datagrams], None],
        observe: Observe,
        *,
        clock_ns: Callable[[], int],
    ) -> None:
        self._config = config
        self._deliver = deliver
        self._clock_ns = clock_ns
        self._trusted = TrustedNetworks(config.trusted_proxies)
        self._listeners: list[_Listener] = []
        self._addresses: dict[str, bytes] = {}
        self._slab = np.empty(0, np.uint8)
        self._health = Health(HealthState.STARTING, "not bound yet")
        self._log = observe.logger(self.name)
        self._datagrams = observe.counter(
            "sensorium_udp_datagrams", "Datagrams received, by port", ("port",)
        )
        self._bytes = observe.counter(
            "sensorium_udp_bytes", "Bytes of UDP payload received, by port", ("port",)
        )
        self._proxied = observe.counter(
            "sensorium_udp_proxy_headers",
            "PROXY protocol headers, by what became of them",
            ("outcome",),
        )
        self._dropped = observe.counter(
            "sensorium_ingest_dropped",
            "Input not used, by protocol and reason",
            ("protocol", "reason"),
        )

    @property
    def ports(self) -> tuple[int, ...]:
        """The bound ports, in the order of the settings; empty before :meth:`bind`."""
        return tuple(listener.port for listener in self._listeners)

    def health(self) -> Health:
        """OK while the sockets are bound."""
        return self._health

    def bind(self) -> None:
        """Open the sockets; :meth:`run` does it where this was not called before.

        SensoriumError if a port cannot be had; none is then open.
        """
        if self._listeners:
            return
        self._slab = np.empty(_SLAB_BYTES, np.uint8)
        try:
            for port in self._config.ports:
                self._listeners.append(self._open(port))
        except OSError as error:
            self._close()
            self._health = Health(HealthState.FAILED, str(error))
            raise SensoriumError(
                f"cannot listen on UDP {self._config.host} port {port}: {error.strerror or error}",
                unaffected="nothing was received and nothing is lost but what is sent meanwhile",
                next_step="stop what uses the port (ss -ulnp), or set other udp ports",
            ) from error
        ports = ", ".join(str(port) for port in self.ports)
        self._health = Health(HealthState.OK, f"listening on {self._config.host}, ports {ports}")

    async def run(self) -> None:
        """Receive until cancelled; what is in the sockets then is still delivered."""
        self.bind()
        loop = asyncio.get_running_loop()
        for listener in self._listeners:
            self._watch(loop, listener)
        try:
            await asyncio.Event().wait()
        finally:
            for listener in self._listeners:
                loop.remove_reader(listener.socket)
            self.drain()
            self._close()
            self._health = Health(HealthState.STARTING, "stopped")

    def drain(self) -> None:
        """Deliver all that has arrived by now; call it from the event loop's thread."""
        for listener in self._listeners:
            self._read(listener)

    def _watch(self, loop: asyncio.AbstractEventLoop, listener: _Listener) -> None:
        loop.add_reader(listener.socket, self._arrived, loop, listener)

    def _arrived(self, loop: asyncio.AbstractEventLoop, listener: _Listener) -> None:
        # One wake-up for each datagram would cost more than decoding it.
        loop.remove_reader(listener.socket)
        loop.call_later(self._config.linger_ms / 1000, self._read_on, loop, listener)

    def _read_on(self, loop: asyncio.AbstractEventLoop, listener: _Listener) -> None:
        if listener in self._listeners:
            self._read(listener)
            self._watch(loop, listener)

    def _read(self, listener: _Listener) -> None:
        for _ in range(_SLABS_AT_A_TIME):
            datagrams, emptied = self._fill(listener)
            if len(datagrams):
                self._datagrams.labels(listener.label).inc(len(datagrams))
                self._bytes.labels(listener.label).inc(len(datagrams.data))
                self._deliver(self._strip(datagrams))
            if emptied:
                return

    def _fill(self, listener: _Listener) -> tuple[Datagrams, bool]:
        """One slab of what waits in a socket, and whether nothing more does."""
        receive = listener.socket.recvmsg_into
        view = memoryview(self._slab.data)
        offsets, arrivals = [0], list[int]()
        sources, source_ports = list[bytes](), list[int]()
        at, emptied = 0, False
        while len(arrivals) < _SLAB_DATAGRAMS and _SLAB_BYTES - at >= _LARGEST:
            try:
                size, ancillary, _, sender = receive([view[at : at + _LARGEST]], 64)
            except BlockingIOError:
                emptied = True
                break
            except OSError as error:
                self._dropped.labels("udp", "receive_error").inc()
                self._log.warning("a socket error was passed over", error=str(error))
                emptied = True
                break
            at += size
            offsets.append(at)
            arrivals.append(self._clock_ns())
            sources.append(self._packed(sender[0]))
            source_ports.append(sender[1])
            if ancillary:
                self._count_kernel_drops(listener, ancillary)
        datagrams = Datagrams(
            arrival_ns=np.array(arrivals, np.int64),
            src_addr=np.frombuffer(b"".join(sources), np.uint8).reshape(-1, 16),
            src_port=np.array(source_ports, np.uint16),
            dst_port=np.full(len(arrivals), listener.port, np.uint16),
            offsets=np.array(offsets, np.int64),
            data=self._slab[:at].copy(),
        )
        return datagrams, emptied

    def _strip(self, datagrams: Datagrams) -> Datagrams:
        stripped = strip_headers(datagrams, self._trusted)
        for outcome in ("honoured", "untrusted", "malformed"):
            count = getattr(stripped, outcome)
            if count:
                self._proxied.labels(outcome).inc(count)
        return stripped.datagrams

    def _packed(self, text: str) -> bytes:
        packed = self._addresses.get(text)
        if packed is None:
            if len(self._addresses) >= _ADDRESSES_KEPT:
                self._addresses.clear()
            if ":" in text:
                packed = socket.inet_pton(socket.AF_INET6, text.partition("%")[0])
            else:
                packed = V4_PREFIX + socket.inet_pton(socket.AF_INET, text)
            self._addresses[text] = packed
        return packed

    def _count_kernel_drops(
        self, listener: _Listener, ancillary: list[tuple[int, int, bytes]]
    ) -> None:
        for level, kind, value in ancillary:
            if level == socket.SOL_SOCKET and kind == _SO_RXQ_OVFL and len(value) >= 4:
                total = struct.unpack("=I", value[:4])[0]
                new = (total - listener.kernel_drops) & 0xFFFF_FFFF
                if new:
                    self._dropped.labels("udp", "kernel_buffer_full").inc(new)
                listener.kernel_drops = total

    def _open(self, port: int) -> _Listener:
        family = socket.AF_INET6 if ":" in self._config.host else socket.AF_INET
        opened = socket.socket(family, socket.SOCK_DGRAM)
        try:
            opened.setblocking(False)
            self._ask_for_room(opened)
            with contextlib.suppress(OSError):  # other systems do not tell what they drop
                opened.setsockopt(socket.SOL_SOCKET, _SO_RXQ_OVFL, 1)
            if family == socket.AF_INET6:
                opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            opened.bind((self._config.host, port))
        except OSError:
            opened.close()
            raise
        bound = int(opened.getsockname()[1])
        return _Listener(opened, bound, str(bound))

    def _ask_for_room(self, opened: socket.socket) -> None:
        wanted = self._config.receive_buffer_bytes
        try:
            opened.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, wanted)
        except OSError:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, wanted)
        # Linux answers with twice what it was asked for, its own bookkeeping included.
        given = opened.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2
        if given < wanted:
            self._log.warning(
                "the kernel gives a smaller receive buffer than asked for; bursts may be lost; "
                "raise net.core.rmem_max or grant CAP_NET_ADMIN",
                wanted_bytes=wanted,
                given_bytes=given,
            )

    def _close(self) -> None:
        for listener in self._listeners:
            listener.socket.close()
        self._listeners.clear()
