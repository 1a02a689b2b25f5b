"""Streams as bytes, as events, and as what they came to."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import orjson

from sensorium.gateway.dialects.registry import DIALECTS
from sensorium.gateway.events import (
    Broken,
    Counted,
    Event,
    OpaquePiece,
    Stopped,
    TextPiece,
    ThinkingPiece,
    ToolBegan,
    ToolPiece,
)


def raw_of(name: str, frames: Iterable[Any]) -> bytes:
    """The frames as a provider of that dialect sends them."""
    return b"".join(_frame(name, frame) for frame in frames)


def _frame(name: str, frame: Any) -> bytes:
    if isinstance(frame, str):
        return b"data: " + frame.encode() + b"\n\n"
    data = orjson.dumps(frame)
    if name == "bedrock":
        return data + b"\n"
    if name == "gemini":
        return b"data: " + data + b"\r\n\r\n"
    kind = frame.get("type") if isinstance(frame, dict) else None
    if name == "openai_chat" or not isinstance(kind, str):
        return b"data: " + data + b"\n\n"
    return b"event: " + kind.encode() + b"\ndata: " + data + b"\n\n"


def frames_of(stream: bytes) -> list[Any]:
    """What a stream that we wrote holds, frame by frame."""
    found = []
    for line in stream.splitlines():
        text = line.removeprefix(b"data: ")
        if text and not line.startswith(b"event: "):
            found.append("[DONE]" if text == b"[DONE]" else orjson.loads(text))
    return found


def events_of(name: str, *pieces: bytes) -> list[Event]:
    """All events of a stream that comes in these pieces."""
    reader = DIALECTS[name].stream_reader()
    frames = [frame for piece in pieces for frame in reader.feed(piece)]
    return [event for frame in (*frames, *reader.close()) for event in frame.events]


def written(name: str, events: Iterable[Event], *, usage: bool = True) -> bytes:
    """The events as that dialect writes them."""
    writer = DIALECTS[name].stream_writer(usage=usage)
    return b"".join(writer.write(event) for event in events)


def collected(events: Iterable[Event]) -> dict[str, Any]:
    """What a stream came to in the end, whatever its pieces were."""
    texts: dict[int, str] = {}
    thoughts: dict[int, str] = {}
    marks: list[str] = []
    calls: dict[tuple[int, int], list[str]] = {}
    ends: list[Any] = []
    usage = None
    for event in events:
        if isinstance(event, TextPiece):
            texts[event.answer] = texts.get(event.answer, "") + event.text
        elif isinstance(event, ThinkingPiece):
            thoughts[event.answer] = thoughts.get(event.answer, "") + event.text
            marks += [event.signature] if event.signature else []
        elif isinstance(event, ToolBegan):
            calls[event.answer, event.index] = [event.id, event.name, ""]
        elif isinstance(event, ToolPiece):
            calls[event.answer, event.index][2] += event.arguments
        elif isinstance(event, Stopped):
            ends.append((event.answer, event.stop))
        elif isinstance(event, Counted):
            usage = event.usage
        elif isinstance(event, OpaquePiece | Broken):
            ends.append(type(event).__name__)
    return {
        "texts": texts,
        "thoughts": {answer: text for answer, text in thoughts.items() if text},
        "marks": marks,
        "calls": {
            place: (identity, name, _value(text)) for place, (identity, name, text) in calls.items()
        },
        "ends": ends,
        "usage": usage,
    }


def _value(arguments: str) -> Any:
    try:
        return json.loads(arguments or "{}")
    except ValueError:
        return arguments
