"""Writing the body of ``generateContent`` and ``streamGenerateContent``. The model is not in it."""

from __future__ import annotations

import re
from typing import Any, Final

from sensorium.gateway.conversation import (
    Choice,
    Conversation,
    Message,
    Opaque,
    Role,
    Tool,
    ToolCall,
    UntranslatableError,
)
from sensorium.gateway.dialects import turns
from sensorium.gateway.dialects.gemini.parts_in import NAME
from sensorium.gateway.dialects.gemini.parts_out import PartsOut, own

_MODES: Final = {Choice.AUTO: "AUTO", Choice.NONE: "NONE", Choice.REQUIRED: "ANY"}
_BEFORE_3: Final = re.compile(r"gemini-[12]\b")
# Google, "OpenAI compatibility": what an effort is for models that take a budget.
_BUDGETS: Final = {"none": 0, "minimal": 1024, "low": 1024, "medium": 8192, "high": 24576}
_LEVELS: Final = {"none": "minimal", "xhigh": "high", "max": "high"}


def request_of(conversation: Conversation) -> dict[str, Any]:
    """The body."""
    same = conversation.dialect == NAME
    if conversation.parallel_tool_calls is False and conversation.tools:
        raise UntranslatableError("Gemini's API cannot forbid parallel tool calls")
    body: dict[str, Any] = dict(conversation.extra) if same else {}
    messages = conversation.messages
    names = _names(messages)
    sign = not same and "gemini" in conversation.model and not _BEFORE_3.search(conversation.model)
    body["contents"] = [
        {
            "role": "model" if turn.role is Role.ASSISTANT else "user",
            "parts": written,
        }
        for turn in turns.turns(messages)
        if (written := PartsOut(names, same=same, for_provider=True, sign=sign).add(turn.parts))
    ]
    system = turns.instructions(messages)
    if system:
        out = PartsOut(names, same=same, for_provider=True, sign=False)
        body["systemInstruction"] = {"parts": out.add(system)}
    _add_tools(body, conversation, same=same)
    config = {**body.pop("generationConfig", {}), **_config(conversation)}
    _add_thinking(config, conversation)
    if config:
        body["generationConfig"] = config
    return body


def _names(messages: tuple[Message, ...]) -> dict[str, str]:
    return {
        part.id: part.name
        for message in messages
        if message.role is Role.ASSISTANT
        for part in message.parts
        if isinstance(part, ToolCall)
    }


def _add_tools(body: dict[str, Any], conversation: Conversation, *, same: bool) -> None:
    declared = [_tool(tool, same=same) for tool in conversation.tools if isinstance(tool, Tool)]
    tools = [{"functionDeclarations": declared}] if declared else []
    tools += [own(tool) for tool in conversation.tools if isinstance(tool, Opaque)]
    if tools:
        body["tools"] = tools
    choice = conversation.tool_choice
    if choice is None or conversation.chooses_no_tools:
        return
    if isinstance(choice, Opaque):
        body["toolConfig"] = own(choice)
    elif isinstance(choice, Choice):
        body["toolConfig"] = {"functionCallingConfig": {"mode": _MODES[choice]}}
    else:
        config = {"mode": "ANY", "allowedFunctionNames": [choice]}
        body["toolConfig"] = {"functionCallingConfig": config}


def _tool(tool: Tool, *, same: bool) -> dict[str, Any]:
    written: dict[str, Any] = {"name": tool.name}
    if tool.description:
        written["description"] = tool.description
    if tool.parameters:
        written["parametersJsonSchema"] = tool.parameters
    if same and tool.extra:
        written.update(tool.extra)
    return written


def _config(conversation: Conversation) -> dict[str, Any]:
    wanted = (
        ("temperature", conversation.temperature),
        ("topP", conversation.top_p),
        ("maxOutputTokens", conversation.max_output_tokens),
        ("stopSequences", list(conversation.stop) or None),
        ("seed", conversation.seed),
        ("candidateCount", conversation.choices if conversation.choices != 1 else None),
    )
    config: dict[str, Any] = {key: value for key, value in wanted if value is not None}
    form = conversation.format
    if isinstance(form, Opaque):
        config.update(own(form))
    elif form is not None:
        config["responseMimeType"] = "application/json"
        if form.schema is not None:
            config["responseJsonSchema"] = form.schema
    return config


def _add_thinking(config: dict[str, Any], conversation: Conversation) -> None:
    thinking: dict[str, Any] = {}
    budget, effort = conversation.thinking_budget, conversation.reasoning_effort
    if budget is not None:
        thinking["thinkingBudget"] = budget
        # Whoever gives a budget elsewhere is shown what it was spent on.
        if budget and conversation.dialect != NAME:
            thinking["includeThoughts"] = True
    elif (
        effort is not None and conversation.dialect != NAME and _BEFORE_3.search(conversation.model)
    ):
        thinking["thinkingBudget"] = _BUDGETS.get(effort, 24576)
    elif effort is not None:
        thinking["thinkingLevel"] = _LEVELS.get(effort, effort)
    if thinking:
        config["thinkingConfig"] = {**config.get("thinkingConfig", {}), **thinking}
