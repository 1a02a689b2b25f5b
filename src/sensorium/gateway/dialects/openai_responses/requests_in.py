"""Reading ``POST /v1/responses``. OpenAI API reference, "Create a model response"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sensorium.gateway.conversation import (
    Choice,
    Conversation,
    Format,
    Message,
    Opaque,
    Role,
    Text,
    Tool,
)
from sensorium.gateway.dialect import BadRequestError
from sensorium.gateway.dialects import fields
from sensorium.gateway.dialects.openai_responses.items_in import NAME, messages_of

_KNOWN: Final = frozenset(
    """model input instructions tools tool_choice parallel_tool_calls max_output_tokens temperature
    top_p text reasoning user stream""".split()
)
_TOOL: Final = frozenset({"type", "name", "description", "parameters", "strict"})
_CHOICES: Final = {"auto": Choice.AUTO, "none": Choice.NONE, "required": Choice.REQUIRED}
# Parts of the conversation that only OpenAI holds: without them it would be another.
HELD: Final[tuple[str, ...]] = ("previous_response_id", "conversation", "prompt", "background")
# How the instructions are told from messages with the same role.
INSTRUCTIONS: Final[Mapping[str, Any]] = {"instructions": True}


def conversation_of(body: Mapping[str, Any]) -> Conversation:
    """The whole request. What OpenAI holds (``HELD``) becomes an ``Opaque`` at its start."""
    extra = fields.rest(body, _KNOWN) or {}
    stated = {key: extra.pop(key) for key in HELD if key in extra}
    held: dict[str, Any] = {k: value for k, value in stated.items() if value not in (None, False)}
    messages: list[Message] = []
    if held:
        messages.append(Message(Role.SYSTEM, (Opaque(NAME, held),)))
    instructions = fields.optional_text(body, "instructions", "instructions")
    if instructions:
        messages.append(Message(Role.SYSTEM, (Text(instructions),), extra=INSTRUCTIONS))
    if body.get("input") is not None:
        messages += messages_of(body["input"])
    if not messages:
        raise BadRequestError("input: is missing", "input")
    form = _format(body.get("text"), extra)
    return Conversation(
        model=fields.text(body, "model", "model"),
        messages=tuple(messages),
        tools=_tools(body.get("tools")),
        tool_choice=_tool_choice(body.get("tool_choice")),
        parallel_tool_calls=fields.flag(body, "parallel_tool_calls", "parallel_tool_calls"),
        max_output_tokens=fields.whole(body, "max_output_tokens", "max_output_tokens", 1),
        temperature=fields.number(body, "temperature", "temperature"),
        top_p=fields.number(body, "top_p", "top_p"),
        format=form,
        reasoning_effort=_effort(body.get("reasoning"), extra),
        user=fields.optional_text(body, "user", "user"),
        stream=fields.flag(body, "stream", "stream") or False,
        stream_usage=True,
        dialect=NAME,
        extra=extra,
    )


def _effort(value: Any, extra: dict[str, Any]) -> str | None:
    if value is None:
        return None
    value = fields.mapping(value, "reasoning")
    rest = {key: item for key, item in value.items() if key != "effort"}
    if rest:
        extra["reasoning"] = rest
    return fields.optional_text(value, "effort", "reasoning.effort") or None


def _format(value: Any, extra: dict[str, Any]) -> Format | Opaque | None:
    if value is None:
        return None
    value = fields.mapping(value, "text")
    rest = {key: item for key, item in value.items() if key != "format"}
    if rest:
        extra["text"] = rest
    stated = value.get("format")
    if stated is None:
        return None
    path = "text.format"
    stated = fields.mapping(stated, path)
    kind = fields.text(stated, "type", f"{path}.type")
    if kind == "text":
        return None
    if kind == "json_object":
        return Format()
    if kind != "json_schema":
        return Opaque(NAME, stated)
    schema = fields.need(stated, "schema", f"{path}.schema")
    return Format(
        schema=fields.mapping(schema, f"{path}.schema"),
        name=fields.optional_text(stated, "name", f"{path}.name"),
        strict=fields.flag(stated, "strict", f"{path}.strict"),
        description=fields.optional_text(stated, "description", f"{path}.description"),
    )


def _tools(value: Any) -> tuple[Tool | Opaque, ...]:
    if value is None:
        return ()
    items = fields.sequence(value, "tools")
    return tuple([_tool(item, f"tools[{index}]") for index, item in enumerate(items)])


def _tool(value: Any, path: str) -> Tool | Opaque:
    value = fields.mapping(value, path)
    if value.get("type") != "function":
        return Opaque(NAME, value)
    parameters = value.get("parameters")
    return Tool(
        name=fields.text(value, "name", f"{path}.name"),
        description=fields.optional_text(value, "description", f"{path}.description"),
        parameters={} if parameters is None else fields.mapping(parameters, f"{path}.parameters"),
        strict=fields.flag(value, "strict", f"{path}.strict"),
        extra=fields.rest(value, _TOOL),
    )


def _tool_choice(value: Any) -> Choice | str | Opaque | None:
    if value is None:
        return None
    if isinstance(value, str):
        if value not in _CHOICES:
            raise BadRequestError("tool_choice: expected auto, none or required", "tool_choice")
        return _CHOICES[value]
    value = fields.mapping(value, "tool_choice")
    if value.get("type") != "function":
        return Opaque(NAME, value)
    return fields.text(value, "name", "tool_choice.name")
