"""The receiver of a protocol over DTLS (RFC 7011 section 11, RFC 6012), in a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import selectors
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from sensorium.component import Health, HealthState
from sensorium.errors import SensoriumError
from sensorium.ingest.datagrams import Datagrams
from sensorium.ingest.transport.config import UdpConfig
from sensorium.ingest.transport.dtls.batch import DtlsBatch
from sensorium.ingest.transport.dtls.config import DtlsConfig
from sensorium.ingest.transport.dtls.doorway import DtlsDoorway
from sensorium.ingest.transport.dtls.meters import DtlsMeters
from sensorium.ingest.transport.dtls.records import hello_number, hello_random
from sensorium.ingest.transport.dtls.session import DtlsSession, Ended, SessionOverError
from sensorium.ingest.transport.stream.framing import StreamProtocol
from sensorium.ingest.transport.udp.sockets import Listener, open_listeners
from sensorium.model.address import pack_address, unpack_address
from sensorium.observe import Observe

_SWEEP_S: Final = 0.1
_PAUSE_S: Final = 0.01
_AT_A_TIME: Final = 512
_COMPLAINT_EVERY_S: Final = 60.0

_Key = tuple[int, Any]
"""The file number of a socket and a peer's address, as :meth:`socket.socket.recvfrom` has it."""


class DtlsReceiver:
    """Listens on every port of the settings and hands messages to ``deliver``.

    ``name`` is the part's, as in ``ingest.<name>``. ``deliver`` is called in the receiver's own
    thread. While ``busy`` says so nothing is read: what the kernel then has no room for is lost,
    as datagrams are, and counted. A session's end is told as that of a connection is.
    """

    def __init__(
        self,
        name: str,
        config: DtlsConfig,
        protocol: StreamProtocol,
        deliver: Callable[[Datagrams], None],
        observe: Observe,
        *,
        busy: Callable[[], bool],
        clock_ns: Callable[[], int],
    ) -> None:
        self.name = name
        self._config = config
        self._deliver = deliver
        self._busy = busy
        self._clock_ns = clock_ns
        self._log = observe.logger(name)
        self._meters = DtlsMeters(protocol.name, observe)
        self._batch = DtlsBatch(protocol, self._meters)
        self._doorway = DtlsDoorway(
            *(config, f"ingest.{name}", self._meters, self._log), sessions=protocol.sessions
        )
        self._listeners: list[Listener] = []
        self._sessions: dict[_Key, DtlsSession] = {}
        self._sweep_s = 0.0
        self._complained_s = -_COMPLAINT_EVERY_S
        self._health = Health(HealthState.STARTING, "not bound yet")
        self._stop = threading.Event()

    @property
    def ports(self) -> tuple[int, ...]:
        """The bound ports, in the order of the settings; empty before binding."""
        return tuple(listener.port for listener in self._listeners)

    def health(self) -> Health:
        """OK while the sockets are bound; degraded while no session more is taken."""
        if self._health.state is HealthState.OK and self._doorway.full:
            most = self._config.max_sessions
            return Health(
                HealthState.DEGRADED,
                f"all {most} sessions are taken; raise ingest.{self.name}.max_sessions",
            )
        return self._health

    def bind(self) -> None:
        """Open the sockets; :meth:`run` does it where this was not called before.

        SensoriumError if a port or a certificate cannot be had; none is then open.
        """
        if self._listeners:
            return
        config, port = self._config, 0
        udp = UdpConfig(host=config.host, receive_buffer_bytes=config.receive_buffer_bytes)
        try:
            self._doorway.load()
            for port in config.ports:
                self._listeners += open_listeners(udp, port, 1, coalesce=False)
        except SensoriumError as error:
            self._health = Health(HealthState.FAILED, error.message)
            raise
        except OSError as error:
            self._let_go()
            failed = SensoriumError(
                f"cannot listen on UDP {config.host} port {port}: {error.strerror or error}",
                unaffected="nothing was received and nothing is lost but what is sent meanwhile",
                next_step=f"stop what uses it (ss -lnup), or change ingest.{self.name}.ports",
            )
            self._health = Health(HealthState.FAILED, failed.message)
            raise failed from error
        where = ", ".join(str(listener.port) for listener in self._listeners)
        self._health = Health(HealthState.OK, f"listening: dtls {where}")

    async def run(self) -> None:
        """Receive until cancelled; what is in the sockets then is still delivered."""
        self.bind()
        self._stop.clear()
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1, thread_name_prefix=self.name) as threads:
            reading = loop.run_in_executor(threads, self._read_until_stopped)
            try:
                await asyncio.shield(reading)
            except asyncio.CancelledError:
                self._stop.set()
                await reading
                raise
            finally:
                self._health = Health(HealthState.STARTING, "stopped")

    def _read_until_stopped(self) -> None:
        try:
            with selectors.DefaultSelector() as selector:
                for listener in self._listeners:
                    selector.register(listener.socket, selectors.EVENT_READ, listener)
                while not self._stop.is_set():
                    self._turn(selector)
            for listener in self._listeners:
                self._read(listener)
            for key in tuple(self._sessions):
                self._end(key, Ended.SHUTDOWN)
            self._hand_over()
        finally:
            self._let_go()

    def _turn(self, selector: selectors.BaseSelector) -> None:
        ready = selector.select(_SWEEP_S)
        while self._busy() and not self._stop.wait(_PAUSE_S):
            pass
        for key, _ in ready:
            self._read(key.data)
        self._sweep()
        self._hand_over()

    def _read(self, listener: Listener) -> None:
        for _ in range(_AT_A_TIME):
            try:
                datagram, peer = listener.socket.recvfrom(65_535)
            except OSError:  # nothing more is there; or an answer of ours was refused
                break
            self._take(listener, datagram, peer)
        if dropped := listener.new_kernel_drops():
            self._meters.kernel_dropped(dropped)

    def _take(self, listener: Listener, datagram: bytes, peer: Any) -> None:
        key = listener.socket.fileno(), peer
        session, hello = self._sessions.get(key), hello_number(datagram)
        if hello >= 0 and (session is None or session.random != hello_random(datagram)):
            # Who begins anew from the same port has lost its session (RFC 6347 section 4.2.8).
            session, datagram = self._greet(listener, key, datagram), b""
        elif session is None:
            self._meters.refused("no_session")
        if session is None:
            return
        self._meters.received(len(datagram))
        session.heard_s = time.monotonic()
        was = session.established
        try:
            for text in session.take(datagram):
                self._batch.add(session, listener.port, text, self._clock_ns())
        except SessionOverError as over:
            self._noted(session, was=was)
            self._send(listener.socket, session, peer)
            self._end(key, over.reason, str(over))
            return
        self._noted(session, was=was)
        self._send(listener.socket, session, peer)

    def _noted(self, session: DtlsSession, *, was: bool) -> None:
        if session.established and not was:
            self._doorway.established()
            self._meters.began()

    def _greet(self, listener: Listener, key: _Key, hello: bytes) -> DtlsSession | None:
        peer = key[1]
        address = pack_address(peer[0].partition("%")[0])
        session, answer = self._doorway.greet(hello, address, peer[1], time.monotonic())
        if answer:
            with contextlib.suppress(OSError):
                listener.socket.sendto(answer, peer)
        if session is not None:
            if key in self._sessions:
                self._end(key, Ended.REPLACED)
            self._sessions[key] = session
        return session

    def _send(self, out: socket.socket, session: DtlsSession, peer: Any) -> None:
        for datagram in session.outgoing(self._config.mtu_bytes):
            with contextlib.suppress(OSError):
                out.sendto(datagram, peer)

    def _end(self, key: _Key, reason: Ended, detail: str = "") -> None:
        session = self._sessions.pop(key)
        if reason is not Ended.BROKEN:
            session.close()
            for listener in self._listeners:
                if listener.socket.fileno() == key[0]:
                    self._send(listener.socket, session, key[1])
        self._batch.end(session, self._clock_ns())
        self._doorway.left(session)
        self._meters.ended(reason.value, established=session.established)
        if reason is Ended.TLS_FAILED:
            self._complain(session, detail)

    def _complain(self, session: DtlsSession, detail: str) -> None:
        now_s = time.monotonic()
        if now_s - self._complained_s < _COMPLAINT_EVERY_S:
            return
        self._complained_s = now_s
        self._log.warning(
            "a DTLS peer was not let in", source=unpack_address(session.address), detail=detail
        )

    def _sweep(self) -> None:
        """Send again what handshakes wait for; end what was silent for too long."""
        now_s, config = time.monotonic(), self._config
        if now_s < self._sweep_s:
            return
        self._sweep_s = now_s + _SWEEP_S
        outs = {listener.socket.fileno(): listener.socket for listener in self._listeners}
        for key, session in tuple(self._sessions.items()):
            if session.established:
                if now_s - session.heard_s > config.idle_timeout_s:
                    self._end(key, Ended.IDLE)
                continue
            try:
                session.late()
            except SessionOverError as over:
                self._end(key, over.reason, str(over))
                continue
            self._send(outs[key[0]], session, key[1])
            if now_s - session.opened_s > config.tls.handshake_timeout_s:
                self._end(key, Ended.SLOW)

    def _hand_over(self) -> None:
        if len(self._batch):
            self._deliver(self._batch.take())

    def _let_go(self) -> None:
        for listener in self._listeners:
            listener.socket.close()
        self._listeners.clear()
