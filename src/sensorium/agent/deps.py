"""Everything the agent touches, handed in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sensorium.agent.naming import Names
from sensorium.agent.settings import AgentConfig
from sensorium.model.change import Change
from sensorium.observe import Observe

if TYPE_CHECKING:
    from sensorium.approval import ApprovalDesk
    from sensorium.store.records import Records
    from sensorium.store.telemetry import TelemetryStore


@dataclass(frozen=True, slots=True)
class AgentDeps:
    """What an investigation needs.

    ``names``, ``changes`` and ``cables`` are asked once, when an investigation starts; their
    answers go into its checkpoint, so that a restart does not change a case that has begun.
    ``changes`` is given a span of event time and answers with the occurrences that overlap it.
    ``cables`` tells what the inventory's cables are filed under in the telemetry store, empty where
    it tells of none.
    """

    telemetry: TelemetryStore
    records: Records
    desk: ApprovalDesk
    observe: Observe
    config: AgentConfig = field(default_factory=AgentConfig)
    names: Callable[[], Names] = Names
    changes: Callable[[int, int], Sequence[Change]] = lambda _start, _end: ()
    cables: Callable[[], str] = str
