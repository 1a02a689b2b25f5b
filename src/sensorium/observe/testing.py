"""A façade that keeps what was logged and traced, for tests."""

from __future__ import annotations

import logging
from collections.abc import MutableMapping
from typing import Any

import structlog
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from sensorium.observe.facade import Observe
from sensorium.observe.traces import trace_with


class RecordingObserve(Observe):
    """The real façade; ``entries`` are the log entries and ``spans`` the ended spans, in order."""

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []
        self._exporter = InMemorySpanExporter()
        tracing = trace_with(SimpleSpanProcessor(self._exporter))
        super().__init__(
            tracer=tracing.tracer,
            logger=structlog.wrap_logger(
                structlog.ReturnLogger(),
                processors=[structlog.processors.add_log_level, self._keep],
                wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
                cache_logger_on_first_use=False,
            ),
            on_close=tracing.close,
        )

    def _keep(self, _: Any, __: str, entry: MutableMapping[str, Any]) -> Any:
        self.entries.append(dict(entry))
        raise structlog.DropEvent

    @property
    def events(self) -> list[str]:
        """The logged messages alone."""
        return [entry["event"] for entry in self.entries]

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        """Spans that have ended."""
        return self._exporter.get_finished_spans()
