"""Writing a request for Anthropic's Messages API."""

from __future__ import annotations

from typing import Any, Final

from sensorium.gateway.conversation import (
    Choice,
    Conversation,
    Opaque,
    Part,
    Role,
    Tool,
    UntranslatableError,
)
from sensorium.gateway.dialects import turns
from sensorium.gateway.dialects.anthropic.blocks_in import IN_PLACE
from sensorium.gateway.dialects.anthropic.blocks_out import block, own

NAME: Final = "anthropic"
# The API must be told a limit. Every model of Anthropic's can write this much.
DEFAULT_MAX_TOKENS: Final = 4096

_CHOICES: Final = {Choice.AUTO: "auto", Choice.NONE: "none", Choice.REQUIRED: "any"}
# What the API calls the least effort is "low"; none at all is said by disabling thinking.
_EFFORTS: Final = {"minimal": "low"}


def request_of(conversation: Conversation) -> dict[str, Any]:
    """The body. Where the conversation has no limit, it is ``DEFAULT_MAX_TOKENS`` and the budget
    for thinking."""
    same = conversation.dialect == NAME
    if conversation.choices != 1:
        raise UntranslatableError("Anthropic's API gives one answer (n must be 1)")
    limit = conversation.max_output_tokens
    if limit is None:
        limit = DEFAULT_MAX_TOKENS + (conversation.thinking_budget or 0)
    body: dict[str, Any] = dict(conversation.extra) if same else {}
    body["model"] = conversation.model
    body["max_tokens"] = limit
    _add_messages(body, conversation, same=same)
    _add_tools(body, conversation, same=same)
    _add_sampling(body, conversation, same=same)
    _add_output(body, conversation)
    _add_thinking(body, conversation)
    if conversation.user:
        body["metadata"] = {**body.get("metadata", {}), "user_id": conversation.user}
    if conversation.stream:
        body["stream"] = True
    return body


def _add_messages(body: dict[str, Any], conversation: Conversation, *, same: bool) -> None:
    messages = conversation.messages
    if not same or not any(_in_place(message.extra) for message in messages):
        body["messages"] = _turns(messages, same=same)
        system = turns.instructions(messages)
    else:
        written: list[dict[str, Any]] = []
        begin = 0
        for index, message in enumerate(messages):
            if _in_place(message.extra):
                written += _turns(messages[begin:index], same=same)
                written.append({"role": "system", "content": _content(message.parts, same=same)})
                begin = index + 1
        body["messages"] = written + _turns(messages[begin:], same=same)
        system = turns.instructions(tuple(m for m in messages if not _in_place(m.extra)))
    if system:
        body["system"] = _content(tuple(system), same=same)


def _in_place(extra: Any) -> bool:
    return bool(extra) and extra.get("role") == IN_PLACE["role"]


def _turns(messages: Any, *, same: bool) -> list[dict[str, Any]]:
    return [
        {
            "role": "assistant" if turn.role is Role.ASSISTANT else "user",
            "content": content,
        }
        for turn in turns.turns(messages)
        if (content := _content(tuple(turn.parts), same=same))
    ]


def _content(parts: tuple[Part, ...], *, same: bool) -> str | list[dict[str, Any]]:
    blocks = [
        written
        for part in parts
        if (written := block(part, same=same, for_provider=True)) is not None
    ]
    if len(blocks) == 1 and blocks[0].keys() == {"type", "text"}:
        text: str = blocks[0]["text"]
        return text
    return blocks


def _add_tools(body: dict[str, Any], conversation: Conversation, *, same: bool) -> None:
    if conversation.tools:
        body["tools"] = [_tool(tool, same=same) for tool in conversation.tools]
    if conversation.chooses_no_tools:
        return
    choice = conversation.tool_choice
    alone = conversation.parallel_tool_calls is False
    written: dict[str, Any]
    if isinstance(choice, Opaque):
        written = own(choice)
    elif isinstance(choice, Choice):
        written = {"type": _CHOICES[choice]}
    elif choice is not None:
        written = {"type": "tool", "name": choice}
    elif alone and conversation.tools:
        written = {"type": "auto"}
    else:
        return
    if alone and choice is not Choice.NONE:
        written["disable_parallel_tool_use"] = True
    body["tool_choice"] = written


def _tool(tool: Tool | Opaque, *, same: bool) -> dict[str, Any]:
    if isinstance(tool, Opaque):
        return own(tool)
    schema = tool.parameters
    if "type" not in schema and not same:
        schema = {"type": "object", **schema}
    written: dict[str, Any] = {"name": tool.name, "input_schema": schema}
    if tool.description:
        written["description"] = tool.description
    if tool.strict or (same and tool.strict is not None):
        written["strict"] = tool.strict
    if same and tool.extra:
        written.update(tool.extra)
    return written


def _add_sampling(body: dict[str, Any], conversation: Conversation, *, same: bool) -> None:
    temperature = conversation.temperature
    if temperature is not None:
        if temperature > 1 and not same:
            raise UntranslatableError("Anthropic's API takes a temperature of at most 1")
        body["temperature"] = temperature
    if conversation.top_p is not None:
        body["top_p"] = conversation.top_p
    if conversation.stop:
        if not same and any(not text.strip() for text in conversation.stop):
            raise UntranslatableError("Anthropic's API takes no blank stop sequence")
        body["stop_sequences"] = list(conversation.stop)


def _add_output(body: dict[str, Any], conversation: Conversation) -> None:
    config: dict[str, Any] = dict(body.get("output_config", {}))
    form = conversation.format
    if isinstance(form, Opaque):
        config["format"] = own(form)
    elif form is not None:
        if form.schema is None:
            raise UntranslatableError("Anthropic's API gives JSON only by a schema (json_schema)")
        config["format"] = {"type": "json_schema", "schema": form.schema}
    effort = conversation.reasoning_effort
    if effort is not None and effort != "none":
        config["effort"] = _EFFORTS.get(effort, effort)
    if config:
        body["output_config"] = config


def _add_thinking(body: dict[str, Any], conversation: Conversation) -> None:
    budget = conversation.thinking_budget
    if budget is None and conversation.reasoning_effort == "none":
        budget = 0
    if budget == 0:
        body["thinking"] = {"type": "disabled"}
    elif budget is not None:
        stated = body.get("thinking", {})
        body["thinking"] = {**stated, "type": "enabled", "budget_tokens": budget}
