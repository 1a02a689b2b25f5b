"""AWS Bedrock's ``Converse`` and ``ConverseStream``.

The model is part of the address, and whether an answer is streamed too; neither is in the body. A
stream comes as lines of JSON (:mod:`~sensorium.gateway.dialects.bedrock.lines`).
"""

from __future__ import annotations

from sensorium.gateway.dialects.bedrock import errors, replies, requests_in, requests_out
from sensorium.gateway.dialects.bedrock.stream_in import Reader
from sensorium.gateway.dialects.bedrock.stream_out import Writer
from sensorium.gateway.dialects.composed import Composed

BEDROCK = Composed(
    name="bedrock",
    conversation_of=requests_in.conversation_of,
    request_of=requests_out.request_of,
    reply_of=replies.reply_of,
    body_of=replies.body_of,
    failure_of=errors.from_answer,
    error_of=errors.body_of,
    reader=Reader,
    writer=lambda _usage: Writer(),
)
