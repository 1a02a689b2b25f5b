"""The UDP receiver: sockets read by threads of their own into slabs of datagrams."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from itertools import chain

from sensorium.component import Health, HealthState
from sensorium.errors import SensoriumError
from sensorium.ingest.datagrams import Datagrams
from sensorium.ingest.transport.admission import Admission
from sensorium.ingest.transport.config import UdpConfig
from sensorium.ingest.transport.networks import SourceNetworks
from sensorium.ingest.transport.proxy_protocol import strip_headers
from sensorium.ingest.transport.udp.batched import BatchedReader, receive_many
from sensorium.ingest.transport.udp.plain import PlainReader
from sensorium.ingest.transport.udp.reading import Reading, SocketReader
from sensorium.ingest.transport.udp.sockets import (
    Listener,
    can_share_ports,
    handed_listeners,
    open_listeners,
    place_of,
)
from sensorium.ingest.transport.udp.worker import ReceiveWorker, stop_all
from sensorium.observe import Observe
from sensorium.process.handover import Handover


class UdpReceiver:
    """Receives on every configured port and hands slabs to ``deliver``, in threads of its own.

    ``deliver`` must be quick, safe among threads and must not raise; bounding what waits behind
    it is its task. The datagrams of one source address are delivered in the order of their
    arrival, whatever the number of workers. PROXY protocol headers of trusted networks are taken
    off, and their source, ports and arrival time are the datagram's. Arrival is when the kernel
    had the datagram where it tells, and otherwise when it was read, by ``clock_ns``. What the
    kernel dropped for want of room is counted, and so is what may not come in. Sockets that
    ``handover`` has are read on, with what waits in them, and new ones given to it to be kept.
    """

    name = "udp"

    def __init__(
        self,
        config: UdpConfig,
        deliver: Callable[[Datagrams], None],
        observe: Observe,
        *,
        clock_ns: Callable[[], int],
        handover: Handover | None = None,
    ) -> None:
        self._config = config
        self._handover = handover or Handover()
        self._deliver = deliver
        self._clock_ns = clock_ns
        self._trusted = SourceNetworks(config.trusted_proxies)
        self._admission = Admission(config, observe)
        self._workers: list[ReceiveWorker] = []
        self._before: dict[int, list[Listener]] = {}
        self._ports: tuple[int, ...] = ()
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
        return self._ports

    def health(self) -> Health:
        """OK while the sockets are bound."""
        return self._health

    def drops_by_source(self) -> Mapping[bytes, Mapping[str, int]]:
        """For each source, 16 bytes, how many of its datagrams were not let in, by reason.

        What the kernel dropped is nobody's: it does not say whose it was.
        """
        return self._admission.drops_by_source()

    def bind(self) -> None:
        """Open the sockets; :meth:`run` does it where this was not called before.

        SensoriumError if a port cannot be had; none is then open.
        """
        if self._workers:
            return
        groups: list[list[Listener]] = []
        receive = receive_many() if self._config.batched else None
        coalesce = self._config.coalesce and receive is not None
        try:
            for port in self._config.ports:
                groups.append(self._listeners(port, coalesce=coalesce))
        except OSError as error:
            for listener in chain.from_iterable(groups):
                listener.socket.close()
            self._health = Health(HealthState.FAILED, str(error))
            raise SensoriumError(
                f"cannot listen on UDP {self._config.host} port {port}: {error.strerror or error}",
                unaffected="nothing was received and nothing is lost but what is sent meanwhile",
                next_step="stop what uses the port (ss -ulnp), or set other udp ports",
            ) from error
        self._warn_of_little_room(list(chain.from_iterable(groups)))
        for listeners in zip(*groups, strict=True):
            reader = self._reader(receive)
            worker = ReceiveWorker(
                listeners,
                reader,
                linger_s=self._config.linger_ms / 1000,
                took=self._took,
                passed=self._passed,
            )
            self._workers.append(worker)
        self._ports = tuple(group[0].port for group in groups)
        ports = ", ".join(str(port) for port in self._ports)
        self._health = Health(HealthState.OK, f"listening on {self._config.host}, ports {ports}")

    def _listeners(self, port: int, *, coalesce: bool) -> list[Listener]:
        sharing = self._sharing()
        taken = handed_listeners(self._handover, self._config, port, sharing, coalesce=coalesce)
        if taken:
            self._log.info("goes on with the sockets of a port that were kept for it", port=port)
            # Of those that this process read before, what the kernel dropped till then is counted.
            for listener, before in zip(taken, self._before.get(port, ()), strict=False):
                listener.kernel_drops = before.kernel_drops
        else:
            taken = open_listeners(self._config, port, sharing, coalesce=coalesce)
            place = place_of(self._config, port)
            self._handover.keep(place, [listener.socket for listener in taken])
        self._before[port] = taken
        return taken

    async def run(self) -> None:
        """Receive until cancelled; what is in the sockets then is still delivered."""
        self.bind()
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[None] = loop.create_future()

        def fail(error: BaseException) -> None:
            loop.call_soon_threadsafe(_fail, ended, error)

        for number, worker in enumerate(self._workers):
            worker.start(f"udp-{number}", fail)
        try:
            await ended
        finally:
            workers, self._workers, self._ports = self._workers, [], ()
            stop_all(workers)
            self._health = Health(HealthState.STARTING, "stopped")

    def drain(self) -> None:
        """Deliver all that has arrived by now, before returning."""
        for worker in self._workers:
            worker.drain()

    def _sharing(self) -> int:
        wanted = self._config.workers
        if wanted == 1 or can_share_ports():
            return wanted
        self._log.warning(
            "this system cannot divide senders among sockets; one worker receives all",
            wanted_workers=wanted,
        )
        return 1

    def _reader(self, receive: Callable[..., int] | None) -> SocketReader:
        if receive is None:
            return PlainReader(self._clock_ns)
        return BatchedReader(receive, self._clock_ns)

    def _took(self, listener: Listener, reading: Reading) -> None:
        if reading.error:
            self._dropped.labels("udp", "receive_error").inc()
            self._log.warning("a socket error was passed over", error=reading.error)
        if reading.truncated:
            self._dropped.labels("udp", "truncated").inc(reading.truncated)
        datagrams = reading.datagrams
        if not len(datagrams):
            return
        self._datagrams.labels(listener.label).inc(len(datagrams))
        self._bytes.labels(listener.label).inc(len(datagrams.data))
        admitted = self._admission.admit(self._strip(datagrams), datagrams.arrival_ns)
        if len(admitted):
            self._deliver(admitted)

    def _passed(self, listener: Listener) -> None:
        new = listener.new_kernel_drops()
        if new:
            self._dropped.labels("udp", "kernel_buffer_full").inc(new)

    def _strip(self, datagrams: Datagrams) -> Datagrams:
        stripped = strip_headers(datagrams, self._trusted)
        for outcome in ("honoured", "untrusted", "malformed"):
            count = getattr(stripped, outcome)
            if count:
                self._proxied.labels(outcome).inc(count)
        return stripped.datagrams

    def _warn_of_little_room(self, listeners: list[Listener]) -> None:
        wanted = self._config.receive_buffer_bytes
        given = min((listener.room_bytes for listener in listeners), default=wanted)
        if given < wanted:
            self._log.warning(
                "the kernel gives a smaller receive buffer than asked for; bursts may be lost; "
                "raise net.core.rmem_max or grant CAP_NET_ADMIN",
                wanted_bytes=wanted,
                given_bytes=given,
            )


def _fail(ended: asyncio.Future[None], error: BaseException) -> None:
    if not ended.done():
        ended.set_exception(error)
