"""Investigations survive: kill -9 between nodes, restarts while waiting, every kind of decision."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from sensorium.agent.checkpoints import Checkpoints
from sensorium.approval import Decision
from sensorium.model.action import Action
from sensorium.model.approval import ApprovalState
from sensorium.model.incident import IncidentState
from sensorium.store.errors import StoreOpenError
from tests.agent import scenarios
from tests.agent.conftest import Bench, Store, open_bench

pytestmark = pytest.mark.xdist_group("agent")

ROOT = Path(__file__).resolve().parents[2]
VICTIM = """
import os, signal, sys
from pathlib import Path
from tests.agent import scenarios
from tests.agent.conftest import open_bench
from sensorium.agent.checkpoints import Checkpoints

left = int(sys.argv[2])
put = Checkpoints.put

def die_after(self, *args, **kwargs):
    global left
    answer = put(self, *args, **kwargs)
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return answer

Checkpoints.put = die_after
with open_bench(scenarios.link_fault(), Path(sys.argv[1])) as bench:
    bench.investigate()
"""


@pytest.mark.parametrize("steps", [2, 5], ids=["before the investigators", "before synthesis"])
def test_a_process_killed_between_two_nodes_leaves_a_case_that_a_restart_finishes(
    steps: int, tmp_path: Path, link_store: Store
) -> None:
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    died = subprocess.run(
        [sys.executable, "-c", VICTIM, str(killed), str(steps)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert died.returncode == -signal.SIGKILL
    # The dead process's store is sound, but an engine can have one store open per process.
    with open_bench(scenarios.link_fault(), killed, store=link_store) as bench:
        (unfinished,) = bench.investigator.pending()
        assert not unfinished.waiting
        assert unfinished.next
        (result,) = bench.investigator.continue_unfinished()
        assert bench.investigator.pending()[0].waiting
    whole.mkdir()
    with open_bench(scenarios.link_fault(), whole, store=link_store) as bench:
        expected = bench.investigate()
    assert result.brief == expected.brief
    assert result.incident == expected.incident


def test_an_approval_after_a_restart_hands_the_commands_to_a_person(
    tmp_path: Path, link_store: Store
) -> None:
    with open_bench(scenarios.link_fault(), tmp_path, store=link_store) as bench:
        asked = bench.investigate().approval
        assert asked is not None
    with open_bench(scenarios.link_fault(), tmp_path, store=link_store) as bench:
        decided = bench.desk.decide(asked.id, Decision.APPROVE, "ines", "cable is bad")
        result = bench.investigator.resume(asked.incident_id, decided)
        assert bench.investigator.pending() == []
    assert result.incident.state is IncidentState.ESCALATED
    assert result.approval == decided
    brief = " ".join(result.brief.split())
    assert f"{asked.id} was approved by ines: cable is bad." in brief
    assert "Run the commands of the proposed mitigation, in order, on gw2" in brief
    assert "Sensorium has executed nothing: there is no connector that could." in brief


def test_a_rejection_ends_the_case_without_handing_anything_over(bench: Bench) -> None:
    asked = bench.investigate().approval
    assert asked is not None
    decided = bench.desk.decide(asked.id, Decision.REJECT, "ines", "known work")
    result = bench.investigator.resume(asked.incident_id, decided)
    assert result.incident.state is IncidentState.ESCALATED
    assert "was rejected by ines: known work." in result.brief
    assert "Run the commands" not in result.brief


def test_silence_until_the_time_is_over_means_no(bench: Bench) -> None:
    asked = bench.investigate().approval
    assert asked is not None
    bench.clock[0] = asked.expires_ns + 1
    bench.desk.expire_due()
    (result,) = bench.investigator.continue_unfinished()
    assert result.approval is not None
    assert result.approval.state is ApprovalState.EXPIRED
    assert "left to expire, which means no" in result.brief
    assert "Run the commands" not in result.brief


def test_resuming_without_a_decision_leaves_the_case_waiting(bench: Bench) -> None:
    asked = bench.investigate().approval
    assert asked is not None
    result = bench.investigator.resume(asked.incident_id, asked)
    assert result.incident.state is IncidentState.AWAITING_APPROVAL
    (pending,) = bench.investigator.pending()
    assert pending.waiting


def test_an_edited_proposal_is_waited_for_in_its_own_right(bench: Bench) -> None:
    first = bench.investigate()
    assert first.action is not None
    assert first.approval is not None
    edited = Action(
        incident_id=first.action.incident_id,
        connector=first.action.connector,
        target=first.action.target,
        title="Only look",
        commands=first.action.commands[:1],
        rollback=(),
        risk=first.action.risk,
        rationale=first.action.rationale,
    )
    new = bench.desk.edit(first.approval.id, edited, "ines", "look first")
    (result,) = bench.investigator.continue_unfinished()
    assert result.approval == new
    assert result.action == edited
    assert result.incident.state is IncidentState.AWAITING_APPROVAL
    decided = bench.desk.decide(new.id, Decision.APPROVE, "ines")
    final = bench.investigator.resume(new.incident_id, decided)
    assert final.incident.state is IncidentState.ESCALATED
    assert "**Only look**" in final.brief


def test_a_new_revision_withdraws_what_the_old_one_proposed(bench: Bench) -> None:
    old = bench.investigate()
    assert old.approval is not None
    late = scenarios.log_anomaly("web", scenarios.A + 60, "upstream timed out")
    s = bench.scenario
    incident = replace(
        s.incident, revision=1, anomaly_ids=(*s.incident.anomaly_ids, late.id), end_ns=late.end_ns
    )
    result = bench.investigator.investigate(incident, [*s.anomalies, late], s.until_ns)
    assert [p.revision for p in bench.investigator.pending() if p.waiting] == [1]
    stored = bench.records.approvals.get(old.approval.id)
    assert stored is not None
    same = result.approval is not None and result.approval.id == old.approval.id
    assert stored.state is (ApprovalState.PENDING if same else ApprovalState.CANCELLED)


@pytest.mark.parametrize("decided_first", [False, True], ids=["undecided", "just approved"])
def test_an_incident_that_became_part_of_another_waits_for_nobody(
    bench: Bench, *, decided_first: bool
) -> None:
    old = bench.investigate()
    assert old.approval is not None
    whole = replace(bench.scenario.incident, id="INC-0000beef", revision=2)
    part = replace(old.incident, state=IncidentState.MERGED, proof=f"part of {whole.id}")
    bench.records.incidents.save(old.incident)
    bench.records.incidents.save(part)
    if decided_first:
        bench.desk.decide(old.approval.id, Decision.APPROVE, "ines", "cable is bad")
    result = bench.investigator.investigate(
        whole, bench.scenario.anomalies, bench.scenario.until_ns
    )
    assert [p.incident_id for p in bench.investigator.pending()] == [whole.id]
    assert result.approval is not None
    stored = bench.records.approvals.get(old.approval.id)
    assert stored is not None
    if decided_first:
        assert stored.state is ApprovalState.APPROVED
        brief = bench.records.briefs.get(part.id, part.revision)
        assert brief is not None
        assert "was approved by ines" in " ".join(brief.markdown.split())
    else:
        assert stored.state is ApprovalState.CANCELLED
        assert stored.reason == f"{part.id} is part of {whole.id} now"


def test_asking_again_for_a_finished_case_gives_the_same_answer_and_runs_nothing(
    bench: Bench,
) -> None:
    first = bench.investigate()
    asked = bench.observe.value("sensorium_store_queries_total", {"outcome": "answered"})
    again = bench.investigate()
    assert again == first
    assert bench.observe.value("sensorium_store_queries_total", {"outcome": "answered"}) == asked


def test_a_resumed_decision_is_read_from_the_records_and_not_believed(bench: Bench) -> None:
    asked = bench.investigate().approval
    assert asked is not None
    forged = replace(asked, state=ApprovalState.APPROVED, actor="mallory")
    result = bench.investigator.resume(asked.incident_id, forged)
    assert result.incident.state is IncidentState.AWAITING_APPROVAL
    assert "mallory" not in result.brief


def test_resuming_a_case_that_nobody_waits_for_says_so(bench: Bench) -> None:
    asked = bench.investigate().approval
    assert asked is not None
    with pytest.raises(LookupError, match="no investigation of INC-00000000 waits"):
        bench.investigator.resume("INC-00000000", asked)


def test_checkpoints_hold_plain_values_only_and_one_per_case(bench: Bench, tmp_path: Path) -> None:
    bench.investigate()
    checkpoints = Checkpoints(tmp_path / "checkpoints.sqlite")
    rows = checkpoints.conn.execute("SELECT type FROM checkpoints").fetchall()
    kinds = {r[0] for r in checkpoints.conn.execute("SELECT DISTINCT type FROM writes")}
    blobs = checkpoints.conn.execute("SELECT checkpoint FROM checkpoints").fetchall()
    checkpoints.close()
    assert rows == [("msgpack",)]
    assert kinds <= {"msgpack", "null"}
    assert all(b"sensorium" not in blob[0] for blob in blobs)


def test_checkpoints_that_are_spoiled_are_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "checkpoints.sqlite"
    path.write_bytes(b"no database " * 100)
    with pytest.raises(StoreOpenError, match="not a database") as caught:
        Checkpoints(path)
    assert "moved away" in caught.value.next_step
    with pytest.raises(StoreOpenError, match="cannot be opened"):
        Checkpoints(path / "within")
