"""An event stream as the dialect reads it: one line of JSON for each message.

``{"event-type": NAME, "payload": OBJECT}``; NAME is the message's ``:event-type``, its
``:exception-type``, or for an error its ``:error-code`` with ``{"message": ...}`` made of its
``:error-message``.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from typing import Final

import orjson

from sensorium.gateway.provider import ProviderAnswer
from sensorium.gateway.providers.bedrock.eventstream import (
    EventStreamDecoder,
    EventStreamError,
    Message,
)
from sensorium.gateway.providers.failures import bad_answer

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9.]{0,99}")
_NAMED_BY: Final = {"event": ":event-type", "exception": ":exception-type", "error": ":error-code"}


class LinesAnswer:
    """A streamed answer whose chunks are whole lines."""

    def __init__(self, answer: ProviderAnswer) -> None:
        self._answer = answer

    @property
    def status(self) -> int:
        """2xx."""
        return self._answer.status

    @property
    def headers(self) -> Mapping[str, str]:
        """Lower-case names."""
        return self._answer.headers

    async def body(self) -> bytes:
        """All lines."""
        return b"".join([chunk async for chunk in self.chunks()])

    async def chunks(self) -> AsyncIterator[bytes]:
        """Lines as their messages are whole; raises ``CallFailedError``, also for a damaged one."""
        decoder = EventStreamDecoder()
        async for data in self._answer.chunks():
            lines = _lines(decoder, data)
            if lines:
                yield lines
        try:
            decoder.close()
        except EventStreamError as error:
            raise _unreadable(error) from None

    async def aclose(self) -> None:
        """Let go of the connection."""
        await self._answer.aclose()


def _lines(decoder: EventStreamDecoder, data: bytes) -> bytes:
    try:
        return b"".join([line(message) for message in decoder.feed(data)])
    except EventStreamError as error:
        raise _unreadable(error) from None


def line(message: Message) -> bytes:
    """One message; raises ``EventStreamError`` where it has no name or its payload is no JSON."""
    kind = message.text(":message-type")
    name = message.text(_NAMED_BY.get(kind, ""))
    if not _NAME.fullmatch(name):
        raise EventStreamError("a message does not say what it is")
    if kind == "error":
        payload = orjson.dumps({"message": message.text(":error-message")})
    else:
        try:
            # Written anew, since a payload may have line feeds between its tokens.
            payload = orjson.dumps(orjson.loads(message.payload or b"{}"))
        except orjson.JSONDecodeError:
            raise EventStreamError("a message is not JSON") from None
    return b'{"event-type":"%s","payload":%s}\n' % (name.encode(), payload)


def _unreadable(error: EventStreamError) -> Exception:
    return bad_answer(f"the provider's stream cannot be read: {error}", "eventstream")
