"""A bench: real stores, a real approval desk and a real investigator over a scenario."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from sensorium.agent import AgentDeps, InvestigationResult, Investigator, Names
from sensorium.approval import ApprovalDesk
from sensorium.observe import Observe
from sensorium.store.records import Records, RecordsConfig, open_records
from sensorium.store.telemetry import ClickHouseTelemetry, TelemetryConfig, open_telemetry
from tests.agent.scenarios import Scenario
from tests.agent.town import HOSTS, at

NOW = at(5000)


@dataclass
class Bench:
    """One investigator over one scenario's telemetry."""

    scenario: Scenario
    telemetry: ClickHouseTelemetry
    records: Records
    desk: ApprovalDesk
    observe: Observe
    investigator: Investigator
    clock: list[int]

    def investigate(self) -> InvestigationResult:
        """Run the scenario's incident."""
        s = self.scenario
        return self.investigator.investigate(s.incident, s.anomalies, s.until_ns)


@contextmanager
def open_bench(scenario: Scenario, folder: Path, *, fill: bool = True) -> Iterator[Bench]:
    """Open stores in ``folder``; with ``fill`` the telemetry is written to them first."""
    observe = Observe()
    telemetry = open_telemetry(TelemetryConfig(), observe, data_dir=folder)
    records = open_records(RecordsConfig(), observe, data_dir=folder)
    if fill:
        for signal, batch in scenario.town.batches():
            telemetry.insert(signal, batch)
        telemetry.flush()
    clock = [NOW]
    desk = ApprovalDesk(records, lambda: clock[0])
    deps = AgentDeps(
        telemetry=telemetry,
        records=records,
        desk=desk,
        observe=observe,
        names=lambda: Names({address: name for name, address in HOSTS.items()}),
        changes=lambda start, end: [
            c for c in scenario.changes if c.start_ns < end and c.end_ns > start
        ],
    )
    investigator = Investigator(deps, folder / "checkpoints.sqlite")
    try:
        yield Bench(scenario, telemetry, records, desk, observe, investigator, clock)
    finally:
        investigator.close()
        records.close()
        telemetry.close()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Callable[[Scenario], Bench]]:
    """Opens benches over scenarios and closes them after the test."""
    from contextlib import ExitStack

    with ExitStack() as stack:
        yield lambda scenario: stack.enter_context(open_bench(scenario, tmp_path))
