"""The ranker learns what people mean, is judged on what it did not see, and says why."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sensorium.incident.errors import TooFewLabelsError
from sensorium.incident.ranking.examples import OWN_WEIGHT, Source, read_examples
from sensorium.incident.ranking.training import train
from sensorium.incident.urgency import worst_first
from sensorium.model.incident import Incident, IncidentState, Verdict
from sensorium.model.label import Label, Opinion
from tests.incident.ranking.conftest import School
from tests.incident.ranking.histories import guessed_by_port, turned_round, write_history

pytest.importorskip("xgboost", reason="XGBoost is not installed (sensorium[ranker])")


def share_of_mine(school: School, ordered: list[Incident]) -> float:
    """Of as many as are about port 22, taken from the front, the share that are."""
    mine = [_port(school, incident) == 22 for incident in ordered]
    return float(np.mean(mine[: sum(mine)]))


def _port(school: School, incident: Incident) -> int:
    return school.records.anomalies.of_incident(incident.id)[0].peers[0].port


def test_a_planted_rule_is_learned_and_beats_the_present_order_on_what_was_held_out(
    school: School,
) -> None:
    write_history(school.records, guessed_by_port, count=100)
    trained = school.learn()
    held = trained.held_out
    assert held.rows == 30
    assert held.learned is not None
    assert held.worst_first is not None
    # One label in ten is wrong, so no order can be right about all of them.
    assert held.learned.auc > 0.8
    assert held.learned.low > held.worst_first.auc
    assert held.learned.precision > held.worst_first.precision
    assert held.calibration.brier < held.calibration.brier_of_rate
    new = write_history(school.records, None, count=24, first=100)
    assert share_of_mine(school, school.ranker().order(new)) > 0.9
    assert share_of_mine(school, worst_first(new)) < 0.75


def test_labels_reversed_reverse_the_order(school: School) -> None:
    write_history(school.records, turned_round, count=60)
    school.learn()
    new = write_history(school.records, None, count=24, first=60)
    assert share_of_mine(school, school.ranker().order(new)) < 0.2


def test_the_same_labels_make_the_same_model(school: School) -> None:
    write_history(school.records, guessed_by_port, count=40)
    first, second = (train(read_examples(school.records)) for _ in range(2))
    assert first.model.files() == second.model.files()
    assert first.card == second.card


def test_what_was_held_out_was_not_learned_from(school: School) -> None:
    write_history(school.records, guessed_by_port, count=60)
    examples = read_examples(school.records)
    held = train(examples).held_out
    assert held.rows == 18
    rows = list(examples.rows)
    for place in range(42, 60):
        turned = Opinion.PLANNED if rows[place].confirmed else Opinion.CONFIRMED
        rows[place] = replace(rows[place], opinion=turned)
    mirrored = train(replace(examples, rows=tuple(rows))).held_out
    # Had any of those labels been learned from, the order would be another, and not just wrong.
    assert held.learned is not None
    assert mirrored.learned is not None
    assert mirrored.learned.auc == pytest.approx(1 - held.learned.auc)


def test_too_few_labels_are_refused_with_how_many_it_takes(school: School) -> None:
    write_history(school.records, guessed_by_port, count=29)
    with pytest.raises(TooFewLabelsError, match="29 labelled incidents") as refused:
        train(read_examples(school.records))
    assert "it takes 30" in refused.value.message
    assert "sensorium incident label" in refused.value.next_step


def test_labels_of_one_sort_are_refused_however_many(school: School) -> None:
    write_history(school.records, lambda _case: Opinion.FALSE_ALARM, count=45)
    with school.records.writing() as within:
        for incident in school.records.incidents.list(limit=None):
            label = Label(incident.id, Opinion.PLANNED, "anna", "", 1)
            school.records.labels.add(label, within=within)
    with pytest.raises(TooFewLabelsError, match="0 of them confirmed"):
        train(read_examples(school.records))


def test_what_the_product_closed_with_proof_counts_less_and_is_told_apart(school: School) -> None:
    incidents = write_history(school.records, guessed_by_port, count=40)
    planned = write_history(school.records, None, count=3, first=40)
    for incident in planned:
        closed = replace(
            incident,
            state=IncidentState.AUTO_RESOLVED,
            verdict=Verdict.PLANNED,
            proof="calendar/1",
        )
        school.records.incidents.save(closed)
    merged = replace(incidents[0], state=IncidentState.MERGED, proof="part of another")
    school.records.incidents.save(merged)
    # A person's word stands above the product's own.
    school.records.labels.add(Label(planned[0].id, Opinion.CONFIRMED, "anna", "", 1))
    examples = read_examples(school.records)
    own = [example for example in examples.rows if example.source is Source.PRODUCT]
    assert {example.opening.incident_id for example in own} == {i.id for i in planned[1:]}
    assert {(example.opinion, example.weight) for example in own} == {(Opinion.PLANNED, OWN_WEIGHT)}
    assert len(examples.of_people()) == 40
    assert examples.merged == 1
    trained = train(examples)
    assert trained.own == 2
    assert sum(trained.labels.values()) == 40


def test_later_words_and_later_anomalies_leave_the_row_as_it_was(school: School) -> None:
    incidents = write_history(school.records, guessed_by_port, count=2)
    before = {e.opening.incident_id: e.row for e in read_examples(school.records).rows}
    grown = replace(
        incidents[0],
        anomaly_ids=(*incidents[0].anomaly_ids, *incidents[1].anomaly_ids),
        surprise=99.0,
        hosts=("10.9.9.9",),
    )
    school.records.incidents.save(grown)
    school.records.labels.add(Label(grown.id, Opinion.PLANNED, "ben", "changed my mind", 9))
    after = {e.opening.incident_id: e for e in read_examples(school.records).rows}
    assert {key: example.row for key, example in after.items()} == before
    assert after[grown.id].opinion is Opinion.PLANNED
