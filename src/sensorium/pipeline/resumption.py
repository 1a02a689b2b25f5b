"""What a restart brings back: baselines, open incidents, and investigations cut short."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from sensorium.incident.keeping import Kept
from sensorium.model.incident import IncidentState
from sensorium.pipeline.history import ARRIVAL, STEP_NS, arrived
from sensorium.pipeline.turn import SECOND, WATERMARK
from sensorium.state.arrays import StateError
from sensorium.topology.edges import SLOT_NS

if TYPE_CHECKING:
    import pyarrow as pa

    from sensorium.model.signals import Signal
    from sensorium.observe import Observe
    from sensorium.pipeline.inquest import Inquest
    from sensorium.pipeline.memory import Memory
    from sensorium.pipeline.turn import Pipeline
    from sensorium.store.records import Records
    from sensorium.store.telemetry import TelemetryStore

_NEWEST = """
SELECT
    toUnixTimestamp64Nano(max(seen)) AS newest,
    toUnixTimestamp64Nano(min(seen)) AS oldest
FROM (
    SELECT max(time_received_ns) AS seen FROM flows
    UNION ALL SELECT min(time_received_ns) FROM flows
    UNION ALL SELECT max(observed_time_ns) FROM logs
    UNION ALL SELECT min(observed_time_ns) FROM logs
    UNION ALL SELECT max(time_ns) FROM metrics
    UNION ALL SELECT min(time_ns) FROM metrics
)
WHERE seen > toDateTime64(0, 9, 'UTC')
"""
# A template is stored again when it grows more general; parts that are not merged yet hold both.
_TEMPLATES = """
SELECT
    template_id,
    argMax(template, (countSubstrings(template, '<*>'), template)) AS template,
    toUnixTimestamp64Nano(min(first_seen_ns)) AS first_seen_ns
FROM log_templates
GROUP BY template_id
"""
# The clock of a machine may run a little ahead before it is corrected.
_SET_BACK_NS = 60 * SECOND
_KEPT_STATES = (
    IncidentState.OPEN,
    IncidentState.REOPENED,
    IncidentState.INVESTIGATING,
    IncidentState.AWAITING_APPROVAL,
    IncidentState.ESCALATED,
    IncidentState.AUTO_RESOLVED,
    IncidentState.MITIGATED,
)


class Resumption:
    """Reads back what was kept, before the first turn after a start.

    Incidents, their anomalies and all that grouping knows come from the records, log templates
    with their ids from the store, and what was learned from what was kept of it. Windows after
    that, or where nothing usable was kept those of the last ``rewarm_hours``, are learnt again from
    the stored telemetry: they were judged before and are not judged again. Investigations continue
    from their checkpoints.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        inquest: Inquest,
        records: Records,
        telemetry: TelemetryStore,
        memory: Memory,
        observe: Observe,
        *,
        hours: float,
        clock_ns: Callable[[], int],
    ) -> None:
        self._telemetry = telemetry
        self._memory = memory
        self._hours = hours
        self._clock_ns = clock_ns
        self._pipeline = pipeline
        self._inquest = inquest
        self._records = records
        self._log = observe.logger("resume")
        self._restores = observe.counter(
            "sensorium_incident_restores",
            "times that what grouping knew was read at a start",
            labels=("outcome",),
        )

    def run(self) -> None:
        """Bring everything back, and say what."""
        watermark = self._records.meta.get(WATERMARK)
        if watermark is None:
            self._log.info("nothing to resume: this data folder is new")
            return
        until_ns = self._reached(int(watermark))
        known_ns = self._memory.restore(until_ns)
        templates = self._telemetry.query(_TEMPLATES)
        self._pipeline.restore_templates(templates)
        since_ns = until_ns - round(self._hours * 3600) * SECOND
        if known_ns is not None:
            # The graph counts in slots, and knows those that end by then.
            since_ns = known_ns // SLOT_NS * SLOT_NS
        rows = self._pipeline.relearn(until_ns, self._stored(since_ns, until_ns))
        incidents = self._incidents(until_ns)
        finished = self._inquest.finish_interrupted(until_ns)
        for incident in finished:
            self._pipeline.concluded(incident)
        left = self._inquest.not_begun()
        self._pipeline.investigate_later(left)
        waiting = self._records.incidents.ids([IncidentState.AWAITING_APPROVAL])
        self._log.info(
            "resumed",
            incidents=incidents,
            investigations_finished=len(finished),
            investigations_waiting=len(left),
            waiting_for_a_person=len(waiting),
            log_templates=templates.num_rows,
            known_until_ns=known_ns,
            records_relearnt=rows,
            event_time_ns=until_ns,
        )

    def _reached(self, watermark_ns: int) -> int:
        """Where event time goes on: where it was, but not in a time that is still to come.

        A clock that was once set far forward would else keep detection waiting until then.
        """
        now_ns = self._clock_ns()
        if watermark_ns - now_ns <= _SET_BACK_NS:
            return watermark_ns
        self._log.warning(
            "event time had got ahead of the clock, which was set back since; it goes on from the "
            "clock's time",
            seconds=(watermark_ns - now_ns) // SECOND,
        )
        return now_ns

    def _incidents(self, until_ns: int) -> int:
        """Let grouping go on; returns how many incidents it knows."""
        try:
            found = self._grouping(until_ns)
        except (StateError, ValueError) as error:
            self._restores.labels("refused").inc()
            reason = error.message if isinstance(error, StateError) else str(error)
        else:
            if found is not None:
                self._restores.labels("used").inc()
                return found
            self._restores.labels("none").inc()
            reason = "it was written by a version that kept less"
        self._log.warning(
            "what grouping knew is not used; incidents are grouped again from their anomalies, and"
            " what was in the making may come out otherwise",
            reason=reason,
        )
        incidents = self._records.incidents.list(states=_KEPT_STATES, limit=None)
        since_ns = min([until_ns - 900 * SECOND, *(i.start_ns for i in incidents)])
        self._pipeline.restore(incidents, self._records.anomalies.between(since_ns, until_ns))
        return len(incidents)

    def _grouping(self, until_ns: int) -> int | None:
        records = self._records
        found = records.groups.read()
        if found is None:
            return None
        kept = Kept(*found)
        if kept.folded_ns != until_ns:
            raise StateError("it is of another time than the anomalies on record")
        incidents = [i for i in map(records.incidents.get, kept.incident_ids()) if i is not None]
        self._pipeline.resume(kept, incidents, records.anomalies.of_ids(kept.anomaly_ids()))
        return len(incidents)

    def _stored(self, start_ns: int, until_ns: int) -> Iterator[tuple[Signal, pa.RecordBatch]]:
        """What arrived from then on, a minute of arrivals at a time, as it was decoded."""
        ends = self._telemetry.query(_NEWEST).to_pylist()[0]
        first = max(start_ns, min(ends["oldest"], until_ns))
        for at_ns in range(first, max(ends["newest"], until_ns) + 1, STEP_NS):
            for signal in ARRIVAL:
                rows = arrived(self._telemetry, signal, at_ns, at_ns + STEP_NS)
                if rows is not None:
                    yield signal, rows
