"""Many people decide at the same moment: one of them has."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from sensorium.approval import AlreadyDecidedError, ApprovalDesk
from sensorium.model.approval import ApprovalState
from sensorium.observe import Observe
from sensorium.store.records import Records, RecordsConfig, open_records
from tests.approval.conftest import Clock
from tests.approval.test_desk import ACTION

DECIDER = """
import sys
from pathlib import Path
from sensorium.approval import AlreadyDecidedError, ApprovalDesk
from sensorium.observe import Observe
from sensorium.store.records import RecordsConfig, open_records
folder, approval, actor, now = sys.argv[1:]
records = open_records(RecordsConfig(), Observe(), data_dir=Path(folder))
desk = ApprovalDesk(records, lambda: int(now))
print("ready", flush=True)
sys.stdin.readline()
try:
    desk.decide(approval, "approve", actor)
    print("won")
except AlreadyDecidedError:
    print("lost")
"""


def test_of_many_processes_exactly_one_decides(
    desk: ApprovalDesk, records: Records, clock: Clock, tmp_path: Path
) -> None:
    approval = desk.request(ACTION)
    arguments = [sys.executable, "-c", DECIDER, str(tmp_path), approval.id]
    deciders = [
        subprocess.Popen(
            [*arguments, f"person{i}", str(clock.now_ns)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for i in range(3)
    ]
    for process in deciders:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in deciders:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    outcomes = [process.communicate()[0].strip() for process in deciders]
    assert sorted(outcomes) == ["lost", "lost", "won"]
    stored = records.approvals.get(approval.id)
    assert stored is not None
    assert stored.state is ApprovalState.APPROVED
    assert stored.actor == f"person{outcomes.index('won')}"
    decisions = [entry for entry in records.audit.list() if entry.kind == "approval.approved"]
    assert [entry.actor for entry in decisions] == [stored.actor]
    assert records.audit.verify().intact


def test_of_many_threads_exactly_one_decides_each_of_many_proposals(
    desk: ApprovalDesk, records: Records
) -> None:
    decide_all(desk, records)


def test_postgresql_lets_one_decision_through_as_well(postgresql_dsn: str, clock: Clock) -> None:
    records = open_records(RecordsConfig(dsn=postgresql_dsn, pool_size=8), Observe())
    decide_all(ApprovalDesk(records, clock), records)
    records.close()


def decide_all(desk: ApprovalDesk, records: Records) -> None:
    """Eight people reject the same six proposals at once."""
    approvals = [desk.request(replace(ACTION, target=f"r{i}", digest="")) for i in range(6)]

    def decide(actor: str) -> int:
        won = 0
        for approval in approvals:
            try:
                desk.decide(approval.id, "reject", actor, "no")
                won += 1
            except AlreadyDecidedError:
                pass
        return won

    with ThreadPoolExecutor(8) as threads:
        won = list(threads.map(decide, [f"person{i}" for i in range(8)]))
    assert sum(won) == len(approvals)
    verdict = records.audit.verify()
    assert verdict.intact
    assert verdict.entries == 2 * len(approvals)
