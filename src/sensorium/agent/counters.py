"""What investigations count."""

from __future__ import annotations

from typing import Final

from sensorium.observe import Observe


class Counters:
    """The agent's metrics: what ended how, was asked, left out and dropped, and took how long."""

    def __init__(self, observe: Observe) -> None:
        self.ended: Final = observe.counter(
            "sensorium_agent_investigations", "Investigations by how they ended", ("state",)
        )
        self.left_out: Final = observe.counter(
            "sensorium_agent_anomalies_left_out",
            "Anomalies that investigations did not read one by one, since there were too many",
        )
        self.dropped: Final = observe.counter(
            "sensorium_agent_findings_dropped", "Findings left out of briefs", ("reason",)
        )
        self.seconds: Final = observe.histogram(
            "sensorium_agent_investigation_seconds", "Seconds an investigation ran"
        )
        self.asked: Final = observe.counter(
            "sensorium_agent_tool_calls",
            "Questions that investigations put to the store, by outcome",
            ("tool", "outcome"),
        )
