"""Writing a Responses request for a provider."""

from __future__ import annotations

from typing import Any

from sensorium.gateway.conversation import (
    Choice,
    Conversation,
    Format,
    Message,
    Opaque,
    Tool,
    UntranslatableError,
)
from sensorium.gateway.dialects.openai_responses.items_in import NAME
from sensorium.gateway.dialects.openai_responses.items_out import input_items, own


def request_of(conversation: Conversation) -> dict[str, Any]:
    """The body."""
    same = conversation.dialect == NAME
    if conversation.choices != 1:
        raise UntranslatableError("Responses gives one answer (n must be 1)")
    if conversation.stop:
        raise UntranslatableError("Responses has no stop sequences")
    body: dict[str, Any] = {"model": conversation.model}
    if same:
        body.update(conversation.extra)
    items: list[dict[str, Any]] = []
    for message in conversation.messages:
        held = _held(message)
        if held is not None:
            body.update(held)
        elif same and message.extra and "instructions" in message.extra:
            body["instructions"] = "".join(getattr(part, "text", "") for part in message.parts)
        else:
            items += input_items(message, same=same)
    body["input"] = items
    wanted = (
        ("max_output_tokens", conversation.max_output_tokens),
        ("temperature", conversation.temperature),
        ("top_p", conversation.top_p),
        ("parallel_tool_calls", conversation.parallel_tool_calls),
        ("user", conversation.user or None),
        ("stream", conversation.stream or None),
    )
    body.update([item for item in wanted if item[1] is not None])
    _add_tools(body, conversation, same=same)
    if conversation.format is not None:
        body["text"] = {**body.get("text", {}), "format": _format(conversation.format)}
    if conversation.reasoning_effort is not None:
        effort = {"effort": conversation.reasoning_effort}
        body["reasoning"] = {**body.get("reasoning", {}), **effort}
    return body


def _held(message: Message) -> dict[str, Any] | None:
    """What OpenAI holds of the conversation: an opaque part that is no item."""
    if len(message.parts) != 1:
        return None
    part = message.parts[0]
    if not isinstance(part, Opaque) or "type" in part.value:
        return None
    return own(part)


def _add_tools(body: dict[str, Any], conversation: Conversation, *, same: bool) -> None:
    if conversation.tools:
        body["tools"] = [_tool(tool, same=same) for tool in conversation.tools]
    choice = conversation.tool_choice
    if choice is None:
        return
    if isinstance(choice, Opaque):
        body["tool_choice"] = own(choice)
    elif isinstance(choice, Choice):
        body["tool_choice"] = choice.value
    else:
        body["tool_choice"] = {"type": "function", "name": choice}


def _tool(tool: Tool | Opaque, *, same: bool) -> dict[str, Any]:
    if isinstance(tool, Opaque):
        return own(tool)
    written: dict[str, Any] = {
        "type": "function",
        "name": tool.name,
        "parameters": tool.parameters or None,
    }
    if tool.description:
        written["description"] = tool.description
    # Here, and only here, the default is to be strict.
    if tool.strict is not None or not same:
        written["strict"] = tool.strict or False
    if same and tool.extra:
        written.update(tool.extra)
    return written


def _format(value: Format | Opaque) -> dict[str, Any]:
    if isinstance(value, Opaque):
        return own(value)
    if value.schema is None:
        return {"type": "json_object"}
    written: dict[str, Any] = {
        "type": "json_schema",
        "name": value.name or "answer",
        "schema": value.schema,
    }
    if value.strict is not None:
        written["strict"] = value.strict
    if value.description:
        written["description"] = value.description
    return written
