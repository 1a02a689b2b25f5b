"""The API over real stores, with an intake that notes what it is given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from sensorium.approval import ApprovalDesk
from sensorium.component import Health, HealthState
from sensorium.console.api import ConsoleDeps, build_api
from sensorium.console.config import ConsoleConfig
from sensorium.console.detect import DetectDeps
from sensorium.console.intake import Intake
from sensorium.detect.config import DetectConfig
from sensorium.detect.models import ModelRegistry
from sensorium.incident.labelling import LabelDesk
from sensorium.incident.ranking.ranker import Ranker
from sensorium.ingest.changes import ChangeReader, ChangesConfig
from sensorium.model.action import Action, RiskTier
from sensorium.model.approval import Approval
from sensorium.model.incident import Incident, IncidentKind, IncidentState, Severity, Verdict
from sensorium.observe import Observe
from sensorium.pipeline.exporters import ExporterReports
from sensorium.store.records import Records, RecordsConfig, open_records
from sensorium.store.telemetry import ClickHouseTelemetry, TelemetryConfig, open_telemetry
from sensorium.topology.answers import Topology
from sensorium.topology.config import TopologyConfig
from tests.console.detecting import scorers

NOW = 1_800_000_000_000_000_000


@dataclass
class Bench:
    """What a test of the API looks at."""

    client: TestClient
    observe: Observe
    records: Records
    desk: ApprovalDesk
    telemetry: ClickHouseTelemetry
    taken: list[Any]
    health: dict[str, Health]
    busy: bool = False
    exporters: ExporterReports = field(default_factory=lambda: ExporterReports((), {}))

    def propose(self) -> Approval:
        """An incident whose proposal waits for a person."""
        self.records.incidents.save(incident())
        return self.desk.request(action())


def incident() -> Incident:
    return Incident(
        id="INC-0123abcd",
        state=IncidentState.AWAITING_APPROVAL,
        severity=Severity.HIGH,
        verdict=Verdict.CONFIRMED,
        kind=IncidentKind.INTRUSION,
        title="Port scan from 10.0.0.9",
        start_ns=NOW - 60,
        end_ns=NOW,
        hosts=("10.0.0.9",),
        anomaly_ids=(),
        surprise=20.0,
    )


def action() -> Action:
    return Action(
        incident_id="INC-0123abcd",
        connector="manual",
        target="10.0.0.1",
        title="Isolate 10.0.0.9",
        commands=("nft add rule inet filter forward ip saddr 10.0.0.9 drop",),
        rollback=("nft flush chain inet filter forward",),
        risk=RiskTier.LOW,
        rationale="it scans",
    )


@pytest.fixture
def config() -> ConsoleConfig:
    return ConsoleConfig(port=0, max_body_bytes=1 << 20)


@pytest.fixture
def bench(tmp_path: Path, config: ConsoleConfig) -> Iterator[Bench]:
    observe = Observe()
    telemetry = open_telemetry(TelemetryConfig(), observe, data_dir=tmp_path)
    records = open_records(RecordsConfig(), observe, data_dir=tmp_path)
    desk = ApprovalDesk(records, lambda: NOW)
    found: list[Bench] = []
    taken: list[Any] = []
    intake = Intake(
        drain=lambda: None,
        busy=lambda: found[0].busy,
        scrape=taken.append,
        announce=taken.append,
        end=taken.append,
        look=lambda sent: ChangeReader(ChangesConfig(), observe).look(
            sent.kind, sent.content, sent.host
        ),
    )
    deps = ConsoleDeps(
        observe,
        records,
        telemetry,
        desk,
        LabelDesk(records, lambda: NOW),
        Ranker(ModelRegistry(tmp_path / "models", lambda: NOW, observe), records, observe),
        intake,
        health=lambda: found[0].health,
        exporters=lambda: found[0].exporters,
        topology=lambda until_ns: Topology.learnt(
            telemetry.query, TopologyConfig(), ["10.0.0.0/8"], until_ns
        ),
        detect=DetectDeps(scorers(), DetectConfig()),
    )
    client = TestClient(build_api(deps, config), base_url="http://127.0.0.1")
    health = {"pipeline": Health(HealthState.OK)}
    found.append(Bench(client, observe, records, desk, telemetry, taken, health))
    yield found[0]
    records.close()
    telemetry.close()
