"""What a call leaves at a collector of traces and metrics, by the conventions' names."""

from __future__ import annotations

import asyncio
from typing import Any

from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from sensorium.observe import Observe
from sensorium.observe.meters import meter_with
from sensorium.observe.testing import RecordingObserve
from tests.gateway.served import model, provider, serving, settings
from tests.gateway.upstreams.openai import OpenAIEmulator
from tests.gateway.upstreams.server import serving as emulating

CHAT = "/v1/chat/completions"
ASKED = {"model": "m", "messages": [{"role": "user", "content": "one two"}]}


async def ask(observe: Observe, body: dict[str, Any], **headers: str) -> int:
    """One call; its answer's status."""
    async with emulating(OpenAIEmulator()) as upstream:
        given = settings(model("m", "up"), providers=(provider("up", upstream.url),))
        async with serving(given, upstream, observe=observe) as served:
            status, _, _ = await served.post(CHAT, body, **headers)
            return status


def test_a_span_is_a_part_of_the_callers_trace() -> None:
    observe = RecordingObserve()
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    assert asyncio.run(ask(observe, ASKED, traceparent=parent)) == 200
    (span,) = [one for one in observe.spans if one.name == "chat m"]
    assert span.parent is not None
    assert f"{span.context.trace_id:032x}" == "0af7651916cd43dd8448eb211c80319c"
    assert f"{span.parent.span_id:016x}" == "b7ad6b7169203331"


def test_a_parent_that_is_none_begins_a_new_trace() -> None:
    for parent in ("", "00-zz-11-01", "x" * 400, "00-" + "0" * 32 + "-" + "0" * 16 + "-01"):
        observe = RecordingObserve()
        asyncio.run(ask(observe, ASKED, traceparent=parent))
        (span,) = [one for one in observe.spans if one.name == "chat m"]
        assert span.parent is None


def test_genai_metrics_have_the_conventions_names_and_no_ids() -> None:
    reader = InMemoryMetricReader()
    observe = Observe(open_metering=lambda: meter_with(reader))
    asyncio.run(ask(observe, ASKED))
    asyncio.run(ask(observe, {**ASKED, "model": "a caller's free text"}))
    data = reader.get_metrics_data()
    assert data is not None
    found = {
        metric.name: metric
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }
    tokens = list(found["gen_ai.client.token.usage"].data.data_points)
    assert {point.attributes["gen_ai.token.type"] for point in tokens} == {"input", "output"}
    durations = list(found["gen_ai.client.operation.duration"].data.data_points)
    good = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "m",
        "gen_ai.provider.name": "openai",
        "gen_ai.response.model": "echo",
    }
    bad = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "",
        "error.type": "model_not_found",
    }
    assert [dict(point.attributes) for point in durations] == [good, bad]
    assert [point.count for point in durations] == [1, 1]
