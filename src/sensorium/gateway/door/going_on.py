"""Reading on after a request that asks for another protocol, as if it had not asked.

A server may ignore ``Upgrade`` (RFC 9110, 7.8), and has to where it speaks nothing else: Java's
client asks for ``h2c`` with the first request of a connection. httptools takes what follows such a
head for the other protocol, so that the body would be lost, and what is left of it be read as the
next request.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

import httptools

if TYPE_CHECKING:
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_FRAMING: Final = frozenset({b"content-length", b"transfer-encoding"})


class _Callbacks:
    """The protocol's, but deaf to the head that it has already had."""

    def __init__(self, protocol: HttpToolsProtocol) -> None:
        self._protocol = protocol
        self.deaf = True

    def on_message_begin(self) -> None:
        if not self.deaf:
            self._protocol.on_message_begin()

    def on_url(self, url: bytes) -> None:
        if not self.deaf:
            self._protocol.on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.deaf:
            self._protocol.on_header(name, value)

    def on_headers_complete(self) -> None:
        if not self.deaf:
            self._protocol.on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._protocol.on_body(body)

    def on_message_complete(self) -> None:
        if not self.deaf:
            self._protocol.on_message_complete()


def framing(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The lines that say how long a body is; empty where there is none."""
    return b"".join(b"%b: %b\r\n" % one for one in headers if one[0] in _FRAMING)


def parser_after(protocol: HttpToolsProtocol, lines: bytes) -> httptools.HttpRequestParser:
    """A parser that stands where the body begins whose framing these ``lines`` say."""
    callbacks = _Callbacks(protocol)
    parser = httptools.HttpRequestParser(callbacks)
    parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn's own
    parser.feed_data(b"POST / HTTP/1.1\r\n" + lines + b"\r\n")
    callbacks.deaf = False
    return parser
