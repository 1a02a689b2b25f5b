"""A dialect: one way of writing a chat request and its answer. Each is a door, a provider, or both.

Rules for every member (the conformance suite in ``tests/gateway/dialects`` holds them to it):

- it MUST be pure: no I/O, no clock, no randomness; ids and times come in the values;
- parsing MUST accept what its specification allows, keep unknown top-level fields in ``extra`` and
  unknown parts as ``Opaque``, and raise :class:`BadRequestError`, with the field's path, for
  anything else;
- rendering a parsed value of the same dialect MUST give a body of the same meaning, unknown fields
  among it; rendering into another MUST raise ``UntranslatableError`` for what it cannot say, and
  for fields of ``extra`` that must not be lost (``dialects/demands.py``); it leaves out the others;
- a stream reader MUST give the same events however the bytes are divided, and hold no more than
  ``MAX_FRAME`` bytes of an unfinished frame.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol

from sensorium.gateway.conversation import Conversation
from sensorium.gateway.events import Event, Frame
from sensorium.gateway.failure import Failure
from sensorium.gateway.reply import Reply

MAX_FRAME: Final = 4 * 1024 * 1024


class BadRequestError(ValueError):
    """A body that is not what the dialect says; ``param`` is the path of the field at fault."""

    def __init__(self, message: str, param: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.param = param


class StreamReader(Protocol):
    """Reads a provider's stream. One per answer; ``feed`` then ``close``."""

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that these bytes complete."""

    def close(self) -> list[Frame]:
        """The rest; a ``Broken`` event where the final event never came."""


class StreamWriter(Protocol):
    """Writes a stream for a caller. One per answer."""

    def write(self, event: Event) -> bytes:
        """The bytes that say this event; empty where the dialect has nothing to say.

        Raises ``UntranslatableError`` for another dialect's ``OpaquePiece``.
        """


class Dialect(Protocol):
    """One way of writing requests and answers."""

    @property
    def name(self) -> str:
        """``openai_chat``, ``openai_responses``, ``anthropic``, ``gemini``, ``bedrock``."""

    def parse_request(self, body: Mapping[str, Any]) -> Conversation:
        """A door's reading of a caller's JSON body; raises ``BadRequestError``."""

    def render_request(self, conversation: Conversation) -> dict[str, Any]:
        """The body for a provider. ``conversation.model`` is the provider's name of the model."""

    def parse_reply(self, body: Mapping[str, Any]) -> Reply:
        """A provider's answer; raises ``CallFailedError`` (PROTOCOL) where it is none."""

    def render_reply(self, reply: Reply) -> dict[str, Any]:
        """The answer for a caller."""

    def parse_error(self, status: int, headers: Mapping[str, str], body: bytes) -> Failure:
        """Classify a provider's error answer; never raises, whatever the body is."""

    def render_error(self, status: int, failure_type: str, message: str, param: str = "") -> bytes:
        """An error body of this dialect's shape, for a caller."""

    def stream_reader(self) -> StreamReader:
        """A reader for one streamed answer."""

    def stream_writer(self, *, usage: bool) -> StreamWriter:
        """A writer for one streamed answer; ``usage`` says whether the caller asked for counts."""
