"""HTTP/1.1 on a captured connection: the bodies of requests or answers (RFC 9112)."""

from __future__ import annotations

from typing import Final

import httptools

from sensorium.ingest.captured.body import Body
from sensorium.ingest.pcap import Ends

_LARGEST: Final = 64 << 20
_MOST_HEADERS: Final = 256
_ANSWER: Final = b"HTTP/1."
_LENGTHS: Final = {"content-length", "transfer-encoding"}


class HttpReader:
    """Reads the messages of one direction. ``fault`` says why nothing more can be read of it."""

    resumes = True

    def __init__(self, ends: Ends, start: bytes) -> None:
        self._ends = ends
        self._parser: httptools.HttpRequestParser | httptools.HttpResponseParser
        if start.startswith(_ANSWER):
            self._parser = httptools.HttpResponseParser(self)
        else:
            self._parser = httptools.HttpRequestParser(self)
        self._found: list[Body] = []
        self._time_ns = 0
        self.fault = ""
        self.on_message_begin()

    def read(self, time_ns: int, data: bytes) -> list[Body]:
        """The bodies that end in these bytes; messages without one are passed over."""
        self._time_ns, self._found = time_ns, []
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self.fault = "upgraded"
        except (httptools.HttpParserError, _TooLargeError):
            self.fault = "malformed"
        return self._found

    def end(self, time_ns: int, *, closed: bool) -> tuple[list[Body], str]:
        """What is kept of a message whose end is not there, and what is odd about it.

        An answer that does not say its length ends where its connection is ``closed`` (RFC 9112
        section 6.3).
        """
        self._time_ns, self._found = time_ns, []
        if not self._content:
            return [], ""
        answer = isinstance(self._parser, httptools.HttpResponseParser)
        if closed and answer and not _LENGTHS & self._headers.keys():
            self.on_message_complete()
            return self._found, ""
        return [], "incomplete_message"

    # What the parser calls, by the names that it knows.

    def on_message_begin(self) -> None:
        """Begin a message."""
        self._url = b""
        self._headers: dict[str, str] = {}
        self._content: list[bytes] = []
        self._size = 0

    def on_url(self, url: bytes) -> None:
        """Take a part of what is asked for."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header."""
        if len(self._headers) >= _MOST_HEADERS:
            raise _TooLargeError
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, content: bytes) -> None:
        """Take a part of the body."""
        self._size += len(content)
        if self._size > _LARGEST:
            raise _TooLargeError
        self._content.append(content)

    def on_message_complete(self) -> None:
        """Keep a message that has a body."""
        if not self._content:
            return
        path = self._url.partition(b"?")[0].decode("latin-1")
        parser = self._parser
        status = parser.get_status_code() if isinstance(parser, httptools.HttpResponseParser) else 0
        ends, content = self._ends, b"".join(self._content)
        self._found.append(
            Body(
                self._time_ns,
                ends.source,
                ends.source_port,
                path,
                status,
                self._headers,
                content,
            )
        )
        self._content = []


class _TooLargeError(Exception):
    """A message is larger than any that is taken."""
