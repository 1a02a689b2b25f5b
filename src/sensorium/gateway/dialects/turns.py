"""Turns as Anthropic, Gemini and Bedrock want them: instructions apart, then user and assistant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from sensorium.gateway.conversation import Message, Part, Role, Text, ToolResult


@dataclass(slots=True)
class Turn:
    """Everything that one side said before the other did."""

    role: Role
    parts: list[Part] = field(default_factory=list)


def instructions(messages: tuple[Message, ...]) -> list[Part]:
    """The parts of all instructions, wherever they stood."""
    return [
        part
        for message in messages
        if message.role is Role.SYSTEM
        for part in message.parts
        if not _empty(part)
    ]


def turns(messages: tuple[Message, ...]) -> Iterator[Turn]:
    """Turns of ``USER`` and ``ASSISTANT``. A turn's tool results come before what else it says.

    Empty texts, which these providers refuse, are left out, and so are turns of nothing else.
    """
    turn: Turn | None = None
    for message in messages:
        if message.role is Role.SYSTEM:
            continue
        role = Role.ASSISTANT if message.role is Role.ASSISTANT else Role.USER
        if turn is None or turn.role is not role:
            if turn is not None and turn.parts:
                yield _ordered(turn)
            turn = Turn(role)
        turn.parts += [part for part in message.parts if not _empty(part)]
    if turn is not None and turn.parts:
        yield _ordered(turn)


def _empty(part: Part) -> bool:
    return type(part) is Text and not part.text


def _ordered(turn: Turn) -> Turn:
    parts = turn.parts
    if turn.role is Role.USER and type(parts[0]) is not ToolResult:
        results: list[Part] = [part for part in parts if isinstance(part, ToolResult)]
        if results:
            turn.parts = results + [part for part in parts if not isinstance(part, ToolResult)]
    return turn
