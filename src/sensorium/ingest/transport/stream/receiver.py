"""The receiver of streams: TCP, TLS, SCTP and Unix sockets, read by one thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import selectors
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from sensorium.component import Health, HealthState
from sensorium.errors import SensoriumError
from sensorium.ingest.datagrams import Datagrams
from sensorium.ingest.transport.stream.config import (
    IpfixStreamConfig,
    StreamConfig,
    SyslogStreamConfig,
)
from sensorium.ingest.transport.stream.connection import (
    Closed,
    Connection,
    Handshake,
    PeerRefusedError,
)
from sensorium.ingest.transport.stream.doorway import Doorway
from sensorium.ingest.transport.stream.framing import StreamProtocol
from sensorium.ingest.transport.stream.ipfix import IpfixStream
from sensorium.ingest.transport.stream.listeners import Kind, Listener, Wanted, open_listeners
from sensorium.ingest.transport.stream.meters import StreamMeters
from sensorium.ingest.transport.stream.slab import QUOTA, StreamSlab
from sensorium.ingest.transport.stream.syslog import SyslogStream
from sensorium.model.address import pack_address
from sensorium.observe import Observe
from sensorium.process.handover import Handover

_SWEEP_S: Final = 0.5
_PAUSE_S: Final = 0.01
_DATAGRAMS_AT_A_TIME: Final = 1_024
# A turn that reads this much is worth its cost: the next need not wait for more to pile up.
_FULL_TURN: Final = 256 << 10
# What a shutdown reads of senders that do not stop.
_LAST_READS_S: Final = 2.0
_LOCAL: Final = pack_address("127.0.0.1")


class StreamReceiver:
    """Reads every configured listener and hands slabs of messages to ``deliver``.

    ``deliver`` is called in the receiver's own thread; it must be quick and must not raise.
    While ``busy`` says so nothing is read, so that the kernel's buffers fill and TCP's windows
    close: senders wait, and nothing that was read is dropped. Neither syslog nor IPFIX
    acknowledges anything, so what was read and is not yet stored when the process is killed is
    lost. Where a connection is a transport session, a message of no bytes says that it ended.
    On ports that ``handover`` has it goes on listening; who connected meanwhile has waited.
    """

    name = "stream"

    def __init__(
        self,
        config: StreamConfig,
        protocol: StreamProtocol,
        wanted: tuple[Wanted, ...],
        deliver: Callable[[Datagrams], None],
        observe: Observe,
        *,
        busy: Callable[[], bool],
        clock_ns: Callable[[], int],
        handover: Handover | None = None,
    ) -> None:
        self.setting = f"ingest.{self.name}"
        self._handover = handover
        self._config = config
        self._protocol = protocol
        self._wanted = wanted
        self._deliver = deliver
        self._busy = busy
        self._clock_ns = clock_ns
        self._meters = StreamMeters(protocol, observe)
        self._log = observe.logger(self.name)
        self._doorway = Doorway(config, protocol, self._meters, self._log, self.setting)
        self._listeners: list[Listener] = []
        self._health = Health(HealthState.STARTING, "not bound yet")
        self._stop = threading.Event()

    @property
    def ports(self) -> tuple[int, ...]:
        """The bound ports, in the order of the settings; empty before binding."""
        return tuple(listener.port for listener in self._listeners if listener.port)

    def health(self) -> Health:
        """OK while the sockets are bound; degraded while no connection more is taken."""
        if self._health.state is HealthState.OK and self._doorway.full:
            return Health(
                HealthState.DEGRADED,
                f"all {self._config.max_connections} connections are taken; raise "
                f"{self.setting}.max_connections",
            )
        return self._health

    def bind(self) -> None:
        """Open the sockets; :meth:`run` does it where this was not called before.

        SensoriumError if a port, path or certificate cannot be had; none is then open.
        """
        if self._listeners:
            return
        try:
            self._doorway.load()
            self._listeners = open_listeners(self._wanted, self.setting, self._handover)
        except SensoriumError as error:
            self._health = Health(HealthState.FAILED, error.message)
            raise
        where = ", ".join(
            f"{listener.kind.value} {listener.port or listener.path}"
            for listener in self._listeners
        )
        self._health = Health(HealthState.OK, f"listening: {where or 'nothing is set'}")

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
        reader = _Reader(self)
        try:
            while not self._stop.is_set():
                reader.turn()
            reader.finish()
        finally:
            reader.close()
            self._listeners.clear()


class _Reader:
    """The thread's own state, from its start to its end."""

    def __init__(self, receiver: StreamReceiver) -> None:
        self._of = receiver
        self._selector = selectors.DefaultSelector()
        self._slab = StreamSlab(receiver._protocol)
        self._connections: set[Connection] = set()
        # Who can be read, in the order of their turns.
        self._ready: dict[Connection | Listener, None] = {}
        self._sweep_s = 0.0
        self._full_turn = False
        self._datagrams = {
            listener: Connection(
                *(listener, listener.socket, _LOCAL, 0, 0.0, 0.0),
                state=receiver._protocol.new_state(),
            )
            for listener in receiver._listeners
            if listener.kind is Kind.UNIX_DATAGRAM
        }
        for listener in receiver._listeners:
            self._selector.register(listener.socket, selectors.EVENT_READ, listener)

    def turn(self) -> None:
        """Read what came, once, or wait a little."""
        of = self._of
        self._look(0 if self._ready else _SWEEP_S / 2)
        if self._ready and not self._full_turn:
            of._stop.wait(of._config.linger_ms / 1000)
        # Asked last, since a pipeline may fall behind while nothing came.
        if of._busy():
            self._wait_for_room()
            return
        self._full_turn = self._serve_ready() >= _FULL_TURN
        self._hand_over()
        self._sweep()

    def _wait_for_room(self) -> None:
        start = time.monotonic()
        while self._of._busy() and not self._of._stop.wait(_PAUSE_S):
            pass
        waited = time.monotonic() - start
        self._of._meters.paused(waited)
        # Who could not be heard was not silent.
        for connection in self._connections:
            connection.heard_s += waited
            connection.begun_s += waited

    def _look(self, timeout_s: float) -> None:
        for key, _ in self._selector.select(timeout_s):
            self._ready.setdefault(key.data)

    def _serve_ready(self) -> int:
        again = list[Connection]()
        while self._ready and not self._slab.full:
            one = next(iter(self._ready))
            del self._ready[one]
            if isinstance(one, Listener):
                self._serve_listener(one)
            elif one in self._connections:
                self._serve(one)
                if one in self._connections and one.holds_more:
                    again.append(one)
        size = self._slab.size
        self._ready.update(dict.fromkeys(again))
        return size

    def _serve_listener(self, listener: Listener) -> None:
        if listener.kind is Kind.UNIX_DATAGRAM:
            self._read_datagrams(listener)
            return
        for connection in self._of._doorway.accept(listener, time.monotonic()):
            self._connections.add(connection)
            self._selector.register(connection.socket, selectors.EVENT_READ, connection)
            self._ready[connection] = None

    def _serve(self, connection: Connection) -> None:
        try:
            if not connection.ready and not self._shake_hands(connection):
                return
            now_s, had = time.monotonic(), bool(connection.carried)
            size, ended = self._slab.read(connection, self._of._clock_ns(), QUOTA)
        except OSError as error:
            refused = isinstance(error, PeerRefusedError)
            broken = Closed.BROKEN if connection.ready else Closed.TLS_FAILED
            failed = Closed.PEER_REFUSED if refused else broken
            self._close(connection, failed, str(error))
            return
        if size:
            connection.heard_s = now_s
            if self._of._meters.read(connection, size) or not had:
                connection.begun_s = now_s
        if self._of._protocol.broken(connection.state):
            self._close(connection, Closed.MALFORMED)
        elif ended:
            self._close(connection, Closed.BY_PEER)

    def _shake_hands(self, connection: Connection) -> bool:
        state = connection.shake_hands()
        if state is not Handshake.DONE:
            writing = state is Handshake.WANTS_WRITE
            wanted = selectors.EVENT_WRITE if writing else selectors.EVENT_READ
            self._selector.modify(connection.socket, wanted, connection)
            return False
        self._selector.modify(connection.socket, selectors.EVENT_READ, connection)
        connection.heard_s = connection.begun_s = time.monotonic()
        return True

    def _read_datagrams(self, listener: Listener) -> None:
        source, longest = self._datagrams[listener], self._of._protocol.longest
        for _ in range(_DATAGRAMS_AT_A_TIME):
            if self._slab.full:
                return
            try:
                size = listener.socket.recv_into(self._slab.room())
            except OSError:  # nothing more is there
                return
            self._of._meters.datagram(size)
            if size > longest:
                self._of._meters.irregular("oversized")
            self._slab.received(source, min(size, longest), self._of._clock_ns())

    def _hand_over(self) -> None:
        if len(self._slab):
            self._of._deliver(self._slab.take())
        else:
            self._slab.clear()

    def _close(self, connection: Connection, reason: Closed, detail: str = "") -> None:
        """End a connection; what it left unfinished is kept where its protocol allows that."""
        if self._slab.full:
            self._hand_over()
        self._end_messages(connection)
        self._connections.discard(connection)
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(connection.socket)
        connection.close()
        self._of._doorway.left(connection, reason)
        if reason in (Closed.TLS_FAILED, Closed.PEER_REFUSED, Closed.MALFORMED):
            self._of._doorway.complain(connection, reason, detail)

    def _end_messages(self, connection: Connection) -> None:
        of, now_ns = self._of, self._of._clock_ns()
        remainder, reason = of._protocol.unfinished(connection.carried, connection.state)
        if remainder:
            self._slab.add(connection, remainder, now_ns)
            of._meters.unfinished(connection.listener.kind)
        if reason:
            of._meters.irregular(reason)
        if connection.session:
            self._slab.add(connection, b"", now_ns)

    def _sweep(self) -> None:
        """Close who has been silent, or slow, for longer than the settings allow."""
        now_s, config = time.monotonic(), self._of._config
        if now_s < self._sweep_s:
            return
        self._sweep_s = now_s + _SWEEP_S
        for connection in tuple(self._connections):
            if not connection.ready:
                if now_s - connection.opened_s > config.tls.handshake_timeout_s:
                    self._close(connection, Closed.SLOW)
            elif connection.carried and now_s - connection.begun_s > config.frame_timeout_s:
                self._close(connection, Closed.SLOW)
            elif config.idle_timeout_s and now_s - connection.heard_s > config.idle_timeout_s:
                self._close(connection, Closed.IDLE)
        self._hand_over()

    def finish(self) -> None:
        """Read what has arrived, even where the pipeline is behind, and end every connection."""
        until_s = time.monotonic() + _LAST_READS_S
        while time.monotonic() < until_s:
            self._look(0)
            if not self._ready:
                break
            self._serve_ready()
            self._hand_over()
        for connection in tuple(self._connections):
            self._close(connection, Closed.SHUTDOWN)
        self._hand_over()

    def close(self) -> None:
        """Let go of every socket."""
        for connection in tuple(self._connections):
            self._close(connection, Closed.SHUTDOWN)
        for listener in self._of._listeners:
            listener.close()
        self._selector.close()


class SyslogStreamReceiver(StreamReceiver):
    """Syslog over TCP, TLS and Unix sockets (RFC 6587, RFC 5425)."""

    name = "syslog_stream"

    def __init__(
        self,
        config: SyslogStreamConfig,
        deliver: Callable[[Datagrams], None],
        observe: Observe,
        *,
        busy: Callable[[], bool],
        clock_ns: Callable[[], int],
        handover: Handover | None = None,
    ) -> None:
        mode = int(config.unix_mode, 8)
        paths = (
            (Kind.UNIX, config.unix_paths),
            (Kind.UNIX_TLS, config.unix_tls_paths),
            (Kind.UNIX_DATAGRAM, config.unix_datagram_paths),
        )
        unix = [Wanted(kind, path=path, mode=mode) for kind, names in paths for path in names]
        wanted = (*_inet(config), *unix)
        super().__init__(
            *(config, SyslogStream(config), wanted, deliver, observe),
            busy=busy,
            clock_ns=clock_ns,
            handover=handover,
        )


class IpfixStreamReceiver(StreamReceiver):
    """IPFIX over TCP, TLS and SCTP (RFC 7011 section 10)."""

    name = "ipfix_stream"

    def __init__(
        self,
        config: IpfixStreamConfig,
        deliver: Callable[[Datagrams], None],
        observe: Observe,
        *,
        busy: Callable[[], bool],
        clock_ns: Callable[[], int],
        handover: Handover | None = None,
    ) -> None:
        sctp = [Wanted(Kind.SCTP, config.host, port) for port in config.sctp_ports]
        wanted = (*_inet(config), *sctp)
        super().__init__(
            *(config, IpfixStream(), wanted, deliver, observe),
            busy=busy,
            clock_ns=clock_ns,
            handover=handover,
        )


def _inet(config: StreamConfig) -> list[Wanted]:
    kinds = ((Kind.TCP, config.tcp_ports), (Kind.TLS, config.tls_ports))
    return [Wanted(kind, config.host, port) for kind, ports in kinds for port in ports]
