"""Reading ``POST /v1/messages``. Anthropic API reference, "Create a Message"."""

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
    Tool,
)
from sensorium.gateway.dialect import BadRequestError
from sensorium.gateway.dialects import fields
from sensorium.gateway.dialects.anthropic.blocks_in import blocks_of, messages_of

NAME: Final = "anthropic"

_KNOWN: Final = frozenset(
    """model messages max_tokens system tools tool_choice temperature top_p stop_sequences stream
    thinking metadata output_config""".split()
)
_TOOL: Final = frozenset({"type", "name", "description", "input_schema", "strict"})
_CHOICES: Final = {"auto": Choice.AUTO, "none": Choice.NONE, "any": Choice.REQUIRED}


def conversation_of(body: Mapping[str, Any]) -> Conversation:
    """The whole request."""
    items = fields.sequence(fields.need(body, "messages", "messages"), "messages")
    if not items:
        raise BadRequestError("messages: must not be empty", "messages")
    messages: list[Message] = []
    system = body.get("system")
    if system is not None:
        messages.append(Message(Role.SYSTEM, blocks_of(system, "system")))
    for index, item in enumerate(items):
        messages += messages_of(item, f"messages[{index}]")
    extra = fields.rest(body, _KNOWN) or {}
    choice, parallel = _tool_choice(body.get("tool_choice"))
    stop = body.get("stop_sequences")
    fields.need(body, "max_tokens", "max_tokens")
    form, effort = _output(body.get("output_config"), extra)
    return Conversation(
        model=fields.text(body, "model", "model"),
        messages=tuple(messages),
        tools=_tools(body.get("tools")),
        tool_choice=choice,
        parallel_tool_calls=parallel,
        max_output_tokens=fields.whole(body, "max_tokens", "max_tokens", 1),
        temperature=fields.number(body, "temperature", "temperature"),
        top_p=fields.number(body, "top_p", "top_p"),
        stop=() if stop is None else fields.texts(stop, "stop_sequences"),
        format=form,
        reasoning_effort=effort or None,
        thinking_budget=_thinking(body.get("thinking"), extra),
        user=_user(body.get("metadata"), extra),
        stream=fields.flag(body, "stream", "stream") or False,
        stream_usage=True,
        dialect=NAME,
        extra=extra,
    )


def _tools(value: Any) -> tuple[Tool | Opaque, ...]:
    if value is None:
        return ()
    items = fields.sequence(value, "tools")
    return tuple([_tool(item, f"tools[{index}]") for index, item in enumerate(items)])


def _tool(value: Any, path: str) -> Tool | Opaque:
    value = fields.mapping(value, path)
    if value.get("type", "custom") not in ("custom", None):
        return Opaque(NAME, value)
    schema = fields.need(value, "input_schema", f"{path}.input_schema")
    return Tool(
        name=fields.text(value, "name", f"{path}.name"),
        description=fields.optional_text(value, "description", f"{path}.description"),
        parameters=fields.mapping(schema, f"{path}.input_schema"),
        strict=fields.flag(value, "strict", f"{path}.strict"),
        extra=fields.rest(value, _TOOL),
    )


def _tool_choice(value: Any) -> tuple[Choice | str | None, bool | None]:
    if value is None:
        return None, None
    value = fields.mapping(value, "tool_choice")
    kind = fields.text(value, "type", "tool_choice.type")
    path = "tool_choice.disable_parallel_tool_use"
    disabled = fields.flag(value, "disable_parallel_tool_use", path)
    parallel = None if disabled is None else not disabled
    if kind == "tool":
        return fields.text(value, "name", "tool_choice.name"), parallel
    if kind not in _CHOICES:
        raise BadRequestError(
            "tool_choice.type: expected auto, any, tool or none", "tool_choice.type"
        )
    return _CHOICES[kind], parallel


def _thinking(value: Any, extra: dict[str, Any]) -> int | None:
    if value is None:
        return None
    value = fields.mapping(value, "thinking")
    kind = fields.text(value, "type", "thinking.type")
    if kind == "enabled":
        path = "thinking.budget_tokens"
        fields.need(value, "budget_tokens", path)
        budget = fields.whole(value, "budget_tokens", path, 1)
    elif kind == "disabled":
        budget = 0
    else:
        budget = None
    # Whatever a budget does not say, such as ``adaptive`` or ``display``.
    rest = {key: item for key, item in value.items() if key not in ("type", "budget_tokens")}
    if budget is None or rest:
        extra["thinking"] = value
    return budget


def _user(value: Any, extra: dict[str, Any]) -> str:
    if value is None:
        return ""
    value = fields.mapping(value, "metadata")
    rest = {key: item for key, item in value.items() if key != "user_id"}
    if rest:
        extra["metadata"] = rest
    return fields.optional_text(value, "user_id", "metadata.user_id")


def _output(value: Any, extra: dict[str, Any]) -> tuple[Format | Opaque | None, str]:
    if value is None:
        return None, ""
    value = fields.mapping(value, "output_config")
    rest = {key: item for key, item in value.items() if key not in ("format", "effort")}
    if rest:
        extra["output_config"] = rest
    effort = fields.optional_text(value, "effort", "output_config.effort")
    stated = value.get("format")
    if stated is None:
        return None, effort
    path = "output_config.format"
    stated = fields.mapping(stated, path)
    if fields.text(stated, "type", f"{path}.type") != "json_schema":
        return Opaque(NAME, stated), effort
    schema = fields.mapping(fields.need(stated, "schema", f"{path}.schema"), f"{path}.schema")
    return Format(schema=schema), effort
