"""An answer's head, with its body or the first piece of it, in one write.

uvicorn's own way takes two messages through two coroutines, each with its checks, which callers
wait for.
"""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

_STATUS_LINES: Final = {
    one.value: b"HTTP/1.1 %d %b\r\n" % (one.value, one.phrase.encode("ascii")) for one in HTTPStatus
}


async def answer_at_once(
    cycle: RequestResponseCycle, status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes
) -> None:
    """Answer; nothing where the caller has left. Header values must be one line of text each.

    Waits while the caller does not read what was written before.
    """
    if not await _is_there(cycle):
        return
    pieces = _head(cycle, status, headers)
    pieces.append(b"content-length: %d\r\n" % len(body))
    pieces.append(b"\r\n" if cycle.keep_alive else b"connection: close\r\n\r\n")
    if cycle.scope["method"] != "HEAD":
        pieces.append(body)
    cycle.response_started = cycle.response_complete = True
    cycle.waiting_for_100_continue = False
    cycle.transport.write(b"".join(pieces))
    cycle.message_event.set()
    if not cycle.keep_alive:
        cycle.transport.close()
    cycle.on_response()


async def begin_at_once(
    cycle: RequestResponseCycle, status: int, headers: Iterable[tuple[bytes, bytes]], data: bytes
) -> None:
    """Begin an answer of unknown length; uvicorn writes the rest, as chunks."""
    if not await _is_there(cycle):
        return
    pieces = _head(cycle, status, headers)
    if not cycle.keep_alive:
        pieces.append(b"connection: close\r\n")
    pieces.append(b"transfer-encoding: chunked\r\n\r\n")
    if data:  # an empty chunk would be the end
        pieces += (b"%x\r\n" % len(data), data, b"\r\n")
    cycle.response_started = cycle.chunked_encoding = True
    cycle.waiting_for_100_continue = False
    cycle.transport.write(b"".join(pieces))


async def _is_there(cycle: RequestResponseCycle) -> bool:
    if cycle.flow.write_paused and not cycle.disconnected:
        await cycle.flow.drain()
    return not cycle.disconnected


def _head(
    cycle: RequestResponseCycle, status: int, headers: Iterable[tuple[bytes, bytes]]
) -> list[bytes]:
    pieces = [_STATUS_LINES[status]]
    for name, value in headers:
        if b"\n" in value or b"\r" in value:
            raise ValueError("a header's value holds the end of a line")
        if name == b"connection":
            cycle.keep_alive = False  # there is no other reason to name it
        else:
            pieces += (name, b": ", value, b"\r\n")
    return pieces
