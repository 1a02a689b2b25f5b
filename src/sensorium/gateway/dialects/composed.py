"""A dialect put together from what reads and what writes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sensorium.gateway.conversation import Conversation
from sensorium.gateway.dialect import StreamReader, StreamWriter
from sensorium.gateway.dialects import demands
from sensorium.gateway.failure import Failure
from sensorium.gateway.reply import Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """A :class:`~sensorium.gateway.dialect.Dialect`.

    ``writer`` is given whether the caller asked for counts of tokens.
    """

    name: str
    conversation_of: Callable[[Mapping[str, Any]], Conversation]
    request_of: Callable[[Conversation], dict[str, Any]]
    reply_of: Callable[[Mapping[str, Any]], Reply]
    body_of: Callable[[Reply], dict[str, Any]]
    failure_of: Callable[[int, Mapping[str, str], bytes], Failure]
    error_of: Callable[[int, str, str, str], bytes]
    reader: Callable[[], StreamReader]
    writer: Callable[[bool], StreamWriter]

    def parse_request(self, body: Mapping[str, Any]) -> Conversation:
        """Read a caller's body."""
        return self.conversation_of(body)

    def render_request(self, conversation: Conversation) -> dict[str, Any]:
        """Write a body for a provider."""
        if conversation.extra and conversation.dialect != self.name:
            demands.check(conversation)
        return self.request_of(conversation)

    def parse_reply(self, body: Mapping[str, Any]) -> Reply:
        """Read a provider's answer."""
        return self.reply_of(body)

    def render_reply(self, reply: Reply) -> dict[str, Any]:
        """Write an answer for a caller."""
        return self.body_of(reply)

    def parse_error(self, status: int, headers: Mapping[str, str], body: bytes) -> Failure:
        """Classify a provider's error answer."""
        return self.failure_of(status, headers, body)

    def render_error(self, status: int, failure_type: str, message: str, param: str = "") -> bytes:
        """Write an error for a caller."""
        return self.error_of(status, failure_type, message, param)

    def stream_reader(self) -> StreamReader:
        """Read a provider's stream."""
        return self.reader()

    def stream_writer(self, *, usage: bool) -> StreamWriter:
        """Write a stream for a caller."""
        return self.writer(usage)
