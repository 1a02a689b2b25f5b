"""``sensorium approval`` and ``sensorium audit`` as a person meets them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sensorium.approval import ApprovalDesk
from sensorium.cli import main
from sensorium.model.action import Action, RiskTier
from sensorium.model.approval import ApprovalState
from sensorium.observe import Observe
from sensorium.store.ownership import StoreLock
from sensorium.store.records import Records, RecordsConfig, open_records

ACTION = Action(
    incident_id="INC-1",
    connector="manual",
    target="r1",
    title="Block 203.0.113.9 at the edge",
    commands=("nft add rule inet filter forward ip daddr 203.0.113.9 drop comment " + "x" * 80,),
    rollback=("nft delete rule inet filter forward handle 7",),
    risk=RiskTier.MEDIUM,
    rationale="Data left for it [see the brief].",
)


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    opened = open_records(RecordsConfig(), Observe(), data_dir=tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def desk(records: Records) -> ApprovalDesk:
    return ApprovalDesk(records, time.time_ns)


@pytest.fixture
def waiting(desk: ApprovalDesk) -> str:
    """The id of an approval that waits."""
    return desk.request(ACTION).id


def call(data: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, [*arguments, "--data", str(data)])


def test_what_waits_is_listed_until_it_is_decided(tmp_path: Path, waiting: str) -> None:
    listed = call(tmp_path, "approval", "list")
    assert listed.exit_code == 0
    assert waiting in listed.stdout
    assert ACTION.title in listed.stdout
    assert "medium" in listed.stdout
    assert call(tmp_path, "approval", "approve", waiting).exit_code == 0
    assert call(tmp_path, "approval", "list").stdout == "nothing waits for a decision\n"
    assert waiting in call(tmp_path, "approval", "list", "--all").stdout


def test_what_would_be_approved_is_shown_so_that_it_can_be_copied(
    tmp_path: Path, waiting: str
) -> None:
    shown = call(tmp_path, "approval", "show", waiting).stdout
    for line in (*ACTION.commands, *ACTION.rollback):
        assert f"  {line}\n" in shown
    assert ACTION.rationale in shown
    assert ACTION.digest in shown
    command = f"sensorium approval approve {waiting} --data {tmp_path}"
    assert command in shown
    assert "\x1b[" not in shown


def test_control_characters_in_a_proposal_are_shown_and_not_obeyed(
    tmp_path: Path, desk: ApprovalDesk
) -> None:
    commands = ("true\x1b[2K\rrm -rf /", "echo \u202efdp.exe\nreboot")
    forged = replace(ACTION, title="Block\x1b[8m it", commands=commands, digest="")
    shown = call(tmp_path, "approval", "show", desk.request(forged).id).stdout
    assert "  true\\x1b[2K\\rrm -rf /\n" in shown
    assert "  echo \\u202efdp.exe\\nreboot\n" in shown
    assert "\x1b" not in shown


def test_an_approval_hands_the_commands_over_and_says_that_nothing_ran(
    tmp_path: Path, waiting: str, records: Records
) -> None:
    arguments = ("--actor", "alice", "--reason", "checked", "--digest", ACTION.digest)
    approved = call(tmp_path, "approval", "approve", waiting, *arguments)
    assert approved.exit_code == 0
    assert f"{waiting} approved by alice: checked" in approved.stdout
    assert "Nothing was run" in approved.stdout
    assert f"  {ACTION.commands[0]}\n" in approved.stdout
    stored = records.approvals.get(waiting)
    assert stored is not None
    assert (stored.state, stored.actor) == (ApprovalState.APPROVED, "alice")


def test_json_gives_the_same_as_data(tmp_path: Path, waiting: str) -> None:
    answer = json.loads(call(tmp_path, "approval", "list", "--json").stdout)
    assert [one["id"] for one in answer["approvals"]] == [waiting]
    answer = json.loads(call(tmp_path, "approval", "show", waiting, "--json").stdout)
    assert answer["action"]["commands"] == list(ACTION.commands)
    arguments = ("reject", waiting, "--reason", "no", "--actor", "bob", "--json")
    answer = json.loads(call(tmp_path, "approval", *arguments).stdout)
    assert answer["approval"]["state"] == "rejected"


def test_a_rejection_needs_a_reason(tmp_path: Path, waiting: str) -> None:
    assert call(tmp_path, "approval", "reject", waiting).exit_code == 2
    refused = call(tmp_path, "approval", "reject", waiting, "--reason", " ")
    assert refused.exit_code == 2
    assert "a rejection needs a reason" in refused.stderr


def test_a_second_decision_says_whose_the_first_was(tmp_path: Path, waiting: str) -> None:
    call(tmp_path, "approval", "reject", waiting, "--reason", "too broad", "--actor", "alice")
    refused = call(tmp_path, "approval", "approve", waiting, "--actor", "bob")
    assert refused.exit_code == 2
    assert "already rejected by alice: too broad" in refused.stderr
    assert "that decision stands" in refused.stderr


def test_an_unknown_or_expired_approval_is_told_apart(tmp_path: Path, records: Records) -> None:
    missing = call(tmp_path, "approval", "show", "A-0000000000")
    assert missing.exit_code == 2
    assert "there is no approval A-0000000000" in missing.stderr
    long_ago = ApprovalDesk(records, lambda: 10**18)
    late = long_ago.request(replace(ACTION, target="r2", digest=""))
    refused = call(tmp_path, "approval", "approve", late.id)
    assert refused.exit_code == 2
    assert "has expired" in refused.stderr
    assert "expired" in call(tmp_path, "approval", "show", late.id).stdout


def test_while_a_service_runs_the_decision_is_taken_and_the_rest_left_to_it(
    tmp_path: Path, waiting: str
) -> None:
    # Held by this process: to the command it is some other part of a service.
    lock = StoreLock(tmp_path / "telemetry", "http://127.0.0.1:8470")
    approved = call(tmp_path, "approval", "approve", waiting)
    lock.release()
    assert approved.exit_code == 0
    assert "the service" in approved.stderr
    assert "takes it from here" in approved.stderr


def test_the_audit_log_tells_who_did_what(tmp_path: Path, waiting: str) -> None:
    call(tmp_path, "approval", "approve", waiting, "--actor", "alice", "--reason", "checked")
    listed = call(tmp_path, "audit", "list").stdout
    assert "approval.requested" in listed
    assert "approval.approved" in listed
    assert "alice" in listed
    entries = json.loads(call(tmp_path, "audit", "list", "--json").stdout)["entries"]
    assert [entry["subject"] for entry in entries] == [waiting] * 2
    about = call(tmp_path, "audit", "list", "--subject", "INC-9").stdout
    assert about == "the audit log has no entries about INC-9\n"


def test_a_broken_chain_is_an_error_that_names_the_entry(
    tmp_path: Path, waiting: str, records: Records
) -> None:
    verified = call(tmp_path, "audit", "verify")
    assert verified.exit_code == 0
    assert verified.stdout.startswith("intact: 1 entries")
    head = verified.stdout.split()[-1]
    assert call(tmp_path, "audit", "verify", "--expect", head).exit_code == 0
    assert call(tmp_path, "audit", "verify", "--expect", "0" * 64).exit_code == 1
    with records.writing() as connection:
        connection.exec_driver_sql("UPDATE audit SET actor = 'mallory'")
    broken = call(tmp_path, "audit", "verify")
    assert broken.exit_code == 1
    assert "broken at entry 1" in broken.stdout
    answer = json.loads(call(tmp_path, "audit", "verify", "--json").stdout)
    assert (answer["intact"], answer["broken_at"]) == (False, 1)
