"""What comes in over HTTP: metric samples, planned changes, and a replay's end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, HTTPException, Query, Request, Response
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from sensorium.ingest.prometheus import Scrape
from sensorium.pipeline.arrivals import Announcement, AnnouncementKind

if TYPE_CHECKING:
    from sensorium.console.config import ConsoleConfig
    from sensorium.ingest.changes import Reading

_WAIT_S = 30.0
_MOST_TOLD = 20


@dataclass(frozen=True, slots=True)
class Intake:
    """Where received things go. ``drain`` first empties the UDP sockets, so that nothing that
    was sent before a request is handled after it; ``busy`` says that senders should wait.
    """

    drain: Callable[[], None]
    busy: Callable[[], bool]
    scrape: Callable[[Scrape], None]
    announce: Callable[[Announcement], None]
    end: Callable[[int], None]
    look: Callable[[Announcement], Reading]


class NotUsed(BaseModel):
    """A line of an announcement that cannot be used. Lines count from 1; 0: it is not known."""

    line: int
    reason: str


class Announced(BaseModel):
    """What an announcement had: the entries that are used, and the first lines that are not."""

    entries: int = Field(description="how many entries are used")
    not_used: int = Field(description="how many cannot be used")
    problems: list[NotUsed]


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


async def _room(intake: Intake) -> None:
    """Wait until the pipeline can take more; 429 if that takes too long."""
    waited = 0.0
    while intake.busy():
        if waited >= _WAIT_S:
            raise HTTPException(
                429, "the pipeline is behind; send again later", {"Retry-After": "5"}
            )
        await asyncio.sleep(0.02)
        waited += 0.02


async def _announced(
    intake: Intake, kind: AnnouncementKind, content: bytes, host: str
) -> Announced:
    """Hand an announcement on and say what of it is used; HTTPException 422 where nothing is."""
    try:
        announcement = Announcement(kind, content, host)
    except ValueError as error:
        raise HTTPException(422, str(error)) from error
    reading = await run_in_threadpool(intake.look, announcement)
    if reading.is_useless:
        first = reading.problems[0]
        at = f"line {first.line}: " if first.line else ""
        raise HTTPException(422, f"nothing of the {kind.value} can be used: {at}{first.text}")
    intake.drain()
    intake.announce(announcement)
    problems = [NotUsed(line=one.line, reason=one.text) for one in reading.problems[:_MOST_TOLD]]
    return Announced(entries=reading.entries, not_used=len(reading.problems), problems=problems)


def intake_routes(intake: Intake, config: ConsoleConfig) -> APIRouter:
    """``POST /api/v1/import/prometheus``, ``/changes/...`` and ``/replay/end``."""
    router = APIRouter(prefix="/api/v1", tags=["intake"])

    @router.post("/import/prometheus", status_code=204)
    async def import_prometheus(
        request: Request,
        *,
        time_ns: Annotated[int, Query(gt=0, description="when it was scraped, Unix ns")],
        instance: Annotated[str, Query(max_length=256)],
        job: Annotated[str, Query(max_length=256)] = "import",
        status: Annotated[int, Query(ge=0, le=599)] = 200,
        duration_ns: Annotated[int, Query(ge=0)] = 0,
    ) -> Response:
        """Samples in the text exposition format, as if scraped from ``instance``."""
        body = await read_body(request, config.max_body_bytes)
        await _room(intake)
        intake.drain()
        intake.scrape(
            Scrape(
                time_ns=time_ns,
                job=job,
                instance=instance,
                status=status,
                body=body,
                duration_ns=duration_ns,
            )
        )
        return Response(status_code=204)

    @router.post("/changes/{kind}")
    async def announce(
        kind: AnnouncementKind,
        request: Request,
        host: Annotated[str, Query(max_length=253, description="whose cron table")] = "",
    ) -> Announced:
        """Planned changes.

        A calendar (iCalendar, RFC 5545) replaces the one sent before; a crontab (``/etc/crontab``
        form) that of its host; deployments (one JSON object a line) add up. What has nothing that
        can be used is refused, and what was announced before stands.
        """
        body = await read_body(request, config.max_body_bytes)
        return await _announced(intake, kind, body, host)

    @router.post("/replay/end", status_code=204)
    async def replay_end(time_ns: Annotated[int, Query(gt=0)]) -> Response:
        """A replayed stream ended: its last windows may close."""
        intake.drain()
        intake.end(time_ns)
        return Response(status_code=204)

    return router
