"""Adds up what a replay did, from the stores and the counters."""

from __future__ import annotations

import resource
from typing import TYPE_CHECKING

from sensorium.model.approval import ApprovalState
from sensorium.model.signals import Signal
from sensorium.pipeline.summary import Decision, Gate, IncidentLine, Intake, ReplayResult

if TYPE_CHECKING:
    from pathlib import Path

    from sensorium.detect import DetectConfig, DetectStats
    from sensorium.ingest.recording import Recording
    from sensorium.model.incident import Incident
    from sensorium.observe import Observe
    from sensorium.store.records import Records
    from sensorium.store.telemetry import TelemetryStore
    from sensorium.topology import Identities

_SOURCES = """
SELECT
    (SELECT uniqExact(sampler_address) FROM flows) AS exporters,
    (SELECT uniqExact(source_address) FROM logs) AS log_senders,
    (SELECT uniqExact(labels['instance']) FROM metrics) AS scrape_targets
"""
_MOST_NAMED = 4
SECOND = 1_000_000_000


def tally(
    *,
    recording: Recording,
    wall_s: float,
    detect: DetectConfig,
    data_dir: Path,
    observe: Observe,
    telemetry: TelemetryStore,
    records: Records,
    identities: Identities,
    stats: DetectStats,
) -> ReplayResult:
    """Sum up a replay that has finished and been flushed."""
    counts = stats.records
    sources = telemetry.query(_SOURCES).to_pylist()[0]
    total = sum(counts.values())
    manifest = recording.manifest
    incidents = sorted(records.incidents.list(limit=1000), key=lambda i: (i.start_ns, i.id))
    busy = [(incident.start_ns, incident.end_ns) for incident in incidents]
    window_ns = detect.window_seconds * 1_000_000_000
    return ReplayResult(
        intake=Intake(
            recording=manifest.name,
            started_ns=manifest.started_ns,
            ended_ns=manifest.ended_ns,
            flows=counts.get(Signal.FLOWS, 0),
            log_lines=counts.get(Signal.LOGS, 0),
            samples=counts.get(Signal.METRICS, 0),
            exporters=sources["exporters"],
            log_senders=sources["log_senders"],
            scrape_targets=sources["scrape_targets"],
            malformed=_malformed(observe),
            wall_s=wall_s,
            records_per_s=total / max(wall_s, 1e-9),
        ),
        gate=Gate(
            setting=detect.pass_rate,
            scored=stats.scored,
            passed=stats.passed,
            quiet_share=stats.quiet_rate(busy, window_ns),
        ),
        incidents=tuple(_line(incident, records, identities) for incident in incidents),
        data_dir=str(data_dir),
        peak_rss_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    )


def _malformed(observe: Observe) -> int:
    return round(
        sum(
            sample.value
            for family in observe.registry.collect()
            if family.name == "sensorium_ingest_dropped"
            for sample in family.samples
            if sample.name.endswith("_total")
        )
    )


def _line(incident: Incident, records: Records, identities: Identities) -> IncidentLine:
    entities = tuple(identities.name(host) or host for host in incident.hosts[:_MOST_NAMED])
    return IncidentLine(incident, entities, _decision(incident, records))


def _decision(incident: Incident, records: Records) -> Decision | None:
    for approval in records.approvals.of_incident(incident.id):
        action = records.actions.get(approval.action_digest)
        if approval.state is ApprovalState.PENDING and action is not None:
            return Decision(approval.id, action.title, action.target, action.commands, action.risk)
    return None
