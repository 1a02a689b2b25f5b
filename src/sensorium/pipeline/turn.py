"""The spine: arrivals are decoded, kept, scored, grouped and reasoned about, in that order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow.compute as pc

from sensorium.incident.urgency import worst_first
from sensorium.ingest.sniff import priority_datagrams, sflow_datagrams
from sensorium.model.signals import Signal
from sensorium.pipeline.caseload import Caseload
from sensorium.pipeline.config import PipelineConfig
from sensorium.pipeline.history import ARRIVAL, STEP_NS
from sensorium.store.errors import StoreWriteError

if TYPE_CHECKING:
    import pyarrow as pa

    from sensorium.detect import DetectionEngine
    from sensorium.incident import IncidentManager, IncidentUpdates
    from sensorium.incident.keeping import Kept, News
    from sensorium.ingest.datagrams import DatagramDecoder
    from sensorium.ingest.journal import Segment
    from sensorium.ingest.prometheus import PrometheusDecoder
    from sensorium.ingest.sflow import SflowDecoder
    from sensorium.ingest.syslog import SyslogDecoder
    from sensorium.model.anomaly import Anomaly
    from sensorium.model.incident import Incident
    from sensorium.observe import Observe
    from sensorium.pipeline.arrivals import Arrivals
    from sensorium.pipeline.changes import ChangeBook
    from sensorium.store.records import Records
    from sensorium.store.telemetry import ClickHouseTelemetry
    from sensorium.topology import EntityGraph, Identities

SECOND = 1_000_000_000
WATERMARK = "watermark_ns"
"""The meta key under which the last closed window's end is kept."""
# By then every incident has settled, with any settings that are in use.
_LONG_EMPTY_NS: Final = 6 * 3600 * SECOND


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything one turn touches; made by :mod:`sensorium.app`. ``order`` says which incidents
    are investigated first where they are more than one window's."""

    observe: Observe
    netflow: DatagramDecoder
    sflow: SflowDecoder
    syslog: SyslogDecoder
    prometheus: PrometheusDecoder
    changes: ChangeBook
    telemetry: ClickHouseTelemetry
    records: Records
    engine: DetectionEngine
    identities: Identities
    graph: EntityGraph
    incidents: IncidentManager
    investigate: Callable[[Incident, int], Incident]
    order: Callable[[Iterable[Incident]], list[Incident]] = worst_first


class Pipeline:
    """Drives the parts. Not thread-safe: one thread calls it, turn after turn.

    Event time moves window by window, and each window's incidents are finished before the next
    is closed, so the outcome does not depend on how arrivals were divided into turns.

    ``meanwhile`` is called after each window and each investigation, which may take a second: what
    arrived by then can be kept with :meth:`keep`, so that a storm of incidents does not keep
    telemetry waiting. It must not raise.
    """

    def __init__(self, parts: Parts, config: PipelineConfig, *, window_s: int, lateness_s: int):
        self._parts = parts
        self._config = config
        self._window_ns = window_s * SECOND
        self.behind_ns = (lateness_s + config.slack_s) * SECOND
        self._syslog_ports = np.array(config.syslog_ports, np.uint16)
        self._caseload = Caseload(parts.observe, config.investigations_per_window, parts.order)
        self._log = parts.observe.logger("pipeline")
        self._judged: _Judged | None = None
        self.watermark_ns = 0
        self.meanwhile: Callable[[], None] = _nothing
        self._through_ns = self._empty_ns = 0
        self._rows = parts.observe.counter(
            "sensorium_records", "Records decoded, by signal", ("signal",)
        )
        self._event_time = parts.observe.gauge(
            "sensorium_event_time_seconds", "Event time up to which windows are closed"
        )
        self._early = parts.observe.counter(
            "sensorium_windows_closed_early",
            "Windows closed before stragglers could come, for want of memory",
        )
        self._unscored = parts.observe.counter(
            "sensorium_records_unscored",
            "Records stored and not scored, by signal: windows could not be put on record, and "
            "what waited for them took all the memory it may",
            ("signal",),
        )
        self._told_before = parts.observe.counter(
            "sensorium_anomalies_told_before",
            "Anomalies of a window, detector and entity that one is on record of already, as where "
            "the clock was set back; not told again",
        )
        self._lag = parts.observe.gauge(
            "sensorium_event_lag_seconds", "How far event time is behind the newest arrival"
        )

    def take(self, arrivals: Arrivals) -> None:
        """Decode, keep and score what arrived; then let event time follow."""
        self.keep(arrivals)
        if not arrivals.through_ns:
            return
        self.advance(self._through_ns - self.behind_ns)
        self._close_early()
        self._lag.set(self.lag_s)

    @property
    def lag_s(self) -> float:
        """Seconds that event time is behind the newest arrival."""
        return max(self._through_ns - self.watermark_ns, 0) / SECOND

    @property
    def is_full(self) -> bool:
        """Whether the records that wait for their window take more than they may."""
        return self._parts.engine.waiting_bytes > self._config.max_waiting_bytes

    def keep(self, arrivals: Arrivals) -> None:
        """Decode, keep and score what arrived; no window is closed."""
        parts = self._parts
        for announcement in arrivals.announcements:
            parts.changes.take(announcement)
        datagrams = arrivals.datagrams
        if len(datagrams):
            is_syslog = np.isin(datagrams.dst_port, self._syslog_ports)
            is_syslog |= priority_datagrams(datagrams)
            is_sflow = ~is_syslog & sflow_datagrams(datagrams)
            is_netflow = ~is_syslog & ~is_sflow
            self._keep(Signal.FLOWS, parts.netflow.decode(datagrams.select(is_netflow)))
            samples = parts.sflow.decode(datagrams.select(is_sflow))
            self._keep(Signal.FLOWS, samples.flows)
            self._keep(Signal.METRICS, samples.metrics)
            self._keep(Signal.LOGS, parts.syslog.decode(datagrams.select(is_syslog)))
        if len(arrivals.flow_messages):
            self._keep(Signal.FLOWS, parts.netflow.decode(arrivals.flow_messages))
        if len(arrivals.messages):
            self._keep(Signal.LOGS, parts.syslog.decode_messages(arrivals.messages))
        if arrivals.scrapes:
            self._keep(Signal.METRICS, parts.prometheus.decode(arrivals.scrapes))
        for segment in arrivals.segments:
            self._keep_segment(segment)
        self._through_ns = max(self._through_ns, arrivals.through_ns)

    def advance(self, watermark_ns: int) -> None:
        """Close the windows that end by ``watermark_ns`` (Unix ns), oldest first.

        Where nothing came for hours, as of a clock that was set forward by a year, what is left of
        that time is one step: each window is a transaction, and telemetry would wait for them all.
        """
        last = watermark_ns // self._window_ns * self._window_ns
        if not self.watermark_ns:
            self.watermark_ns = last
        while self.watermark_ns < last:
            waiting_ns = self._parts.engine.waiting_ns
            empty = waiting_ns is None or waiting_ns > self.watermark_ns
            self._empty_ns = self._empty_ns + self._window_ns if empty else 0
            end_ns = self.watermark_ns + self._window_ns
            if self._empty_ns > _LONG_EMPTY_NS and not self._caseload:
                end_ns = last if waiting_ns is None else max(end_ns, min(last, waiting_ns))
            self._close(end_ns)
            self.meanwhile()

    def _close_early(self) -> None:
        """Close windows that have ended although stragglers may come, until those that wait take
        no more than they may: memory is bounded however much arrives."""
        while self.is_full and self.watermark_ns + self._window_ns <= self._through_ns:
            self._early.inc()
            self.advance(self.watermark_ns + self._window_ns)

    def finish(self, through_ns: int, settle_s: int) -> None:
        """Close every window of a stream that has ended at ``through_ns``, and settle the rest.

        For a recording; a live stream that stops keeps its last windows open for the restart.
        """
        self.advance(through_ns + self.behind_ns + (settle_s + 60) * SECOND)
        while self._investigate(self.watermark_ns):
            pass
        self._parts.telemetry.flush()

    def wind_up(self, settle_s: int) -> None:
        """Judge all that waits and settle every incident, before event time goes back."""
        self.finish(max(self._through_ns, self.watermark_ns), settle_s)
        # What was kept while incidents were investigated has been waiting, and the rest can wait.
        meanwhile, self.meanwhile = self.meanwhile, _nothing
        try:
            self.finish(self.watermark_ns, settle_s)
        finally:
            self.meanwhile = meanwhile

    def go_back(self, until_ns: int) -> int:
        """Let event time go on from the window that ``until_ns`` (Unix ns) is in, whose start is
        returned; call between :meth:`wind_up` and :meth:`relearn`."""
        self._parts.incidents.forget()
        self._through_ns = self._empty_ns = 0
        return until_ns // self._window_ns * self._window_ns

    def relearn(self, until_ns: int, batches: Iterable[tuple[Signal, pa.RecordBatch]]) -> int:
        """Learn again from stored rows in order of arrival, a step of
        :mod:`~sensorium.pipeline.history` after the other; returns how many there were.

        Windows up to ``until_ns`` were judged before the restart and are not judged again. Where
        what was known was taken over before, rows of windows that it knows teach nothing.
        """
        engine = self._parts.engine
        rows = newest_ns = 0
        for signal, stored in batches:
            batch = engine.assign_templates(stored) if signal is Signal.LOGS else stored
            rows += batch.num_rows
            self._observe(signal, batch, again=True)
            newest_ns = max(newest_ns, pc.max(batch.column(ARRIVAL[signal])).as_py())
            # What is to come arrived in the same step or later. Hours would not fit into memory.
            engine.advance(min(newest_ns - STEP_NS - self.behind_ns, until_ns))
        engine.advance(until_ns)
        self.watermark_ns = until_ns
        self._event_time.set(until_ns / SECOND)
        return rows

    def restore_templates(self, templates: pa.Table) -> None:
        """Take over the log templates of the store, before :meth:`relearn`."""
        self._parts.engine.restore_templates(templates)

    def restore(self, incidents: Sequence[Incident], anomalies: Sequence[Anomaly]) -> None:
        """Take over incidents after a restart, where only they and anomalies are on record."""
        parts = self._parts
        parts.identities.advance(self.watermark_ns)
        parts.graph.advance(self.watermark_ns)
        parts.incidents.changes = parts.changes.around(self.watermark_ns)
        parts.incidents.restore(incidents, anomalies)

    def resume(
        self, kept: Kept, incidents: Sequence[Incident], anomalies: Sequence[Anomaly]
    ) -> None:
        """Let grouping go on as if there had been no restart; StateError where it cannot, and then
        nothing is changed."""
        parts = self._parts
        parts.incidents.changes = parts.changes.around(self.watermark_ns)
        parts.incidents.resume(kept, incidents, anomalies)

    def investigate_later(self, incidents: Iterable[Incident]) -> None:
        """Investigate these after the next windows, as many at a time as any."""
        self._caseload.add(incidents)

    def concluded(self, incident: Incident) -> None:
        """Take over what an investigation or a person decided."""
        self._parts.incidents.concluded(incident)

    def _keep(self, signal: Signal, batch: pa.RecordBatch) -> None:
        if batch.num_rows:
            self._observe(signal, self._store(signal, batch, self._parts.telemetry.insert))

    def _keep_segment(self, segment: Segment) -> None:
        """Keep and score rows that were acknowledged; the journal lets go of what is stored."""
        left = len(segment.rows)

        def stored() -> None:
            nonlocal left
            left -= 1
            if not left:
                segment.stored()

        insert = partial(
            self._parts.telemetry.insert_once,
            token=segment.token,
            accepted_ns=segment.opened_ns,
            stored=stored,
        )
        try:
            kept = [(signal, self._store(signal, rows, insert)) for signal, rows in segment.rows]
        except Exception:
            segment.failed()
            raise
        for signal, batch in kept:
            self._observe(signal, batch)

    def _store(
        self,
        signal: Signal,
        batch: pa.RecordBatch,
        insert: Callable[[Signal, pa.RecordBatch], None],
    ) -> pa.RecordBatch:
        parts = self._parts
        if signal is Signal.LOGS:
            batch = parts.engine.assign_templates(batch)
            templates = parts.engine.new_templates()
            if templates.num_rows:
                parts.telemetry.insert_templates(templates)
        self._rows.labels(signal.value).inc(batch.num_rows)
        insert(signal, batch)
        return batch

    def _observe(self, signal: Signal, batch: pa.RecordBatch, *, again: bool = False) -> None:
        parts = self._parts
        if self._judged is not None and self.is_full and not again:
            # No window can close until the one before is on record, so nothing makes room.
            self._unscored.labels(signal.value).inc(batch.num_rows)
            return
        parts.identities.observe(signal, batch)
        if signal is Signal.FLOWS:
            parts.graph.observe(batch)
        parts.engine.observe(signal, batch, again=again)

    def _close(self, end_ns: int) -> None:
        parts = self._parts
        if self._judged is None:
            anomalies = self._untold(parts.engine.advance(end_ns))
            parts.incidents.changes = parts.changes.around(end_ns)
            updates = parts.incidents.fold(anomalies, end_ns)
            self._judged = _Judged(anomalies, updates, parts.incidents.news())
        # Where the records cannot be written, the next turn tries again with what was found.
        updates = self._keep_judged(self._judged, end_ns)
        self._judged = None
        parts.graph.gather(end_ns)
        self.watermark_ns = end_ns
        self._event_time.set(end_ns / SECOND)
        self._caseload.follow(updates)
        self._investigate(end_ns)

    def _untold(self, anomalies: Sequence[Anomaly]) -> Sequence[Anomaly]:
        """Those that are not on record. A time that comes twice, since the clock was set back, may
        bring an anomaly of the same name: its incident would have the other's name as well."""
        if not anomalies:
            return anomalies
        found = self._parts.records.anomalies.of_ids([anomaly.id for anomaly in anomalies])
        self._told_before.inc(len(found))
        told = {anomaly.id for anomaly in found}
        return [anomaly for anomaly in anomalies if anomaly.id not in told]

    def _keep_judged(self, judged: _Judged, end_ns: int) -> IncidentUpdates:
        """One transaction: after a crash either the window is closed and known, or it is not."""
        records, news = self._parts.records, judged.news
        with records.writing() as within:
            records.anomalies.add_many(judged.anomalies, within=within)
            for incident in judged.updates.changed:
                records.incidents.save(incident, at_ns=end_ns, within=within)
            records.groups.write(news.common, news.groups, news.gone, within=within)
            records.meta.set(WATERMARK, str(end_ns), within=within)
        self._parts.incidents.written(news)
        return judged.updates

    def wait(self) -> None:
        """Nothing has arrived since the start, so no window closes: use the time."""
        self._investigate(self.watermark_ns)

    def _investigate(self, until_ns: int) -> int:
        """Investigate what is due by the caseload; returns how many that were."""
        if not self._caseload:
            return 0
        try:
            # The agent asks the store, so everything up to now must be there to be found.
            self._parts.telemetry.flush()
        except StoreWriteError as error:
            self._log.error(
                "investigations wait until telemetry can be written again; it is kept meanwhile",
                incidents=len(self._caseload),
                reason=error.message,
            )
            return 0
        due = self._caseload.take()
        for place, incident in enumerate(due, 1):
            try:
                concluded = self._parts.investigate(incident, until_ns)
            except Exception:
                # The one that failed is looked at again after a restart; the others wait for it
                # no longer than until the next window.
                self._caseload.add(due[place:])
                raise
            self._parts.incidents.concluded(concluded)
            self.meanwhile()
        return len(due)


@dataclass(frozen=True, slots=True)
class _Judged:
    """What a window amounts to, until it is on record."""

    anomalies: Sequence[Anomaly]
    updates: IncidentUpdates
    news: News


def _nothing() -> None:
    """Nobody waits to be kept."""
