"""OpenAI's Responses API.

A conversation that OpenAI holds (``previous_response_id`` and the like) can go to OpenAI only.
"""

from __future__ import annotations

from sensorium.gateway.dialects import openai_errors
from sensorium.gateway.dialects.composed import Composed
from sensorium.gateway.dialects.openai_responses import replies, requests_in, requests_out
from sensorium.gateway.dialects.openai_responses.stream_in import Reader
from sensorium.gateway.dialects.openai_responses.stream_out import Writer

OPENAI_RESPONSES = Composed(
    name="openai_responses",
    conversation_of=requests_in.conversation_of,
    request_of=requests_out.request_of,
    reply_of=replies.reply_of,
    body_of=replies.body_of,
    failure_of=openai_errors.from_answer,
    error_of=openai_errors.body_of,
    reader=Reader,
    writer=lambda _usage: Writer(),
)
