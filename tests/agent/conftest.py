"""A bench: real stores, a real approval desk and a real investigator over a scenario."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from sensorium.agent import AgentDeps, InvestigationResult, Investigator, Names
from sensorium.approval import ApprovalDesk
from sensorium.observe import Observe
from sensorium.store.records import Records, RecordsConfig, open_records
from sensorium.store.telemetry import ClickHouseTelemetry as Store
from sensorium.store.telemetry import TelemetryConfig, open_telemetry
from tests.agent.scenarios import Scenario, link_fault
from tests.agent.town import HOSTS, at

NOW = at(5000)


@dataclass
class Bench:
    """One investigator over one scenario's telemetry."""

    scenario: Scenario
    telemetry: Store
    records: Records
    desk: ApprovalDesk
    observe: Observe
    deps: AgentDeps
    investigator: Investigator
    clock: list[int]

    def investigate(self) -> InvestigationResult:
        """Run the scenario's incident."""
        s = self.scenario
        return self.investigator.investigate(s.incident, s.anomalies, s.until_ns)


@contextmanager
def open_store(scenario: Scenario, folder: Path, *, fill: bool = True) -> Iterator[Store]:
    """The telemetry store in ``folder``; with ``fill`` the scenario is written to it first."""
    store = open_telemetry(TelemetryConfig(), Observe(), data_dir=folder)
    try:
        if fill:
            for signal, batch in scenario.town.batches():
                store.insert(signal, batch)
            store.flush()
        yield store
    finally:
        store.close()


@contextmanager
def open_bench(
    scenario: Scenario,
    folder: Path,
    *,
    fill: bool = True,
    store: Store | None = None,
    observe: Observe | None = None,
) -> Iterator[Bench]:
    """Open everything in ``folder``, or over a store that is open already."""
    observe, clock = observe or Observe(), [NOW]
    with ExitStack() as stack:
        telemetry = store or stack.enter_context(open_store(scenario, folder, fill=fill))
        records = open_records(RecordsConfig(), observe, data_dir=folder)
        stack.callback(records.close)
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
        stack.callback(investigator.close)
        yield Bench(scenario, telemetry, records, desk, observe, deps, investigator, clock)


@pytest.fixture(scope="module")
def link_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The link fault's telemetry, for all tests of a module that only read it."""
    with open_store(link_fault(), tmp_path_factory.mktemp("link")) as store:
        yield store


@pytest.fixture
def bench(tmp_path: Path, link_store: Store) -> Iterator[Bench]:
    """A bench over the link fault, with records and checkpoints of its own."""
    with open_bench(link_fault(), tmp_path, store=link_store) as opened:
        yield opened
