"""What the agent concludes about each of the issue's scenarios, over real stores."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from sensorium.agent import InvestigationResult
from sensorium.model.action import RiskTier
from sensorium.model.evidence import Weight
from sensorium.model.incident import IncidentKind, IncidentState, Severity, Verdict
from tests.agent import scenarios
from tests.agent.conftest import open_bench
from tests.agent.scenarios import Scenario
from tests.agent.town import OUTSIDE, ip

pytestmark = pytest.mark.xdist_group("agent")

SCREEN, WIDTH = 40, 100


def run(scenario: Scenario, folder: Path) -> InvestigationResult:
    with open_bench(scenario, folder) as bench:
        return bench.investigate()


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, InvestigationResult]:
    makers = (
        scenarios.intrusion,
        scenarios.service_failure,
        scenarios.link_fault,
        scenarios.planned_backup,
        scenarios.attack_within_backup,
        scenarios.deployment,
    )
    return {m.__name__: run(m(), tmp_path_factory.mktemp(m.__name__)) for m in makers}


def test_an_intrusion_is_told_from_the_scan_to_the_data_that_left(
    results: dict[str, InvestigationResult],
) -> None:
    incident = results["intrusion"].incident
    assert incident.kind is IncidentKind.INTRUSION
    assert incident.verdict is Verdict.CONFIRMED
    assert incident.severity is Severity.CRITICAL
    assert incident.state is IncidentState.AWAITING_APPROVAL
    assert set(incident.hosts) >= {ip("ws-3"), ip("web"), ip("db"), OUTSIDE}
    assert incident.hosts[0] == ip("ws-3")
    assert "ws-3 broke into web and db and sent 60.0 MB" in incident.title


def test_an_intruder_is_isolated_at_the_nearest_router_and_the_account_locked(
    results: dict[str, InvestigationResult],
) -> None:
    action = results["intrusion"].action
    assert action is not None
    assert action.connector == "manual"
    text = "\n".join(action.commands)
    assert f"isolate ip saddr {ip('ws-3')} drop" in text
    assert f"isolate ip daddr {OUTSIDE} drop" in text
    assert f'ssh root@{ip("web")} "usermod --lock labuser"' in text
    assert all(f"ssh root@{ip('gw2')}" in line for line in action.commands[:5])
    assert "nft delete table inet" in action.rollback[0]
    assert action.risk is RiskTier.MEDIUM


def test_a_failing_service_is_laid_at_the_door_of_its_deepest_ill_dependency(
    results: dict[str, InvestigationResult],
) -> None:
    result = results["service_failure"]
    assert result.incident.kind is IncidentKind.SERVICE_FAILURE
    assert result.incident.verdict is Verdict.CONFIRMED
    assert result.incident.hosts[0] == ip("db")
    assert "PostgreSQL on db failed" in result.incident.title
    assert "it answers again" in result.brief


def test_a_service_that_answers_again_is_looked_at_and_not_restarted(
    results: dict[str, InvestigationResult], tmp_path: Path
) -> None:
    back = results["service_failure"].action
    assert back is not None
    assert back.risk is RiskTier.NONE
    assert back.rollback == ()
    assert not any("restart" in line for line in back.commands)
    down = run(scenarios.service_failure(recovers=False), tmp_path).action
    assert down is not None
    assert f'ssh root@{ip("db")} "systemctl restart postgresql"' in down.commands
    assert down.risk is RiskTier.MEDIUM


def test_a_flapping_link_names_its_port_and_how_often_it_flapped(
    results: dict[str, InvestigationResult],
) -> None:
    result = results["link_fault"]
    assert result.incident.kind is IncidentKind.LINK_FAULT
    assert result.incident.title == "Interface ge1 of gw2 flapped 5 times"
    assert set(result.incident.hosts) == {ip("gw1"), ip("gw2")}
    assert result.action is not None
    assert f'ssh root@{ip("gw2")} "ethtool ge1"' in result.action.commands
    # It has been up since: nothing is proposed that would take it down again.
    assert result.action.risk is RiskTier.NONE
    assert "no flap was seen after 10:16:0" in result.action.rationale


def test_a_planned_backup_is_closed_with_its_proof(
    results: dict[str, InvestigationResult],
) -> None:
    result = results["planned_backup"]
    assert result.incident.state is IncidentState.AUTO_RESOLVED
    assert result.verdict is Verdict.PLANNED
    assert result.incident.change_ref == "backup-4711@town.example"
    proof = result.incident.proof
    assert "calendar backup-4711@town.example" in proof
    assert "cron table cron/files/7" in proof
    assert "212 MB to vault:22 of up to 400 MB (E-" in proof
    assert "cron line '/usr/local/sbin/full-backup' at 10:15:01 on files (E-" in proof
    assert result.action is None
    assert result.approval is None


def test_an_attack_inside_a_backup_is_not_excused_by_it(
    results: dict[str, InvestigationResult],
) -> None:
    result = results["attack_within_backup"]
    assert result.incident.state is IncidentState.AWAITING_APPROVAL
    assert result.incident.kind is IncidentKind.INTRUSION
    assert result.incident.severity is Severity.CRITICAL
    assert result.incident.proof == ""
    assert ip("files") in result.incident.hosts
    brief = " ".join(result.brief.split())
    assert "backup-4711@town.example explains 6 of 7 anomalies" in brief
    assert "does not excuse the rest" in brief


def test_a_deployment_is_closed_with_the_restart_that_its_host_logged(
    results: dict[str, InvestigationResult],
) -> None:
    result = results["deployment"]
    assert result.incident.state is IncidentState.AUTO_RESOLVED
    assert result.incident.kind is IncidentKind.DEPLOYMENT
    assert "deployment deploy-4242" in result.incident.proof
    assert "deploying shop 2.4.1" in result.incident.proof
    assert "within the deployment's time (E-" in result.incident.proof


def test_every_finding_of_every_brief_cites_evidence_of_its_incident(
    results: dict[str, InvestigationResult],
) -> None:
    for result in results.values():
        known = {e.id for e in result.evidence}
        assert result.findings
        assert result.dropped == 0
        for finding in result.findings:
            assert finding.evidence_for
            assert known.issuperset((*finding.evidence_for, *finding.evidence_against))


def test_every_brief_has_its_say_on_one_screen(results: dict[str, InvestigationResult]) -> None:
    for name, result in results.items():
        lines = result.brief.splitlines()
        first = list(itertools.takewhile(lambda line: line != "## Timeline", lines))
        assert len(first) <= SCREEN, name
        assert max(map(len, first)) <= WIDTH, name


def test_a_brief_names_neither_a_folder_nor_the_present(
    results: dict[str, InvestigationResult], tmp_path_factory: pytest.TempPathFactory
) -> None:
    base = str(tmp_path_factory.getbasetemp())
    for result in results.values():
        assert base not in result.brief
        assert "2026-01-05 10:1" in result.brief


def test_two_runs_over_the_same_telemetry_write_the_same_brief_byte_for_byte(
    results: dict[str, InvestigationResult], tmp_path: Path
) -> None:
    again = run(scenarios.intrusion(), tmp_path)
    assert again.brief.encode() == results["intrusion"].brief.encode()
    assert again.incident == results["intrusion"].incident
    assert again.action == results["intrusion"].action


def cases() -> Iterator[tuple[str, Scenario]]:
    over = scenarios.planned_backup(megabytes=900)
    yield "more than announced", over
    late = scenarios.planned_backup()
    late.changes = [c for c in late.changes if c.source == "calendar"]
    late.town.logs = [row for row in late.town.logs if row["app"] != "CRON"]
    yield "nothing else confirms", late
    wrong = scenarios.planned_backup()
    wrong.changes = []
    yield "No change was announced", wrong


@pytest.mark.parametrize(("reason", "scenario"), list(cases()), ids=["volume", "alone", "none"])
def test_a_transfer_that_only_looks_planned_stays_open(
    reason: str, scenario: Scenario, tmp_path: Path
) -> None:
    result = run(scenario, tmp_path)
    assert result.incident.state is not IncidentState.AUTO_RESOLVED
    assert result.verdict is not Verdict.PLANNED
    assert reason in " ".join(result.brief.split())


def test_a_router_of_the_incident_is_told_by_its_share_of_the_paths(
    results: dict[str, InvestigationResult],
) -> None:
    result = results["link_fault"]
    (told,) = (f for f in result.findings if "of the paths" in f.text and "gw2" in f.text)
    assert told.text.startswith("gw2 (10.0.0.2) is a core router, on 100 % of the paths")
    assert told.weight is Weight.CONTEXT
    (evidence,) = (e for e in result.evidence if e.id in told.evidence_for)
    row = dict(zip(evidence.columns, evidence.rows[0], strict=True))
    assert row["exporter"] == "10.0.0.2"
    assert f"({row['pairs']} of {row['all_pairs']} client-service pairs)" in told.text


def test_a_chain_of_uses_between_hosts_of_the_incident_is_told(
    results: dict[str, InvestigationResult],
) -> None:
    texts = [f.text for f in results["service_failure"].findings]
    assert (
        "web (10.2.0.10) depends on db (10.2.0.30) (5432/tcp) through app (10.2.0.20) (8000/tcp)"
    ) in texts
