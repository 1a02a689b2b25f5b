"""Who writes the ledger, and when: what is asked at once goes into one transaction.

SQLite is written on the event loop itself: a transaction takes some tens of microseconds, and a
thread would have to wait up to five milliseconds for the interpreter's lock
(``sys.getswitchinterval``) while the loop is busy. It is written in the loop's next turn, for all
that asked in this one, or at once for who says that nobody else is asking. A database server, and
SQLite where each commit waits for the disk, is written by a thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from sensorium.gateway.ledger.batch import Books, Request

if TYPE_CHECKING:
    from sensorium.gateway.ledger.statements import Statements

_MOST: Final = 64
"""Requests in one transaction on the event loop at most, which they hold for two milliseconds. More
save little: 45 microseconds of each are its own."""
_MOST_AWAY: Final = 512
"""Requests in one transaction of a thread at most: the first of them waits for the last."""

_PAUSES_S: Final = (0.0, 0.02, 0.1)
"""Before a thread tries again what the database failed."""

_Waiting = list[tuple[Request, "asyncio.Future[Any]"]]


class Writer(Protocol):
    """Takes requests on one event loop and answers them there."""

    def write(self, request: Request) -> Any:
        """Its answer, or what went wrong, where it can be written before this returns; else None:
        nothing has been done then, and it has to be asked.
        """

    def ask(self, request: Request) -> asyncio.Future[Any]:
        """Queue a request; the future has its answer once that is durable."""

    def ask_alone(self, requests: Sequence[Request]) -> list[asyncio.Future[Any]]:
        """Queue requests that nobody else's will join, so that waiting for company is vain."""

    async def close(self) -> None:
        """Write what is queued, then stop."""


@dataclass(frozen=True, slots=True)
class _Failed:
    """A batch that was not carried out."""

    why: Exception


def _is_down(error: Exception) -> bool:
    """Whether the database is what went wrong, and not a request; both drivers name it so."""
    return any(kind.__name__ == "OperationalError" for kind in type(error).__mro__)


class _Clerk:
    """Carries out batches, on a connection that is made anew after it broke.

    ``repeats`` is whether a batch that the database failed is tried again, which takes a while.
    """

    def __init__(
        self,
        open_statements: Callable[[], Statements],
        reached: Callable[[str], None],
        *,
        repeats: bool,
    ) -> None:
        self._open_statements = open_statements
        self._reached = reached
        self._repeats = repeats
        self._statements: Statements | None = None
        self._books: Books | None = None

    def carry_out(self, requests: list[Request]) -> list[Any]:
        """An answer for each. What went wrong is the answer of those that it went wrong with."""
        answers = self._attempt(requests)
        error = answers[0]
        if not isinstance(error, _Failed):
            return answers
        for pause_s in _PAUSES_S if self._repeats else ():
            if not isinstance(error, _Failed) or not _is_down(error.why):
                break
            # A server that was restarted, or that undid the batch to end a deadlock, whose other
            # side may not have had its turn yet.
            time.sleep(pause_s)
            answers = self._attempt(requests)
            error = answers[0]
        if isinstance(error, _Failed) and len(requests) > 1 and not _is_down(error.why):
            # One of them cannot be written. Each by itself, it takes no other along.
            answers = [self._attempt([request])[0] for request in requests]
        return [one.why if isinstance(one, _Failed) else one for one in answers]

    def _attempt(self, requests: list[Request]) -> list[Any]:
        try:
            if self._books is None:
                self._statements = self._open_statements()
                self._books = Books(self._statements, self._reached)
            return self._books.carry_out(requests)
        except Exception as error:  # noqa: BLE001 - whoever asked is told; the ledger goes on
            self.close()
            return [_Failed(error)] * len(requests)

    def close(self) -> None:
        """Give the connection back."""
        if self._statements is not None:
            with contextlib.suppress(Exception):
                self._statements.close()
        self._statements = self._books = None


def _requests(batch: _Waiting) -> list[Request]:
    return [request for request, _ in batch]


def _deliver(batch: _Waiting, answers: list[Any]) -> None:
    for (_, future), answer in zip(batch, answers, strict=True):
        if future.done():
            continue
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)


class LoopWriter:
    """Writes on the event loop, once for all that was asked in one turn of it."""

    def __init__(
        self, open_statements: Callable[[], Statements], reached: Callable[[str], None]
    ) -> None:
        self._clerk = _Clerk(open_statements, reached, repeats=False)
        self._waiting: _Waiting = []
        self._closed = False

    def ask(self, request: Request) -> asyncio.Future[Any]:
        """Queue a request; the future has its answer once that is durable."""
        if self._closed:
            raise RuntimeError("the ledger is closed")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        if not self._waiting:
            loop.call_soon(self._drain)
        self._waiting.append((request, future))
        return future

    def write(self, request: Request) -> Any:
        """Written where nothing waits: what does comes first."""
        if self._closed or self._waiting:
            return None
        return self._clerk.carry_out([request])[0]

    def ask_alone(self, requests: Sequence[Request]) -> list[asyncio.Future[Any]]:
        """Write them before this returns: each turn of the loop that is saved is a caller's."""
        if self._closed or self._waiting or len(requests) > _MOST:
            return [self.ask(request) for request in requests]
        loop = asyncio.get_running_loop()
        batch: _Waiting = [(request, loop.create_future()) for request in requests]
        _deliver(batch, self._clerk.carry_out(_requests(batch)))
        return [future for _, future in batch]

    async def close(self) -> None:
        """Write what is queued, then stop."""
        self._closed = True
        while self._waiting:
            self._drain()
        self._clerk.close()

    def _drain(self) -> None:
        batch, self._waiting = self._waiting[:_MOST], self._waiting[_MOST:]
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._drain)
        if batch:
            _deliver(batch, self._clerk.carry_out(_requests(batch)))


class ThreadWriter:
    """Writes in a thread of its own; what comes while it writes is its next transaction."""

    def __init__(
        self, open_statements: Callable[[], Statements], reached: Callable[[str], None]
    ) -> None:
        self._clerk = _Clerk(open_statements, reached, repeats=True)
        self._waiting: _Waiting = []
        self._more = threading.Condition()
        self._closed = False
        self._thread: threading.Thread | None = None

    def ask(self, request: Request) -> asyncio.Future[Any]:
        """Queue a request; the future has its answer once that is durable."""
        loop = asyncio.get_running_loop()
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._run, args=(loop,), name="gateway-ledger", daemon=True
            )
            self._thread.start()
        future: asyncio.Future[Any] = loop.create_future()
        with self._more:
            if self._closed:
                raise RuntimeError("the ledger is closed")
            self._waiting.append((request, future))
            self._more.notify()
        return future

    def write(self, request: Request) -> Any:
        """Never: the thread writes."""
        return None

    def ask_alone(self, requests: Sequence[Request]) -> list[asyncio.Future[Any]]:
        """No more than :meth:`ask` for each: the thread begins at once in any case."""
        return [self.ask(request) for request in requests]

    async def close(self) -> None:
        """Write what is queued, then stop."""
        with self._more:
            self._closed = True
            self._more.notify()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        while True:
            with self._more:
                while not self._waiting and not self._closed:
                    self._more.wait()
                batch = self._waiting[:_MOST_AWAY]
                self._waiting = self._waiting[_MOST_AWAY:]
            if not batch:
                break
            answers = self._clerk.carry_out(_requests(batch))
            if not loop.is_closed():
                loop.call_soon_threadsafe(_deliver, batch, answers)
        self._clerk.close()
