"""``/v1/chat/completions``, ``/v1/responses`` and ``/v1/messages``: chat in each door's dialect."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from sensorium.gateway.calls.ask import Ask
from sensorium.gateway.calls.rejection import RejectedError
from sensorium.gateway.calls.streamed import Streamed
from sensorium.gateway.dialect import BadRequestError
from sensorium.gateway.door.entrance import Entrance, forwarded, refused
from sensorium.gateway.door.exchange import EVENTS, JSON

if TYPE_CHECKING:
    from sensorium.gateway.access import Caller
    from sensorium.gateway.calls.gateway import Gateway
    from sensorium.gateway.calls.whole import Whole
    from sensorium.gateway.dialect import Dialect
    from sensorium.gateway.door.access_log import AccessLog
    from sensorium.gateway.door.door import Request

_NO_CACHE = (b"cache-control", b"no-cache")


class Chat:
    """The handler of one dialect's route."""

    def __init__(
        self, gateway: Gateway, entrance: Entrance, dialect: Dialect, log: AccessLog
    ) -> None:
        self._gateway = gateway
        self._entrance = entrance
        self._dialect = dialect
        self._log = log

    async def __call__(self, request: Request) -> None:
        """Authenticate, read, answer."""
        caller = await self._entrance.caller(request)
        body = await self._entrance.json(request)
        try:
            conversation = self._dialect.parse_request(body)
        except BadRequestError as error:
            raise refused(error) from None
        ask = Ask(
            request_id=request.id,
            caller=caller,
            conversation=conversation,
            started=request.started,
            dialect=self._dialect.name,
            body=body,
            task=request.header(b"x-sensorium-task") or _task(body),
            headers=forwarded(request),
            traceparent=request.header(b"traceparent"),
        )
        try:
            result = await self._gateway.chat(ask)
        except RejectedError as error:
            if error.facts is not None:
                self._log.call(error.facts, caller, error.status, time.monotonic(), asked=body)
            raise
        if isinstance(result, Streamed):
            await self._stream(request, caller, result, body)
        else:
            await self._whole(request, caller, result, body)

    async def _whole(
        self, request: Request, caller: Caller, whole: Whole, body: dict[str, Any]
    ) -> None:
        data = whole.body(self._dialect)
        await request.answer(200, data, [JSON, *whole.facts.headers(time.monotonic())])
        self._log.call(whole.facts, caller, 200, time.monotonic(), asked=body, answered=data)

    async def _stream(
        self, request: Request, caller: Caller, stream: Streamed, body: dict[str, Any]
    ) -> None:
        try:
            first = await stream.next()
            headers = [EVENTS, _NO_CACHE, *stream.facts.headers(time.monotonic())]
            await request.begin(200, headers, first or b"")
            while (data := await stream.next()) is not None:
                await request.more(data)
            await request.end()
        finally:
            await stream.close()
            self._log.call(stream.facts, caller, 200, time.monotonic(), asked=body)


def _task(body: dict[str, Any]) -> str:
    """What the call is declared to be for, where an SDK can only say it in ``metadata``."""
    metadata = body.get("metadata")
    task = metadata.get("sensorium_task") if isinstance(metadata, dict) else None
    return task[:100] if isinstance(task, str) else ""
