"""Writing a chat completion's request for a provider."""

from __future__ import annotations

from typing import Any, Final

from sensorium.gateway.conversation import (
    Choice,
    Conversation,
    Format,
    Opaque,
    Tool,
)
from sensorium.gateway.dialects.openai_chat.messages_out import own, written

NAME: Final = "openai_chat"


def request_of(conversation: Conversation) -> dict[str, Any]:
    """The body. Reasoning is written only for providers that the caller has it from."""
    same = conversation.dialect == NAME
    body: dict[str, Any] = {
        "model": conversation.model,
        "messages": [
            item for message in conversation.messages for item in written(message, same=same)
        ],
    }
    wanted = (
        ("temperature", conversation.temperature),
        ("top_p", conversation.top_p),
        ("seed", conversation.seed),
        ("reasoning_effort", conversation.reasoning_effort),
        ("user", conversation.user or None),
        ("stop", list(conversation.stop) or None),
        ("n", conversation.choices if conversation.choices != 1 else None),
        ("parallel_tool_calls", conversation.parallel_tool_calls),
    )
    body.update([item for item in wanted if item[1] is not None])
    if same:
        body.update(conversation.extra)
    if conversation.max_output_tokens is not None:
        old = same and "max_tokens" in conversation.extra
        body["max_tokens" if old else "max_completion_tokens"] = conversation.max_output_tokens
    _add_tools(body, conversation)
    if conversation.format is not None:
        body["response_format"] = _format(conversation.format)
    if conversation.stream:
        body["stream"] = True
        if conversation.stream_usage:
            body["stream_options"] = {**body.get("stream_options", {}), "include_usage": True}
    return body


def _add_tools(body: dict[str, Any], conversation: Conversation) -> None:
    tools = []
    for tool in conversation.tools:
        value = _tool(tool, same=conversation.dialect == NAME)
        if "functions" in value and isinstance(tool, Opaque):
            body.update(value)
        else:
            tools.append(value)
    if tools:
        body["tools"] = tools
    choice = conversation.tool_choice
    if choice is None:
        return
    if isinstance(choice, Opaque):
        body["tool_choice"] = own(choice)
    elif isinstance(choice, Choice):
        body["tool_choice"] = choice.value
    else:
        body["tool_choice"] = {"type": "function", "function": {"name": choice}}


def _tool(tool: Tool | Opaque, *, same: bool) -> dict[str, Any]:
    if isinstance(tool, Opaque):
        return own(tool)
    function: dict[str, Any] = {"name": tool.name}
    if tool.description:
        function["description"] = tool.description
    if tool.parameters:
        function["parameters"] = tool.parameters
    if tool.strict or (same and tool.strict is not None):
        function["strict"] = tool.strict
    if same and tool.extra:
        function.update(tool.extra)
    return {"type": "function", "function": function}


def _format(value: Format | Opaque) -> dict[str, Any]:
    if isinstance(value, Opaque):
        return own(value)
    if value.schema is None:
        return {"type": "json_object"}
    schema: dict[str, Any] = {"name": value.name or "answer", "schema": value.schema}
    if value.strict is not None:
        schema["strict"] = value.strict
    if value.description:
        schema["description"] = value.description
    return {"type": "json_schema", "json_schema": schema}
