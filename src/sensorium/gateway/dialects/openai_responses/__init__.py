"""OpenAI's Responses API.

A conversation that OpenAI holds (``previous_response_id`` and the like) can go to OpenAI only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sensorium.gateway.conversation import Conversation
from sensorium.gateway.dialect import StreamReader, StreamWriter
from sensorium.gateway.dialects import openai_errors
from sensorium.gateway.dialects.openai_responses import replies, requests_in, requests_out
from sensorium.gateway.dialects.openai_responses.stream_in import Reader
from sensorium.gateway.dialects.openai_responses.stream_out import Writer
from sensorium.gateway.failure import Failure
from sensorium.gateway.reply import Reply


class OpenAIResponses:
    """A :class:`~sensorium.gateway.dialect.Dialect`."""

    name = "openai_responses"

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
        return openai_errors.from_answer(status, headers, body)

    def render_error(self, status: int, failure_type: str, message: str, param: str = "") -> bytes:
        """Write an error for a caller."""
        return openai_errors.body_of(status, failure_type, message, param)

    def stream_reader(self) -> StreamReader:
        """Read a provider's stream."""
        return Reader()

    def stream_writer(self, *, usage: bool) -> StreamWriter:
        """Write a stream for a caller."""
        return Writer()
