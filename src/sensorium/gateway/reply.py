"""What a chat model answered, in no provider's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import Any

from sensorium.gateway.conversation import Part
from sensorium.gateway.record import record


class Stop(StrEnum):
    """Why a model stopped writing."""

    END = "end"
    LENGTH = "length"
    TOOL = "tool"
    SEQUENCE = "sequence"
    FILTER = "filter"
    REFUSAL = "refusal"
    PAUSE = "pause"


@record()
class Usage:
    """Tokens of one call. ``input`` holds all that was read, cached ones among them.

    ``cache_read`` and ``cache_write`` are the parts of ``input`` that were read from, or written
    to, a provider's prompt cache; ``reasoning`` is the part of ``output`` that was thought and not
    said. ``cache_write_long`` is the part of ``cache_write`` that is kept for an hour, which costs
    more. All are what the provider states; where it states none there is no ``Usage``.
    """

    input: int
    output: int
    cache_read: int = 0
    cache_write: int = 0
    reasoning: int = 0
    cache_write_long: int = 0

    @property
    def total(self) -> int:
        """All tokens read and written."""
        return self.input + self.output


@record()
class Answer:
    """One of the alternatives that were asked for; ``stop_sequence`` is the text that ended it."""

    parts: tuple[Part, ...]
    stop: Stop
    stop_sequence: str = ""
    extra: Mapping[str, Any] | None = None


@record(kw_only=True)
class Reply:
    """A whole answer. ``created`` is in seconds since 1970; ``extra`` as in a conversation."""

    id: str
    model: str
    answers: tuple[Answer, ...]
    usage: Usage | None
    created: int = 0
    dialect: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)
