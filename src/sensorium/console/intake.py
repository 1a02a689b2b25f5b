"""What comes in over HTTP: metric samples, planned changes, and a replay's end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, HTTPException, Query, Request, Response

from sensorium.ingest.prometheus import Scrape

if TYPE_CHECKING:
    from sensorium.console.config import ConsoleConfig

_WAIT_S = 30.0


@dataclass(frozen=True, slots=True)
class Intake:
    """Where received things go. ``drain`` first empties the UDP sockets, so that nothing that
    was sent before a request is handled after it; ``busy`` says that senders should wait.
    """

    drain: Callable[[], None]
    busy: Callable[[], bool]
    scrape: Callable[[Scrape], None]
    calendar: Callable[[bytes], int]
    crontab: Callable[[str, bytes], int]
    deployments: Callable[[bytes], None]
    end: Callable[[int], None]


async def read_body(request: Request, limit: int) -> bytes:
    """The request's body; HTTPException 413 as soon as it is longer than ``limit`` bytes."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise HTTPException(413, f"a body may have {limit} bytes at most")
        chunks.append(chunk)
    return b"".join(chunks)


def intake_routes(intake: Intake, config: ConsoleConfig) -> APIRouter:
    """``POST /api/v1/import/prometheus``, ``/changes/...`` and ``/replay/end``."""
    router = APIRouter(prefix="/api/v1", tags=["intake"])

    async def room() -> None:
        waited = 0.0
        while intake.busy():
            if waited >= _WAIT_S:
                raise HTTPException(
                    429, "the pipeline is behind; send again later", {"Retry-After": "5"}
                )
            await asyncio.sleep(0.02)
            waited += 0.02

    @router.post("/import/prometheus", status_code=204)
    async def import_prometheus(
        request: Request,
        time_ns: Annotated[int, Query(gt=0, description="when it was scraped, Unix ns")],
        instance: Annotated[str, Query(max_length=256)],
        job: Annotated[str, Query(max_length=256)] = "import",
        status: Annotated[int, Query(ge=0, le=599)] = 200,
        duration_ns: Annotated[int, Query(ge=0)] = 0,
    ) -> Response:
        """Samples in the text exposition format, as if scraped from ``instance``."""
        body = await read_body(request, config.max_body_bytes)
        await room()
        intake.drain()
        intake.scrape(Scrape(time_ns, job, instance, status, body, duration_ns))
        return Response(status_code=204)

    @router.post("/changes/calendar")
    async def put_calendar(request: Request) -> dict[str, int]:
        """Replace the change calendar with this iCalendar (RFC 5545)."""
        return {"entries": intake.calendar(await read_body(request, config.max_body_bytes))}

    @router.post("/changes/crontab")
    async def put_crontab(
        request: Request, host: Annotated[str, Query(max_length=256)]
    ) -> dict[str, int]:
        """Replace what is known of a host's cron table (``/etc/crontab`` form)."""
        body = await read_body(request, config.max_body_bytes)
        return {"entries": intake.crontab(host, body)}

    @router.post("/changes/deployments", status_code=204)
    async def add_deployments(request: Request) -> Response:
        """Deployment events, one JSON object a line."""
        body = await read_body(request, config.max_body_bytes)
        intake.drain()
        intake.deployments(body)
        return Response(status_code=204)

    @router.post("/replay/end", status_code=204)
    async def replay_end(time_ns: Annotated[int, Query(gt=0)]) -> Response:
        """A replayed stream ended: its last windows may close."""
        intake.drain()
        intake.end(time_ns)
        return Response(status_code=204)

    return router
