"""Every place of a request or an answer where text stands, visited in one way.

Looking and changing go through the same walk, so that no place can be looked at and not masked, or
the other way round. What is not text is not here: the bytes of pictures and of audio.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, TypeVar

import orjson

from sensorium.gateway.conversation import (
    Choice,
    Conversation,
    Format,
    Image,
    Message,
    Opaque,
    Part,
    Role,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolResult,
)
from sensorium.gateway.reply import Answer, Reply

T = TypeVar("T")


class Place(StrEnum):
    """Where a text stands."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    THINKING = "thinking"
    ARGUMENTS = "arguments"
    RESULT = "result"
    TOOL = "tool"
    NAME = "name"
    URL = "url"
    OPAQUE = "opaque"
    FIELD = "field"


# Where a placeholder would break the request: a name has its own alphabet, an address must resolve.
FIXED = frozenset({Place.NAME, Place.URL})


@dataclass(frozen=True, slots=True)
class Fragment:
    """A text and its place; ``json`` says that it is JSON text, with escapes."""

    text: str
    place: Place
    json: bool = False


Visit = Callable[[Fragment], str]
_ROLES = {
    Role.SYSTEM: Place.SYSTEM,
    Role.USER: Place.USER,
    Role.ASSISTANT: Place.ASSISTANT,
    Role.TOOL: Place.RESULT,
}


def fragments_of(subject: Conversation | Reply) -> list[Fragment]:
    """Every text of it, in order; empty ones left out."""
    found: list[Fragment] = []

    def keep(fragment: Fragment) -> str:
        found.append(fragment)
        return fragment.text

    rewritten(subject, keep)
    return found


def rewritten(subject: T, visit: Visit) -> T:
    """The same with every text as ``visit`` gives it back; the same object where none changed."""
    if isinstance(subject, Conversation):
        return _conversation(subject, visit)  # type: ignore[return-value]  # T is Conversation here
    if isinstance(subject, Reply):
        return _reply(subject, visit)  # type: ignore[return-value]  # T is Reply here
    raise TypeError(type(subject).__name__)


def _conversation(asked: Conversation, visit: Visit) -> Conversation:
    changes: dict[str, Any] = {}
    _note(changes, "messages", asked.messages, _each(asked.messages, _message, visit))
    _note(changes, "tools", asked.tools, _each(asked.tools, _tool, visit))
    if asked.tool_choice and not isinstance(asked.tool_choice, Choice):
        choice = _text(asked.tool_choice, Place.NAME, visit)
        _note(changes, "tool_choice", asked.tool_choice, choice)
    if asked.stop:
        stop = _each(asked.stop, lambda one, see: _text(one, Place.FIELD, see), visit)
        _note(changes, "stop", asked.stop, stop)
    if asked.format is not None:
        _note(changes, "format", asked.format, _format(asked.format, visit))
    _note(changes, "user", asked.user, _text(asked.user, Place.FIELD, visit))
    _note(changes, "extra", asked.extra, _mapping(asked.extra, Place.FIELD, visit))
    _note(changes, "model", asked.model, _text(asked.model, Place.NAME, visit))
    if asked.reasoning_effort:
        effort = _text(asked.reasoning_effort, Place.NAME, visit)
        _note(changes, "reasoning_effort", asked.reasoning_effort, effort)
    return replace(asked, **changes) if changes else asked


def _reply(reply: Reply, visit: Visit) -> Reply:
    changes: dict[str, Any] = {}
    _note(changes, "answers", reply.answers, _each(reply.answers, _answer, visit))
    _note(changes, "extra", reply.extra, _mapping(reply.extra, Place.FIELD, visit))
    return replace(reply, **changes) if changes else reply


def _answer(answer: Answer, visit: Visit) -> Answer:
    parts = _each(answer.parts, lambda part, see: _part(part, Place.ASSISTANT, see), visit)
    return answer if parts is answer.parts else replace(answer, parts=parts)


def _message(message: Message, visit: Visit) -> Message:
    place = _ROLES[message.role]
    parts = _each(message.parts, lambda part, see: _part(part, place, see), visit)
    name = _text(message.name, Place.NAME, visit)
    if parts is message.parts and name is message.name:
        return message
    return replace(message, parts=parts, name=name)


def _part(part: Part, place: Place, visit: Visit) -> Part:
    if isinstance(part, Text | Image):
        return _shown(part, place, visit)
    if isinstance(part, ToolResult):
        parts = _each(part.parts, lambda one, see: _shown(one, Place.RESULT, see), visit)
        call = _text(part.call_id, Place.NAME, visit)
        same = parts is part.parts and call is part.call_id
        return part if same else replace(part, parts=parts, call_id=call)
    if isinstance(part, ToolCall):
        return _tool_call(part, visit)
    if isinstance(part, Thinking):
        text = _text(part.text, Place.THINKING, visit)
        return part if text is part.text else replace(part, text=text)
    value = _mapping(part.value, Place.OPAQUE, visit)
    return part if value is part.value else Opaque(part.dialect, value)


def _shown(part: Text | Image, place: Place, visit: Visit) -> Text | Image:
    if isinstance(part, Text):
        text = _text(part.text, place, visit)
        return part if text is part.text else Text(text)
    url = part.url if part.url[:5].lower() == "data:" else _text(part.url, Place.URL, visit)
    media_type = _text(part.media_type, Place.NAME, visit)
    detail = _text(part.detail, Place.NAME, visit)
    if url is part.url and media_type is part.media_type and detail is part.detail:
        return part
    return replace(part, url=url, media_type=media_type, detail=detail)


def _tool_call(part: ToolCall, visit: Visit) -> ToolCall:
    call = _text(part.id, Place.NAME, visit)
    name = _text(part.name, Place.NAME, visit)
    arguments = _text(part.arguments, Place.ARGUMENTS, visit, json=True)
    if call is part.id and name is part.name and arguments is part.arguments:
        return part
    return ToolCall(call, name, arguments)


def _tool(tool: Tool, visit: Visit) -> Tool:
    name = _text(tool.name, Place.NAME, visit)
    description = _text(tool.description, Place.TOOL, visit)
    parameters = _mapping(tool.parameters, Place.TOOL, visit)
    if name is tool.name and description is tool.description and parameters is tool.parameters:
        return tool
    return replace(tool, name=name, description=description, parameters=parameters)


def _format(asked: Format, visit: Visit) -> Format:
    name = _text(asked.name, Place.NAME, visit)
    schema = asked.schema
    if schema is not None:
        schema = _mapping(schema, Place.TOOL, visit)
    if name is asked.name and schema is asked.schema:
        return asked
    return replace(asked, name=name, schema=schema)


def _each(items: tuple[T, ...], change: Callable[[T, Visit], T], visit: Visit) -> tuple[T, ...]:
    changed = [change(item, visit) for item in items]
    same = all(new is old for new, old in zip(changed, items, strict=True))
    return items if same else tuple(changed)


def _text(text: str, place: Place, visit: Visit, *, json: bool = False) -> str:
    return visit(Fragment(text, place, json)) if text else text


def _mapping(value: Mapping[str, Any], place: Place, visit: Visit) -> Mapping[str, Any]:
    """A JSON value is seen as its text, and read again where that was changed."""
    if not value:
        return value
    text = orjson.dumps(value, default=dict).decode()
    seen = visit(Fragment(text, place, json=True))
    return value if seen is text else dict(orjson.loads(seen))


def _note(changes: dict[str, Any], name: str, old: Any, new: Any) -> None:
    if new is not old:
        changes[name] = new
