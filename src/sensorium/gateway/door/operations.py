"""``/healthz``, ``/readyz`` and ``/metrics``: for those who run the gateway."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import orjson

from sensorium.gateway.routing.breaker import Standing
from sensorium.observe.exposition import exposition

if TYPE_CHECKING:
    from sensorium.gateway.calls.parts import Parts
    from sensorium.gateway.door.door import Request
    from sensorium.observe import Observe


class Operations:
    """None of them tells a name that only a key could learn: they need none."""

    def __init__(self, parts: Parts, observe: Observe, is_draining: Callable[[], bool]) -> None:
        self._parts = parts
        self._observe = observe
        self._is_draining = is_draining

    async def healthz(self, request: Request) -> None:
        """The process answers."""
        await request.answer(200, b'{"status":"ok"}')

    async def readyz(self, request: Request) -> None:
        """Calls are taken: 503 while stopping. Says how many deployments are left alone."""
        now = self._parts.clock.now()
        groups = self._parts.router.groups.values()
        standings = [one.breaker.standing(now) for group in groups for one in group.deployments]
        cooling = sum(standing is not Standing.READY for standing in standings)
        draining = self._is_draining()
        body = {
            "status": "stopping" if draining else "ok",
            "models": len(groups),
            "deployments": len(standings),
            "cooling": cooling,
        }
        await request.answer(503 if draining else 200, orjson.dumps(body))

    async def metrics(self, request: Request) -> None:
        """All counters, in Prometheus' text format."""
        body, content_type = exposition(self._observe, request.header(b"accept"))
        await request.answer(200, body, [(b"content-type", content_type.encode("ascii"))])
