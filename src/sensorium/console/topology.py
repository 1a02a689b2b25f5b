"""The topology over HTTP: what is connected to what, what a loss would take, and a picture."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Response

from sensorium.errors import UsageError
from sensorium.moments import moment_ns
from sensorium.topology.survey import LATEST_NS

if TYPE_CHECKING:
    from sensorium.links.network.graph import Ask
    from sensorium.topology.answers import Topology

Until = Annotated[str, Query(max_length=40, description="as 2026-11-28T12:00Z; else the latest")]
Name = Annotated[str, Query(min_length=1, max_length=253)]


def topology_routes(learn: Callable[[int], Topology], ask: Ask) -> APIRouter:
    """``GET /api/v1/topology`` and below.

    ``learn`` asks the store about the hours before a time in Unix ns, and ``ask`` asks it anything;
    one request at a time does, since each takes memory by the number of uses in the span.
    """
    router = APIRouter(prefix="/api/v1", tags=["topology"])
    turn = threading.Lock()

    def asked(question: Callable[[Topology], Any], until: str) -> Any:
        until_ns = moment_ns(until) if until else LATEST_NS
        with turn:
            try:
                return question(learn(until_ns))
            except UsageError as error:
                raise HTTPException(404, str(error)) from error

    @router.get("/topology")
    def show(until: Until = "") -> dict[str, Any]:
        """Every node, the most critical first, and every link."""
        answer: dict[str, Any] = asked(lambda t: t.show(), until)
        return answer

    @router.get("/topology/drawing")
    def drawing(most: Annotated[int, Query(ge=1, le=2000)] = 300, until: Until = "") -> Response:
        """The same as an SVG picture, with ``most`` nodes drawn one by one."""
        from sensorium.topology.drawing import picture

        text = picture(asked(lambda t: t.show(), until), most)
        return Response(text, media_type="image/svg+xml")

    @router.get("/topology/impact")
    def impact(node: Name, until: Until = "") -> dict[str, Any]:
        """What is lost if a node fails, an interface (``NODE#NAME``) or all links of a site."""
        answer: dict[str, Any] = asked(lambda t: t.impact(node), until)
        return answer

    @router.get("/topology/path")
    def path(one: Name, other: Name, until: Until = "") -> dict[str, Any]:
        """The way between two nodes, and which of them depends on the other."""
        answer: dict[str, Any] = asked(lambda t: t.path(one, other), until)
        return answer

    @router.get("/topology/unseen")
    def never_seen(
        most: Annotated[int, Query(ge=1, le=10_000, description="list so many")] = 20,
        least: Annotated[float, Query(gt=0, le=1, description="the least likelihood")] = 0.5,
        days: Annotated[float, Query(gt=0, le=3650, description="of so many days")] = 1.0,
    ) -> dict[str, Any]:
        """Services that a host has never used although hosts like it do, the likeliest first."""
        from sensorium.topology.unseen import unseen

        with turn:
            return unseen(ask, days=days, least=least, most=most)

    return router
