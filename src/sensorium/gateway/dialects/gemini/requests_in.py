"""Reading the body of ``generateContent``. Gemini API reference, "Generating content".

The model stands in the address and not in the body, so ``model`` is read where it is given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
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
    ToolCall,
    ToolResult,
)
from sensorium.gateway.dialect import BadRequestError
from sensorium.gateway.dialects import fields
from sensorium.gateway.dialects.gemini.parts_in import NAME, parts_of
from sensorium.gateway.dialects.gemini.schemas import json_schema_of

_KNOWN: Final = frozenset(
    "model contents systemInstruction tools toolConfig generationConfig".split()
)
_CONFIG: Final = frozenset(
    """temperature topP maxOutputTokens stopSequences seed candidateCount responseMimeType
    responseJsonSchema responseSchema thinkingConfig""".split()
)
_TOOL: Final = frozenset({"name", "description", "parameters", "parametersJsonSchema"})
_MODES: Final = {"AUTO": Choice.AUTO, "NONE": Choice.NONE, "ANY": Choice.REQUIRED}


def conversation_of(body: Mapping[str, Any]) -> Conversation:
    """The whole request."""
    contents = fields.sequence(fields.need(body, "contents", "contents"), "contents")
    if not contents:
        raise BadRequestError("contents: must not be empty", "contents")
    messages: list[Message] = []
    system = body.get("systemInstruction")
    if system is not None:
        system = fields.mapping(system, "systemInstruction")
        parts = parts_of(system.get("parts") or [], "systemInstruction.parts", "system")
        messages.append(Message(Role.SYSTEM, tuple(parts)))
    for index, content in enumerate(contents):
        messages += _messages(fields.mapping(content, f"contents[{index}]"), index)
    extra = fields.rest(body, _KNOWN) or {}
    stated = body.get("generationConfig")
    config = {} if stated is None else fields.mapping(stated, "generationConfig")
    at = "generationConfig"
    unknown = fields.rest(config, _CONFIG)
    if unknown:
        extra[at] = unknown
    budget, effort = _thinking(config.get("thinkingConfig"), extra)
    stop = config.get("stopSequences")
    return Conversation(
        model=fields.optional_text(body, "model", "model").removeprefix("models/"),
        messages=_with_ids(messages),
        tools=_tools(body.get("tools")),
        tool_choice=_tool_choice(body.get("toolConfig")),
        max_output_tokens=fields.whole(config, "maxOutputTokens", f"{at}.maxOutputTokens", 1),
        temperature=fields.number(config, "temperature", f"{at}.temperature"),
        top_p=fields.number(config, "topP", f"{at}.topP"),
        stop=() if stop is None else fields.texts(stop, f"{at}.stopSequences"),
        seed=fields.whole(config, "seed", f"{at}.seed"),
        choices=fields.whole(config, "candidateCount", f"{at}.candidateCount", 1) or 1,
        format=_format(config),
        reasoning_effort=effort,
        thinking_budget=budget,
        stream_usage=True,
        dialect=NAME,
        extra=extra,
    )


def _messages(content: Mapping[str, Any], index: int) -> list[Message]:
    path = f"contents[{index}]"
    stated = fields.optional_text(content, "role", f"{path}.role") or "user"
    if stated not in ("user", "model", "function"):
        raise BadRequestError(f"{path}.role: expected user or model", f"{path}.role")
    role = Role.ASSISTANT if stated == "model" else Role.USER
    runs: list[tuple[Role, list[Part]]] = []
    for part in parts_of(content.get("parts") or [], f"{path}.parts", str(index)):
        side = Role.TOOL if isinstance(part, ToolResult) else role
        if not runs or runs[-1][0] is not side:
            runs.append((side, []))
        runs[-1][1].append(part)
    return [Message(side, tuple(parts)) for side, parts in runs]


def _with_ids(messages: list[Message]) -> tuple[Message, ...]:
    """Results without an id belong to the calls of their name, in their order."""
    waiting: dict[str, list[str]] = {}
    out = []
    for message in messages:
        for part in message.parts:
            if isinstance(part, ToolCall):
                waiting.setdefault(part.name, []).append(part.id)
        if message.role is Role.TOOL:
            parts = [_with_id(part, waiting) for part in message.parts]
            out.append(replace(message, parts=tuple(parts)))
        else:
            out.append(message)
    return tuple(out)


def _with_id(part: Part, waiting: dict[str, list[str]]) -> Part:
    if not isinstance(part, ToolResult) or part.extra is None:
        return part
    name = part.extra["name"]
    calls = waiting.get(name) or [name]
    identity = part.call_id or calls[0]
    if identity in calls:
        calls.remove(identity)
    return replace(part, call_id=identity)


def _tools(value: Any) -> tuple[Tool | Opaque, ...]:
    found: list[Tool | Opaque] = []
    for index, item in enumerate(fields.sequence(value, "tools") if value is not None else ()):
        path = f"tools[{index}]"
        group = fields.mapping(item, path)
        declared = group.get("functionDeclarations")
        if declared is not None:
            at = f"{path}.functionDeclarations"
            for number, one in enumerate(fields.sequence(declared, at)):
                found.append(_tool(fields.mapping(one, f"{at}[{number}]"), f"{at}[{number}]"))
        rest = {key: value for key, value in group.items() if key != "functionDeclarations"}
        if rest:
            found.append(Opaque(NAME, rest))
    return tuple(found)


def _tool(value: Mapping[str, Any], path: str) -> Tool:
    schema = value.get("parametersJsonSchema")
    if schema is None and value.get("parameters") is not None:
        schema = json_schema_of(fields.mapping(value["parameters"], f"{path}.parameters"))
    return Tool(
        name=fields.text(value, "name", f"{path}.name"),
        description=fields.optional_text(value, "description", f"{path}.description"),
        parameters={} if schema is None else fields.mapping(schema, f"{path}.parametersJsonSchema"),
        extra=fields.rest(value, _TOOL),
    )


def _tool_choice(value: Any) -> Choice | str | Opaque | None:
    if value is None:
        return None
    value = fields.mapping(value, "toolConfig")
    path = "toolConfig.functionCallingConfig"
    config = value.get("functionCallingConfig")
    if config is None:
        return Opaque(NAME, value)
    config = fields.mapping(config, path)
    mode = fields.optional_text(config, "mode", f"{path}.mode") or "AUTO"
    names = config.get("allowedFunctionNames")
    if len(value) > 1 or mode not in _MODES or (names and (mode != "ANY" or len(names) != 1)):
        return Opaque(NAME, value)
    if names:
        return fields.texts(names, f"{path}.allowedFunctionNames")[0]
    return _MODES[mode]


def _thinking(value: Any, extra: dict[str, Any]) -> tuple[int | None, str | None]:
    if value is None:
        return None, None
    path = "generationConfig.thinkingConfig"
    value = fields.mapping(value, path)
    budget = fields.whole(value, "thinkingBudget", f"{path}.thinkingBudget")
    level = fields.optional_text(value, "thinkingLevel", f"{path}.thinkingLevel").lower() or None
    rest = {
        key: item for key, item in value.items() if key not in ("thinkingBudget", "thinkingLevel")
    }
    if budget is not None and budget < 0:
        rest["thinkingBudget"] = budget  # -1: as the model likes
        budget = None
    if rest:
        extra.setdefault("generationConfig", {})["thinkingConfig"] = rest
    return budget, level


def _format(config: Mapping[str, Any]) -> Format | Opaque | None:
    path = "generationConfig"
    kind = fields.optional_text(config, "responseMimeType", f"{path}.responseMimeType")
    if kind in ("", "text/plain"):
        return None
    schema = config.get("responseJsonSchema")
    if schema is None and config.get("responseSchema") is not None:
        schema = json_schema_of(fields.mapping(config["responseSchema"], f"{path}.responseSchema"))
    if kind != "application/json":
        return Opaque(NAME, {"responseMimeType": kind, "responseJsonSchema": schema})
    return Format(
        schema=None if schema is None else fields.mapping(schema, f"{path}.responseJsonSchema")
    )
