"""The ranker in use: it orders and explains, and without a model nothing is different."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest

from sensorium.incident.ranking.training import NAME
from sensorium.incident.urgency import worst_first
from sensorium.model.incident import Incident
from tests.incident.ranking.conftest import School
from tests.incident.ranking.histories import guessed_by_port, turned_round, write_history

pytest.importorskip("xgboost", reason="XGBoost is not installed (sensorium[ranker])")

Taught = tuple[School, list[Incident]]


def test_without_a_model_the_worst_come_first(school: School) -> None:
    incidents = write_history(school.records, None, count=20)
    ranker = school.ranker()
    assert ranker.order(reversed(incidents)) == worst_first(incidents)
    assert ranker.rate(incidents) == {}


def test_every_incident_is_in_the_order_and_has_reasons_in_words(taught: Taught) -> None:
    school, incidents = taught
    ranker = school.ranker()
    ordered = ranker.order(incidents)
    assert sorted(i.id for i in ordered) == sorted(i.id for i in incidents)
    rated = ranker.rate(incidents)
    probabilities = [rated[incident.id].probability for incident in ordered]
    assert probabilities == sorted(probabilities, reverse=True)
    first, last = rated[ordered[0].id], rated[ordered[-1].id]
    assert first.version == 1
    assert str(first.reasons[0]).startswith("for: port 22 (odds × ")
    assert str(last.reasons[0]).startswith("against: port ")


def test_an_incident_that_cannot_be_rated_goes_before_those_that_can(taught: Taught) -> None:
    school, incidents = taught
    unknown = replace(incidents[7], id="INC-from-before")
    ranker = school.ranker()
    assert ranker.order([*incidents, unknown])[0] == unknown
    assert unknown.id not in ranker.rate([*incidents, unknown])


def test_where_xgboost_is_missing_the_order_is_the_present_one_and_it_is_said_once(
    taught: Taught, monkeypatch: pytest.MonkeyPatch
) -> None:
    school, incidents = taught
    monkeypatch.setitem(sys.modules, "xgboost", None)
    before = school.observe.value("sensorium_ranker_unusable_total")
    ranker = school.ranker()
    for _ in range(3):
        assert ranker.order(incidents) == worst_first(incidents)
    assert school.observe.value("sensorium_ranker_unusable_total") == before + 1


def test_a_damaged_model_is_not_used_and_is_counted(taught: Taught) -> None:
    school, incidents = taught
    file = next(school.folder.glob(f"{NAME}/*/ranker.json"))
    whole = file.read_bytes()
    before = school.observe.value("sensorium_ranker_unusable_total")
    file.write_bytes(whole.replace(b"5E-1", b"6E-1"))
    assert school.ranker().order(incidents) == worst_first(incidents)
    assert school.observe.value("sensorium_ranker_unusable_total") == before + 1
    file.write_bytes(whole)


def test_a_promotion_is_seen_by_a_ranker_that_is_running(school: School) -> None:
    write_history(school.records, guessed_by_port, count=40)
    ranker = school.ranker()
    new = write_history(school.records, None, count=10, first=60)
    assert ranker.rate(new) == {}
    school.learn()
    before = ranker.order(new)
    write_history(school.records, turned_round, count=90, first=100)
    school.learn()
    assert {r.version for r in ranker.rate(new).values()} == {2}
    after = ranker.order(new)
    assert after != before
    school.registry.rollback(NAME)
    assert ranker.order(new) == before
