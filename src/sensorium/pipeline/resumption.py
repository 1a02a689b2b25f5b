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
_AHEAD_NS = 60 * SECOND
# More than a service is behind when it ends.
_BEHIND_NS = 3600 * SECOND
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
        until_ns = int(watermark)
        learnt = self._learn(until_ns, self._end(until_ns))
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
            **learnt,
        )

    def go_back(self) -> None:
        """Begin anew at the clock's time, which event time is far ahead of: the clock was set back.

        All that waits must have been judged. What arrived by that time is learnt again, and what
        arrived in a time that comes a second time is not: it was judged.
        """
        self._memory.forget()
        until_ns = self._pipeline.go_back(self._clock_ns())
        learnt = self._learn(until_ns, until_ns)
        self._log.warning(
            "the clock was set back, and event time goes on from its time; what was stored and"
            " judged stays, and incidents that were under way have been settled",
            **learnt,
        )

    def _end(self, until_ns: int) -> int:
        """Up to when there may be arrivals that were not judged.

        What is stored of a time that is still to come arrived before the clock was set back, and
        was judged before event time went back; where that is yet to be done, it was not. Of the
        time of a correction that event time does not go back for, both is read.
        """
        now_ns = self._clock_ns()
        if until_ns - now_ns > _AHEAD_NS:
            return until_ns + _BEHIND_NS
        return now_ns + _AHEAD_NS + self._pipeline.behind_ns

    def _learn(self, until_ns: int, end_ns: int) -> dict[str, int | None]:
        """Let detection and the network know what they can as of ``until_ns``, from what was kept
        and from what is stored of arrivals before ``end_ns``; returns what to say of it."""
        known_ns = self._memory.restore(until_ns)
        templates = self._telemetry.query(_TEMPLATES)
        self._pipeline.restore_templates(templates)
        since_ns = until_ns - round(self._hours * 3600) * SECOND
        if known_ns is not None:
            # The graph counts in slots, and knows those that end by then.
            since_ns = known_ns // SLOT_NS * SLOT_NS
        rows = self._pipeline.relearn(until_ns, self._stored(since_ns, until_ns, end_ns))
        return {
            "log_templates": templates.num_rows,
            "known_until_ns": known_ns,
            "records_relearnt": rows,
            "event_time_ns": until_ns,
        }

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

    def _stored(
        self, start_ns: int, until_ns: int, end_ns: int
    ) -> Iterator[tuple[Signal, pa.RecordBatch]]:
        """What arrived in [start, end), a minute of arrivals at a time, as it was decoded."""
        ends = self._telemetry.query(_NEWEST).to_pylist()[0]
        first = max(start_ns, min(ends["oldest"], until_ns))
        end_ns = min(max(ends["newest"], until_ns) + 1, end_ns)
        for at_ns in range(first, end_ns, STEP_NS):
            for signal in ARRIVAL:
                rows = arrived(self._telemetry, signal, at_ns, min(at_ns + STEP_NS, end_ns))
                if rows is not None:
                    yield signal, rows
