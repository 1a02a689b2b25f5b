"""Reading ``POST /v1/chat/completions``. OpenAI API reference, "Create chat completion"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sensorium.gateway.conversation import Choice, Conversation, Format, Opaque, Tool
from sensorium.gateway.dialect import BadRequestError
from sensorium.gateway.dialects import fields
from sensorium.gateway.dialects.openai_chat.messages_in import message_of

NAME: Final = "openai_chat"

_KNOWN: Final = frozenset(
    """model messages tools tool_choice parallel_tool_calls max_completion_tokens temperature top_p
    stop seed n response_format reasoning_effort user stream functions""".split()
)
_TOOL: Final = frozenset({"name", "description", "parameters", "strict"})
_CHOICES: Final = {"auto": Choice.AUTO, "none": Choice.NONE, "required": Choice.REQUIRED}


def conversation_of(body: Mapping[str, Any]) -> Conversation:
    """The whole request."""
    messages = fields.sequence(fields.need(body, "messages", "messages"), "messages")
    if not messages:
        raise BadRequestError("messages: must not be empty", "messages")
    extra = fields.rest(body, _KNOWN) or {}
    usage = _stream_usage(extra)
    # The old name stays in ``extra``, and so is used again with a provider of this dialect.
    limit = "max_tokens"
    if body.get("max_completion_tokens") is not None:
        limit = "max_completion_tokens"
        if body.get("max_tokens") not in (None, body[limit]):
            # Servers differ in which of them holds, and a budget was reserved for one.
            raise BadRequestError(
                "max_tokens: is not max_completion_tokens; give one", "max_tokens"
            )
    return Conversation(
        model=fields.text(body, "model", "model"),
        messages=tuple([message_of(message, index) for index, message in enumerate(messages)]),
        tools=_tools(body),
        tool_choice=_tool_choice(body.get("tool_choice")),
        parallel_tool_calls=fields.flag(body, "parallel_tool_calls", "parallel_tool_calls"),
        max_output_tokens=fields.whole(body, limit, limit, 1),
        temperature=fields.number(body, "temperature", "temperature"),
        top_p=fields.number(body, "top_p", "top_p"),
        stop=_stop(body.get("stop")),
        seed=fields.whole(body, "seed", "seed"),
        choices=fields.whole(body, "n", "n", 1) or 1,
        format=_format(body.get("response_format")),
        reasoning_effort=fields.optional_text(body, "reasoning_effort", "reasoning_effort") or None,
        user=fields.optional_text(body, "user", "user"),
        stream=fields.flag(body, "stream", "stream") or False,
        stream_usage=usage,
        dialect=NAME,
        extra=extra,
    )


def _stream_usage(extra: dict[str, Any]) -> bool:
    options = extra.pop("stream_options", None)
    if options is None:
        return False
    options = dict(fields.mapping(options, "stream_options"))
    usage = fields.flag(options, "include_usage", "stream_options.include_usage")
    options.pop("include_usage", None)
    if options:
        extra["stream_options"] = options
    return usage or False


def _stop(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else fields.texts(value, "stop")


def _tools(body: Mapping[str, Any]) -> tuple[Tool | Opaque, ...]:
    found: list[Tool | Opaque] = []
    value = body.get("tools")
    if value is not None:
        for index, item in enumerate(fields.sequence(value, "tools")):
            found.append(_tool(fields.mapping(item, f"tools[{index}]"), f"tools[{index}]"))
    if body.get("functions") is not None:
        # What tools were called before; no other dialect has them.
        found.append(Opaque(NAME, {"functions": body["functions"]}))
    return tuple(found)


def _tool(item: Mapping[str, Any], path: str) -> Tool | Opaque:
    if item.get("type", "function") != "function":
        return Opaque(NAME, item)
    function = fields.mapping(fields.need(item, "function", f"{path}.function"), f"{path}.function")
    parameters = function.get("parameters")
    return Tool(
        name=fields.text(function, "name", f"{path}.function.name"),
        description=fields.optional_text(function, "description", f"{path}.function.description"),
        parameters={}
        if parameters is None
        else fields.mapping(parameters, f"{path}.function.parameters"),
        strict=fields.flag(function, "strict", f"{path}.function.strict"),
        extra=fields.rest(function, _TOOL),
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
    function = fields.mapping(value.get("function"), "tool_choice.function")
    return fields.text(function, "name", "tool_choice.function.name")


def _format(value: Any) -> Format | Opaque | None:
    if value is None:
        return None
    value = fields.mapping(value, "response_format")
    kind = fields.text(value, "type", "response_format.type")
    if kind == "text":
        return None
    if kind == "json_object":
        return Format()
    if kind != "json_schema":
        return Opaque(NAME, value)
    path = "response_format.json_schema"
    stated = fields.mapping(fields.need(value, "json_schema", path), path)
    return Format(
        schema=fields.mapping(stated.get("schema") or {}, f"{path}.schema"),
        name=fields.optional_text(stated, "name", f"{path}.name"),
        strict=fields.flag(stated, "strict", f"{path}.strict"),
        description=fields.optional_text(stated, "description", f"{path}.description"),
    )
