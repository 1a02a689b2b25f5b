"""Suggested links over HTTP: for a node, for many, for somebody new, and scores of pairs."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final

import orjson
from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field

from sensorium.errors import UsageError
from sensorium.links.serving.config import LinksConfig
from sensorium.links.serving.served import NotReadyError, NotServedError, Served, Shelf

if TYPE_CHECKING:
    from sensorium.links.serving.explaining import Reasons
    from sensorium.links.serving.recommending import Suggestion
    from sensorium.observe import Observe

_PLAIN_QUERY: Final = re.compile(rb"(?:top=([1-9][0-9]{0,8}))?")
_BUCKETS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0, 5.0)


class _Body(BaseModel):
    """A request in JSON; what it does not know it refuses."""

    model_config = ConfigDict(extra="forbid")


class NodesAsked(_Body):
    """Suggestions for many nodes."""

    nodes: list[str] = Field(min_length=1)
    top: int = Field(5, ge=1)
    exclude: list[str] = []


class NewcomerAsked(_Body):
    """Suggestions for somebody who is not in the graph yet."""

    friends: list[str] = []
    features: list[str] = []
    top: int = Field(5, ge=1)
    exclude: list[str] = []


class PairsAsked(_Body):
    """Scores of pairs."""

    pairs: list[tuple[str, str]] = Field(min_length=1)


def link_routes(
    shelf: Shelf, config: LinksConfig, observe: Observe, clock_ns: Callable[[], int]
) -> APIRouter:
    """``/api/v1/links`` and below."""
    router = APIRouter(prefix="/api/v1/links", tags=["links"])
    asked = _Asked(shelf, config, observe, clock_ns)

    @router.get("")
    def list_graphs() -> Response:
        """The graphs that are ready, and how old their embeddings are."""
        return _json(
            {"graphs": [asked.about(name, one) for name, one in sorted(shelf.all().items())]}
        )

    # Answered on the loop: a turn of another thread would take longer than the answer.
    async def recommend(
        graph: str,
        node: str,
        top: Annotated[int, Query(ge=1)] = 5,
        exclude: Annotated[list[str] | None, Query()] = None,
        explain: bool = True,
    ) -> Response:
        """Whom or what a node is most likely to be tied to, the likeliest first."""
        return asked.recommend(graph, node, top, exclude or (), explain=explain)

    path = "/{graph}/recommendations/{node:path}"
    router.add_api_route(path, recommend, methods=["GET"], route_class_override=_Quick)

    @router.post("/{graph}/recommendations")
    def recommend_many(graph: str, body: NodesAsked) -> Response:
        """The same for many nodes; unknown ones are listed."""
        return asked.recommend_many(graph, body)

    @router.post("/{graph}/newcomers")
    def welcome(graph: str, body: NewcomerAsked) -> Response:
        """Suggestions from the ties and features of somebody who is not in the graph."""
        return asked.welcome(graph, body)

    @router.post("/{graph}/score")
    def score(graph: str, body: PairsAsked) -> Response:
        """A score and a probability for each pair."""
        return asked.score(graph, body)

    return router


class _Quick(APIRoute):
    """A route that is asked often: a query of nothing or ``top`` is read without its machinery."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """What answers; any other query goes the usual way, a wrong one to its usual end."""
        usual = super().get_route_handler()

        async def answer(request: Request) -> Response:
            plain = _PLAIN_QUERY.fullmatch(request.scope["query_string"])
            if plain is None:
                return await usual(request)
            given = {} if plain[1] is None else {"top": int(plain[1])}
            answered: Response = await self.endpoint(**request.path_params, **given)
            return answered

        return answer


class _Asked:
    """What a request comes to: limits, answers, and counts of both."""

    def __init__(
        self, shelf: Shelf, config: LinksConfig, observe: Observe, clock_ns: Callable[[], int]
    ):
        self._shelf = shelf
        self._config = config
        self._clock_ns = clock_ns
        labels = ("graph", "kind")
        self._seconds = observe.histogram(
            "sensorium_links_request_seconds", "Time to answer about links", labels, _BUCKETS
        )
        self._refused = observe.counter(
            "sensorium_links_refused", "Requests about links that were refused", ("reason",)
        )

    def recommend(
        self, graph: str, node: str, top: int, exclude: Sequence[str], *, explain: bool
    ) -> Response:
        """One node's suggestions."""
        began = time.perf_counter()
        served = self._served(graph)
        self._within(top, self._config.max_top, "top")
        self._within(len(exclude), self._config.max_batch, "names in exclude")
        try:
            found = served.recommender.recommend(node, top, exclude, explained=explain)
        except UsageError as error:
            raise self._no(404, "unknown node", error) from error
        body = {**self.about(graph, served), "node": node, "suggestions": _shown(found, explain)}
        self._seconds.labels(graph, "one").observe(time.perf_counter() - began)
        return _json(body)

    def recommend_many(self, graph: str, body: NodesAsked) -> Response:
        """Many nodes' suggestions."""
        began = time.perf_counter()
        served = self._served(graph)
        self._within(body.top, self._config.max_top, "top")
        self._within(len(body.nodes), self._config.max_batch, "nodes")
        self._within(len(body.exclude), self._config.max_batch, "names in exclude")
        recommender = served.recommender
        known = recommender.names.find(body.nodes) >= 0
        answers = [
            {
                "node": node,
                "suggestions": _shown(recommender.recommend(node, body.top, body.exclude)),
            }
            for node, here in zip(body.nodes, known, strict=True)
            if here
        ]
        unknown = [node for node, here in zip(body.nodes, known, strict=True) if not here]
        self._seconds.labels(graph, "many").observe(time.perf_counter() - began)
        return _json({**self.about(graph, served), "recommendations": answers, "unknown": unknown})

    def welcome(self, graph: str, body: NewcomerAsked) -> Response:
        """A newcomer's suggestions."""
        began = time.perf_counter()
        served = self._served(graph)
        self._within(body.top, self._config.max_top, "top")
        told = len(body.friends) + len(body.features) + len(body.exclude)
        self._within(told, self._config.max_batch, "names")
        try:
            found = served.recommender.welcome(body.friends, body.features, body.top, body.exclude)
        except UsageError as error:
            raise self._no(422, "unknown friend or feature", error) from error
        shown = [
            {"node": one.node, "probability": one.probability, **_reasons(one.reasons)}
            for one in found
        ]
        self._seconds.labels(graph, "newcomer").observe(time.perf_counter() - began)
        return _json({**self.about(graph, served), "suggestions": shown})

    def score(self, graph: str, body: PairsAsked) -> Response:
        """Scores of pairs."""
        began = time.perf_counter()
        served = self._served(graph)
        self._within(len(body.pairs), self._config.max_batch, "pairs")
        try:
            scores = served.recommender.score(body.pairs)
        except UsageError as error:
            raise self._no(422, "unusable pair", error) from error
        shown = [
            {"pair": pair, "score": score, "probability": chance}
            for pair, (score, chance) in zip(body.pairs, scores, strict=True)
        ]
        self._seconds.labels(graph, "score").observe(time.perf_counter() - began)
        return _json({**self.about(graph, served), "scores": shown})

    def about(self, graph: str, served: Served) -> dict[str, Any]:
        """What every answer begins with: of which version it is, and how old that is."""
        return {
            "graph": graph,
            "version": served.version,
            "trained_ns": served.trained_ns,
            "embeddings_age_seconds": round(served.age_s(self._clock_ns()), 3),
            "decomposed_ns": served.decomposed_ns,
        }

    def _served(self, graph: str) -> Served:
        try:
            return self._shelf.get(graph)
        except NotServedError as error:
            raise self._no(404, "unknown graph", error) from error
        except NotReadyError as error:
            raise self._no(503, "not ready", error) from error

    def _within(self, given: int, limit: int, what: str) -> None:
        if given > limit:
            raise self._no(422, "over a limit", f"{given:,} {what}: {limit:,} are allowed at most")

    def _no(self, status: int, reason: str, detail: object) -> HTTPException:
        self._refused.labels(reason).inc()
        return HTTPException(status, str(detail))


def _shown(found: list[Suggestion], explain: bool = True) -> list[dict[str, Any]]:
    return [
        {
            "node": one.node,
            "score": one.score,
            "probability": one.probability,
            **(_reasons(one.reasons) if explain else {}),
        }
        for one in found
    ]


def _reasons(reasons: Reasons) -> dict[str, Any]:
    return {
        "because": reasons.sentence,
        "mutual_friends": reasons.mutual,
        "some_mutual_friends": reasons.friends,
        "through": reasons.through,
        "shared_features": reasons.features,
    }


def _json(body: dict[str, Any]) -> Response:
    return Response(orjson.dumps(body), media_type="application/json")
