"""The spine: arrivals are decoded, kept, scored, grouped and reasoned about, in that order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sensorium.component import setting
from sensorium.model.signals import Signal

if TYPE_CHECKING:
    import pyarrow as pa

    from sensorium.detect import DetectionEngine
    from sensorium.incident import IncidentManager
    from sensorium.ingest.datagrams import DatagramDecoder
    from sensorium.ingest.prometheus import PrometheusDecoder
    from sensorium.model.incident import Incident
    from sensorium.observe import Observe
    from sensorium.pipeline.arrivals import Arrivals
    from sensorium.pipeline.changes import ChangeBook
    from sensorium.store.records import Records
    from sensorium.store.telemetry import TelemetryStore
    from sensorium.topology import EntityGraph, Identities

SECOND = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineConfig:
    """How far event time is kept behind arrival, so that stragglers still find their window."""

    syslog_ports: tuple[int, ...] = setting((514, 5514), "UDP ports whose datagrams are syslog")
    slack_s: int = setting(5, "seconds kept in hand for records that overtake each other", ge=0)
    rewarm_hours: float = setting(
        2.0, "hours of stored telemetry read back after a restart to rebuild baselines", ge=0
    )


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything one turn touches; made by :mod:`sensorium.app`."""

    observe: Observe
    netflow: DatagramDecoder
    syslog: DatagramDecoder
    prometheus: PrometheusDecoder
    changes: ChangeBook
    telemetry: TelemetryStore
    records: Records
    engine: DetectionEngine
    identities: Identities
    graph: EntityGraph
    incidents: IncidentManager
    investigate: Callable[[Incident, int], Incident]


class Pipeline:
    """Drives the parts. Not thread-safe: one thread calls it, turn after turn.

    Event time moves window by window, and each window's incidents are finished before the next
    is closed, so the outcome does not depend on how arrivals were divided into turns.
    """

    def __init__(self, parts: Parts, config: PipelineConfig, *, window_s: int, lateness_s: int):
        self._parts = parts
        self._config = config
        self._window_ns = window_s * SECOND
        self._behind_ns = (lateness_s + config.slack_s) * SECOND
        self._syslog_ports = np.array(config.syslog_ports, np.uint16)
        self.watermark_ns = 0
        self._rows = parts.observe.counter(
            "sensorium_records", "Records decoded, by signal", ("signal",)
        )
        self._event_time = parts.observe.gauge(
            "sensorium_event_time_seconds", "Event time up to which windows are closed"
        )
        self._lag = parts.observe.gauge(
            "sensorium_event_lag_seconds", "How far event time is behind the newest arrival"
        )

    def take(self, arrivals: Arrivals) -> None:
        """Decode, keep and score what arrived; then let event time follow."""
        parts = self._parts
        if arrivals.deployments:
            parts.changes.add_deployments(arrivals.deployments)
        datagrams = arrivals.datagrams
        if len(datagrams):
            is_syslog = np.isin(datagrams.dst_port, self._syslog_ports)
            self._keep(Signal.FLOWS, parts.netflow.decode(datagrams.select(~is_syslog)))
            self._keep(Signal.LOGS, parts.syslog.decode(datagrams.select(is_syslog)))
        if arrivals.scrapes:
            self._keep(Signal.METRICS, parts.prometheus.decode(arrivals.scrapes))
        self.advance(arrivals.through_ns - self._behind_ns)
        self._lag.set((arrivals.through_ns - self.watermark_ns) / SECOND)

    def advance(self, watermark_ns: int) -> None:
        """Close the windows that end by ``watermark_ns`` (Unix ns), oldest first."""
        last = watermark_ns // self._window_ns * self._window_ns
        if not self.watermark_ns:
            self.watermark_ns = last
        while self.watermark_ns < last:
            self._close(self.watermark_ns + self._window_ns)

    def finish(self, through_ns: int, settle_s: int) -> None:
        """Close every window of a stream that has ended at ``through_ns``, and settle the rest.

        For a recording; a live stream that stops keeps its last windows open for the restart.
        """
        self.advance(through_ns + self._behind_ns + (settle_s + 60) * SECOND)
        self._parts.telemetry.flush()

    def _keep(self, signal: Signal, batch: pa.RecordBatch) -> None:
        if not batch.num_rows:
            return
        parts = self._parts
        if signal is Signal.LOGS:
            batch = parts.engine.assign_templates(batch)
        self._rows.labels(signal.value).inc(batch.num_rows)
        parts.telemetry.insert(signal, batch)
        self.observe(signal, batch)

    def observe(self, signal: Signal, batch: pa.RecordBatch) -> None:
        """Let everything that learns from records see them, without keeping them again."""
        parts = self._parts
        parts.identities.observe(signal, batch)
        if signal is Signal.FLOWS:
            parts.graph.observe(batch)
        parts.engine.observe(signal, batch)

    def _close(self, end_ns: int) -> None:
        parts = self._parts
        anomalies = parts.engine.advance(end_ns)
        parts.incidents.changes = parts.changes.around(end_ns)
        updates = parts.incidents.fold(anomalies, end_ns)
        parts.records.anomalies.add_many(anomalies)
        for incident in updates.changed:
            parts.records.incidents.save(incident)
        self._investigate(updates.settled, end_ns)
        self.watermark_ns = end_ns
        parts.records.meta.set("watermark_ns", str(end_ns))
        self._event_time.set(end_ns / SECOND)

    def _investigate(self, settled: Sequence[Incident], until_ns: int) -> None:
        if not settled:
            return
        # The agent asks the store, so everything up to now must be there to be found.
        self._parts.telemetry.flush()
        for incident in settled:
            self._parts.incidents.concluded(self._parts.investigate(incident, until_ns))
