"""Everything between arrivals and approvals, wired by hand."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from sensorium.agent import AgentDeps, Names, OnCall
from sensorium.app.inventory import WatchedInventory
from sensorium.approval import ApprovalDesk
from sensorium.config import Settings
from sensorium.detect import DetectionEngine
from sensorium.detect.engine import Witness
from sensorium.detect.models import ModelRegistry
from sensorium.incident import IncidentManager
from sensorium.incident.ranking.ranker import Ranker
from sensorium.ingest.changes import ChangeReader
from sensorium.ingest.netflow import NetflowDecoder
from sensorium.ingest.prometheus import PrometheusDecoder
from sensorium.ingest.sflow import SflowDecoder
from sensorium.ingest.syslog import SyslogDecoder
from sensorium.model.exporter import ExporterStatus
from sensorium.observe import Observe
from sensorium.pipeline.changes import ChangeBook
from sensorium.pipeline.inquest import Inquest
from sensorium.pipeline.templates import TemplateFile
from sensorium.pipeline.turn import Parts, Pipeline
from sensorium.store.ownership import unusable
from sensorium.store.records import Records, open_records
from sensorium.store.telemetry import ClickHouseTelemetry, open_telemetry
from sensorium.topology import EntityGraph, Identities

Clock = Callable[[], int]
"""The present in Unix nanoseconds."""


@dataclass(frozen=True, slots=True)
class Spine:
    """Everything between arrivals and approvals, wired; close it when done."""

    settings: Settings
    observe: Observe
    telemetry: ClickHouseTelemetry
    records: Records
    desk: ApprovalDesk
    changes: ChangeBook
    inventory: WatchedInventory
    identities: Identities
    graph: EntityGraph
    engine: DetectionEngine
    models: ModelRegistry
    incidents: IncidentManager
    ranker: Ranker
    inquest: Inquest
    templates: TemplateFile
    statuses: tuple[Callable[[], Sequence[ExporterStatus]], ...]
    pipeline: Pipeline

    def close(self) -> None:
        """Write everything down and release the stores; each, whatever fails before it."""
        with ExitStack() as closing:
            closing.callback(self.records.close)
            closing.callback(self.telemetry.close)
            closing.callback(self.inquest.close)
            self.templates.save()


def build_spine(
    settings: Settings,
    observe: Observe,
    clock: Clock = time.time_ns,
    *,
    reader: Witness | None = None,
) -> Spine:
    """Open the stores in ``settings.data_dir`` and wire the parts; nothing runs yet.

    ``reader`` is shown each window that was scored, before it is learned from. Raises
    SensoriumError where a store cannot be opened or an inventory read; then all is closed.
    """
    telemetry, records = _open_stores(settings, observe)
    try:
        return _wired(settings, observe, clock, reader, telemetry, records)
    except BaseException:
        telemetry.close()
        records.close()
        raise


def _wired(
    settings: Settings,
    observe: Observe,
    clock: Clock,
    reader: Witness | None,
    telemetry: ClickHouseTelemetry,
    records: Records,
) -> Spine:
    desk = ApprovalDesk(records, clock, settings.approval)
    identities, graph = Identities(), EntityGraph(window_ns=settings.topology.window_ns)
    changes = _changes(settings, telemetry, observe)
    files = settings.topology.inventory
    inventory = WatchedInventory(files, identities, telemetry, clock, observe)
    inquest = _inquest(settings, telemetry, records, desk, observe, identities, changes, inventory)
    models = ModelRegistry(settings.data_dir / "models", clock, observe)
    named = identities.name
    engine = DetectionEngine(settings.detect, observe, models=models, reader=reader, naming=named)
    incidents = IncidentManager(
        settings.incident, observe, identities, graph, behind=inventory.behind
    )
    ranker = Ranker(models, records, observe)
    decode = settings.ingest
    netflow, sflow = NetflowDecoder(decode.netflow, observe), SflowDecoder(decode.sflow, observe)
    parts = Parts(
        observe=observe,
        netflow=netflow,
        sflow=sflow,
        syslog=SyslogDecoder(decode.syslog, observe),
        prometheus=PrometheusDecoder(decode.prometheus, observe),
        changes=changes,
        telemetry=telemetry,
        records=records,
        engine=engine,
        identities=identities,
        graph=graph,
        incidents=incidents,
        investigate=inquest.investigate,
        order=ranker.order,
    )
    return Spine(
        settings=settings,
        observe=observe,
        telemetry=telemetry,
        records=records,
        desk=desk,
        changes=changes,
        inventory=inventory,
        identities=identities,
        graph=graph,
        engine=engine,
        models=models,
        incidents=incidents,
        ranker=ranker,
        inquest=inquest,
        templates=TemplateFile(netflow, settings.data_dir / "netflow-state.json", observe),
        statuses=(netflow.statuses, sflow.statuses),
        pipeline=_pipeline(parts, settings),
    )


def _inquest(
    settings: Settings,
    telemetry: ClickHouseTelemetry,
    records: Records,
    desk: ApprovalDesk,
    observe: Observe,
    identities: Identities,
    changes: ChangeBook,
    inventory: WatchedInventory,
) -> Inquest:
    deps = AgentDeps(
        telemetry=telemetry,
        records=records,
        desk=desk,
        observe=observe,
        config=settings.agent,
        names=lambda: _names(identities),
        changes=changes.between,
        cables=lambda: inventory.cables,
    )
    data = settings.data_dir
    return Inquest(OnCall(deps, data / "checkpoints.sqlite"), records, data / "briefs")


def _changes(settings: Settings, telemetry: ClickHouseTelemetry, observe: Observe) -> ChangeBook:
    reader = ChangeReader(settings.ingest.changes, observe)
    return ChangeBook(reader, telemetry, settings.data_dir / "changes", settings.changes)


def _pipeline(parts: Parts, settings: Settings) -> Pipeline:
    window_s, lateness_s = settings.detect.window_seconds, settings.detect.lateness_seconds
    return Pipeline(parts, settings.pipeline, window_s=window_s, lateness_s=lateness_s)


def _open_stores(settings: Settings, observe: Observe) -> tuple[ClickHouseTelemetry, Records]:
    data = settings.data_dir
    try:
        data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unusable(data, error) from error
    telemetry = open_telemetry(settings.store.telemetry, observe, data_dir=data)
    try:
        return telemetry, open_records(settings.store.records, observe, data_dir=data)
    except BaseException:
        telemetry.close()
        raise


def _names(identities: Identities) -> Names:
    known = identities.known()
    canonical = {alias: home for home in known for alias in identities.addresses(home)}
    return Names(names=known, canonical=canonical)
