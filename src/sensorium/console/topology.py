"""The topology over HTTP: what is connected to what, what a loss would take, and a picture."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Response

from sensorium.errors import UsageError

if TYPE_CHECKING:
    from sensorium.topology.answers import Topology

Name = Annotated[str, Query(min_length=1, max_length=253)]


def topology_routes(learn: Callable[[], Topology]) -> APIRouter:
    """``GET /api/v1/topology`` and below.

    ``learn`` asks the store; one request at a time does, since each takes memory by the number of
    uses in the span.
    """
    router = APIRouter(prefix="/api/v1", tags=["topology"])
    turn = threading.Lock()

    def asked(question: Callable[[Topology], Any]) -> Any:
        with turn:
            try:
                return question(learn())
            except UsageError as error:
                raise HTTPException(404, str(error)) from error

    @router.get("/topology")
    def show() -> dict[str, Any]:
        """Every node, the most critical first, and every link."""
        answer: dict[str, Any] = asked(lambda t: t.show())
        return answer

    @router.get("/topology/drawing")
    def drawing(most: Annotated[int, Query(ge=1, le=2000)] = 300) -> Response:
        """The same as an SVG picture, with ``most`` nodes drawn one by one."""
        from sensorium.topology.drawing import picture

        text = picture(asked(lambda t: t.show()), most)
        return Response(text, media_type="image/svg+xml")

    @router.get("/topology/impact")
    def impact(node: Name) -> dict[str, Any]:
        """What is lost if a node fails, named by name or address."""
        answer: dict[str, Any] = asked(lambda t: t.impact(node))
        return answer

    @router.get("/topology/path")
    def path(one: Name, other: Name) -> dict[str, Any]:
        """The way between two nodes, and who of them depends on the other."""
        answer: dict[str, Any] = asked(lambda t: t.path(one, other))
        return answer

    return router
