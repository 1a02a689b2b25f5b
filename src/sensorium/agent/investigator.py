"""The agent's face: investigate an incident, resume it after a decision, finish after a crash."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from langgraph.types import Command
from langsmith import tracing_context

from sensorium.agent import conventions
from sensorium.agent.case import Case
from sensorium.agent.checkpoints import Checkpoints
from sensorium.agent.counters import Counters
from sensorium.agent.deps import AgentDeps
from sensorium.agent.graph import build_graph
from sensorium.agent.result import InvestigationResult, PendingInvestigation
from sensorium.agent.selection import most_telling
from sensorium.agent.state import (
    InvestigationState,
    action_from_json,
    anomaly_to_json,
    change_to_json,
    incident_to_json,
)
from sensorium.agent.stories.story import Story
from sensorium.agent.telling import content_of
from sensorium.agent.window import SECOND_NS
from sensorium.incident.brief import render_brief
from sensorium.model.anomaly import Anomaly
from sensorium.model.approval import Approval, ApprovalState
from sensorium.model.incident import Incident, IncidentKind, IncidentState, Severity, Verdict

if TYPE_CHECKING:
    from langchain_core.runnables import RunnableConfig
    from langgraph.types import StateSnapshot

_AGENT = "investigation"
_ELEVATED = (
    IncidentState.AWAITING_APPROVAL,
    IncidentState.ESCALATED,
    IncidentState.MITIGATED,
)


class Investigator:
    """Runs investigations one at a time; not for use by two threads at once.

    ``checkpoint_path`` is the SQLite file that holds every step. Whatever this class returns has
    been written to the records store (evidence, brief, action, approval); the incident itself is
    the caller's to save.
    """

    def __init__(self, deps: AgentDeps, checkpoint_path: Path) -> None:
        self._deps = deps
        self._checkpoints = Checkpoints(checkpoint_path)
        self._graph = build_graph(deps, self._checkpoints)
        self._counters = Counters(deps.observe)

    def investigate(
        self, incident: Incident, anomalies: Sequence[Anomaly], until_ns: int
    ) -> InvestigationResult:
        """Investigate with the telemetry up to ``until_ns``; returns when done or waiting.

        Asked again for the same incident and revision it goes on where that one stopped, with
        what it was given then.
        """
        config = _thread(incident.id, incident.revision)
        snapshot = self._graph.get_state(config)
        if not snapshot.values:
            self._run(self._begin(incident, anomalies, until_ns), config, incident.id)
        elif snapshot.next and not snapshot.interrupts:
            self._run(None, config, incident.id)
        result = self._result(config)
        self._supersede(incident, result)
        return result

    def resume(self, incident_id: str, approval: Approval) -> InvestigationResult:
        """Go on after a decision; LookupError if nothing waits for that incident.

        The decision is read from the records, so a forged or stale ``approval`` decides nothing.
        """
        waiting = [p for p in self.pending({incident_id}) if p.waiting]
        if waiting:
            config = _thread(incident_id, max(p.revision for p in waiting))
            command: Command[Any] = Command(resume={"approval_id": approval.id})
            self._run(command, config, incident_id)
            return self._result(config)
        raise LookupError(
            f"no investigation of {incident_id} waits for a decision; the decision is recorded "
            f"and stands. See it with: sensorium approval show {approval.id}"
        )

    def pending(self, incident_ids: Set[str] | None = None) -> list[PendingInvestigation]:
        """Investigations that wait for a person or were cut off, in order of their thread; only
        those of ``incident_ids`` where given."""
        found = []
        for thread in self._checkpoints.threads():
            incident_id, _, revision = thread.rpartition("/")
            if incident_ids is not None and incident_id not in incident_ids:
                continue
            snapshot = self._graph.get_state(_thread(incident_id, int(revision)))
            if not snapshot.next:
                continue
            found.append(
                PendingInvestigation(
                    thread_id=thread,
                    incident_id=incident_id,
                    revision=int(revision),
                    waiting=bool(snapshot.interrupts),
                    approval_id=str(snapshot.values.get("approval_id", "")),
                    next=tuple(snapshot.next),
                )
            )
        return found

    def continue_unfinished(self) -> list[InvestigationResult]:
        """Finish what a crash cut off, and resume what was decided meanwhile."""
        results = []
        for pending in self.pending():
            config = _thread(pending.incident_id, pending.revision)
            if not pending.waiting:
                self._run(None, config, pending.incident_id)
                results.append(self._result(config))
                continue
            approval = self._deps.records.approvals.get(pending.approval_id)
            if approval is not None and approval.state is not ApprovalState.PENDING:
                results.append(self.resume(pending.incident_id, approval))
        return results

    def close(self) -> None:
        """Release the checkpoint file."""
        self._checkpoints.close()

    def _supersede(self, incident: Incident, result: InvestigationResult) -> None:
        """Withdraw what earlier revisions, and incidents that became part of another, proposed,
        and forget them; only the newest is decided."""
        desk, kept = self._deps.desk, result.approval.id if result.approval else ""
        merged = self._deps.records.incidents.ids([IncidentState.MERGED])
        for older in self.pending({incident.id} | merged):
            reason = self._outdated(older, incident)
            if not reason:
                continue
            approval = self._deps.records.approvals.get(older.approval_id)
            if approval and approval.id != kept and approval.state is ApprovalState.PENDING:
                desk.cancel(approval.id, reason=reason)
            elif approval and older.incident_id != incident.id:
                # Somebody decided just before the merger: what was approved is still handed over.
                self.resume(older.incident_id, approval)
            self._checkpoints.prune([older.thread_id], strategy="delete")

    def _outdated(self, older: PendingInvestigation, newest: Incident) -> str:
        """Why nobody needs to decide on an investigation any more; empty where somebody does."""
        if older.incident_id == newest.id:
            replaced = older.revision < newest.revision
            reason = f"revision {newest.revision} of the investigation took its place"
            return reason if replaced else ""
        other = self._deps.records.incidents.get(older.incident_id)
        if other is None or other.state is not IncidentState.MERGED:
            return ""
        return f"{other.id} is {other.proof} now"

    def _begin(
        self, incident: Incident, anomalies: Sequence[Anomaly], until_ns: int
    ) -> InvestigationState:
        deps = self._deps
        slack = deps.config.plan_slack_seconds * SECOND_NS
        changes = deps.changes(incident.start_ns - slack, incident.end_ns + slack)
        names = deps.names()
        read = most_telling(anomalies, deps.config.read_anomalies)
        self._counters.left_out.inc(len(anomalies) - len(read))
        return {
            "incident": incident_to_json(incident),
            "anomalies": [anomaly_to_json(a) for a in read],
            "left_out": len(anomalies) - len(read),
            "until_ns": until_ns,
            "attacks": [
                {"id": other.id, "title": other.title}
                for other in deps.records.incidents.list(states=_ELEVATED, limit=1000)
                if other.kind is IncidentKind.INTRUSION
                and other.id != incident.id
                and other.start_ns <= incident.end_ns
                and other.end_ns >= incident.start_ns
                and not {*other.hosts}.isdisjoint(incident.hosts)
            ],
            "names": {"names": dict(names.names), "canonical": dict(names.canonical)},
            "cables": deps.cables(),
            "changes": [
                change_to_json(c) for c in sorted(changes, key=lambda c: (c.start_ns, c.ref))
            ],
        }

    def _run(self, given: Any, config: RunnableConfig, incident_id: str) -> None:
        name, attributes = conventions.agent_span(_AGENT, incident_id)
        # The framework would send traces to its makers where an environment variable asks for it.
        with (
            tracing_context(enabled=False),
            self._counters.seconds.time(),
            self._deps.observe.span(name, attributes),
        ):
            self._graph.invoke(given, config, durability="sync")
        self._checkpoints.prune([config["configurable"]["thread_id"]])

    def _result(self, config: RunnableConfig) -> InvestigationResult:
        snapshot = self._graph.get_state(config)
        state = cast("InvestigationState", snapshot.values)
        case = Case(state, self._deps.config)
        records = self._deps.records
        story = Story.from_json(state["answer"]) if state.get("answer") else None
        action = action_from_json(state["action"]) if state.get("action") else None
        approval_id = state.get("approval_id", "")
        approval = records.approvals.get(approval_id) if approval_id else None
        incident = _concluded(case, story, snapshot)
        stored = [e for i in case.evidence_ids if (e := records.evidence.get(i, incident.id))]
        content = content_of(
            case,
            incident,
            story,
            stored,
            action=action,
            approval_id=approval_id,
            decision=_decision_text(state),
            handover=tuple(state.get("handover", ())),
        )
        brief = render_brief(content)
        records.briefs.save(incident.id, incident.revision, brief.markdown, brief.findings)
        if brief.dropped:
            self._counters.dropped.labels("no_evidence").inc(brief.dropped)
        self._counters.ended.labels(incident.state.value).inc()
        return InvestigationResult(
            incident=incident,
            verdict=incident.verdict,
            brief=brief.markdown,
            evidence=content.evidence,
            findings=brief.findings,
            dropped=brief.dropped,
            action=action,
            approval=approval,
        )


def _thread(incident_id: str, revision: int) -> RunnableConfig:
    return {"configurable": {"thread_id": f"{incident_id}/{revision}"}}


def _concluded(case: Case, story: Story | None, snapshot: StateSnapshot) -> Incident:
    """The incident as the investigation leaves it."""
    incident, planned = case.incident, case.state.get("planned", {})
    if planned.get("planned"):
        kind = IncidentKind.BULK_TRANSFER
        if planned["kind"] == "deployment":
            kind = IncidentKind.DEPLOYMENT
        return replace(
            incident,
            state=IncidentState.AUTO_RESOLVED,
            severity=Severity.INFO,
            verdict=Verdict.PLANNED,
            kind=kind,
            title=planned["title"] or incident.title,
            change_ref=planned["ref"],
            proof=planned["proof"],
        )
    if story is None:
        raise RuntimeError(f"the investigation of {incident.id} stopped before its synthesis")
    waiting = bool(snapshot.interrupts) and not case.state.get("decision")
    hosts = dict.fromkeys((*(h for h in story.hosts if h), *incident.hosts))
    return replace(
        incident,
        state=IncidentState.AWAITING_APPROVAL if waiting else IncidentState.ESCALATED,
        severity=story.severity,
        verdict=story.verdict,
        kind=story.kind,
        title=story.title,
        hosts=tuple(hosts),
        change_ref="",
        proof="",
    )


def _decision_text(state: InvestigationState) -> str:
    decision = state.get("decision")
    if not decision:
        return ""
    words = {
        ApprovalState.APPROVED.value: "approved",
        ApprovalState.REJECTED.value: "rejected",
        ApprovalState.EXPIRED.value: "left to expire, which means no",
        ApprovalState.CANCELLED.value: "withdrawn",
        ApprovalState.EDITED.value: "replaced by an edited proposal",
    }
    by = f" by {decision['actor']}" if decision["actor"] else ""
    why = f": {decision['reason']}" if decision["reason"] else ""
    return f"{decision['approval_id']} was {words[decision['state']]}{by}{why}."
