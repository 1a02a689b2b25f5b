"""What two requests must share to share an answer: everything.

The key is a SHA-256 over one JSON text of the tenant, the policy, the version of the guardrails and
the whole request, types included, so that a tool called ``auto`` is not the choice ``auto``. Only
whether the answer is streamed is left out: it is the same answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from hashlib import sha256
from typing import Any

from sensorium.gateway.conversation import Conversation, Message, Role, Text, ToolCall, ToolResult


def request_key(conversation: Conversation, tenant: str, policy: str, guard_version: str) -> bytes:
    """The key of an exact request: 32 bytes."""
    asked = replace(conversation, stream=False, stream_usage=False)
    parts = ["exact", tenant, policy, guard_version, typed(asked)]
    return sha256(json.dumps(parts, sort_keys=True).encode()).digest()


def question_of(conversation: Conversation) -> tuple[str, Conversation] | None:
    """The last words of the user, and the request without them; None where there are tools.

    Requests that differ in anything but these words are not alike, however alike the words are.
    """
    messages = conversation.messages
    if conversation.tools or not messages or messages[-1].role is not Role.USER:
        return None
    if any(
        isinstance(part, ToolCall | ToolResult) for message in messages for part in message.parts
    ):
        return None
    texts = [part for part in messages[-1].parts if isinstance(part, Text)]
    if len(texts) != 1 or not texts[0].text.strip():
        return None
    parts = tuple(Text("") if part is texts[0] else part for part in messages[-1].parts)
    last: Message = replace(messages[-1], parts=parts)
    return texts[0].text, replace(conversation, messages=(*messages[:-1], last))


def typed(value: Any) -> Any:
    """A value as JSON that tells types apart."""
    if isinstance(value, Enum):
        return {"enum": [type(value).__name__, value.value]}
    if is_dataclass(value) and not isinstance(value, type):
        return {
            "is": type(value).__name__,
            "of": {one.name: typed(getattr(value, one.name)) for one in fields(value)},
        }
    if isinstance(value, Mapping):
        return {"map": {str(name): typed(one) for name, one in value.items()}}
    if isinstance(value, tuple | list):
        return [typed(one) for one in value]
    if isinstance(value, float):
        return {"float": repr(value)}
    return value
