"""One thread that reads its sockets into slabs."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

from sensorium.ingest.transport.udp.reading import Reading, SocketReader
from sensorium.ingest.transport.udp.sockets import Listener

# A sender that is always faster must not keep the other sockets waiting.
_SLABS_AT_A_TIME: Final = 16


class ReceiveWorker:
    """Reads ``listeners`` in a thread of its own, and whenever another thread asks it to.

    ``took(listener, reading)`` is called with each slab, and ``passed(listener)`` when a socket
    has been read for now; both by one thread at a time, so a socket's order is kept.
    """

    def __init__(
        self,
        listeners: Sequence[Listener],
        reader: SocketReader,
        *,
        linger_s: float,
        took: Callable[[Listener, Reading], None],
        passed: Callable[[Listener], None],
    ) -> None:
        self.listeners = tuple(listeners)
        self._reader = reader
        self._linger_s = linger_s
        self._took = took
        self._passed = passed
        self._lock = threading.Lock()
        self._asking = 0
        self._stop = threading.Event()
        self._waker, self._woken = socket.socketpair()
        self._thread: threading.Thread | None = None

    def start(self, name: str, failed: Callable[[BaseException], None]) -> None:
        """Begin to read; ``failed`` is called in the thread should it end by an exception."""

        def work() -> None:
            try:
                self._work()
            except BaseException as error:  # noqa: BLE001 - whoever runs us decides about it
                failed(error)

        self._thread = threading.Thread(target=work, name=name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread; the sockets stay open, and what is in them stays there."""
        self._stop.set()
        self._waker.send(b"\0")
        if self._thread is not None:
            self._thread.join()

    def close(self) -> None:
        """Close the sockets."""
        for listener in self.listeners:
            listener.socket.close()
        self._waker.close()
        self._woken.close()

    def drain(self) -> None:
        """Read all that has arrived by now, in the calling thread."""
        self._asking += 1
        with self._lock:
            self._asking -= 1
            for listener in self.listeners:
                # More than the kernel had room for can only have come meanwhile.
                self._read(listener, 2 * listener.room_bytes)

    def _work(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._woken, selectors.EVENT_READ)
            for listener in self.listeners:
                selector.register(listener.socket, selectors.EVENT_READ, listener)
            more = False
            while not self._stop.is_set():
                ready = [key.data for key, _ in selector.select() if key.data is not None]
                # One wake-up for each datagram would cost more than decoding it.
                if self._linger_s and not more and self._stop.wait(self._linger_s):
                    return
                while self._asking:  # a lock alone may never be another thread's turn
                    time.sleep(0.000_1)
                with self._lock:
                    more = False
                    for listener in ready:
                        more |= not self._read(listener)

    def _read(self, listener: Listener, most_bytes: int | None = None) -> bool:
        """Read a socket until it is empty, or enough was read; whether it was empty."""
        size = slabs = 0
        emptied = False
        while not emptied:
            reading = self._reader.read(listener.socket, listener.port)
            self._took(listener, reading)
            emptied = reading.emptied
            size += reading.datagrams.data.nbytes
            slabs += 1
            if (slabs >= _SLABS_AT_A_TIME) if most_bytes is None else (size > most_bytes):
                break
        self._passed(listener)
        return emptied


def stop_all(workers: Sequence[ReceiveWorker]) -> None:
    """Stop every worker, deliver what is left in the sockets, and close them."""
    with contextlib.ExitStack() as stack:
        for worker in workers:
            stack.callback(worker.close)
        for worker in workers:
            worker.stop()
        for worker in workers:
            worker.drain()
