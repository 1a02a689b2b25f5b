"""Writing the body of ``Converse`` and ``ConverseStream``. The model is not in it."""

from __future__ import annotations

from typing import Any

from sensorium.gateway.conversation import (
    Choice,
    Conversation,
    Opaque,
    Part,
    Role,
    Tool,
    ToolCall,
    ToolResult,
    UntranslatableError,
)
from sensorium.gateway.dialects import arguments, turns
from sensorium.gateway.dialects.bedrock.blocks_in import NAME
from sensorium.gateway.dialects.bedrock.blocks_out import block, own


def request_of(conversation: Conversation) -> dict[str, Any]:
    """The body."""
    same = conversation.dialect == NAME
    if conversation.choices != 1:
        raise UntranslatableError("Bedrock's Converse gives one answer (n must be 1)")
    if conversation.parallel_tool_calls is False and conversation.tools:
        raise UntranslatableError("Bedrock's Converse cannot forbid parallel tool calls")
    body: dict[str, Any] = dict(conversation.extra) if same else {}
    body["messages"] = [
        {"role": "assistant" if turn.role is Role.ASSISTANT else "user", "content": content}
        for turn in turns.turns(conversation.messages)
        if (content := _blocks(turn.parts, same=same))
    ]
    system = turns.instructions(conversation.messages)
    if system:
        body["system"] = _blocks(system, same=same)
    wanted = (
        ("maxTokens", conversation.max_output_tokens),
        ("temperature", conversation.temperature),
        ("topP", conversation.top_p),
        ("stopSequences", list(conversation.stop) or None),
    )
    config = {key: value for key, value in wanted if value is not None}
    config = {**body.pop("inferenceConfig", {}), **config}
    if config:
        body["inferenceConfig"] = config
    _add_tools(body, conversation, same=same)
    _add_output(body, conversation)
    if conversation.thinking_budget is not None and "claude" in conversation.model:
        _add_thinking(body, conversation.thinking_budget)
    return body


def _blocks(parts: list[Part], *, same: bool) -> list[dict[str, Any]]:
    return [
        written
        for part in parts
        if (written := block(part, same=same, for_provider=True)) is not None
    ]


def _add_tools(body: dict[str, Any], conversation: Conversation, *, same: bool) -> None:
    choice = conversation.tool_choice
    if not conversation.tools or choice is Choice.NONE:
        if _used_tools(conversation):
            raise UntranslatableError(
                "Bedrock's Converse needs the tools of a conversation in which some were called"
            )
        return
    config: dict[str, Any] = {"tools": [_tool(tool, same=same) for tool in conversation.tools]}
    if isinstance(choice, Opaque):
        config["toolChoice"] = own(choice)
    elif isinstance(choice, Choice):
        config["toolChoice"] = {"auto": {}} if choice is Choice.AUTO else {"any": {}}
    elif choice is not None:
        config["toolChoice"] = {"tool": {"name": choice}}
    body["toolConfig"] = config


def _used_tools(conversation: Conversation) -> bool:
    return any(
        isinstance(part, ToolCall | ToolResult)
        for message in conversation.messages
        for part in message.parts
    )


def _tool(tool: Tool | Opaque, *, same: bool) -> dict[str, Any]:
    if isinstance(tool, Opaque):
        return own(tool)
    schema = tool.parameters
    if "type" not in schema and not same:
        schema = {"type": "object", **schema}
    written: dict[str, Any] = {"name": tool.name, "inputSchema": {"json": schema}}
    if tool.description:
        written["description"] = tool.description
    if tool.strict or (same and tool.strict is not None):
        written["strict"] = tool.strict
    if same and tool.extra:
        written.update(tool.extra)
    return {"toolSpec": written}


def _add_output(body: dict[str, Any], conversation: Conversation) -> None:
    config: dict[str, Any] = {}
    form = conversation.format
    if isinstance(form, Opaque):
        config["textFormat"] = own(form)
    elif form is not None:
        if form.schema is None:
            raise UntranslatableError("Bedrock gives JSON only by a schema (json_schema)")
        definition = {"schema": arguments.text_of(form.schema)}
        if form.name:
            definition["name"] = form.name
        if form.description:
            definition["description"] = form.description
        config["textFormat"] = {"type": "json_schema", "structure": {"jsonSchema": definition}}
    if conversation.reasoning_effort is not None:
        config["effort"] = conversation.reasoning_effort
    if config:
        body["outputConfig"] = config


def _add_thinking(body: dict[str, Any], budget: int) -> None:
    thinking = {"type": "enabled", "budget_tokens": budget} if budget else {"type": "disabled"}
    more = body.get("additionalModelRequestFields") or {}
    body["additionalModelRequestFields"] = {**more, "thinking": thinking}
