"""What answers on one path of the HTTP port."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Request:
    """A request whose body has arrived whole and is decompressed.

    ``headers`` have lower-case names; ``source`` is the sender's address, 16 bytes;
    ``arrival_ns`` when the body was complete, Unix ns.
    """

    headers: Mapping[str, str]
    body: bytes
    source: bytes
    arrival_ns: int

    @property
    def media_type(self) -> str:
        """The content type without its parameters, lower case."""
        return media_type(self.headers.get("content-type", ""))


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; ``headers`` come beside the content type."""

    status: int
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


class Route(Protocol):
    """One protocol's way in. The server has checked all that the attributes say.

    ``name`` stands in metrics. ``media_types`` are the content types taken, ``encodings`` the
    content encodings beside ``identity``.
    """

    name: str
    media_types: frozenset[str]
    encodings: frozenset[str]

    async def handle(self, request: Request) -> Reply:
        """Answer. NoRoomError becomes 429 with ``Retry-After``; any other exception 500."""

    def refusal(self, headers: Mapping[str, str], status: int, message: str) -> Reply:
        """A refusal that the server makes, in the protocol's own form.

        The server adds headers such as ``Retry-After`` itself. The status may be another where
        the protocol gives 429 another meaning than "come again".
        """


def plain_refusal(status: int, message: str) -> Reply:
    """A refusal as a line of text: for protocols that say nothing about its form."""
    return Reply(status, message.encode() + b"\n")


def media_type(content_type: str) -> str:
    """``application/json`` of ``Application/JSON; charset=utf-8``."""
    return content_type.partition(";")[0].strip().lower()
