"""``POST /v1/embeddings``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import orjson

from sensorium.gateway.calls.ask import EmbeddingAsk
from sensorium.gateway.calls.rejection import RejectedError
from sensorium.gateway.dialect import BadRequestError
from sensorium.gateway.dialects.embeddings import parse_openai_request, render_openai_reply
from sensorium.gateway.door.entrance import Entrance, forwarded, refused
from sensorium.gateway.door.exchange import JSON

if TYPE_CHECKING:
    from sensorium.gateway.calls.gateway import Gateway
    from sensorium.gateway.door.access_log import AccessLog
    from sensorium.gateway.door.door import Request


class Embeddings:
    """OpenAI's shape, whoever embeds."""

    def __init__(self, gateway: Gateway, entrance: Entrance, log: AccessLog) -> None:
        self._gateway = gateway
        self._entrance = entrance
        self._log = log

    async def __call__(self, request: Request) -> None:
        """Authenticate, read, answer."""
        caller = await self._entrance.caller(request)
        body = await self._entrance.json(request)
        try:
            asked = parse_openai_request(body)
        except BadRequestError as error:
            raise refused(error) from None
        ask = EmbeddingAsk(
            request_id=request.id,
            caller=caller,
            request=asked,
            started=request.started,
            headers=forwarded(request),
            traceparent=request.header(b"traceparent"),
        )
        try:
            reply, facts = await self._gateway.embed(ask)
        except RejectedError as error:
            if error.facts is not None:
                self._log.call(error.facts, caller, error.status, time.monotonic(), asked=body)
            raise
        data = orjson.dumps(render_openai_reply(reply, asked.encoding))
        await request.answer(200, data, [JSON, *facts.headers(time.monotonic())])
        self._log.call(facts, caller, 200, time.monotonic(), asked=body)
