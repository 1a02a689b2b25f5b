"""The detection engine: batches in, anomalies out, one event-time window after the other."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa

from sensorium.detect.budget import Asking, PassBudget
from sensorium.detect.calm import Calm
from sensorium.detect.config import DetectConfig
from sensorium.detect.flows.assembly import FlowAssembly
from sensorium.detect.gate import Gate, Verdicts
from sensorium.detect.logs.templates import Template, TemplateMiner
from sensorium.detect.logs.window import LogWindow
from sensorium.detect.metrics.assembly import MetricAssembly
from sensorium.detect.models.registry import ModelRegistry
from sensorium.detect.overrides import Naming, Overridden, Overrides, of_rows
from sensorium.detect.protocol import Detector, Rationing, Scored, Window
from sensorium.detect.registry import build_detectors
from sensorium.detect.stats import DetectorStats, DetectStats, Tally, WindowCount
from sensorium.detect.telling import anomalies_of
from sensorium.detect.windows import ClosedWindow, WindowBuffer
from sensorium.model.anomaly import Anomaly
from sensorium.model.signals import Signal
from sensorium.observe.facade import Observe
from sensorium.state.arrays import State, StateError, joined, part, whole

_NS = 1_000_000_000

Judged = tuple[Detector, Scored, Verdicts, Overridden]
Witness = Callable[[Window, list[Judged]], None]
"""Is shown each window after warm-up, as judged."""


class DetectionEngine:
    """Scores every record, and passes the entities whose windows are improbable.

    Call :meth:`observe` with every batch in order of arrival and :meth:`advance` as arrival time
    moves on. Anomalies are a function of the records and the settings alone: neither the
    division into batches nor the order within a window matters. Templates of log lines follow
    the order of arrival (see :class:`~sensorium.detect.logs.templates.TemplateMiner`).
    """

    def __init__(
        self,
        config: DetectConfig,
        observe: Observe,
        *,
        models: ModelRegistry | None = None,
        witness: Witness | None = None,
        reader: Witness | None = None,
        naming: Naming = lambda _address: None,
    ) -> None:
        """``witness`` is shown windows once they are learned from, ``reader`` before, when they
        can still be explained; ``naming`` is for overrides that match hosts by name."""
        self._config = config
        self._models = models
        self._witness = witness
        self._reader = reader
        self._naming = naming
        self._window_ns = config.window_seconds * _NS
        self._begin()
        self._tally = Tally()
        self._log = observe.logger("detect")
        self._seen = observe.counter(
            "sensorium_detect_records", "records scored", labels=("signal",)
        )
        self._scored = observe.counter(
            "sensorium_detect_scored", "entity windows scored", labels=("detector",)
        )
        self._passed = observe.counter(
            "sensorium_detect_passed", "entity windows that passed the gate", labels=("detector",)
        )
        self._clamped = observe.counter(
            "sensorium_detect_clamped", "records whose event time was moved", labels=("reason",)
        )
        self._overridden = observe.counter(
            "sensorium_detect_overridden",
            "entity windows that passed or did not by a rule of their own",
            labels=("detector", "effect"),
        )
        self._held_back = observe.counter(
            "sensorium_detect_held_back",
            "entity windows beyond the gate that a storm left no budget for",
            labels=("detector",),
        )
        self._turned_away = observe.counter(
            "sensorium_detect_turned_away",
            "entities for which a detector of stage 2 had no place",
            labels=("detector",),
        )
        self._entities = observe.gauge(
            "sensorium_detect_entities", "entities held in memory", labels=("detector",)
        )

    def _begin(self) -> None:
        """Know nothing yet."""
        config = self._config
        self._buffer = WindowBuffer(self._window_ns, config.lateness_seconds * _NS)
        self._miner = TemplateMiner(config.template_similarity, config.max_templates)
        self._flows = FlowAssembly(config.max_entities)
        self._metrics = MetricAssembly(config.max_entities, config.ignored_metrics)
        self._detectors = build_detectors(config, self._miner.template, self._models)
        self._gates = {
            detector.name: Gate(
                detector.features, config.pass_rate, config.calibration_half_life_windows
            )
            for detector in self._detectors
        }
        self._overrides = Overrides(config.overrides, config.max_entities, self._naming)
        self._calm = Calm(config.pass_rate, config.history_windows)
        self._stormy = False
        self._budget = PassBudget(config.pass_rate, config.pass_burst, config.pass_floor)
        self._first_window: int | None = None
        # Asked once: it takes longer than to look one up.
        self._rationing = {d.name: d for d in self._detectors if isinstance(d, Rationing)}
        self._turned = dict.fromkeys(self._rationing, 0)

    @property
    def window_ns(self) -> int:
        """Length of a window."""
        return self._window_ns

    @property
    def closed_ns(self) -> int | None:
        """Event time (Unix ns) up to which windows are closed; None before any was."""
        closed = self._buffer.closed_below
        return None if closed is None else closed * self._window_ns

    @property
    def waiting_ns(self) -> int | None:
        """Start of the oldest open window that has a record, Unix ns; None where none has."""
        first = self._buffer.first_open
        return None if first is None else first * self._window_ns

    @property
    def waiting_bytes(self) -> int:
        """What the records of windows that are still open take in memory."""
        return self._buffer.waiting_bytes

    def state(self) -> State:
        """All that was learned from the windows closed so far; records of open ones are not in it.

        Whoever restores it gives their records again: see :meth:`observe`.
        """
        closed = self._buffer.closed_below
        return {
            **joined(
                detector=joined(**{d.name: d.state() for d in self._detectors}),
                gate=joined(**{name: gate.state() for name, gate in self._gates.items()}),
                calm=self._calm.state(),
                budget=self._budget.state(),
                flows=self._flows.state(),
                metrics=self._metrics.state(),
                templates=self._miner.state(),
            ),
            "first": np.array(-1 if self._first_window is None else self._first_window),
            "closed": np.array(-1 if closed is None else closed),
        }

    def restore(self, state: State) -> None:
        """Forget everything, and go on as the engine whose :meth:`state` this was.

        The settings must be equal as far as :func:`~sensorium.detect.config.shaping` says. Where
        the state does not fit, StateError, and the engine is as it was made.
        """
        self._begin()
        try:
            self._take_over(state)
        except StateError:
            self._begin()
            raise

    def _take_over(self, state: State) -> None:
        for detector in self._detectors:
            detector.restore(part(state, f"detector.{detector.name}"))
            self._gates[detector.name].restore(part(state, f"gate.{detector.name}"))
        self._calm.restore(part(state, "calm"))
        self._budget.restore(part(state, "budget"))
        self._flows.restore(part(state, "flows"))
        self._metrics.restore(part(state, "metrics"))
        self._miner.restore(part(state, "templates"))
        first, closed = (whole(state, name, least=-1) for name in ("first", "closed"))
        self._first_window = None if first < 0 else first
        if closed >= 0:
            self._buffer.close_below(closed)

    def forget(self) -> None:
        """Know nothing, as when it was made; records of windows that are open are let go, too."""
        self._begin()

    def assign_templates(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """A batch of logs with ``template_id`` filled in; call before it is stored."""
        return self._miner.assign(batch)

    def new_templates(self) -> pa.RecordBatch:
        """Templates that are new or more general since last asked, for ``log_templates``.

        Columns ``template_id``, ``template`` (``app: text``) and ``first_seen_ns``.
        """
        changed = self._miner.changed()
        return pa.record_batch(
            [
                pa.array([t.template_id for t in changed], pa.uint64()),
                pa.array([t.told for t in changed], pa.string()),
                pa.array([t.first_seen_ns for t in changed], pa.int64()),
            ],
            names=["template_id", "template", "first_seen_ns"],
        )

    def restore_templates(self, templates: pa.RecordBatch | pa.Table) -> None:
        """Take in what :meth:`new_templates` gave in an earlier run, before anything else."""
        rows = zip(
            templates.column("template_id").to_pylist(),
            templates.column("template").to_pylist(),
            templates.column("first_seen_ns").to_pylist(),
            strict=True,
        )
        self._miner.take_over([Template.of(*row) for row in sorted(rows)])

    def observe(self, signal: Signal, batch: pa.RecordBatch, *, again: bool = False) -> None:
        """Take a batch in. Signals that are not scored (changes) are ignored.

        Of records that are read ``again``, after a restart, those of windows that are closed are
        left out: what was to be learned from them is known.
        """
        if signal is Signal.CHANGES or not batch.num_rows:
            return
        if signal is Signal.LOGS:
            batch = self._with_templates(batch)
        before = self._moved()
        self._buffer.add(signal, batch, again=again)
        for reason, count in self._moved().items():
            if count > before[reason]:
                self._clamped.labels(reason).inc(count - before[reason])
        self._tally.records[signal] = self._tally.records.get(signal, 0) + batch.num_rows
        self._seen.labels(signal.value).inc(batch.num_rows)

    def advance(self, watermark_ns: int) -> list[Anomaly]:
        """Close all windows that end at or before ``watermark_ns`` (Unix ns), oldest first.

        Returns their anomalies in order of window, then detector and entity.
        """
        found: list[Anomaly] = []
        for closed in self._buffer.close(watermark_ns):
            found += self._close(closed)
        return found

    def stats(self) -> DetectStats:
        """What has been done so far."""
        clamped = self._buffer.clamped
        return DetectStats(
            detectors=tuple(
                DetectorStats(
                    d.name,
                    d.kind,
                    self._tally.scored.get(d.name, 0),
                    self._tally.passed.get(d.name, 0),
                    d.entities(),
                    self._tally.held_back.get(d.name, 0),
                )
                for d in self._detectors
            ),
            records=dict(sorted(self._tally.records.items())),
            windows=self._tally.windows,
            clamped_late=clamped.late,
            clamped_future=clamped.future,
            clamped_closed=clamped.after_close,
            templates=len(self._miner),
            history=tuple(self._tally.history),
        )

    def _with_templates(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        assigned = batch.column("template_id").fill_null(0).to_numpy(zero_copy_only=False)
        return batch if assigned.all() else self._miner.assign(batch)

    def _moved(self) -> dict[str, int]:
        clamped = self._buffer.clamped
        return {
            "late": clamped.late,
            "future": clamped.future,
            "window_closed": clamped.after_close,
        }

    def _close(self, closed: ClosedWindow) -> list[Anomaly]:
        index = closed.index
        if self._first_window is None:
            self._first_window = index
        warm = index - self._first_window >= self._config.warmup_windows
        window = self._assemble(closed)
        judged = []
        for detector in self._detectors:
            scored = detector.score(window)
            if not window.complete:
                scored = scored.without_falls()
            gate = self._gates[detector.name]
            verdicts = gate.judge(scored)
            told = self._overrides.apply(detector, window, scored, verdicts, gate)
            judged.append((detector, scored, verdicts, told))
        if warm:
            judged = self._paid_for(judged)
        found = [
            anomaly
            for detector, scored, _, told in judged
            if warm
            for anomaly in anomalies_of(window, detector, scored, told.verdicts)
        ]
        if warm and self._reader is not None:
            self._reader(window, judged)
        if window.complete:
            self._learn(window, judged, warm)
        self._count(window, judged, warm)
        return found

    def _paid_for(self, judged: list[Judged]) -> list[Judged]:
        """With those that pass within the budget; what is learned does not depend on it."""
        asking = [
            Asking.of(detector.name, scored, told.verdicts) for detector, scored, _, told in judged
        ]
        passing = self._budget.spend(asking)
        paid = [
            (detector, scored, verdicts, told.within(mask))
            for (detector, scored, verdicts, told), mask in zip(judged, passing, strict=True)
        ]
        held_back = sum(told.held_back for _, _, _, told in paid)
        passed = sum(int(told.verdicts.passed.sum()) for _, _, _, told in paid)
        stormy = held_back > passed
        if stormy and not self._stormy:
            self._log.warning(
                "a storm: of what is odd, the most improbable and what is new passes",
                passed=passed,
                held_back=held_back,
            )
        elif self._stormy and not stormy:
            self._log.info("the storm is over")
        self._stormy = stormy
        return paid

    def _learn(self, window: Window, judged: list[Judged], warm: bool) -> None:
        # Scores against baselines that have hardly begun would teach the gate to expect wild ones.
        settled = window.index - (self._first_window or 0) >= self._config.warmup_windows // 2
        calibrating = [
            of_rows(scored, verdicts, ~told.quiet) if told.quiet.any() else (scored, verdicts)
            for _, scored, verdicts, told in judged
        ]
        calm = self._calm.admits([verdicts for _, verdicts in calibrating]) if warm else settled
        for (detector, scored, verdicts, _), kept in zip(judged, calibrating, strict=True):
            if calm:
                self._gates[detector.name].learn(*kept)
            detector.learn(window, scored, verdicts.passed & warm)
        if warm and self._witness is not None:
            self._witness(window, judged)
        if window.flows is not None:
            self._flows.learn(window.flows, window.index)

    def _assemble(self, closed: ClosedWindow) -> Window:
        index, start = closed.index, closed.index * self._window_ns
        flows, logs = closed.parts.get(Signal.FLOWS), closed.merged(Signal.LOGS)
        metrics = closed.merged(Signal.METRICS)
        return Window(
            index=index,
            start_ns=start,
            end_ns=start + self._window_ns,
            complete=closed.complete,
            flows=None if flows is None else self._flows.build(flows, start),
            logs=None if logs is None else LogWindow.of(logs),
            metrics=None if metrics is None else self._metrics.build(metrics, index),
        )

    def _count(self, window: Window, judged: list[Judged], warm: bool) -> None:
        scored_now = passed_now = 0
        for detector, scored, _, told in judged:
            self._entities.labels(detector.name).set(detector.entities())
            if detector.name in self._rationing:
                before, now = self._turned[detector.name], self._rationing[detector.name]
                self._turned[detector.name] = now.turned_away
                self._turned_away.labels(detector.name).inc(now.turned_away - before)
            if not warm:
                continue
            passed = int(told.verdicts.passed.sum())
            for effect, count in (("quietened", told.quietened), ("added", told.added)):
                if count:
                    self._overridden.labels(detector.name, effect).inc(count)
            if told.held_back:
                self._held_back.labels(detector.name).inc(told.held_back)
            self._tally.add(detector.name, len(scored), passed, told.held_back)
            self._scored.labels(detector.name).inc(len(scored))
            self._passed.labels(detector.name).inc(passed)
            scored_now += len(scored)
            passed_now += passed
        self._tally.windows += 1
        self._tally.history.append(WindowCount(window.start_ns, scored_now, passed_now, warm))
