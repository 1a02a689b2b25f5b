"""Evidence can be asked again, and shows when its record or the store was changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pytest
from sqlalchemy import text

from sensorium.agent import Investigator
from sensorium.agent.evidence_rerun import CannotRerunError, is_intact, rerun
from sensorium.model.evidence import EvidenceSource
from sensorium.store.errors import QueryFailedError
from tests.agent import scenarios
from tests.agent.conftest import Bench, Store, open_bench
from tests.agent.town import Town

pytestmark = pytest.mark.xdist_group("agent")


def test_evidence_gives_the_same_answer_again_whatever_arrives_later(tmp_path: Path) -> None:
    with open_bench(scenarios.service_failure(), tmp_path) as bench:
        result = bench.investigate()
        assert len(result.evidence) > 10
        for evidence in result.evidence:
            again = rerun(evidence, bench.telemetry)
            assert (again.matches, again.intact) == (True, True), evidence.title
        for signal, batch in Town().live(900).batches():
            arrival = {"flows": "time_received_ns", "logs": "observed_time_ns"}.get(signal.value)
            rows = batch.to_pylist()
            if arrival is None:
                continue
            for row in rows:
                row[arrival] = bench.scenario.until_ns + 1
            late = type(batch).from_pylist(rows, schema=batch.schema)
            bench.telemetry.insert(signal, late)
        bench.telemetry.flush()
        assert all(rerun(e, bench.telemetry).matches for e in result.evidence)


def test_an_altered_answer_is_seen_and_not_used_in_the_brief(bench: Bench) -> None:
    result = bench.investigate()
    kept = {e.id for e in result.evidence if e.row_count}
    cited = next(e for f in result.findings for e in f.evidence_for if e in kept)
    with bench.records.writing() as connection:
        connection.execute(
            text("UPDATE evidence SET row_count = 0, rows = '[]' WHERE id = :id"), {"id": cited}
        )
    altered = bench.records.evidence.get(cited)
    assert altered is not None
    assert not is_intact(altered)
    assert not rerun(altered, bench.telemetry).intact
    again = bench.investigate()
    assert cited not in {e.id for e in again.evidence}
    assert again.dropped > 0
    assert f"{cited} (" in again.brief
    assert "was altered after it was stored; it is not used" in " ".join(again.brief.split())
    assert all(cited not in f.evidence_for for f in again.findings)


def test_an_altered_query_no_longer_belongs_to_its_id(bench: Bench) -> None:
    evidence = bench.investigate().evidence[0]
    forged = replace(evidence, parameters={**evidence.parameters, "until_ns": 0})
    assert not is_intact(forged)


def test_evidence_of_another_store_is_not_asked_of_this_one(bench: Bench) -> None:
    evidence = replace(bench.investigate().evidence[0], source=EvidenceSource.RECORDS)
    with pytest.raises(CannotRerunError, match="records store"):
        rerun(evidence, bench.telemetry)


def test_a_question_the_store_does_not_answer_is_noted_and_never_cited(
    bench: Bench, tmp_path: Path
) -> None:
    class OutOfMemory:
        """The real store, but for questions about logins."""

        def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> pa.Table:
            if "Failed (?:password" in str(parameters) and "events_before" in sql:
                raise QueryFailedError("the query failed: memory limit exceeded")
            return bench.telemetry.query(sql, parameters)

    deps = replace(bench.deps, telemetry=cast("Store", OutOfMemory()))
    other = Investigator(deps, tmp_path / "other.sqlite")
    case = bench.scenario
    result = other.investigate(case.incident, case.anomalies, case.until_ns)
    other.close()
    brief = " ".join(result.brief.split())
    assert "The store did not answer auth_events" in brief
    assert all("" not in f.evidence_for for f in result.findings)
    failed = {"tool": "auth_events", "outcome": "failed"}
    assert bench.observe.value("sensorium_agent_tool_calls_total", failed) == 1
