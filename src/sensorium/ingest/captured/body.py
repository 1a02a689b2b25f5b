"""What HTTP carried in a capture: the body of a request or an answer, and what was said of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

GRPC: Final = "application/grpc"


@dataclass(frozen=True, slots=True)
class Body:
    """A body as it was sent, in its content encoding, whole.

    ``time_ns`` is when its end was captured (Unix ns), ``source`` the address (16 bytes) and
    ``port`` of who sent it; ``path`` is empty and ``status`` not 0 where it is an answer.
    ``headers`` have lower-case names. A message of gRPC is a body of its own.
    """

    time_ns: int
    source: bytes
    port: int
    path: str
    status: int
    headers: Mapping[str, str]
    content: bytes
