"""What is asked of a chat model, in no provider's words: the middle of every translation.

``extra`` of a part, message or tool holds the fields that only the dialect of its conversation (or
reply) knows, as they came: a cache mark, an annotation. They go on to a provider of that dialect
and to no other. Where :class:`Opaque` stands, the whole thing is only that dialect's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import Any, Final

from sensorium.gateway.record import record

_LONGEST_NAME: Final = 100


class Role(StrEnum):
    """Who says a message. Instructions are messages of ``SYSTEM``, wherever a dialect puts them."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


@record()
class Text:
    """Plain text."""

    text: str
    extra: Mapping[str, Any] | None = None


@record()
class Image:
    """A picture: ``data`` is base64 with its ``media_type``, or ``url`` says where it is."""

    media_type: str = ""
    data: str = ""
    url: str = ""
    detail: str = ""
    extra: Mapping[str, Any] | None = None


@record()
class Thinking:
    """A model's reasoning; ``signature`` lets its provider recognise it when it is sent back.

    A signature is written ``dialect:text``, so that it is shown to no other provider. One without
    text belongs to the next tool call of its message, or else to the text before it.
    """

    text: str
    signature: str = ""
    extra: Mapping[str, Any] | None = None


@record()
class ToolCall:
    """A model asks for a tool; ``arguments`` is JSON text as the model wrote it, or ``{}``."""

    id: str
    name: str
    arguments: str
    extra: Mapping[str, Any] | None = None


@record()
class ToolResult:
    """What a tool answered, for the call of that id."""

    call_id: str
    parts: tuple[Text | Image | Opaque, ...]
    is_error: bool = False
    extra: Mapping[str, Any] | None = None


@record()
class Opaque:
    """A part that only its own dialect can express: audio, a file, a server-side tool's trace.

    A renderer of another dialect refuses it with :class:`UntranslatableError`; it is never
    dropped silently.
    """

    dialect: str
    value: Mapping[str, Any]

    @property
    def what(self) -> str:
        """What a refusal calls it: its type, its role or, where it has neither, its fields."""
        for name in ("type", "role"):
            kind = self.value.get(name)
            if isinstance(kind, str):
                return kind[:_LONGEST_NAME]
        return ", ".join(self.value)[:_LONGEST_NAME]

    def said_in(self, dialect: str, api: str) -> dict[str, Any]:
        """As it is said in a dialect; ``UntranslatableError``, which names the API, where it is
        another's."""
        if self.dialect != dialect:
            raise UntranslatableError(f"{self.what} of {self.dialect} has no form in {api}")
        return dict(self.value)


Part = Text | Image | Thinking | ToolCall | ToolResult | Opaque


@record()
class Message:
    """One turn. Tool results are messages of ``TOOL`` that hold :class:`ToolResult` parts only."""

    role: Role
    parts: tuple[Part, ...]
    name: str = ""
    extra: Mapping[str, Any] | None = None


@record()
class Tool:
    """A function that the model may ask for; ``parameters`` is JSON Schema."""

    name: str
    description: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    strict: bool | None = None
    extra: Mapping[str, Any] | None = None


class Choice(StrEnum):
    """Whether tools may, must or must not be asked for."""

    AUTO = "auto"
    NONE = "none"
    REQUIRED = "required"


@record()
class Format:
    """Structured output: any JSON object, or (with ``schema``) one of that JSON Schema."""

    schema: Mapping[str, Any] | None = None
    name: str = ""
    strict: bool | None = None
    description: str = ""


@record(kw_only=True)
class Conversation:
    """One request to a chat model.

    ``None`` stands for "not said": the provider's own default applies. ``tool_choice`` is a
    :class:`Choice` or the name of the one tool to call. ``extra`` holds fields of the body that
    have no place here, as they came; they go on to a provider of the same ``dialect`` and to no
    other.
    """

    model: str
    messages: tuple[Message, ...]
    tools: tuple[Tool | Opaque, ...] = ()
    tool_choice: Choice | str | Opaque | None = None
    parallel_tool_calls: bool | None = None
    max_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    choices: int = 1
    format: Format | Opaque | None = None
    reasoning_effort: str | None = None
    thinking_budget: int | None = None
    user: str = ""
    stream: bool = False
    stream_usage: bool = False
    dialect: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def chooses_no_tools(self) -> bool:
        """Whether ``tool_choice`` says no more than that there are no tools to choose from.

        Some frameworks always send it; most APIs refuse it without tools.
        """
        return not self.tools and self.tool_choice in (Choice.AUTO, Choice.NONE)


class UntranslatableError(ValueError):
    """The request holds something that the chosen provider's dialect cannot express."""
