"""Stored flows over HTTP are those of the store, a minute at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from sensorium.cli.models.served_flows import ServedFlows
from sensorium.detect.testing import NS, START_NS, everyday, flow_batch
from sensorium.model.signals import Signal
from sensorium.pipeline.history import StoredFlows, in_steps


class _Asked:
    """What the command line asks a service with, over the test's client."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def get(self, path: str) -> Any:
        return self._client.get(f"/api/v1{path}").json()

    def content(self, path: str, **query: Any) -> bytes:
        answer = self._client.get(f"/api/v1{path}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.content


def test_what_a_service_gives_is_what_its_store_has(bench: Any) -> None:
    served, stored = ServedFlows(_Asked(bench.client)), StoredFlows(bench.telemetry)
    assert served.span() is None
    rng = np.random.default_rng(0)
    bench.telemetry.insert(Signal.FLOWS, flow_batch(everyday(rng, 90.0), rng))
    bench.telemetry.flush()
    span = stored.span()
    assert served.span() == span
    first, last = span
    asked = list(in_steps(served, first, last + 1 + 60 * NS))
    assert asked == list(in_steps(stored, first, last + 1 + 60 * NS))
    rows = pa.Table.from_batches([batch for _, batch in asked if batch is not None])
    counted = bench.telemetry.query("SELECT count() AS n FROM flows").to_pylist()[0]["n"]
    assert rows.num_rows == counted > 100
    assert asked[-1] == (last + 1 + 60 * NS, None)
    arrived = rows.column("time_received_ns").to_numpy()
    assert (np.diff(arrived) >= 0).all()


@pytest.mark.parametrize(
    ("start", "end"),
    [(0, 61 * NS), (5, 5), (START_NS, 0), (-1, 5), (0, 2**63), ("x", 5), ("", "")],
)
def test_a_stretch_that_cannot_be_asked_for_is_refused(bench: Any, start: Any, end: Any) -> None:
    answer = bench.client.get("/api/v1/flows", params={"start_ns": start, "end_ns": end})
    assert answer.status_code == 422
