"""Reading the body of ``Converse``. Amazon Bedrock API reference, "Converse".

The model stands in the address and not in the body, so ``modelId`` is read where it is given.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sensorium.gateway.conversation import (
    Choice,
    Conversation,
    Format,
    Message,
    Opaque,
    Part,
    Role,
    Tool,
    ToolResult,
)
from sensorium.gateway.dialect import BadRequestError
from sensorium.gateway.dialects import fields, wire
from sensorium.gateway.dialects.bedrock.blocks_in import NAME, blocks_of

_KNOWN: Final = frozenset("modelId messages system inferenceConfig toolConfig outputConfig".split())
_CONFIG: Final = frozenset({"maxTokens", "temperature", "topP", "stopSequences"})
_TOOL: Final = frozenset({"name", "description", "inputSchema", "strict"})
_ROLES: Final = {"user": Role.USER, "assistant": Role.ASSISTANT, "system": Role.SYSTEM}


def conversation_of(body: Mapping[str, Any]) -> Conversation:
    """The whole request."""
    items = fields.sequence(fields.need(body, "messages", "messages"), "messages")
    messages: list[Message] = []
    if body.get("system"):
        messages.append(Message(Role.SYSTEM, blocks_of(body["system"], "system")))
    for index, item in enumerate(items):
        messages += _messages(fields.mapping(item, f"messages[{index}]"), f"messages[{index}]")
    extra = fields.rest(body, _KNOWN) or {}
    at = "inferenceConfig"
    config = fields.mapping(body.get(at) or {}, at)
    unknown = fields.rest(config, _CONFIG)
    if unknown:
        extra[at] = unknown
    form, effort = _output(body.get("outputConfig"))
    tools = fields.mapping(body.get("toolConfig") or {}, "toolConfig")
    stop = config.get("stopSequences")
    return Conversation(
        model=fields.optional_text(body, "modelId", "modelId"),
        messages=tuple(messages),
        tools=_tools(tools.get("tools")),
        tool_choice=_tool_choice(tools.get("toolChoice")),
        max_output_tokens=fields.whole(config, "maxTokens", f"{at}.maxTokens", 1),
        temperature=fields.number(config, "temperature", f"{at}.temperature"),
        top_p=fields.number(config, "topP", f"{at}.topP"),
        stop=() if stop is None else fields.texts(stop, f"{at}.stopSequences"),
        format=form,
        reasoning_effort=effort or None,
        stream_usage=True,
        dialect=NAME,
        extra=extra,
    )


def _messages(item: Mapping[str, Any], path: str) -> list[Message]:
    role = _ROLES.get(fields.text(item, "role", f"{path}.role"))
    if role is None:
        raise BadRequestError(f"{path}.role: expected user or assistant", f"{path}.role")
    content = fields.need(item, "content", f"{path}.content")
    runs: list[tuple[Role, list[Part]]] = []
    for part in blocks_of(content, f"{path}.content"):
        side = Role.TOOL if isinstance(part, ToolResult) else role
        if not runs or runs[-1][0] is not side:
            runs.append((side, []))
        runs[-1][1].append(part)
    return [Message(side, tuple(parts)) for side, parts in runs]


def _tools(value: Any) -> tuple[Tool | Opaque, ...]:
    if value is None:
        return ()
    at = "toolConfig.tools"
    return tuple(
        [_tool(item, f"{at}[{index}]") for index, item in enumerate(fields.sequence(value, at))]
    )


def _tool(value: Any, path: str) -> Tool | Opaque:
    value = fields.mapping(value, path)
    if value.keys() != {"toolSpec"}:
        return Opaque(NAME, value)
    at = f"{path}.toolSpec"
    stated = fields.mapping(value["toolSpec"], at)
    schema = fields.mapping(fields.need(stated, "inputSchema", f"{at}.inputSchema"), at)
    return Tool(
        name=fields.text(stated, "name", f"{at}.name"),
        description=fields.optional_text(stated, "description", f"{at}.description"),
        parameters=fields.mapping(schema.get("json") or {}, f"{at}.inputSchema.json"),
        strict=fields.flag(stated, "strict", f"{at}.strict"),
        extra=fields.rest(stated, _TOOL),
    )


def _tool_choice(value: Any) -> Choice | str | Opaque | None:
    if value is None:
        return None
    value = fields.mapping(value, "toolConfig.toolChoice")
    if value.keys() == {"auto"}:
        return Choice.AUTO
    if value.keys() == {"any"}:
        return Choice.REQUIRED
    if value.keys() != {"tool"}:
        return Opaque(NAME, value)
    path = "toolConfig.toolChoice.tool"
    return fields.text(fields.mapping(value["tool"], path), "name", f"{path}.name")


def _output(value: Any) -> tuple[Format | Opaque | None, str]:
    if value is None:
        return None, ""
    value = fields.mapping(value, "outputConfig")
    effort = fields.optional_text(value, "effort", "outputConfig.effort")
    stated = value.get("textFormat")
    if stated is None:
        return None, effort
    path = "outputConfig.textFormat"
    stated = fields.mapping(stated, path)
    structure = fields.mapping(fields.need(stated, "structure", f"{path}.structure"), path)
    if structure.keys() != {"jsonSchema"}:
        return Opaque(NAME, stated), effort
    at = f"{path}.structure.jsonSchema"
    definition = fields.mapping(structure["jsonSchema"], at)
    try:
        schema = wire.loads(fields.text(definition, "schema", f"{at}.schema"))
    except wire.NotJsonError:
        raise BadRequestError(f"{at}.schema: is not JSON", f"{at}.schema") from None
    form = Format(
        schema=fields.mapping(schema, f"{at}.schema"),
        name=fields.optional_text(definition, "name", f"{at}.name"),
        description=fields.optional_text(definition, "description", f"{at}.description"),
    )
    return form, effort
