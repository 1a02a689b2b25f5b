"""OpenAI's chat completions, and those of all the servers that are compatible with them.

Beyond OpenAI's own fields: reasoning is ``reasoning_content`` (vLLM, DeepSeek, ...), and signed
reasoning is a list of ``thinking_blocks``, which a caller sends back to have it recognised.
"""

from __future__ import annotations

from sensorium.gateway.dialects import openai_errors
from sensorium.gateway.dialects.composed import Composed
from sensorium.gateway.dialects.openai_chat import replies, requests_in, requests_out
from sensorium.gateway.dialects.openai_chat.stream_in import Reader
from sensorium.gateway.dialects.openai_chat.stream_out import Writer

OPENAI_CHAT = Composed(
    name="openai_chat",
    conversation_of=requests_in.conversation_of,
    request_of=requests_out.request_of,
    reply_of=replies.reply_of,
    body_of=replies.body_of,
    failure_of=openai_errors.from_answer,
    error_of=openai_errors.body_of,
    reader=Reader,
    writer=lambda usage: Writer(usage=usage),
)
