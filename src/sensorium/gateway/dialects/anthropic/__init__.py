"""Anthropic's Messages API.

Instructions among the messages (``role: system``) stay where they are for a caller of this dialect;
of other dialects they go to ``system``, because models before Claude Opus 4.8 take them only there.
"""

from __future__ import annotations

from sensorium.gateway.dialects.anthropic import errors, replies, requests_in, requests_out
from sensorium.gateway.dialects.anthropic.stream_in import Reader
from sensorium.gateway.dialects.anthropic.stream_out import Writer
from sensorium.gateway.dialects.composed import Composed

ANTHROPIC = Composed(
    name="anthropic",
    conversation_of=requests_in.conversation_of,
    request_of=requests_out.request_of,
    reply_of=replies.reply_of,
    body_of=replies.body_of,
    failure_of=errors.from_answer,
    error_of=errors.body_of,
    reader=Reader,
    writer=lambda _usage: Writer(),
)
