"""Runs a tool's query, wraps the answer as evidence, saves it and traces it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sensorium.agent import conventions
from sensorium.agent.counters import Counters
from sensorium.agent.deps import AgentDeps
from sensorium.agent.evidence_rerun import Rows, ask, evidence_id, result_digest
from sensorium.agent.naming import Names
from sensorium.agent.window import Windows
from sensorium.model.evidence import Evidence, EvidenceSource
from sensorium.store.errors import StoreError

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """A tool's answer: the id of the evidence it became and all its rows by column name.

    The id is empty where the store did not answer; a clue that cites it is dropped.
    """

    id: str
    rows: tuple[Row, ...]

    @property
    def cite(self) -> tuple[str, ...]:
        """The id as the one-element tuple that clues take."""
        return (self.id,)


class Toolbox:
    """What one node of one investigation asks with. Not for use by two threads at once.

    Asking is idempotent: the same question with the same answer is the same evidence, so a node
    that runs again after a crash writes nothing new.
    """

    def __init__(
        self, deps: AgentDeps, *, incident_id: str, agent: str, windows: Windows, names: Names
    ) -> None:
        self.config = deps.config
        self.windows = windows
        self.names = names
        self.asked: list[str] = []
        self.failures: list[str] = []
        self._deps = deps
        self._incident_id = incident_id
        self._agent = agent
        self._log = deps.observe.logger("agent")
        self._calls = Counters(deps.observe).asked

    def ask(self, tool: str, title: str, query: str, parameters: Mapping[str, Any]) -> Answer:
        """Put one question to the telemetry store and keep the answer as evidence."""
        name, attributes = conventions.tool_span(tool, self._agent, self._incident_id)
        with self._deps.observe.span(name, attributes) as span:
            try:
                columns, rows = ask(self._deps.telemetry, query, parameters)
            except StoreError as error:
                self._calls.labels(tool, "failed").inc()
                self._log.warning(
                    "a question was not answered; the investigation goes on without it",
                    tool=tool,
                    incident=self._incident_id,
                    reason=str(error),
                )
                self.failures.append(f"The store did not answer {tool} ({title}).")
                return Answer("", ())
            evidence = self._keep(title, query, parameters, columns, rows)
            if span is not None:
                span.set_attribute(conventions.SENSORIUM_EVIDENCE_ID, evidence.id)
                span.set_attribute(conventions.SENSORIUM_ROWS, len(rows))
        self._calls.labels(tool, "answered").inc()
        return Answer(evidence.id, tuple(dict(zip(columns, row, strict=True)) for row in rows))

    def _keep(
        self,
        title: str,
        query: str,
        parameters: Mapping[str, Any],
        columns: tuple[str, ...],
        rows: Rows,
    ) -> Evidence:
        result = result_digest(columns, rows)
        evidence = Evidence(
            id=evidence_id(EvidenceSource.TELEMETRY, query, parameters, result),
            incident_id=self._incident_id,
            title=title,
            source=EvidenceSource.TELEMETRY,
            query=query,
            parameters=dict(parameters),
            columns=columns,
            rows=rows[: self.config.evidence_rows],
            row_count=len(rows),
            digest=result,
        )
        self._deps.records.evidence.save(evidence)
        if evidence.id not in self.asked:
            self.asked.append(evidence.id)
        return evidence

    def addresses(self, hosts: tuple[str, ...]) -> list[str]:
        """Every address of these hosts, sorted, for a query's list parameter."""
        return sorted({a for host in hosts for a in self.names.aliases(host)})
