from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from sensorium.errors import UsageError
from sensorium.evaluate import Evaluation, Sign, Subject, Truth, load_truth, score
from sensorium.evaluate.report import as_data, show
from sensorium.model.anomaly import Anomaly
from sensorium.model.incident import Incident, IncidentState, Verdict
from tests.incident import streams
from tests.incident.streams import APP, BACKUP, CORE, DB, EDGE, FILES, OUTSIDE, USERS, WEB, at

NAMES = {name: address for address, name in streams.NAMES.items()}


def entry(
    kind: str,
    start: float,
    end: float,
    primary: list[str],
    *,
    victims: tuple[str, ...] | list[str] = (),
    proof: str = "",
) -> dict[str, Any]:
    planned = kind in ("backup", "deployment")
    return {
        "id": f"{kind}-1",
        "kind": kind,
        "planned": planned,
        "start_ns": at(start),
        "end_ns": at(end),
        "cause": "because",
        "entities": {"hosts": {}, "primary": primary, "actors": [], "victims": list(victims)},
        "phases": [],
        "expected": "auto_resolved" if planned else "elevated",
        "proof": proof,
    }


DOCUMENT = {
    "seed": 1,
    "hosts": NAMES,
    "scenarios": [
        entry("intrusion", 500, 740, [USERS[2], WEB, FILES, OUTSIDE]),
        entry("service_failure", 900, 1020, [APP], victims=[WEB]),
        entry("link_fault", 1200, 1290, [EDGE, CORE]),
        entry("backup", 1440, 1590, [DB, BACKUP], proof="backup-1@example"),
        entry("deployment", 1800, 1860, [APP], proof="deploy-1"),
    ],
}
TRUTH = Truth.of(DOCUMENT)
ANOMALIES = [
    *streams.intrusion(500),
    *streams.service_failure(900),
    *streams.link_fault(1200),
    *streams.backup(1440),
    *streams.deployment(1800),
]
PLANS = (streams.backup_change(1440), streams.deployment_change(1800))
FOUND = streams.run(ANOMALIES, *PLANS)


def concluded(incident: Incident) -> Incident:
    if incident.change_ref:
        return replace(incident, state=IncidentState.AUTO_RESOLVED, verdict=Verdict.PLANNED)
    return replace(incident, state=IncidentState.AWAITING_APPROVAL)


def scored(*incidents: Incident, truth: Truth = TRUTH) -> Evaluation:
    subjects = [Subject(i) for i in incidents]
    return score(truth, subjects, ANOMALIES, quiet_share=0.001)


GOOD = [concluded(i) for i in FOUND]


def test_five_causes_found_and_concluded_rightly_hold() -> None:
    evaluation = scored(*GOOD)
    assert evaluation.holds
    assert [len(s.incidents) for s in evaluation.scenarios] == [1] * 5
    assert all(s.purity > 0.8 for s in evaluation.scenarios)
    assert [s.delay_s for s in evaluation.scenarios][:2] == [10.0, 30.0]


def test_what_is_seen_is_told_from_the_first_sign_where_there_is_one() -> None:
    sign = Sign("flow", at(504))
    subjects = [Subject(i) for i in GOOD]
    first, second, *_ = score(TRUTH, subjects, ANOMALIES, signs={"intrusion-1": sign}).scenarios
    assert (first.sign_s, first.delay_s, first.delay_from_sign_s) == (4.0, 10.0, 6.0)
    assert (second.sign_s, second.delay_s, second.delay_from_sign_s) == (None, 30.0, None)


def test_a_scenario_without_an_incident_is_told() -> None:
    evaluation = scored(*GOOD[1:])
    assert evaluation.scenarios[0].failures == ("not found",)
    assert not evaluation.holds


def test_an_attack_closed_as_planned_does_not_hold() -> None:
    closed = replace(GOOD[0], state=IncidentState.AUTO_RESOLVED)
    assert scored(closed, *GOOD[1:]).scenarios[0].failures == (
        "auto-resolved, but it was not planned",
    )


def test_a_backup_that_is_elevated_does_not_hold() -> None:
    raised = replace(GOOD[3], state=IncidentState.ESCALATED)
    evaluation = scored(*GOOD[:3], raised, GOOD[4])
    assert "not auto-resolved" in evaluation.scenarios[3].failures[0]


def test_a_backup_closed_with_another_proof_does_not_hold() -> None:
    wrong = replace(GOOD[3], change_ref="backup-9@example")
    evaluation = scored(*GOOD[:3], wrong, GOOD[4])
    assert evaluation.scenarios[3].failures == ("auto-resolved without naming backup-1@example",)


def test_a_main_host_that_is_not_named_is_told() -> None:
    blind = replace(GOOD[0], hosts=(USERS[2], WEB))
    scenario = scored(blind, *GOOD[1:]).scenarios[0]
    assert scenario.missing == (FILES, OUTSIDE)
    assert not scenario.holds


def test_one_cause_in_two_elevated_incidents_does_not_hold() -> None:
    ids = GOOD[1].anomaly_ids
    first = replace(GOOD[1], anomaly_ids=ids[:120])
    second = replace(GOOD[1], id="INC-00000002", anomaly_ids=ids[120:])
    scenario = scored(GOOD[0], first, second, *GOOD[2:]).scenarios[1]
    assert [s.incident.id for s in scenario.incidents] == [first.id, second.id]
    assert scenario.failures == ("in 2 incidents",)


def test_an_incident_merged_into_another_is_no_second_one() -> None:
    part = replace(GOOD[1], id="INC-00000002", state=IncidentState.MERGED)
    evaluation = scored(*GOOD, part)
    assert evaluation.holds
    assert not evaluation.uncaused


def stray(number: int, anomaly: Anomaly) -> Incident:
    return replace(
        GOOD[0], id=f"INC-stray{number}", anomaly_ids=(anomaly.id,), hosts=(anomaly.hosts[0],)
    )


def test_up_to_two_incidents_about_nothing_are_forgiven() -> None:
    quiet = [streams.log(n, USERS[0], "hello") for n in (30, 60, 90)]
    for count in (2, 3):
        subjects = [Subject(i) for i in GOOD]
        subjects += [Subject(stray(n, a)) for n, a in enumerate(quiet[:count])]
        evaluation = score(TRUTH, subjects, [*ANOMALIES, *quiet])
        assert len(evaluation.uncaused) == count
        assert evaluation.holds == (count <= 2)


def test_an_incident_about_nothing_that_was_closed_bothers_nobody() -> None:
    quiet = streams.log(30, USERS[0], "hello")
    closed = replace(stray(1, quiet), state=IncidentState.AUTO_RESOLVED)
    evaluation = score(TRUTH, [Subject(closed)], [quiet])
    assert not evaluation.uncaused


def test_the_table_fits_100_columns_and_names_hosts() -> None:
    out = StringIO()
    blind = replace(GOOD[0], hosts=(USERS[2], WEB))
    console = Console(file=out, width=100, highlight=False)
    show(console, "heath", scored(blind, *GOOD[1:]), TRUTH)
    text = out.getvalue()
    assert max(map(len, text.splitlines())) <= 100
    assert "does not name share" in text
    assert "not everything that must hold holds" in text


def test_the_data_is_plain_json() -> None:
    data = json.loads(json.dumps(as_data(scored(*GOOD), TRUTH)))
    assert data["holds"] is True
    assert data["scenarios"][0]["primary"][:2] == ["pc-2", "portal"]


def test_a_truth_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "truth.json").write_text(json.dumps(DOCUMENT), encoding="utf-8")
    assert load_truth(tmp_path) == TRUTH


def test_a_recording_without_truth_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothing to score against"):
        load_truth(tmp_path)


@pytest.mark.parametrize("text", ["{", "[]", '{"hosts": {}}', '{"hosts":{},"scenarios":[{}]}'])
def test_a_truth_of_another_form_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "truth.json").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="does not have the form"):
        load_truth(tmp_path)
