"""Who may send, and what is in order about a request before its body is read."""

from __future__ import annotations

import hmac
import socket
from collections.abc import Mapping
from typing import Final

from sensorium.ingest.transport.http.config import HttpConfig
from sensorium.ingest.transport.http.route import Route, media_type
from sensorium.ingest.transport.proxy_protocol import TrustedNetworks
from sensorium.model.address import UNSPECIFIED, V4_PREFIX

_EVERYWHERE: Final = ("0.0.0.0/0", "::/0")


class RefusedError(Exception):
    """A request is answered with ``status``; ``reason`` is its label in metrics."""

    def __init__(
        self, status: int, reason: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = message
        self.headers = dict(headers or {})


class Guard:
    """Checks the sender and the headers; raises :class:`RefusedError`."""

    def __init__(self, config: HttpConfig, token: str) -> None:
        self._limit = config.max_body_bytes
        self._allowed = TrustedNetworks(config.allowed_networks or _EVERYWHERE)
        self._token = f"Bearer {token}".encode() if token else b""

    def check_sender(self, source: bytes, authorization: bytes) -> None:
        """403 for a network that is not allowed, 401 without the token."""
        if source not in self._allowed:
            raise RefusedError(403, "network", "this address may not send here")
        if self._token and not hmac.compare_digest(authorization, self._token):
            raise RefusedError(
                401,
                "token",
                "send the token as 'Authorization: Bearer ...'",
                {"WWW-Authenticate": "Bearer"},
            )

    def check_request(self, method: str, headers: Mapping[str, str], route: Route) -> str:
        """405, 415, 413 or 400 where method, types or length are not right; else the encoding."""
        if method != "POST":
            raise RefusedError(405, "method", "only POST is answered here", {"Allow": "POST"})
        stated = headers.get("content-type", "")
        if media_type(stated) not in route.media_types:
            taken = ", ".join(sorted(route.media_types))
            raise RefusedError(415, "content_type", f"content type {stated!r}: send {taken}")
        encoding = headers.get("content-encoding", "").strip().lower() or "identity"
        if encoding != "identity" and encoding not in route.encodings:
            taken = ", ".join(sorted(route.encodings))
            raise RefusedError(
                415,
                "content_encoding",
                f"content encoding {encoding!r}: send {taken}",
                {"Accept-Encoding": taken},
            )
        length = headers.get("content-length", "")
        if length.isascii() and length.isdigit() and int(length) > self._limit:
            raise too_large(self._limit)
        return encoding


def too_large(limit: int) -> RefusedError:
    """The refusal of a body that is longer than allowed as sent."""
    return RefusedError(413, "too_large", f"a body may have {limit} bytes at most")


def packed_source(client: tuple[str, int] | None) -> bytes:
    """The sender's address as 16 bytes; unspecified where there is none."""
    if client is None:
        return UNSPECIFIED
    host = client[0].partition("%")[0]
    if ":" in host:
        return socket.inet_pton(socket.AF_INET6, host)
    return V4_PREFIX + socket.inet_pton(socket.AF_INET, host)
