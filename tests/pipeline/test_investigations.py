"""What becomes of the others when one investigation fails."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from sensorium.incident.urgency import worst_first
from sensorium.model.incident import Incident
from sensorium.observe import Observe
from sensorium.pipeline.config import PipelineConfig
from sensorium.pipeline.turn import Pipeline
from tests.pipeline.test_caseload import settled


def test_one_that_fails_does_not_take_the_others_along() -> None:
    asked: list[str] = []
    concluded: list[Incident] = []

    def investigate(incident: Incident, until_ns: int) -> Incident:
        asked.append(incident.id)
        if incident.id == "INC-00000002":
            raise RuntimeError("a bug")
        return incident

    parts: Any = SimpleNamespace(
        observe=Observe(),
        telemetry=SimpleNamespace(flush=lambda: None),
        incidents=SimpleNamespace(concluded=concluded.append),
        investigate=investigate,
        order=worst_first,
    )
    pipeline = Pipeline(parts, PipelineConfig(), window_s=10, lateness_s=0)
    incidents = [settled(number) for number in range(1, 5)]
    pipeline.investigate_later(incidents)
    with pytest.raises(RuntimeError, match="a bug"):
        pipeline.wait()
    assert asked == ["INC-00000001", "INC-00000002"]
    pipeline.wait()
    assert concluded == [incidents[0], *incidents[2:]]
    pipeline.wait()
    assert len(asked) == 4
