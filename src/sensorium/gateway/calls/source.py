"""What comes from a provider that streams: frames, and what they used."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from sensorium.gateway.events import (
    Broken,
    Counted,
    Ended,
    Frame,
    Started,
    TextPiece,
    ThinkingPiece,
    ToolPiece,
)
from sensorium.gateway.failure import CallFailedError, Failure

if TYPE_CHECKING:
    from sensorium.gateway.dialect import Dialect
    from sensorium.gateway.provider import ProviderAnswer
    from sensorium.gateway.reply import Usage

_TAIL_S: Final = 0.25
# Events that say no more than that the provider took the request: an answer may still fail.
_BEFORE_CONTENT: Final = (Started, Broken)


class Source:
    """One streamed answer of a provider. ``close`` it always."""

    def __init__(self, answer: ProviderAnswer, dialect: Dialect) -> None:
        self._answer = answer
        self._chunks = answer.chunks()
        self._reader = dialect.stream_reader()
        self.usage: Usage | None = None
        self.seen = 0  # characters of the answer
        self.ended = False
        self.failure: Failure | None = None
        self._done = False

    @property
    def done(self) -> bool:
        """Whether nothing more will come."""
        return self._done

    async def begin(self) -> list[Frame]:
        """The frames up to the first with content; raises ``CallFailedError`` if none comes.

        Until then nothing was passed on, so that another deployment can still answer.
        """
        held: list[Frame] = []
        while not self._done:
            frames = await self.read()
            held += frames
            if any(
                not isinstance(event, _BEFORE_CONTENT) for frame in frames for event in frame.events
            ):
                break
        if self.failure is not None and not self.seen:
            raise CallFailedError(self.failure)
        return held

    async def read(self) -> list[Frame]:
        """The next frames, at least one; none at the end. Never raises a provider's failure."""
        while not self._done:
            try:
                data = await anext(self._chunks)
            except StopAsyncIteration:
                self._done = True
                frames = self._reader.close()
            except CallFailedError as error:
                self._done = True
                frames = [Frame(b"", (Broken(error.failure),))]
            else:
                frames = self._reader.feed(data)
            if frames:
                self._note(frames)
                return frames
        return []

    def break_off(self, failure: Failure) -> None:
        """Read no further: what came cannot be told to the caller."""
        self.failure = failure
        self.ended = False
        self._done = True

    async def close(self) -> None:
        """Let go of the connection.

        After the final event the little that follows it is read, so that it can be used again.
        """
        self._done = True
        try:
            if self.ended:
                async with asyncio.timeout(_TAIL_S):
                    async for _ in self._chunks:
                        pass
        except (CallFailedError, TimeoutError):
            pass  # the answer was whole; the connection is closed then, and that is all
        finally:
            await self._answer.aclose()

    def _note(self, frames: list[Frame]) -> None:
        for frame in frames:
            for event in frame.events:
                kind = type(event)
                if kind is TextPiece or kind is ThinkingPiece:
                    self.seen += len(event.text)  # type: ignore[union-attr]  # told by kind
                elif kind is ToolPiece:
                    self.seen += len(event.arguments)  # type: ignore[union-attr]  # told by kind
                elif isinstance(event, Counted | Started):
                    self.usage = event.usage or self.usage
                elif kind is Ended:
                    self.ended = self._done = True
                elif isinstance(event, Broken):
                    self.failure = event.failure
                    self._done = True
