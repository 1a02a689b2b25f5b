from __future__ import annotations

from pathlib import Path

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from sensorium.observe import Observe
from tests.agent.conftest import Store, open_bench
from tests.agent.scenarios import link_fault

pytestmark = pytest.mark.xdist_group("agent")


def test_every_node_and_tool_call_is_a_span_in_the_genai_conventions_names(
    tmp_path: Path, link_store: Store
) -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    observe = Observe(tracer=provider.get_tracer("test"))
    with open_bench(link_fault(), tmp_path, store=link_store, observe=observe) as bench:
        incident_id = bench.investigate().incident.id
    spans = exporter.get_finished_spans()
    agents = {s.attributes["gen_ai.agent.name"] for s in spans if s.name.startswith("invoke_agent")}
    assert agents >= {
        "investigation", "orchestrate", "was_it_planned", "traffic", "log", "topology",
        "synthesize", "propose",
    }  # fmt: skip
    tools = [s for s in spans if s.name.startswith("execute_tool ")]
    assert {"execute_tool auth_events", "execute_tool dependencies"} <= {s.name for s in tools}
    for span in tools:
        assert span.attributes["gen_ai.operation.name"] == "execute_tool"
        assert span.attributes["gen_ai.tool.name"] == span.name.partition(" ")[2]
        assert span.attributes["gen_ai.conversation.id"] == incident_id
        assert str(span.attributes["sensorium.evidence.id"]).startswith("E-")
    parents = {s.context.span_id: s.name for s in spans}
    assert all(parents[s.parent.span_id].startswith("invoke_agent ") for s in tools)
