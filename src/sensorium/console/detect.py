"""Scoring over HTTP: rows in, a score and a tail probability of each out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from fastapi import APIRouter, HTTPException, Request, Response

from sensorium.console.detect_arrival import arrived, check_encoding, check_length, form_of
from sensorium.console.detect_openapi import ABOUT_MODELS, ABOUT_ONE_MODEL, ABOUT_SCORING
from sensorium.detect.serving.admission import Admission
from sensorium.detect.serving.answer import Answer, to_arrow, to_json
from sensorium.detect.serving.forms import Form, Said, read
from sensorium.detect.serving.refusal import RefusedError

if TYPE_CHECKING:
    from sensorium.detect.config import DetectConfig
    from sensorium.detect.serving.scorers import Scorers
    from sensorium.observe import Observe

_BUCKETS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0)
_LEVELS = ("0.0001", "0.001", "0.01", "0.1", "0.5")


@dataclass(frozen=True, slots=True)
class DetectDeps:
    """What rows are scored with; ``clock_s`` only ever goes forward."""

    scorers: Scorers
    config: DetectConfig
    clock_s: Callable[[], float] = time.monotonic


def detect_routes(deps: DetectDeps, observe: Observe) -> APIRouter:
    """``/api/v1/detect/score`` and ``/api/v1/detect/models``."""
    router = APIRouter(prefix="/api/v1/detect", tags=["detect"])
    desk = _Desk(deps, observe)

    @router.post("/score", **ABOUT_SCORING)
    async def score(request: Request) -> Response:
        """Score rows of columns: each by the rows before it, or by a trained model."""
        return await desk.score(request)

    @router.get("/models", **ABOUT_MODELS)
    def list_models() -> Response:
        """What there is to score with, and in which state it is."""
        return _json({"models": deps.scorers.models()})

    @router.get("/models/{name}", **ABOUT_ONE_MODEL)
    def show_model(name: str) -> Response:
        """All versions of one model."""
        try:
            return _json({"name": name, "versions": deps.scorers.model(name)})
        except RefusedError as refusal:
            raise desk.refused(refusal) from refusal

    return router


class _Desk:
    """Takes requests in, has them scored by threads of its own, and counts both."""

    def __init__(self, deps: DetectDeps, observe: Observe) -> None:
        self._scorers = deps.scorers
        self._config = deps.config.serving
        self._pass_rate = deps.config.pass_rate
        self._admission = Admission(self._config, deps.clock_s)
        self._threads = ThreadPoolExecutor(self._config.workers, thread_name_prefix="scoring")
        self._counts = _Counts(observe, self._admission)

    async def score(self, request: Request) -> Response:
        """Answer one request to score."""
        began = time.perf_counter()
        caller = request.client.host if request.client else ""
        try:
            with self._admission.request(caller) as held:
                form, wanted = form_of(request.headers)
                encoding = check_encoding(request.headers)
                check_length(request.headers, self._config)
                body = await arrived(request.stream(), held, self._config, encoding)
                said = Said(form, wanted, body, request.query_params.multi_items())
                with self._admission.turn():
                    loop = asyncio.get_running_loop()
                    answer, content, cpu_s = await loop.run_in_executor(
                        self._threads, self._work, said
                    )
        except RefusedError as refusal:
            raise self.refused(refusal) from refusal
        model = str(answer.about["model"])
        self._counts.answered(model, answer, answer.passed(self._pass_rate), cpu_s)
        self._counts.seconds.labels(model, wanted).observe(time.perf_counter() - began)
        return Response(content, media_type=wanted.value)

    def refused(self, refusal: RefusedError) -> HTTPException:
        """Count a refusal, and say it."""
        self._counts.refused.labels(refusal.reason).inc()
        headers = {}
        if refusal.retry_after_s:
            headers["Retry-After"] = str(max(1, -int(-refusal.retry_after_s // 1)))
        return HTTPException(refusal.status, str(refusal), headers)

    def _work(self, said: Said) -> tuple[Answer, bytes, float]:
        """Read, score and write, in a thread that nothing else waits for."""
        began = time.thread_time()
        answer = self._scorers.score(read(said, self._config))
        write = to_json if said.wanted is Form.JSON else to_arrow
        content = write(answer, self._pass_rate)
        return answer, content, time.thread_time() - began


class _Counts:
    """The metrics of scoring over HTTP."""

    def __init__(self, observe: Observe, admission: Admission) -> None:
        self.seconds = observe.histogram(
            "sensorium_detect_serving_request_seconds",
            "Time from a request's head to its answer",
            ("model", "format"),
            _BUCKETS,
        )
        self.refused = observe.counter(
            "sensorium_detect_serving_refused", "Requests to score that were refused", ("reason",)
        )
        self.rows = observe.counter(
            "sensorium_detect_serving_rows", "Rows that were judged", ("model",)
        )
        self.passed = observe.counter(
            "sensorium_detect_serving_passed_rows",
            "Rows whose tail probability is at most the pass rate",
            ("model",),
        )
        self.tails = observe.counter(
            "sensorium_detect_serving_tail_rows",
            "Rows whose tail probability is at most the label: a share of as much, without drift",
            ("model", "at_most"),
        )
        self.age = observe.gauge(
            "sensorium_detect_serving_model_age_seconds",
            "How old the model was that answered last",
            ("model",),
        )
        self.cpu = observe.counter(
            "sensorium_detect_serving_cpu_seconds",
            "Processor time of reading, scoring and writing",
            ("model",),
        )
        observe.gauge(
            "sensorium_detect_serving_requests", "Requests to score in progress"
        ).set_function(lambda: admission.requests)
        observe.gauge(
            "sensorium_detect_serving_scoring", "Requests being scored, or waiting for it"
        ).set_function(lambda: admission.scoring)
        observe.gauge(
            "sensorium_detect_serving_held_bytes", "Bytes of requests to score in hand"
        ).set_function(lambda: admission.bytes)

    def answered(self, model: str, answer: Answer, passed: int, cpu_s: float) -> None:
        """Count an answer's rows, and what they cost."""
        self.rows.labels(model).inc(int(answer.judged.sum()))
        self.passed.labels(model).inc(passed)
        self.cpu.labels(model).inc(cpu_s)
        for level in _LEVELS:
            self.tails.labels(model, level).inc(answer.passed(float(level)))
        age_s = answer.about["age_seconds"]
        if age_s is not None:
            self.age.labels(model).set(age_s)


def _json(body: dict[str, Any]) -> Response:
    return Response(orjson.dumps(body), media_type="application/json")
