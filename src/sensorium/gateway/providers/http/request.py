"""One HTTP/1.1 request, written so that what is secret in it shows nowhere else."""

from __future__ import annotations

from collections.abc import Iterable

from sensorium.gateway.providers.failures import bad_request
from sensorium.gateway.providers.secret import Secret

HeaderValue = str | Secret | tuple[str, Secret]


class Request:
    """What is sent. A header's value may be a :class:`Secret`, or a prefix and one.

    ``target`` is the path and query as they go on the wire. ``Host``, ``Content-Length`` and
    ``Accept-Encoding`` are added.
    """

    __slots__ = ("body", "headers", "method", "target")

    def __init__(
        self,
        method: str,
        target: str,
        headers: Iterable[tuple[str, HeaderValue]],
        body: bytes = b"",
    ) -> None:
        self.method = method
        self.target = target
        self.headers = tuple(headers)
        self.body = body

    def __repr__(self) -> str:
        return f"<request {self.method}, {len(self.body)} bytes>"

    def redacted(self, text: str) -> str:
        """``text``, which may repeat what was sent, without the secrets among the headers."""
        for _, value in self.headers:
            if isinstance(value, Secret):
                text = value.removed_from(text)
            elif isinstance(value, tuple):
                text = value[1].removed_from(text)
        return text

    def head(self, authority: str) -> bytes:
        """The request's head; raises ``CallFailedError`` (BAD_REQUEST) where it cannot be written.

        A line break within a value would begin a header of the value's choosing.
        """
        lines = [f"{self.method} {self.target} HTTP/1.1\r\nHost: {authority}\r\n"]
        for name, value in self.headers:
            if isinstance(value, str):
                lines.append(f"{name}: {value}\r\n")
            elif isinstance(value, Secret):
                lines.append(f"{name}: {value.reveal()}\r\n")
            else:
                lines.append(f"{name}: {value[0]}{value[1].reveal()}\r\n")
        lines.append(f"Accept-Encoding: identity\r\nContent-Length: {len(self.body)}\r\n\r\n")
        head = "".join(lines)
        breaks = len(lines) + 3
        del lines
        if head.count("\n") != breaks or head.count("\r") != breaks or not head.isascii():
            del head
            raise bad_request("a header of the call cannot be sent", "header")
        return head.encode("ascii")
