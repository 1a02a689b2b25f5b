"""A whole answer in one write.

uvicorn's own way takes two messages through two coroutines, each with its checks. An answer of
known length needs none of them, and its caller waits for all of it.
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
    if cycle.flow.write_paused and not cycle.disconnected:
        await cycle.flow.drain()
    if cycle.disconnected:
        return
    pieces = [_STATUS_LINES[status]]
    for name, value in headers:
        if b"\n" in value or b"\r" in value:
            raise ValueError("a header's value holds the end of a line")
        if name == b"connection":
            cycle.keep_alive = False  # there is no other reason to name it
        else:
            pieces += (name, b": ", value, b"\r\n")
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
