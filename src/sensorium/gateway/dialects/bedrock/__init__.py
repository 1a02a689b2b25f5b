"""AWS Bedrock's ``Converse`` and ``ConverseStream``.

The model is part of the address, and whether an answer is streamed too; neither is in the body. A
stream comes as lines of JSON (:mod:`~sensorium.gateway.dialects.bedrock.lines`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sensorium.gateway.conversation import Conversation
from sensorium.gateway.dialect import StreamReader, StreamWriter
from sensorium.gateway.dialects.bedrock import errors, replies, requests_in, requests_out
from sensorium.gateway.dialects.bedrock.stream_in import Reader
from sensorium.gateway.dialects.bedrock.stream_out import Writer
from sensorium.gateway.failure import Failure
from sensorium.gateway.reply import Reply


class Bedrock:
    """A :class:`~sensorium.gateway.dialect.Dialect`."""

    name = "bedrock"

    def parse_request(self, body: Mapping[str, Any]) -> Conversation:
        """Read a caller's body."""
        return requests_in.conversation_of(body)

    def render_request(self, conversation: Conversation) -> dict[str, Any]:
        """Write a body for a provider."""
        return requests_out.request_of(conversation)

    def parse_reply(self, body: Mapping[str, Any]) -> Reply:
        """Read a provider's answer."""
        return replies.reply_of(body)

    def render_reply(self, reply: Reply) -> dict[str, Any]:
        """Write an answer for a caller."""
        return replies.body_of(reply)

    def parse_error(self, status: int, headers: Mapping[str, str], body: bytes) -> Failure:
        """Classify a provider's error answer."""
        return errors.from_answer(status, headers, body)

    def render_error(self, status: int, failure_type: str, message: str, param: str = "") -> bytes:
        """Write an error for a caller."""
        return errors.body_of(status, failure_type, message, param)

    def stream_reader(self) -> StreamReader:
        """Read a provider's stream."""
        return Reader()

    def stream_writer(self, *, usage: bool) -> StreamWriter:
        """Write a stream for a caller."""
        return Writer()
