"""Google's Gemini API, and the same on Vertex AI: ``generateContent``.

The model is part of the address, and whether an answer is streamed too; neither is in the body.
"""

from __future__ import annotations

from sensorium.gateway.dialects.composed import Composed
from sensorium.gateway.dialects.gemini import errors, replies, requests_in, requests_out
from sensorium.gateway.dialects.gemini.stream_in import Reader
from sensorium.gateway.dialects.gemini.stream_out import Writer

GEMINI = Composed(
    name="gemini",
    conversation_of=requests_in.conversation_of,
    request_of=requests_out.request_of,
    reply_of=replies.reply_of,
    body_of=replies.body_of,
    failure_of=errors.from_answer,
    error_of=errors.body_of,
    reader=Reader,
    writer=lambda _usage: Writer(),
)
